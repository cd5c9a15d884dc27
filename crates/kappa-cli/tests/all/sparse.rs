//! A sparse matrix of order 60 000, which is never stored as a dense matrix.

use std::fmt::Write;

use super::Folder;

const ORDER: usize = 60_000;

/// Tridiagonal: 2.5 on the diagonal, −1 beside it.
fn chain() -> Folder {
    let folder = Folder::new();
    let mut text = format!("%%MatrixMarket matrix coordinate real symmetric\n{ORDER} {ORDER} {}\n", 2 * ORDER - 1);
    for k in 1..=ORDER {
        writeln!(text, "{k} {k} 2.5").unwrap();
    }
    for k in 1..ORDER {
        writeln!(text, "{} {k} -1", k + 1).unwrap();
    }
    folder.text("chain.mtx", &text);
    folder
}

#[test]
fn norms_of_a_large_sparse_matrix() {
    let folder = chain();
    let squares = 6.25 * ORDER as f64 + 2.0 * (ORDER - 1) as f64;
    assert!((folder.run(&["norm", "chain.mtx"]).number() / squares.sqrt() - 1.0).abs() < 1e-12);
    assert_eq!(folder.run(&["norm", "chain.mtx", "--norm", "max-abs"]).number(), 2.5);
    assert_eq!(folder.run(&["norm", "chain.mtx", "--norm", "1"]).number(), 4.5);
}

#[test]
fn the_condition_of_a_large_sparse_matrix() {
    let folder = chain();
    let cond = folder.run(&["cond", "chain.mtx", "--json"]);
    assert_eq!(cond.code, 0, "{}", cond.err);
    let value: serde_json::Value = serde_json::from_str(&cond.out).unwrap();
    // (2.5 + 2 cos θ)/(2.5 − 2 cos θ) tends to 9.
    let value = &value["result"]["value"];
    assert!(value["lower"].as_f64().unwrap() <= 9.0 && value["estimate"].as_f64().unwrap() > 8.9, "{value}");
    let sums = folder.run(&["cond", "chain.mtx", "--norm", "inf"]);
    assert!(sums.out.starts_with("at least 9") || sums.out.starts_with("at least 8.9"), "{}", sums.whole());
}

#[test]
fn a_limit_is_named_with_the_file_and_the_numbers() {
    let folder = chain();
    for arguments in
        [&["cond", "chain.mtx", "--certify"][..], &["svd", "chain.mtx", "-o", "f.npz"], &["pinv", "chain.mtx"]]
    {
        let done = folder.run(arguments);
        assert_eq!(done.code, 2, "{arguments:?}");
        for word in ["`chain.mtx`", "`chain`", "60000×60000"] {
            assert!(done.err.contains(word), "{arguments:?}: {}", done.err);
        }
    }
}
