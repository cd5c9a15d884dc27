//! What cannot be answered says why, about what, and what to do.

use super::{snapshot, with_w};

#[test]
fn messages_name_the_file_the_tensor_and_the_numbers() {
    let folder = with_w();
    folder.array("nan.npy", &[2, 1], &[1.0, f64::NAN]);
    folder.array("v.npy", &[2], &[1.0, 2.0]);
    folder.array("s.npy", &[2, 2], &[1.0; 4]);
    folder.text("t.csv", "x,y\n1,1\n2,2\n3,3\n");
    let mut all = String::new();
    for (arguments, words) in [
        (&["norm", "nowhere.npy"][..], &["`nowhere.npy`", "no such file"][..]),
        (&["norm", "w.npy", "--norm", "l2"], &["unknown norm `l2`", "known: frobenius"]),
        (&["norm", "nan.npy"], &["`nan.npy`: `nan` has 1 entry that is not finite", "hint:"]),
        (&["norm", "w.npy", "--norm", "dual:induced:inf,1"], &["`w.npy`: `w`:", "cannot be evaluated", "hint:"]),
        (&["norm", "w.npy", "--width", "1e-3"], &["--width is for the spectral norm", "hint:"]),
        (&["norm", "w.npy", "--norm", "2", "--width", "-1"], &["above 0", "hint:"]),
        (&["norm", "w.npy", "--tensor", "q"], &["no tensor `q`", "`w`"]),
        (&["measure", "w.npy", "numerical_radius"], &["`w.npy`: `w`:", "square"]),
        (&["svd", "w.npy", "-o", "w.npy"], &["would be lost", "hint:"]),
        (&["svd", "w.npy", "--smallest", "0"], &["--smallest must be at least 1", "hint:"]),
        (&["svd", "w.npy", "--top", "0"], &["--top must be at least 1", "hint:"]),
        (&["svd", "w.npy", "--top", "1", "--sketch", "gaussian"], &["--sketch does not apply to a reduction", "hint:"]),
        (&["svd", "w.npy", "-o", "nowhere/f.npz"], &["cannot write `nowhere/f.npz`", "hint:"]),
        (&["pinv", "w.npy", "-o", "p.csv"], &["does not end in .npy", "hint:"]),
        (&["draw", "ellipse", "w.npy", "-o", "e.gif"], &["does not end in .svg or .png", "hint:"]),
        (&["solve", "s.npy", "v.npy"], &["`s.npy`: `s`", "hint:"]),
        (&["solve", "s.npy", "nan.npy"], &["`nan.npy` has an entry that is not finite (row 2, column 1)"]),
        (&["solve", "-", "-"], &["standard input", "two files"]),
        (&["bound", "murphy"], &["unknown theorem `murphy`", "weyl"]),
        (&["factor", "qr", "w.npy"], &["no output file", "--output factors.npz"]),
        (&["regress", "t.csv"], &["`t.csv`", "--target"]),
        (&["frobnicate"], &["frobnicate"]),
        (&["survey", "w.npy", "--memory", "4 parsecs"], &["parsecs"]),
    ] {
        let done = folder.run(arguments);
        assert!(done.code == 2 && done.out.is_empty(), "{arguments:?}: {}", done.whole());
        for word in words {
            assert!(done.err.contains(word), "{arguments:?}: {word}: {}", done.err);
        }
        all += &format!("==== kappa {}\n{}", arguments.join(" "), done.err);
    }
    snapshot("errors", &all);
}
