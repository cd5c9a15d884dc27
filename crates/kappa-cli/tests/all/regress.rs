//! `kappa regress`: what it says about missing rows, undefined and undetermined numbers, levels, and influence.

use super::{Done, Folder};

fn asked(table: &str, arguments: &[&str]) -> (Done, serde_json::Value) {
    let folder = Folder::new();
    folder.text("t.csv", table);
    let text = folder.run(&[&["regress", "t.csv"], arguments].concat());
    let json = folder.run(&[&["regress", "t.csv", "--json"], arguments].concat());
    let found = serde_json::from_str(&json.out).unwrap_or(serde_json::Value::Null);
    (text, found["result"].clone())
}

#[test]
fn missing_rows_are_counted_and_named() {
    let table = "x,y\n1,2\n#N/A,3\n3,<NA>\n4,4.5\n5,5.5\n6,NULL\n7,8\n";
    let (text, json) = asked(table, &["-f", "y ~ x"]);
    assert!(text.out.contains("4 observations (3 left out: a value is missing in rows 2, 3, 6)"), "{}", text.out);
    assert_eq!(json["dropped_row_numbers"], serde_json::json!([2, 3, 6]));
    assert!(text.err.contains("3 of 7 rows"), "{}", text.err);
    // Behind the mark with which spreadsheets begin UTF-8 too.
    let (text, _) = asked("\u{feff}#N/A;y\n#N/A;2\n2;3\n3;4\n4;6\n", &["-f", "y ~ 1"]);
    assert!(text.out.contains("4 observations"), "{}", text.whole());
    // A line that is no row is named.
    let (text, _) = asked("Measurements, in metres\nx,y,z\n1,2,0\n2,3,0\n3,5,0\n", &["-f", "y ~ x"]);
    assert!(text.err.contains("line 1 is left out: a title"), "{}", text.whole());
    // A comment stays one.
    let (text, _) = asked("# N/A is missing\n#NA too\nx,y\n1,2\n2,3\n3,5\n", &["-f", "y ~ x"]);
    assert!(text.out.contains("3 observations\n"), "{}", text.whole());
}

#[test]
fn infinite_and_undefined_numbers_are_said() {
    let table = "value,dt\n1,36996616\n2,36996620\n3,36996623\n4,36996626\n";
    let (text, json) = asked(table, &["-f", "value ~ dt"]);
    let row = text.out.lines().find(|l| l.trim_start().starts_with("1 ")).unwrap();
    assert!(row.contains(" ∞ ") && !row.contains("e7"), "{}", text.out);
    assert_eq!(json["influence"][0]["studentized"], "inf");
    let (text, json) = asked("y,x\n2.8,0\n2.8,0.96\n2.8,2.18\n", &["-f", "y ~ x"]);
    assert!(text.out.contains("exact fit") && text.out.contains("R²                       undefined"), "{}", text.out);
    assert!(text.out.contains("-∞, -∞"), "{}", text.out);
    assert!(json["r_squared"].is_null() && json["aic"] == "-inf" && json["exact_fit"] == true, "{json}");
    assert!(json["coefficients"][1]["t"].is_null() && json["coefficients"][1]["p"].is_null());
    let (text, json) = asked("y,x\n1149,1736125199000\n1150,1736125214000\n", &["-f", "y ~ x"]);
    assert!(text.code == 0 && text.out.contains("0 residual degrees of freedom"), "{}", text.whole());
    assert!(json["coefficients"][1]["standard_error"].is_null() && json["residual_deviation"].is_null(), "{json}");
    assert!((json["coefficients"][1]["estimate"]["estimate"].as_f64().unwrap() - 1.0 / 15000.0).abs() < 1e-18);
}

#[test]
fn an_empty_combination_and_an_uncentred_r_squared_are_said() {
    let table = "y,a,b\n1,p,s\n2,p,s\n4,p,t\n5,p,t\n3,q,s\n2,q,s\n";
    let (text, json) = asked(table, &["-f", "y ~ a*b"]);
    assert!(text.out.contains("a=q:b=t: not determined: no row has this combination"), "{}", text.out);
    assert_eq!(json["undetermined"][0]["name"], "a=q:b=t");
    assert_eq!(json["r_squared_kind"], "centred");
    let (text, json) = asked(table, &["-f", "y ~ a - 1"]);
    assert!(text.out.contains("R² (uncentred)") && text.out.contains("the columns span a constant"), "{}", text.out);
    assert!(json["r_squared_kind"] == "uncentred" && json["centred_r_squared"]["upper"].is_number(), "{json}");
}

#[test]
fn a_level_of_confidence_is_read_both_ways() {
    let table = "x,y\n1,1\n2,3\n3,2\n4,5\n";
    let ends =
        |level: &str| asked(table, &["-f", "y ~ x", "--confidence", level]).1["coefficients"][1]["interval"].clone();
    assert!(ends("95")[0].is_number() && ends("95") == ends("0.95") && ends("95%") == ends("0.95"));
    assert_ne!(ends("99"), ends("95"));
    let (text, _) = asked(table, &["-f", "y ~ x", "--confidence", "0.999"]);
    assert!(text.out.contains("99.9% CI low"), "{}", text.out);
    for wrong in ["1", "0", "100", "100%", "-5", "200", "x", "nan"] {
        let level = format!("--confidence={wrong}");
        let (text, _) = asked(table, &["-f", "y ~ x", &level]);
        assert!(text.code == 2 && text.err.contains("0.95"), "{wrong}: {}", text.whole());
    }
}

#[test]
fn influence_is_listed_for_every_row_where_it_is_asked_for() {
    let table = "x,y\n1,1.0\n2,2.1\n3,2.9\n4,4.2\n5,4.8\n6,9.0\n";
    let (text, json) = asked(table, &["-f", "y ~ x"]);
    assert!(text.out.contains("influential rows") && json["influence_rows"] == "influential", "{}", text.out);
    assert!(json["influence"].as_array().unwrap().len() < 6 && json["fitted"].is_null());
    let (text, json) = asked(table, &["-f", "y ~ x", "--influence"]);
    assert!(text.out.contains("influence of each row") && json["influence_rows"] == "all", "{}", text.out);
    assert_eq!((json["influence"].as_array().unwrap().len(), json["fitted"].as_array().unwrap().len()), (6, 6));
    let row = &json["influence"][2];
    assert!(
        row["residual"]["lower"].as_f64() <= row["residual"]["upper"].as_f64() && row["leverage"]["upper"].is_number()
    );
}

#[test]
fn messages_name_the_columns() {
    let hint = |table: &str, formula: &str, words: &[&str]| {
        let (text, _) = asked(table, &["-f", formula]);
        let all = words.iter().all(|w| text.err.contains(w));
        assert!(text.code == 2 && text.err.contains("hint: ") && all, "{}", text.whole());
    };
    hint("x,z,y\n0.1,0.3,1\n0.2,0.6,2\n0.3,0.9,4\n0.7,2.1,3\n", "y ~ x + z", &["`z`", "`x`", "z = 3·x"]);
    hint("g,y\na,1\nb,2\na,4\nb,4\n", "y ~ C(g, base=c)", &["no category `c`", "a, b"]);
    hint("g,x,y\na,1,1\nb,2,3\nc,3,2\n", "y ~ g*x", &["3 rows are too few for 6 coefficients", "3 categories"]);
}
