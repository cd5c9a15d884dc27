//! Tables of data: as text in every dialect, and of Parquet and Arrow.

use std::path::PathBuf;

use kappa_tensors::{Dialect, Encoding, Entry, Frame};

fn text(of: &str) -> Entry<'static> {
    Entry::Text(of.to_owned().into())
}

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

#[test]
fn words_and_numbers_are_read_as_they_are_written() {
    let german = Dialect { decimal: ',', thousands: Some('.'), ..Dialect::default() };
    let frame = Frame::parse("Ort;Höhe\nRüti, ZH;1.234,5\nB.;-0,25\n".as_bytes(), &german).unwrap();
    assert_eq!(frame.titles, ["Ort", "Höhe"]);
    // A comma in a word is none before decimals.
    assert_eq!((frame.entry(0, 0), frame.entry(0, 1)), (text("Rüti, ZH"), text("1234.5")));
    assert_eq!((frame.entry(1, 0), frame.entry(1, 1)), (text("B."), text("-0.25")));
    assert_eq!((frame.line(1), frame.line_word(), frame.rows()), (3, "line", 2));
    let latin = Dialect { encoding: Encoding::Latin1, ..Dialect::default() };
    assert_eq!(Frame::parse(b"H\xf6he\n1\n", &latin).unwrap().titles, ["Höhe"]);
    let wide: Vec<u8> = "\u{feff}é,b\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(Frame::parse(&wide, &Dialect::default()).unwrap().titles, ["é", "b"]);
}

#[test]
fn headers_columns_and_missing_numbers_are_as_they_are_said_to_be() {
    let table = b"1,2,x\n3,NA,y\n";
    let of = |header, columns: &[&str], missing| {
        let columns = columns.iter().map(|c| (*c).to_owned()).collect();
        Frame::parse(table, &Dialect { header, columns, missing, ..Dialect::default() }).unwrap()
    };
    assert_eq!(of(None, &[], None).titles, ["1", "2", "x"]);
    let headless = of(Some(false), &["3", "1-2"], Some(-9.0));
    assert_eq!((headless.titles.join(" "), headless.rows()), ("3 1 2".into(), 2));
    assert_eq!((headless.entry(1, 0), headless.entry(1, 2)), (text("y"), text("-9")));
    assert_eq!(of(Some(true), &["x"], None).entry(0, 0), text("y"));
    let unknown = Dialect { columns: vec!["z".into()], ..Dialect::default() };
    assert!(Frame::parse(table, &unknown).unwrap_err().to_string().contains("has no column `z`"));
}

#[test]
fn what_is_no_table_is_refused() {
    for (bytes, words) in [(&b""[..], "is empty"), (b"\x00\x01\x02", "is not text"), (b"a,b\n1\n", "line 2 has 1 cell")]
    {
        let error = Frame::parse(bytes, &Dialect::default()).unwrap_err();
        assert!(error.to_string().contains(words) && error.hint().is_some(), "{error}");
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn files_of_columns_are_named_where_they_are_not_read() {
    for (name, kind) in [("snappy.parquet", "Parquet"), ("table.arrow", "Arrow")] {
        let error = Frame::open(&data(name), &Dialect::default()).unwrap_err();
        assert!(error.is_unsupported() && error.to_string().contains(kind), "{error}");
        assert!(error.hint().unwrap().contains("--features parquet"));
    }
}

#[cfg(feature = "parquet")]
#[test]
fn files_of_columns_keep_their_types() {
    for name in ["snappy.parquet", "zstd.parquet", "table.arrow"] {
        let frame = Frame::open(&data(name), &Dialect::default()).unwrap();
        assert_eq!(frame.titles, ["y", "single", "whole", "big", "flag", "word", "level", "money"]);
        assert_eq!((frame.rows(), frame.line(1), frame.line_word()), (5, 2, "row"));
        let column = |j: usize| frame.column(j).collect::<Vec<_>>();
        let doubles = |of: [Option<f64>; 5]| of.map(|x| x.map_or(Entry::Missing, Entry::Double)).to_vec();
        let texts = |of: [&str; 5]| of.map(|x| if x.is_empty() { Entry::Missing } else { text(x) }).to_vec();
        assert_eq!(column(0), doubles([Some(0.1), Some(2.5), None, Some(4.0), Some(-1e300)]));
        assert_eq!(column(1), doubles([Some(0.5), Some(1.5), Some(2.5), None, Some(3.5)]));
        assert_eq!(column(2), texts(["9007199254740993", "-7", "0", "", "5"]));
        assert_eq!(column(3)[0], text("18446744073709551615"));
        assert_eq!(column(4), doubles([Some(1.0), Some(0.0), None, Some(1.0), Some(0.0)]));
        assert_eq!(column(5), texts(["a", "é", "", "NA", "b,c"]));
        assert_eq!(column(6), texts(["low", "high", "low", "", "high"]));
        assert_eq!(column(7), texts(["1.10", "-2.25", "", "0.00", "9.99"]));
        // Dates and lists are named.
        let reasons: Vec<&str> = frame.left_out().iter().map(|one| one.reason.as_str()).collect();
        assert!(reasons.len() == 2 && reasons[0].contains("`when`") && reasons[1].contains("`list`"), "{reasons:?}");
        let some = Dialect { columns: vec!["money".into(), "1".into()], ..Dialect::default() };
        assert_eq!(Frame::open(&data(name), &some).unwrap().titles, ["money", "y"]);
    }
}

#[cfg(feature = "parquet")]
#[test]
fn damaged_files_of_columns_are_refused() {
    for name in ["snappy.parquet", "zstd.parquet", "table.arrow"] {
        let whole = std::fs::read(data(name)).unwrap();
        let mut refused = 0;
        for at in (0..whole.len()).step_by(3) {
            let mut changed = whole.clone();
            changed[at] ^= 0xff;
            refused += usize::from(Frame::parse(&changed, &Dialect::default()).is_err());
            let cut = Frame::parse(&whole[..at], &Dialect::default());
            assert!(cut.is_err() || !whole[..at].starts_with(b"PAR1"), "{name} is read without its end");
        }
        assert!(refused > whole.len() / 30, "{refused}");
    }
}
