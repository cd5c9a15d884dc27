//! Some singular values and eigenvalues, factors and iterations, as people ask for them: what was not reached is told.

use super::Folder;

fn square(folder: &Folder, name: &str, rows: &[&[f64]]) {
    folder.array(name, &[rows.len(), rows[0].len()], &rows.concat());
}

/// The numbers at the beginning of each line before the first blank one.
fn first_numbers(out: &str) -> Vec<f64> {
    let lines = out.lines().take_while(|line| !line.is_empty());
    lines.map(|line| line.split_whitespace().next().unwrap().parse().unwrap()).collect()
}

#[test]
fn the_smallest_and_the_repeated_are_not_missed() {
    let folder = Folder::new();
    square(&folder, "zero.npy", &[&[0.0, 0.0], &[0.0, 1.0]]);
    let path: [&[f64]; 4] =
        [&[1.0, -1.0, 0.0, 0.0], &[-1.0, 2.0, -1.0, 0.0], &[0.0, -1.0, 2.0, -1.0], &[0.0, 0.0, -1.0, 1.0]];
    square(&folder, "path.npy", &path);
    folder.array("one.npy", &[5, 5], &(0..25).map(|k| f64::from(k % 6 == 0)).collect::<Vec<f64>>());
    let pairs: [&[f64]; 4] =
        [&[0.0, 0.7, 0.0, 0.0], &[1.0, 0.0, 0.7, 0.0], &[0.0, 0.7, 0.0, 1.0], &[0.0, 0.0, 0.7, 0.0]];
    square(&folder, "pairs.npy", &pairs);
    for name in ["zero.npy", "path.npy"] {
        let done = folder.run(&["svd", name, "--smallest", "1"]);
        assert!(done.code == 0 && done.out.starts_with("0 … ") || done.out.starts_with("0\n"), "{}", done.whole());
    }
    assert_eq!(first_numbers(&folder.run(&["svd", "one.npy", "--smallest", "2"]).out), [1.0, 1.0]);
    for seed in ["0", "1", "2"] {
        let done = folder.run(&["svd", "one.npy", "--top", "3", "--method", "partial", "--seed", seed]);
        assert_eq!(first_numbers(&done.out), [1.0, 1.0, 1.0], "{}", done.whole());
        let found = folder.run(&["svd", "pairs.npy", "--top", "2", "--method", "partial", "--seed", seed]);
        let values = first_numbers(&found.out);
        assert!(
            values.len() == 2 && values.iter().all(|x| (x - 1.300_027_470_835_7).abs() < 1e-9),
            "{}",
            found.whole()
        );
    }
    // What is left out is told, in text and in JSON.
    let done = folder.run(&["svd", "one.npy", "--top", "3", "--method", "partial"]);
    assert!(done.err.contains("error in the Frobenius norm  1.4142") && done.err.contains("spectral norm   1.0000"));
    let json = folder.run(&["svd", "one.npy", "--top", "3", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let error = value["result"]["error"]["estimate"].as_f64().unwrap();
    assert!((error - std::f64::consts::SQRT_2).abs() < 1e-6 && value["result"]["has_converged"] == true, "{value}");
}

#[test]
fn restarts_that_ran_out_are_an_exit_code() {
    let folder = Folder::new();
    let entry = |k: usize| format!("{k} {k} {}\n", 1.0 + k as f64 * 1e-7);
    let entries: String = (1..=1100).map(entry).collect();
    folder.text("near.mtx", &format!("%%MatrixMarket matrix coordinate real general\n1100 1100 1100\n{entries}"));
    let done = folder.run(&["svd", "near.mtx", "--top", "2", "--restarts", "1"]);
    assert_eq!(done.code, 1, "{}", done.whole());
    assert!(done.err.contains("not converged") && done.err.contains("--restarts"), "{}", done.err);
    let smallest = folder.run(&["svd", "near.mtx", "--smallest", "1", "--restarts", "2"]);
    assert_eq!(smallest.code, 1, "{}", smallest.whole());
    let json = folder.run(&["svd", "near.mtx", "--top", "2", "--restarts", "1", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert!(json.code == 1 && value["result"]["has_converged"] == false, "{value}");
}

#[test]
fn an_iteration_that_ran_out_of_steps_is_an_exit_code() {
    let folder = Folder::new();
    let n = 40;
    let entries = (0..n * n).map(|k| if k / n == k % n { 10f64.powi(-((k % n) as i32) / 3) } else { 0.0 });
    folder.array("a.npy", &[n, n], &entries.collect::<Vec<f64>>());
    folder.array("b.npy", &[n], &vec![1.0; n]);
    let done = folder.run(&["solve", "a.npy", "b.npy", "--iterate", "cg", "--steps", "3"]);
    assert!(done.code == 1 && done.err.contains("not converged"), "{}", done.whole());
    let enough = folder.run(&["solve", "a.npy", "b.npy", "--iterate", "cg", "--steps", "4000"]);
    assert_eq!(enough.code, 0, "{}", enough.whole());
    // A system without a solution is not solved by the least squares solution.
    square(&folder, "singular.npy", &[&[1.0, 0.0], &[0.0, 0.0]]);
    folder.array("c.npy", &[2], &[1.0, 1.0]);
    assert_eq!(folder.run(&["solve", "singular.npy", "c.npy", "--iterate", "lsmr"]).code, 1);
    assert_eq!(folder.run(&["lstsq", "singular.npy", "c.npy", "--iterate", "lsmr"]).code, 0);
    square(&folder, "skewed.npy", &[&[1.0, 2.0], &[0.0, 1.0]]);
    let done = folder.run(&["solve", "skewed.npy", "c.npy", "--iterate", "cg"]);
    assert!(done.code == 2 && done.err.contains("(1, 2)") || done.err.contains("(2, 1)"), "{}", done.whole());
}

#[test]
fn only_digits_within_the_error_are_printed() {
    let folder = Folder::new();
    let n = 12;
    let hilbert = (0..n * n).map(|k| 1.0 / (1 + k / n + k % n) as f64);
    folder.array("hilbert.npy", &[n, n], &hilbert.collect::<Vec<f64>>());
    folder.array("b.npy", &[n], &vec![1.0; n]);
    let done = folder.run(&["solve", "hilbert.npy", "b.npy"]);
    for line in done.out.lines() {
        let digits = line.chars().filter(char::is_ascii_digit).count();
        assert!(line.contains('…') || digits < 12, "{}", done.whole());
    }
    let n = 60;
    let worse = (0..n * n).map(|k| 1.0 / (1 + k / n + k % n) as f64);
    folder.array("worse.npy", &[n, n], &worse.collect::<Vec<f64>>());
    folder.array("b.npy", &[n], &vec![1.0; n]);
    let done = folder.run(&["solve", "worse.npy", "b.npy"]);
    assert!(done.code == 1 && done.err.contains("no digit"), "{}", done.whole());
    square(&folder, "good.npy", &[&[4.0, 1.0], &[1.0, 3.0]]);
    folder.array("c.npy", &[2], &[1.0, 2.0]);
    let done = folder.run(&["solve", "good.npy", "c.npy"]);
    assert!(done.code == 0 && (first_numbers(&done.out)[0] * 11.0 - 1.0).abs() < 1e-14, "{}", done.whole());
}

#[test]
fn symmetric_factors_need_a_symmetric_matrix() {
    let folder = Folder::new();
    square(&folder, "a.npy", &[&[2.0, 1.0], &[2.0, 3.0]]);
    for kind in ["cholesky", "ldlt"] {
        let done = folder.run(&["factor", kind, "a.npy", "-o", "f.npz"]);
        assert_eq!(done.code, 2, "{kind}: {}", done.whole());
        let words = ["`a.npy`", "not symmetric", "entry (2, 1) is 2 and entry (1, 2) is 1", "hint: "];
        assert!(words.iter().all(|word| done.err.contains(word)), "{kind}: {}", done.err);
        assert!(!folder.path("f.npz").exists());
        let method = folder.run(&["solve", "a.npy", "a.npy", "--method", kind]);
        assert!(method.code == 2 && method.err.contains("entry (2, 1)"), "{}", method.whole());
    }
}

#[test]
fn eigenvalues_of_a_triangular_matrix_are_its_diagonal() {
    let folder = Folder::new();
    square(&folder, "t.npy", &[&[66.0, 5.0, -81.0], &[0.0, -96.0, 7.0], &[0.0, 0.0, 66.0]]);
    let done = folder.run(&["eig", "t.npy", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    let values = value["result"]["values"].as_array().unwrap();
    assert_eq!(values.len(), 3);
    assert!(values.iter().all(|x| x["radius"] == 0.0), "{value}");
    let radius = &value["result"]["spectral_radius"];
    assert_eq!((radius["lower"].as_f64(), radius["upper"].as_f64()), (Some(96.0), Some(96.0)), "{value}");
    // Of a large sparse matrix a norm bounds the spectral radius.
    let entries: String = (1..1100).map(|k| format!("{k} {} {}\n", k + 1, 1 + k % 3)).collect();
    folder.text("shift.mtx", &format!("%%MatrixMarket matrix coordinate real general\n1100 1100 1099\n{entries}"));
    let done = folder.run(&["eig", "shift.mtx", "--top", "1", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(value["result"]["spectral_radius"]["upper"].as_f64().unwrap().round(), 3.0, "{value}");
}

#[test]
fn theorems_of_large_matrices_are_quick_and_say_what_they_leave_out() {
    let folder = Folder::new();
    let n = 300;
    let entry = |k: usize| (k * 7919 % 1009) as f64 / 1009.0 + f64::from(k / n == k % n) * 20.0;
    folder.array("a.npy", &[n, n], &(0..n * n).map(entry).collect::<Vec<f64>>());
    folder.array("b.npy", &[n, n], &(0..n * n).map(|k| entry(k) + 1e-6).collect::<Vec<f64>>());
    let done = folder.run(&["perturb", "a.npy", "b.npy"]);
    assert_eq!(done.code, 0, "{}", done.whole());
    assert!(done.out.contains("weyl") && !done.out.contains("elsner"), "{}", done.out);
    assert!(done.err.contains("left out at order 300") && done.err.contains("--eigenvalues"), "{}", done.err);
    let json = folder.run(&["perturb", "a.npy", "b.npy", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert!(value["result"]["left_out"].as_str().unwrap().contains("order 300"), "{value}");
}
