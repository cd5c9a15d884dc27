//! What files lose on their way to an answer is said, and certified answers are about the file.

use serde_json::Value;

use super::{Done, Folder};

/// The JSON that a command prints.
fn json(folder: &Folder, arguments: &[&str]) -> Value {
    let done = folder.run(&[arguments, &["--json"]].concat());
    serde_json::from_str(&done.out).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {}", done.whole()))
}

fn refused(done: &Done, words: &[&str]) {
    assert!(done.code == 2 && done.err.contains("hint: "), "{}", done.whole());
    words.iter().for_each(|word| assert!(done.err.contains(word), "`{word}`: {}", done.whole()));
}

/// A safetensors file of tensors: name, type, shape and bytes.
fn safetensors(tensors: &[(&str, &str, &[usize], Vec<u8>)]) -> Vec<u8> {
    let mut header = serde_json::Map::new();
    let mut data = Vec::new();
    for (name, dtype, shape, bytes) in tensors {
        let offsets = [data.len(), data.len() + bytes.len()];
        header.insert((*name).into(), serde_json::json!({"dtype": dtype, "shape": shape, "data_offsets": offsets}));
        data.extend(bytes);
    }
    let header = Value::from(header).to_string();
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
}

fn singles(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// A `.npy` file of integers of 64 bits.
fn integers(shape: &[usize], numbers: &[i64]) -> Vec<u8> {
    let mut bytes = kappa_tensors::npy::encode_f64(shape, &vec![0.0; numbers.len()]);
    let at = bytes.windows(3).position(|w| w == b"<f8").unwrap();
    bytes[at..at + 3].copy_from_slice(b"<i8");
    let start = bytes.len() - 8 * numbers.len();
    numbers.iter().enumerate().for_each(|(k, n)| bytes[start + 8 * k..][..8].copy_from_slice(&n.to_le_bytes()));
    bytes
}

const BIG: &str = "%%MatrixMarket matrix coordinate integer general\n2 2 4\n1 1 9007199254740993\n\
                   1 2 9007199254740992\n2 1 1\n2 2 1\n";

#[test]
fn integers_beyond_the_doubles_are_carried_or_refused() {
    let folder = Folder::new();
    folder.text("big.mtx", BIG);
    folder.text("big.csv", "9007199254740993,9007199254740992\n1,1\n");
    std::fs::write(folder.path("big.npy"), integers(&[2, 2], &[(1 << 53) + 1, 1 << 53, 1, 1])).unwrap();
    for file in ["big.mtx", "big.csv", "big.npy"] {
        // det = 1, so that κ = ‖A‖_F² to the first digits; the nearest doubles are singular.
        assert_eq!(json(&folder, &["rank", file, "--exact"])["result"]["exact"]["lower"], 2.0, "{file}");
        for flag in [&[][..], &["--certify"]] {
            let cond = json(&folder, &[&["cond", file], flag].concat());
            let value = &cond["result"]["value"];
            let upper = value["upper"].as_f64();
            let is_right = if flag.is_empty() {
                value["lower"].as_f64().unwrap() < 1.6e32 && upper.is_none()
            } else {
                // The rests are carried: ‖A‖_F² is 1.6225927682921336e32.
                value["lower"].as_f64().unwrap() > 1.6225e32 && upper.is_some_and(|x| x < 1.6226e32)
            };
            assert!(is_right, "{file}: {value}");
            assert_eq!(cond["remarks"][0]["kind"], "rounded");
            assert_eq!(cond["remarks"][0]["first"], serde_json::json!([1, 1]));
        }
        let norm = json(&folder, &["norm", file, "--norm", "max-abs", "--certify"]);
        assert!(norm["result"]["value"]["upper"].as_f64().unwrap() >= 9007199254740994.0, "{file}: {norm}");
        refused(&folder.run(&["logdet", file, "--certify"]), &["9007199254740993 (row 1, column 1) is not a double"]);
        refused(&folder.run(&["prove", file, "max-abs <= 9007199254740992"]), &["is not a double"]);
        // 2⁵³ < max|aᵢⱼ| = 2⁵³ + 1: not decided by doubles.
        assert_eq!(folder.run(&["check", file, "max-abs <= 9007199254740992", "--certify"]).code, 2, "{file}");
        let plain = folder.run(&["norm", file]);
        assert!(plain.code == 0 && plain.err.contains("1 integer is not a double"), "{}", plain.whole());
    }
    let long = "1".repeat(50);
    folder.text("long.mtx", &format!("%%MatrixMarket matrix array integer general\n1 1\n{long}\n"));
    refused(&folder.run(&["rank", "long.mtx", "--exact"]), &["is not a double", "38 digits"]);
}

#[test]
fn numbers_that_doubles_hold_need_no_remark() {
    let folder = Folder::new();
    std::fs::write(folder.path("two.npy"), integers(&[2, 2], &[1 << 60, 1, 1, 1])).unwrap();
    folder.text("t.csv", "0.5,1e22\n-2.25,1152921504606846976\n");
    for file in ["two.npy", "t.csv"] {
        let done = folder.run(&["norm", file, "--norm", "max-abs", "--certify"]);
        assert!(done.code == 0 && done.err.is_empty(), "{}", done.whole());
        assert!(json(&folder, &["norm", file]).get("remarks").is_none());
    }
    assert_eq!(folder.run(&["norm", "two.npy", "--norm", "max-abs"]).number(), 2f64.powi(60));
}

#[test]
fn decimals_are_allowed_for() {
    let folder = Folder::new();
    folder.text("t.csv", "0.1,0.2\n0.3,0.6\n");
    // As written, the largest column sum is 0.8; the sum of the doubles 0.2 and 0.6 is less.
    let norm = json(&folder, &["norm", "t.csv", "--norm", "max-column-sum"]);
    let value = &norm["result"]["value"];
    assert!(value["lower"].as_f64() < Some(0.8) && value["upper"].as_f64() > Some(0.8), "{value}");
    assert_eq!(value["evidence"], "rounding");
    assert_eq!((&norm["remarks"][0]["count"], &norm["remarks"][0]["kind"]), (&4.into(), &"rounded".into()));
    assert!(folder.run(&["norm", "t.csv"]).err.is_empty());
    assert!(folder.run(&["norm", "t.csv", "--explain"]).err.contains("4 decimals are not doubles"));
    for arguments in [&["logdet", "t.csv", "--certify"][..], &["rank", "t.csv", "--exact"]] {
        let done = folder.run(arguments);
        assert!(done.err.contains("the bounds are about the nearest doubles"), "{}", done.whole());
    }
    let proof = folder.run(&["prove", "t.csv", "max-abs <= 0.7"]);
    assert!(proof.code == 0 && proof.err.contains("about the nearest doubles"), "{}", proof.whole());
    let sum = &json(&folder, &["sum", "t.csv"])["result"]["value"];
    assert!(sum["lower"].as_f64() < Some(1.2) && sum["upper"].as_f64() > Some(1.2), "{sum}");
    let inner = json(&folder, &["inner", "t.csv", "t.csv"]);
    let evidence = inner["result"]["modulus"]["evidence"].as_str().unwrap();
    assert!(evidence.starts_with("estimate: the doubles nearest"), "{evidence}");
    let survey = json(&folder, &["survey", "t.csv"]);
    assert!(survey["result"]["layers"][0]["measures"]["max_column_sum"]["upper"].as_f64() > Some(0.8), "{survey}");
}

#[test]
fn numbers_on_the_command_line_are_doubles_or_refused() {
    let folder = Folder::new();
    folder.array("w.npy", &[1, 1], &[0.1]);
    for arguments in [
        &["formats", "1e400"][..],
        &["roots", "1", "-3", "1e400"],
        &["roots", "1", "-3", "9007199254740993"],
        &["rank", "w.npy", "--tolerance", "1e-400"],
        &["check", "w.npy", "cond < 1e400"],
        &["check", "w.npy", "max-abs < 0.09999999999999999999999"],
    ] {
        refused(&folder.run(arguments), &["`"]);
    }
    // The double 0.1 is more than a tenth.
    assert_eq!(folder.run(&["check", "w.npy", "max-abs <= 0.1"]).code, 1);
    assert_eq!(folder.run(&["check", "w.npy", "max-abs > 0.1"]).code, 0);
    assert_eq!(folder.run(&["prove", "w.npy", "max-abs <= 0.1"]).code, 1);
    assert_eq!(folder.run(&["prove", "w.npy", "max-abs >= 0.1"]).code, 0);
    // The gap above infinity is no number; infinity in a format without one is.
    let formats = json(&folder, &["formats", "inf"]);
    assert!(formats["result"]["formats"].as_array().unwrap().iter().all(|f| f["ulp"].is_null()), "{formats}");
}

#[test]
fn tables_say_what_is_no_part_of_the_matrix() {
    let folder = Folder::new();
    folder.text("t.csv", "name,a,b\nx,3,0\ny,0,4\n");
    let done = folder.run(&["norm", "t.csv"]);
    assert_eq!((done.code, done.number()), (0, 5.0));
    assert!(done.err.contains("line 1 holds titles") && done.err.contains("column 1 names the rows"), "{}", done.err);
    assert_eq!(json(&folder, &["norm", "t.csv"])["remarks"].as_array().unwrap().len(), 2);
    // Why there is no answer is said with what was left out.
    let wide = folder.run(&["logdet", "t.csv", "--tensor", "t"]);
    assert!(wide.code == 0 && wide.err.contains("line 1 holds titles"), "{}", wide.whole());
    folder.text("wide.csv", "a,b\n1,2\n");
    refused(&folder.run(&["logdet", "wide.csv"]), &["note: `wide.csv`: `wide`: line 1 holds titles", "square"]);
    folder.text("bad.csv", "1,2\n3,x\n");
    refused(&folder.run(&["norm", "bad.csv"]), &["`bad.csv`", "line 2, column 2: `x` is not a number"]);
}

#[test]
fn empty_matrices_keep_their_shape() {
    let folder = Folder::new();
    for (m, n) in [(0, 3), (3, 0), (0, 0)] {
        folder.array("e.npy", &[m, n], &[]);
        folder.text("e.mtx", &format!("%%MatrixMarket matrix coordinate real general\n{m} {n} 0\n"));
        folder.text("d.mtx", &format!("%%MatrixMarket matrix array real general\n{m} {n}\n"));
        for file in ["e.npy", "e.mtx", "d.mtx"] {
            let norm = json(&folder, &["norm", file]);
            assert_eq!(norm["result"]["shape"], serde_json::json!([m, n]), "{file}");
            assert_eq!(norm["result"]["value"]["upper"], 0.0);
            let message = folder.run(&["cond", file]).err;
            assert!(message.contains(&format!("{m}×{n}")), "{file}: {message}");
        }
    }
    folder.array("e.npy", &[0, 3], &[]);
    assert_eq!(folder.run(&["check", "e.npy", "rank = 0"]).code, 0);
    folder.array("v.npy", &[0], &[]);
    assert_eq!(json(&folder, &["norm", "v.npy"])["result"]["shape"], serde_json::json!([0, 1]));
}

#[test]
fn a_tensor_of_three_dimensions_says_how_it_is_read() {
    let folder = Folder::new();
    folder.array("t.npy", &[2, 1, 2], &[3.0, 0.0, 0.0, 4.0]);
    for command in [&["norm", "t.npy"][..], &["rank", "t.npy"], &["check", "t.npy", "rank = 2"]] {
        let done = folder.run(command);
        assert!(done.err.contains("shape [2, 1, 2] is read as a matrix of 2×2"), "{}", done.whole());
    }
}

#[test]
fn a_norm_beyond_the_doubles_is_not_infinite() {
    let folder = Folder::new();
    folder.array("b.npy", &[2, 2], &[1.7e308; 4]);
    assert_eq!(folder.run(&["norm", "b.npy"]).out, "≥ 1.797e308\n");
}

#[test]
fn a_solution_has_the_dimensions_of_its_right_hand_side() {
    let folder = Folder::new();
    folder.array("a.npy", &[2, 2], &[2.0, 0.0, 0.0, 4.0]);
    folder.array("v.npy", &[2], &[2.0, 4.0]);
    folder.array("c.npy", &[2, 1], &[2.0, 4.0]);
    for (command, b, shape) in
        [("solve", "v.npy", vec![2]), ("lstsq", "v.npy", vec![2]), ("solve", "c.npy", vec![2, 1])]
    {
        assert_eq!(folder.run(&[command, "a.npy", b, "-o", "x.npy"]).code, 0);
        let source = kappa_tensors::open(&folder.path("x.npy"), &kappa_tensors::Opening::default()).unwrap();
        assert_eq!(source.infos()[0].shape, shape, "{command} {b}");
    }
}

#[test]
fn checks_do_not_pass_over_what_they_could_not_look_at() {
    let folder = Folder::new();
    let eye = singles(&[1.0, 0.0, 0.0, 1.0]);
    let cases = [
        ("empty", "F32", [0, 2], Vec::new(), "an empty tensor"),
        ("codes", "I32", [1, 1], vec![1, 0, 0, 0], "whole numbers (i32)"),
        ("nan", "F32", [1, 1], singles(&[f32::NAN]), "not finite"),
    ];
    for (name, dtype, shape, bytes, words) in cases {
        let file = safetensors(&[("a", "F32", &[2, 2], eye.clone()), (name, dtype, &shape, bytes)]);
        std::fs::write(folder.path("m.safetensors"), file).unwrap();
        let done = folder.run(&["check", "m.safetensors", "rank = 2"]);
        assert!(done.code == 2 && done.err.contains(words), "{}", done.whole());
        let value = json(&folder, &["check", "m.safetensors", "rank = 2"]);
        assert_eq!(
            (&value["result"]["holds"], &value["result"]["not_checked"][0]["tensor"]),
            (&Value::Null, &name.into())
        );
        assert_eq!(folder.run(&["check", "m.safetensors", "rank = 1"]).code, 1);
        assert_eq!(folder.run(&["check", "m.safetensors", "rank = 2", "--tensor", "a"]).code, 0);
    }
    // A file of a folder that is cut off.
    std::fs::create_dir(folder.path("f")).unwrap();
    folder.array("f/a.npy", &[2, 2], &[1.0, 0.0, 0.0, 1.0]);
    let whole = std::fs::read(folder.path("f/a.npy")).unwrap();
    assert_eq!(folder.run(&["check", "f", "rank = 2"]).code, 0);
    std::fs::write(folder.path("f/b.npy"), &whole[..whole.len() - 3]).unwrap();
    let done = folder.run(&["check", "f", "rank = 2"]);
    assert!(done.code == 2 && done.err.contains("`b.npy`") && done.err.contains("truncated"), "{}", done.whole());
    assert_eq!(folder.run(&["survey", "f"]).code, 1);
}

#[test]
fn a_survey_is_sound_or_exits_with_1() {
    let folder = Folder::new();
    let eye = singles(&[1.0, 0.0, 0.0, 1.0]);
    let vector = |x: f32| safetensors(&[("w", "F32", &[2, 2], eye.clone()), ("bias", "F32", &[2], singles(&[1.0, x]))]);
    std::fs::write(folder.path("good.safetensors"), vector(2.0)).unwrap();
    assert_eq!(folder.run(&["survey", "good.safetensors"]).code, 0);
    for x in [f32::NAN, f32::INFINITY] {
        std::fs::write(folder.path("nan.safetensors"), vector(x)).unwrap();
        let done = folder.run(&["survey", "nan.safetensors"]);
        let words = "not finite: 1 of 2 numbers in a tensor of shape [2], the first at position 2";
        assert!(done.code == 1 && done.out.contains(words), "{}", done.whole());
        assert_eq!(json(&folder, &["survey", "nan.safetensors"])["result"]["skipped"][0]["name"], "bias");
        assert!(folder.run(&["survey", "nan.safetensors", "--csv"]).err.contains("not measured: `bias`"));
    }
    let small = folder.run(&["survey", "good.safetensors", "--memory", "1"]);
    assert!(small.code == 1 && small.err.contains("no matrix was measured: `w` needs"), "{}", small.whole());
    let whole = vector(2.0);
    std::fs::write(folder.path("half.safetensors"), &whole[..whole.len() - 12]).unwrap();
    let half = folder.run(&["survey", "half.safetensors"]);
    assert!([1, 2].contains(&half.code) && half.out.contains("is truncated"), "{}", half.whole());
    // Other files of a folder.
    std::fs::create_dir(folder.path("f")).unwrap();
    std::fs::create_dir(folder.path("f/more")).unwrap();
    std::fs::write(folder.path("f/good.safetensors"), vector(2.0)).unwrap();
    folder.array("f/a.npy", &[1, 1], &[1.0]);
    let done = folder.run(&["survey", "f"]);
    assert!(done.code == 0 && done.out.contains("a.npy") && done.out.contains("more"), "{}", done.whole());
    let done = folder.run(&["check", "f", "rank = 2"]);
    assert!(done.code == 0 && done.err.contains("`a.npy`") && done.err.contains("`more`"), "{}", done.whole());
}

#[test]
fn codes_are_measured_with_their_scales() {
    let folder = Folder::new();
    // In e4m3, 0x38 is 1 and 0x40 is 2.
    let codes = vec![0x38, 0x40, 0x40, 0x38];
    for (ending, shape, scales, norm) in [
        ("_scale_inv", &[1, 1][..], vec![0.5], Some(10f64.sqrt() / 2.0)),
        ("_scale", &[][..], vec![0.5], Some(10f64.sqrt() / 2.0)),
        ("_scale", &[2, 1][..], vec![1.0, 2.0], Some(5.0)),
        ("_scale", &[2, 2][..], vec![3.0, 2.0, 0.0, 0.0], Some(5.0)),
        ("_scale_inv", &[3, 1][..], vec![1.0, 2.0, 3.0], None),
    ] {
        let name = format!("w{ending}");
        let tensors = [("w", "F8_E4M3", &[2, 2][..], codes.clone()), (&*name, "F32", shape, singles(&scales))];
        std::fs::write(folder.path("q.safetensors"), safetensors(&tensors)).unwrap();
        let survey = json(&folder, &["survey", "q.safetensors"]);
        let skipped = survey["result"]["skipped"].as_array().unwrap();
        match norm {
            Some(norm) => {
                let found = survey["result"]["layers"][0]["measures"]["frobenius"]["estimate"].as_f64().unwrap();
                assert!((found - norm).abs() < 1e-12, "{name} {shape:?}: {found}");
                // The scales are a part of the tensor, and no layer.
                assert!(skipped.is_empty(), "{survey}");
                assert!((folder.run(&["norm", "q.safetensors"]).number() - norm).abs() < 1e-12);
            }
            None => {
                assert!(survey["result"]["layers"].as_array().unwrap().is_empty(), "{survey}");
                assert!(
                    skipped.iter().any(|s| s["reason"].as_str().unwrap().contains("codes without scales")),
                    "{survey}"
                );
                assert_eq!(folder.run(&["norm", "q.safetensors", "-t", "w"]).code, 2);
            }
        }
    }
}

/// The command with little memory for its addresses: what a header announces is not reserved.
#[cfg(target_os = "linux")]
#[test]
fn a_header_reserves_no_memory() {
    let folder = Folder::new();
    folder.text("a.mtx", "%%MatrixMarket matrix array integer general\n0 7199254740993\n");
    folder.text("b.mtx", "%%MatrixMarket matrix array integer general\n2 66666000\n1\n");
    folder.text("c.mtx", "%%MatrixMarket matrix coordinate real general\n134217728 134217728 1\n1 1 1\n");
    let start = std::time::Instant::now();
    for file in ["a.mtx", "b.mtx", "c.mtx"] {
        let line = format!("ulimit -v 600000; exec '{}' norm {file}", env!("CARGO_BIN_EXE_kappa"));
        let output = std::process::Command::new("sh")
            .args(["-c", &line])
            .env("RAYON_NUM_THREADS", "1")
            .current_dir(folder.path("."))
            .output()
            .unwrap();
        refused(&output.into(), &[file]);
    }
    assert!(start.elapsed() < std::time::Duration::from_secs(10));
}
