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
fn unsigned_integers_and_repeated_places_are_read() {
    let unsigned = "%%MatrixMarket matrix coordinate unsigned-integer general\n%\n2 2 4\n1 1 1\n1 2 2\n2 1 3\n2 2 4\n";
    assert_eq!(f64s(&parse::matrix_market(unsigned.as_bytes()).unwrap()), [1.0, 3.0, 2.0, 4.0]);
    // 2⁵³ + 1 is no double: what the sum of the duplicates loses is kept.
    let twice = "%%MatrixMarket matrix coordinate integer general\n1 1 2\n1 1 9007199254740992\n1 1 1\n";
    let source = parse::matrix_market(twice.as_bytes()).unwrap();
    assert_eq!(f64s(&source), [9007199254740992.0]);
    assert_eq!(source.rounded("matrix").unwrap().unwrap().rest(), Some([(0, 0, 1.0)].as_slice()));
}

#[test]
fn entries_that_no_double_holds_are_known() {
    let symmetric = "%%MatrixMarket matrix array integer symmetric\n2 2\n1\n9007199254740993\n2\n";
    let source = parse::matrix_market(symmetric.as_bytes()).unwrap();
    let found = source.rounded("matrix").unwrap().unwrap();
    assert_eq!((found.count, found.integers, found.first.as_slice()), (1, 1, [1, 0].as_slice()));
    assert_eq!(found.text, "9007199254740993");
    assert_eq!(found.rest(), Some([(1, 0, 1.0), (0, 1, 1.0)].as_slice()));
    let skew = "%%MatrixMarket matrix array integer skew-symmetric\n2 2\n-9007199254740993\n";
    let found = parse::matrix_market(skew.as_bytes()).unwrap().rounded("matrix").unwrap().unwrap();
    assert_eq!(found.rest(), Some([(1, 0, -1.0), (0, 1, 1.0)].as_slice()));
    let table = parse::table(b"1,0.5\n0.1,1152921504606846976\n").unwrap();
    let found = table.rounded("table").unwrap().unwrap();
    assert_eq!((found.count, found.integers, found.first.as_slice()), (1, 0, [1, 0].as_slice()));
    assert!(found.rest().is_none() && found.length() < 1e-16 && found.sum() >= 5.6e-18);
    assert_eq!(parse::table(b"1,0.5\n1e22,-2.25\n").unwrap().rounded("table").unwrap(), None);
    let complex = "%%MatrixMarket matrix array complex general\n1 1\n1 9007199254740993\n";
    let found = parse::matrix_market(complex.as_bytes()).unwrap().rounded("matrix").unwrap().unwrap();
    assert!(found.rest().is_none() && found.count == 1);
}

fn message(table: &str) -> String {
    let error = parse::table(table.as_bytes()).err().unwrap_or_else(|| panic!("{table:?} was read"));
    assert!(error.hint().is_some(), "{table:?}: {error}");
    format!("{error}; {}", error.hint().unwrap_or_default())
}

#[test]
fn a_table_is_read_whole_or_refused() {
    assert_eq!(f64s(&parse::table(b"# words\n1 2\n3 4\n").unwrap()), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(f64s(&parse::table(b"1\t2\n3\t4").unwrap()), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(f64s(&parse::table(b"\xef\xbb\xbf1 2\n3 4").unwrap()), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(f64s(&parse::table(b"1;2.5\n3;4.5\n").unwrap()), [1.0, 2.5, 3.0, 4.5]);
    for (table, words) in [
        ("1,2\n3,x\n5,6\n", "line 2, column 2: `x` is not a number"),
        ("1,2\n3,NA\n5,6\n", "line 2, column 2: the value is missing: `NA`"),
        ("1,2\n3,\n", "line 2, column 2: the cell is empty"),
        ("0x10,2\n3,4\n", "line 1, column 1: `0x10` is not a number; write the number in decimal digits"),
        ("0x10,0x11\n3,4\n", "line 1, column 1: `0x10`"),
        ("1/3 2\n3 4\n", "`1/3` is not a number; write the quotient"),
        ("1d3 2\n3 4\n", "`1d3` is not a number; write the exponent with e"),
        ("1;2,5\n3;4,5\n", "`2,5` is not a number; write decimals with a point"),
        ("1,5;2,5\n3,5;4,5\n", "`5;2` is not a number; write decimals with a point"),
        ("1,5 2,5\n3,5 4,5\n", "`5 2` is not a number"),
        ("1,000 2,000\n3,000 4,000\n", "`000 2` is not a number"),
        ("1 000\n2 000\n", "`1` and `000` may be one number"),
        ("x,1\n2,3\n", "line 1, column 1: `x` is not a number; correct the cell; a line of titles"),
        ("a,b,c\n1,2,3\n4,5,six\n", "line 3, column 3: `six`"),
        ("1,2,iris\n3,4,iris\n", "line 1, column 3: `iris`"),
        ("1,2\r\n\r\n3,x\r\n", "line 3, column 2: `x`"),
        ("\n\n1,2\n# comment\n3,x\n", "line 5, column 2: `x`"),
        ("1,2\n3,4,5\n", "line 2 has 3 cells, the first row has 2"),
        ("1,2x\n3,4,5\n", "line 2 has 3 cells, the first row has 2"),
        ("a,b\n", "has no line of numbers"),
        ("1,1e400\n", "line 1, column 2: `1e400` is beyond the largest double"),
        ("1,-1e-400\n", "line 1, column 2: `-1e-400` is not 0"),
    ] {
        let found = message(table);
        assert!(found.contains(words), "{table:?}: {found}");
    }
}

#[test]
fn titles_and_names_of_rows_are_said() {
    for (table, shape, words) in [
        ("\"a, b\",c\n1,2\n", [1, 2], &["line 1 holds titles and no row of the matrix: `a, b`, `c`"][..]),
        (
            "name;a;b\nx;1;2\n",
            [1, 2],
            &["line 1 holds titles", "column 1 names the rows and is not part of the matrix: `x`"],
        ),
        (",a,b\nx,1,2\ny,3,4\n", [2, 2], &["`a`, `b`", "`x`, `y`"]),
        ("u 1 2\nv 3 4\n", [2, 2], &["column 1 names the rows"]),
        ("2,iris\n1,2,3\n4,5,6\n", [2, 3], &["line 1 is a title and not a row of the table, which has 3 columns"]),
        ("1,2\n3,4\n", [2, 2], &[]),
    ] {
        let source = parse::table(table.as_bytes()).unwrap();
        assert_eq!(source.infos()[0].shape, shape, "{table:?}");
        let remarks = source.remarks("table");
        assert_eq!(remarks.len(), words.len(), "{remarks:?}");
        assert!(remarks.iter().zip(words).all(|(remark, word)| remark.contains(word)), "{remarks:?}");
    }
}
