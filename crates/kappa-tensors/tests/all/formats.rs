//! Small files of every text format, read by eye.

use kappa_tensors::{Numbers, Source, parse};

fn f64s(source: &impl Source) -> Vec<f64> {
    let name = source.names()[0].to_owned();
    match source.read(&name).unwrap().numbers {
        Numbers::F64(x) => x.into_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn matrix_market_in_all_its_forms() {
    let read = |text: &str| f64s(&parse::matrix_market(text.as_bytes()).unwrap());
    let sparse = "%%MatrixMarket matrix coordinate real general\n% comment\n\n2 3 3\n1 1 5\n2 3 -1.5e0\n1 1 1d0\n";
    assert_eq!(read(sparse), [6.0, 0.0, 0.0, 0.0, 0.0, -1.5]);
    assert_eq!(read("%%MatrixMarket matrix array integer general\n2 2\n1\n2\n3\n4\n"), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(read("%%MatrixMarket matrix array real symmetric\n2 2\n1\n2\n3\n"), [1.0, 2.0, 2.0, 3.0]);
    let skew = "%%MatrixMarket matrix coordinate real skew-symmetric\n2 2 1\n2 1 7\n";
    assert_eq!(read(skew), [0.0, 7.0, -7.0, 0.0]);
    assert_eq!(read("%%MatrixMarket matrix array real skew-symmetric\n2 2\n7\n"), [0.0, 7.0, -7.0, 0.0]);
    let pattern = "%%matrixmarket Matrix Coordinate Pattern Symmetric\n2 2 2\n1 1\n2 1\n";
    assert_eq!(read(pattern), [1.0, 1.0, 1.0, 0.0]);
    let hermitian = "%%MatrixMarket matrix coordinate complex hermitian\n2 2 2\n1 1 3 0\n2 1 0 1\n";
    let source = parse::matrix_market(hermitian.as_bytes()).unwrap();
    let Numbers::C64(z) = source.read("matrix").unwrap().numbers else { panic!("not complex") };
    assert_eq!(z.iter().map(|z| (z.re, z.im)).collect::<Vec<_>>(), [(3.0, 0.0), (0.0, 1.0), (0.0, -1.0), (0.0, 0.0)]);
}

#[test]
fn tables_keep_columns_of_numbers_and_say_what_they_leave_out() {
    let source = parse::table(b"name;a;b;c\nx;1;2;NA\ny;3;4.5;6\n").unwrap();
    assert_eq!(source.infos()[0].shape, [2, 2]);
    assert_eq!(f64s(&source), [1.0, 3.0, 2.0, 4.5]);
    let reasons: Vec<_> = source.skipped().iter().map(|s| (s.name.as_str(), s.reason.as_str())).collect();
    assert_eq!(
        reasons,
        [("column name", "text: `x` in line 2"), ("column c", "missing cells: 1 of 2, the first in line 2")]
    );
    assert_eq!(f64s(&parse::table(b"# words\n1 2\n3 4\n").unwrap()), [1.0, 3.0, 2.0, 4.0]);
    assert_eq!(f64s(&parse::table(b"1\t2\n3\t4").unwrap()), [1.0, 3.0, 2.0, 4.0]);
    assert_eq!(f64s(&parse::table(b"\"a, b\",c\n1,2\n").unwrap()), [1.0, 2.0]);
    let titled = parse::table(b"2,iris\n1,2,3\n4,5,6\n").unwrap();
    assert_eq!(titled.infos()[0].shape, [2, 3]);
    assert_eq!(titled.skipped()[0].name, "line 1");
}
