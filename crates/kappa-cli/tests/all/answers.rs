//! Answers as people read them, exit codes, and streams.

use super::{snapshot, with_w};

#[test]
fn one_number() {
    let folder = with_w();
    assert_eq!(folder.run(&["norm", "w.npy"]).number(), 5.0);
    assert_eq!(folder.run(&["norm", "w.npy", "--norm", "max-abs"]).out, "4\n");
    assert_eq!(folder.run(&["rank", "w.npy"]).out, "2\n");
    assert_eq!(folder.run(&["rank", "w.npy", "--tolerance", "0.8"]).out, "1\n");
    assert!((folder.run(&["norm", "w.npy", "--norm", "nuclear"]).number() - 7.0).abs() < 1e-13);
    assert!((folder.run(&["cond", "w.npy"]).number() - 4.0 / 3.0).abs() < 1e-13);
    let measured = folder.run(&["measure", "w.npy", "rank", "norm:max-abs"]).out;
    assert_eq!(measured, "rank     2\nmax_abs  4\n");
}

#[test]
fn checks_have_three_outcomes() {
    let folder = with_w();
    assert_eq!(folder.run(&["check", "w.npy", "cond < 2", "rank = 2"]).code, 0);
    assert_eq!(folder.run(&["check", "w.npy", "cond < 1"]).code, 1);
    folder.array("two.npy", &[2, 2], &[1.0, 0.0, 0.0, 2.0]);
    let undecided = folder.run(&["check", "two.npy", "cond = 2"]);
    assert!(undecided.code == 2 && undecided.out.starts_with("undecided"), "{}", undecided.whole());
    assert!(undecided.err.contains("between") && undecided.err.contains("hint:"), "{}", undecided.err);
    // A singular matrix has an infinite condition number, with and without a guarantee.
    folder.array("ones.npy", &[2, 2], &[1.0; 4]);
    for certify in [&[][..], &["--certify"]] {
        let found = folder.run(&[&["check", "ones.npy", "cond < 1e40"], certify].concat());
        assert!(found.code == 1 && found.out.contains('∞'), "{}", found.whole());
    }
    assert_eq!(folder.run(&["cond", "ones.npy"]).code, 0);
    assert_eq!(folder.run(&["cond", "w.npy", "--perturbation", "1%"]).code, 2, "not square");
    folder.array("a.npy", &[2, 2], &[2.0, 1.0, 1.0, 3.0]);
    assert_eq!(folder.run(&["cond", "a.npy", "--perturbation", "1%"]).code, 0);
    assert_eq!(folder.run(&["cond", "a.npy", "--perturbation", "300%"]).code, 1);
    assert_eq!(folder.run(&["dominance", "w.npy", "a.npy"]).code, 1);
    assert_eq!(folder.run(&["dominance", "w.npy", "w.npy"]).code, 2);
    assert_eq!(folder.run(&["prove", "w.npy", "norm:spectral <= 3"]).code, 1);
    assert_eq!(folder.run(&["prove", "w.npy", "norm:spectral <= 5", "-o", "p.json"]).code, 0);
    assert_eq!(folder.run(&["verify", "w.npy", "p.json"]).code, 0);
    assert_eq!(folder.run(&["verify", "a.npy", "p.json"]).code, 1);
}

#[test]
fn what_people_read() {
    let folder = with_w();
    folder.array("x.npy", &[3], &[1e16, 1.0, -1e16]);
    folder.array("a.npy", &[2, 2], &[2.0, 0.0, 0.0, 4.0]);
    folder.array("b.npy", &[2], &[2.0, 4.0]);
    folder.text("t.csv", "x,y\n1,1.0\n2,2.1\n3,2.9\n4,4.2\n5,4.8\n6,9.0\n");
    for (name, arguments) in [
        ("sum", &["sum", "x.npy"][..]),
        ("formats", &["formats", "0.1"]),
        ("about_norm", &["about-norm", "nuclear", "--against", "spectral", "--shape", "9x4"]),
        ("norm_explained", &["norm", "a.npy", "--norm", "max-row-sum", "--explain"]),
        ("solve_certified", &["solve", "a.npy", "b.npy", "--certify"]),
        ("cond_componentwise", &["cond", "a.npy", "--componentwise"]),
        ("regress", &["regress", "t.csv", "--target", "y"]),
        ("check", &["check", "w.npy", "rank = 2", "norm:frobenius <= 5"]),
        ("json", &["norm", "a.npy", "--norm", "max-abs", "--json"]),
    ] {
        snapshot(name, &folder.run(arguments).whole());
    }
}

#[test]
fn explanations_and_notes_go_to_standard_error() {
    let folder = with_w();
    let plain = folder.run(&["norm", "w.npy", "--norm", "spectral"]);
    let explained = folder.run(&["norm", "w.npy", "--norm", "spectral", "--explain"]);
    assert_eq!(plain.out, explained.out);
    assert!(plain.err.is_empty() && explained.err.contains("evidence:"));
    let json = folder.run(&["pinv", "w.npy", "-o", "p.npy", "--json"]);
    assert!(json.err.is_empty() && json.out.starts_with('{'), "{}", json.whole());
    let text = folder.run(&["pinv", "w.npy", "-o", "p.npy"]);
    assert!(text.out.is_empty() && text.err.contains("wrote p.npy"), "{}", text.whole());
}

#[test]
fn each_algorithm_has_its_own_reference() {
    let folder = with_w();
    folder.array("long.npy", &[600, 9], &(0..5400).map(|k| f64::from((k * 31) % 17)).collect::<Vec<_>>());
    let reference = |arguments: &[&str]| {
        let err = folder.run(&[arguments, &["--explain"]].concat()).err;
        err.lines().find_map(|line| line.strip_prefix("reference: ")).unwrap_or_default().to_owned()
    };
    let found = [
        reference(&["norm", "w.npy"]),
        reference(&["singular-values", "w.npy"]),
        reference(&["singular-values", "long.npy"]),
        reference(&["singular-values", "long.npy", "--certify"]),
        reference(&["norm", "w.npy", "--norm", "induced:3,2"]),
        reference(&["roots", "1", "-3", "2"]),
    ];
    for (k, one) in found.iter().enumerate() {
        assert!(!one.is_empty() && !found[..k].contains(one), "{found:?}");
    }
}
