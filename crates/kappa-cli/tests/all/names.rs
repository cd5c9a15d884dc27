//! One name for one thing, and the names that people know.

use super::with_w;

#[test]
fn norms_as_numpy_writes_them() {
    let folder = with_w();
    for (short, long) in
        [("1", "max-column-sum"), ("2", "spectral"), ("inf", "max-row-sum"), ("fro", "frobenius"), ("nuc", "nuclear")]
    {
        let [one, other] = [short, long].map(|name| folder.run(&["norm", "w.npy", "--norm", name]));
        assert_eq!((one.code, &one.out), (0, &other.out), "{short}: {}", one.err);
        assert_eq!(folder.run(&["about-norm", short]).out, folder.run(&["about-norm", long]).out);
    }
    assert_eq!(folder.run(&["cond", "w.npy", "--norm", "2"]).code, 0);
    let nearest = ["nearest", "low-rank", "w.npy", "--rank", "1", "--norm", "2"];
    assert!(folder.run(&nearest).err.contains("(spectral)"));
}

#[test]
fn commands_as_matlab_and_numpy_call_them() {
    let folder = with_w();
    folder.array("a.npy", &[2, 2], &[2.0, 1.0, 1.0, 3.0]);
    assert_eq!(folder.run(&["svdvals", "w.npy"]).out, folder.run(&["singular-values", "w.npy"]).out);
    assert_eq!(folder.run(&["eigvals", "a.npy"]).out, folder.run(&["eig", "a.npy"]).out);
    assert!(folder.run(&["svdvals", "w.npy", "--json"]).out.contains("\"command\": \"singular-values\""));
}

#[test]
fn what_was_renamed_is_gone() {
    let folder = with_w();
    for arguments in [
        &["norm", "w.npy", "--within", "1e-3"][..],
        &["cond", "w.npy", "--within", "0.1%"],
        &["svd", "w.npy", "--within", "0.5"],
        &["solve", "w.npy", "w.npy", "--within", "0.5"],
        &["factors", "w.npy", "w.npy"],
        &["density", "w.npy", "--least", "3"],
        &["nearest", "semidefinite", "w.npy", "--least", "3"],
    ] {
        assert_eq!(folder.run(arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn options_are_offered_only_where_they_act() {
    let folder = with_w();
    let refused = |arguments: &[&str], flag: &str| {
        let done = folder.run(&[arguments, &[flag]].concat());
        assert!(done.code == 2 && done.err.contains("unexpected argument"), "{arguments:?} {flag}: {}", done.err);
    };
    for arguments in [
        &["factor", "qr", "w.npy", "-o", "f.npz"][..],
        &["draw", "ellipse", "w.npy", "-o", "e.svg"],
        &["ball", "prox", "w.npy", "--norm", "fro", "-o", "b.npy"],
        &["nearest", "orthogonal", "w.npy"],
        &["eig", "w.npy"],
        &["pinv", "w.npy"],
        &["vector", "w.npy"],
        &["sum", "w.npy"],
        &["distance", "w.npy"],
    ] {
        refused(arguments, "--certify");
    }
    for arguments in [&["formats", "1"][..], &["roots", "1", "2", "3"], &["about-norm", "fro"], &["bound"], &["lab"]] {
        refused(arguments, "--no-mmap");
    }
}
