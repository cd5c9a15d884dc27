//! Every command prints JSON that its schema describes, and a true explanation.

use serde_json::Value;

use super::schema::fault;
use super::{Folder, help};

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../../docs/json.schema.json")).unwrap()
}

fn folder() -> Folder {
    let folder = super::with_w();
    let diagonal = |k: i32| if k % 6 == 0 { 20.0 } else { 0.0 };
    let a: Vec<f64> = (0..25).map(|k| f64::from((k * 37 + 11) % 19) - 9.0 + diagonal(k)).collect();
    folder.array("a.npy", &[5, 5], &a);
    folder.array("b.npy", &[5, 5], &a.iter().map(|x| x + 1e-3).collect::<Vec<_>>());
    folder.array("rhs.npy", &[5], &[1.0; 5]);
    folder.array("x.npy", &[3], &[3.0, -4.0, 0.5]);
    folder.array("y.npy", &[3], &[1.0, 2.0, 2.0]);
    folder.array("t.npy", &[6, 2], &[1.0, 1.0, 1.0, 2.0, 1.0, 3.0, 1.0, 4.0, 1.0, 5.0, 1.0, 6.0]);
    folder.array("r.npy", &[6], &[1.0, 2.5, 2.9, 4.2, 5.0, 6.1]);
    folder.array("c.npy", &[1, 2], &[1.0, 1.0]);
    folder.array("d.npy", &[1], &[1.0]);
    folder.array("k.npy", &[6, 6], &(0..36).map(|k| f64::from(u8::from(k % 7 == 0))).collect::<Vec<_>>());
    folder.array("p.npy", &[4, 2], &[0.0, 0.0, 1.0, 0.0, 0.0, 2.0, 3.0, 1.0]);
    folder.array("q.npy", &[4, 2], &[0.0, 0.1, 0.0, 1.0, -2.0, 0.0, -1.0, 3.1]);
    folder.text("table.csv", "x,z,y\n1,2,1.1\n2,1,2.3\n3,5,2.9\n4,3,4.2\n5,4,5.1\n6,8,6.4\n");
    folder.text("s.mtx", "%%MatrixMarket matrix coordinate real general\n3 3 4\n1 1 2\n2 2 3\n3 3 4\n1 3 1\n");
    let complex = "%%MatrixMarket matrix array complex general\n2 2\n1 1\n0 2\n1 0\n3 -1\n";
    folder.text("z.mtx", complex);
    folder.array("two.npy", &[2], &[1.0, 2.0]);
    folder
}

const COMMANDS: &[&str] = &[
    "norm w.npy",
    "norm w.npy --norm nuclear --certify",
    "norm w.npy --norm induced:inf,1",
    "norm w.npy --norm spectral --width 1e-6",
    "norm w.npy --norm spectral --certify",
    "norm w.npy --samples 50",
    "cond a.npy",
    "cond a.npy --certify --norm max-row-sum",
    "cond a.npy --estimate",
    "cond a.npy --componentwise",
    "cond a.npy --perturbation 0.001%",
    "cond a.npy --rhs rhs.npy",
    "distance a.npy -o near.npy",
    "digits a.npy --data bf16",
    "rank a.npy --exact",
    "logdet a.npy",
    "logdet a.npy --certify",
    "singular-values w.npy --smallest 1",
    "singular-values w.npy --top 1",
    "singular-values w.npy --floor 1e-6",
    "measure w.npy",
    "density a.npy",
    "density a.npy --lanczos --probes 3 --steps 4",
    "vector x.npy --p inf --dual-vector dual.npy",
    "inner x.npy y.npy",
    "sum x.npy",
    "nuclear-of-product a.npy b.npy",
    "svd w.npy -o f.npz",
    "svd w.npy --top 1",
    "svd w.npy --top 1 --one-pass",
    "svd w.npy --error 0.7",
    "svd w.npy --smallest 1",
    "eig a.npy --condition --powers 4 -o e.npz",
    "factor lu a.npy -o lu.npz",
    "factor polar a.npy -o polar.npz",
    "pinv t.npy",
    "sketch t.npy --top 2",
    "sketch t.npy -o rows.npz",
    "solve a.npy rhs.npy",
    "solve a.npy rhs.npy --certify",
    "solve z.mtx two.npy --certify",
    "solve s.mtx y.npy --iterate lsmr",
    "lstsq t.npy r.npy",
    "lstsq t.npy r.npy --equations c.npy d.npy",
    "lstsq t.npy r.npy --covariance k.npy",
    "lstsq t.npy r.npy --total",
    "ridge t.npy r.npy --l-curve l.svg",
    "ridge t.npy r.npy --path 3",
    "regress table.csv --target y --residuals res.svg",
    "nearest orthogonal a.npy",
    "nearest normal a.npy",
    "align p.npy q.npy --scaling --translation",
    "align p.npy q.npy p.npy --consensus",
    "perturb a.npy b.npy",
    "backward-error a.npy rhs.npy rhs.npy",
    "dominance d.npy w.npy",
    "bound",
    "bound weyl --change 0.5",
    "check w.npy rank=2",
    "prove w.npy norm:spectral<=5 -o p.json",
    "verify w.npy p.json",
    "survey w.npy",
    "lipschitz w.npy",
    "draw gershgorin a.npy -o g.svg",
    "draw pseudospectrum a.npy --points 8 -o g.png",
    "ball subgradient w.npy --norm spectral -o s.npy",
    "about-norm nuclear --against frobenius --shape 3x2",
    "lab householder-qr",
    "formats 0.1",
    "roots 1 -3 2",
    "roots 1 -6 11 -6",
];

#[test]
fn json_is_what_the_schema_says() {
    let (folder, schema) = (folder(), schema());
    for command in COMMANDS {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.push("--json");
        let done = folder.run(&arguments);
        assert_eq!(done.code, 0, "{command}: {}", done.err);
        let value: Value = serde_json::from_str(&done.out).unwrap_or_else(|e| panic!("{command}: {e}\n{}", done.out));
        assert_eq!(fault(&schema, &schema, &value, ""), None, "{command}: {}", done.out);
        assert_eq!(value["command"], arguments[0], "{command}");
    }
}

#[test]
fn a_wrong_answer_is_refused_by_the_schema() {
    let schema = schema();
    let wrong = serde_json::json!({"kappa": "0.2.0", "command": "norm", "inputs": {}, "result": {"value": 3}});
    assert!(fault(&schema, &schema, &wrong, "").is_some());
}

#[test]
fn every_command_is_in_this_test() {
    let folder = Folder::new();
    for name in help::commands(&folder).iter().filter(|name| !["completions", "man"].contains(&name.as_str())) {
        assert!(COMMANDS.iter().any(|command| command.split(' ').next() == Some(name)), "{name}");
    }
}

#[test]
fn every_command_explains_itself() {
    let folder = folder();
    for command in COMMANDS {
        let plain: Vec<&str> = command.split(' ').collect();
        let done = folder.run(&[&plain[..], &["--explain"]].concat());
        let has = |title: &str| done.err.lines().any(|line| line.starts_with(title));
        assert!(has("plan: ") && has("reference: "), "{command}: {}", done.err);
        assert!(!done.err.contains("inf") || done.err.contains("infin"), "∞ is written so: {command}: {}", done.err);
        assert_eq!(done.out, folder.run(&plain).out, "{command}");
    }
}
