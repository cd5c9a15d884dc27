//! Regressions at the edges: exact and saturated fits, empty combinations of categories, collinearity, numbers that no
//! double holds. The truths are closed forms or exact fractions.

use kappa::Enclosure;
use kappa::arithmetic::Decimal;
use kappa::equations::regression::{Cell, Column, Design, Formula, Influence, Regression, confidence_level};

fn table(columns: &[(&str, &[&str])]) -> Vec<Column> {
    let cells = |x: &[&str]| x.iter().map(|c| Cell::parse(c)).collect();
    columns.iter().map(|(name, x)| Column { name: (*name).into(), cells: cells(x) }).collect()
}

fn tried(columns: &[(&str, &[&str])], formula: &str) -> kappa::Result<Regression> {
    Regression::new(Design::new(&table(columns), &formula.parse()?, None)?)
}

fn fit(columns: &[(&str, &[&str])], formula: &str) -> Regression {
    tried(columns, formula).unwrap_or_else(|e| panic!("{formula}: {e}"))
}

fn refused(columns: &[(&str, &[&str])], formula: &str) -> String {
    let error = tried(columns, formula).expect_err(formula);
    assert!(error.hint().is_some(), "{error}");
    error.to_string()
}

fn estimates(fit: &Regression) -> Vec<f64> {
    fit.coefficients().iter().map(|c| c.estimate.estimate()).collect()
}

const ZERO: fn() -> Enclosure = || Enclosure::exact(0.0);

#[test]
fn without_one_row_the_others_are_on_a_line() {
    let dt = ["36996616", "36996620", "36996623", "36996626"];
    let found = fit(&[("dt", &dt), ("value", &["1", "2", "3", "4"])], "value ~ dt").influence();
    assert!(found[0].studentized == f64::INFINITY && found[0].dffits == f64::INFINITY, "{:?}", found[0]);
    assert!(found[0].standardized.is_finite() && found[0].cook.is_finite());
    assert!(found[1..].iter().all(|i| i.studentized.is_finite() && i.studentized.abs() < 10.0), "{found:?}");
    // The same row below the line, and with decimals of which none is a double.
    let down = fit(&[("x", &["0.1", "0.2", "0.3", "0.7"]), ("y", &["0.3", "0.6", "0.9", "-4"])], "y ~ x").influence();
    assert_eq!(down[3].studentized, f64::NEG_INFINITY, "{:?}", down[3]);
    // With weights: whether the others are on a line does not depend on them.
    let data = table(&[
        ("x", &["0.1", "0.2", "0.3", "0.7"]),
        ("y", &["0.3", "0.6", "0.9", "-4"]),
        ("w", &["1", "2", "3", "0.1"]),
    ]);
    let design = Design::with_weights(&data, &"y ~ x".parse().unwrap(), None, "w").unwrap();
    assert_eq!(Regression::new(design).unwrap().influence()[3].studentized, f64::NEG_INFINITY);
}

#[test]
fn a_leverage_of_one_is_one_and_its_residual_is_zero() {
    let data: &[(&str, &[&str])] = &[("x", &["0", "0", "0", "0", "0.1"]), ("y", &["5.1", "6.3", "4.7", "7", "9.2"])];
    let fit = fit(data, "y ~ x");
    let row = fit.influence()[4];
    assert!(row.leverage == Enclosure::exact(1.0) && row.residual == ZERO(), "{row:?}");
    assert!(row.is_undefined(&fit) && row.studentized.is_nan() && row.standardized.is_nan() && row.cook.is_nan());
    assert!(!fit.influence()[0].is_undefined(&fit) && fit.influence()[0].studentized.is_finite());
}

#[test]
fn a_constant_response_has_no_r_squared() {
    for y in [["2.8", "2.8", "2.80"], ["0.1", "0.1", "0.1"], ["0", "0", "0"]] {
        let fit = fit(&[("x", &["0", "0.96", "2.18"]), ("y", &y)], "y ~ x");
        let found = fit.coefficients();
        assert_eq!(found[1].estimate, ZERO());
        assert!(!found[1].t_is_defined() && found[1].p.is_nan());
        assert!(fit.is_exact_fit() == Some(true) && !fit.r_squared_is_defined() && !fit.f_is_defined());
        assert_eq!((fit.aic(), fit.bic()), (f64::NEG_INFINITY, f64::NEG_INFINITY));
        assert!(fit.residuals().iter().all(|r| *r == 0.0) && fit.residual_deviation() == ZERO());
    }
}

#[test]
fn an_exact_fit_is_proved_in_decimals() {
    // y = 0.3 − 0.7x of decimals that no double is, and with weights.
    let (x, y) = (["0.1", "0.2", "0.4", "1.7"], ["0.23", "0.16", "0.02", "-0.89"]);
    let data: &[(&str, &[&str])] = &[("x", &x), ("y", &y), ("w", &["0.1", "0.7", "3", "0.3"])];
    let design = Design::with_weights(&table(data), &"y ~ x".parse().unwrap(), None, "w").unwrap();
    for fit in [fit(data, "y ~ x"), Regression::new(design).unwrap()] {
        assert!(fit.is_exact_fit() == Some(true) && fit.residual_square() == ZERO());
        assert_eq!(fit.r_squared(), Enclosure::exact(1.0));
        let c = &fit.coefficients()[1];
        assert!(c.standard_error == ZERO() && c.t.upper() == f64::NEG_INFINITY && c.p == 0.0, "{c:?}");
        assert_eq!(fit.f().map(|f| f.lower()), Some(f64::INFINITY));
        assert!(fit.influence().iter().all(|i| i.residual == ZERO() && i.is_undefined(&fit)));
    }
    // One unit in the thirtieth digit off the line: not exact, and it is known.
    let off = fit(&[("x", &x), ("y", &["0.23", "0.16", "0.02", "-0.890000000000000000000000000001"])], "y ~ x");
    assert!(off.is_exact_fit() == Some(false) && off.residual_square().lower() > 0.0, "{:?}", off.residual_square());
    assert!(off.coefficients()[1].p < 1e-20 && off.aic().is_finite());
    // A coefficient that is 0 without the fit being exact.
    let even = fit(&[("x", &["-0.1", "0", "0.1"]), ("y", &["0.2", "0.7", "0.2"])], "y ~ x");
    assert!(even.coefficients()[1].estimate == ZERO() && even.coefficients()[1].p == 1.0);
    assert_eq!(even.is_exact_fit(), Some(false));
}

#[test]
fn a_residual_that_is_zero_is_zero_and_bounds_hold() {
    // Symmetric about (0, 0.7): the middle residual is y₂ − mean.
    let fit = fit(&[("x", &["-0.1", "0", "0", "0.1"]), ("y", &["0.1", "0.3", "0.2", "0.2"])], "y ~ x");
    let residuals = fit.residual_enclosures();
    assert_eq!(residuals[2], residuals[2].negated().negated());
    // Mean 0.2, slope 1/2: −0.05, 0.1, 0, −0.05.
    assert_eq!(residuals[2], ZERO());
    let truth = [("-1/20", 0), ("1/10", 1), ("-1/20", 3)];
    for (text, i) in truth {
        let exact = Decimal::parse_ratio(text).unwrap().value().high;
        let r = residuals[i];
        assert!(r.lower() <= exact.next_up() && exact.next_down() <= r.upper() && r.width() < 1e-15, "{i}: {r:?}");
    }
    // Fitted values 0.15, 0.2, 0.2, 0.25; leverages 1/4 + x²/0.02.
    let fitted = fit.fitted_enclosures();
    for (i, exact) in [0.15, 0.2, 0.2, 0.25].into_iter().enumerate() {
        assert!(fitted[i].contains(exact) && fitted[i].width() < 1e-15, "{:?}", fitted[i]);
    }
    assert!(fit.leverages()[0].contains(0.75) && fit.leverages()[1].contains(0.25));
}

#[test]
fn as_many_coefficients_as_rows_are_fitted_without_errors() {
    let fit = fit(&[("x", &["1736125199000", "1736125214000"]), ("y", &["1149", "1150"])], "y ~ x");
    let slope = &fit.coefficients()[1];
    assert!(slope.estimate.contains(1.0 / 15000.0) && slope.digits > 20.0, "{slope:?}");
    assert!(!slope.has_standard_error && slope.p.is_nan() && slope.interval.0.is_nan());
    assert!(fit.degrees() == 0 && fit.r_squared() == Enclosure::exact(1.0) && fit.aic() == f64::NEG_INFINITY);
    assert!(fit.leverages().iter().all(|h| *h == Enclosure::exact(1.0)));
    let one = Decimal::parse("1149").unwrap().value().high;
    assert!(fit.fitted_enclosures()[0].contains(one) && fit.fitted_enclosures()[0].width() < 1e-9);
    assert!(tried(&[("y", &["3"])], "y ~ 1").unwrap().coefficients()[0].estimate.contains(3.0));
    let message = refused(&[("x", &["1", "2"]), ("z", &["3", "5"]), ("y", &["1", "2"])], "y ~ x + z");
    assert!(message.contains("2 rows are too few for 3 coefficients"), "{message}");
}

#[test]
fn counts_of_categories_are_those_of_the_column() {
    let user = ["u1", "u1", "u2", "u2", "u3", "u3"];
    let data: &[(&str, &[&str])] = &[
        ("user", &user),
        ("g", &["a", "b", "a", "b", "a", "b"]),
        ("x", &["1", "2", "3", "5", "1", "7"]),
        ("y", &["1", "5", "2", "3", "4", "7"]),
    ];
    let error = tried(data, "y ~ user*g*x").unwrap_err();
    assert!(error.to_string().contains("6 rows are too few for 12 coefficients"), "{error}");
    assert!(error.hint().is_some_and(|h| h.contains("`user`") && h.contains("3 categories")), "{error:?}");
}

const CELLS: [&str; 10] = ["a1", "a1", "a1", "a1", "a2", "a2", "a2", "a2", "a3", "a3"];
const OTHERS: [&str; 10] = ["b1", "b1", "b2", "b2", "b1", "b1", "b2", "b2", "b1", "b1"];
const Y: [&str; 10] = ["1", "2", "4", "5", "3", "2", "7", "9", "4", "6"];

#[test]
fn an_empty_combination_is_left_out_by_name() {
    let data: &[(&str, &[&str])] = &[("a", &CELLS), ("b", &OTHERS), ("y", &Y)];
    let full = fit(data, "y ~ a*b");
    let undetermined = &full.design().undetermined;
    assert!(undetermined.len() == 1 && undetermined[0].name == "a=a3:b=b2" && undetermined[0].combination.is_empty());
    // The means of the five cells: 1.5, 4.5, 2.5, 8, 5.
    let truth = [1.5, 1.0, 3.5, 3.0, 2.5];
    assert!(full.coefficients().iter().zip(truth).all(|(c, x)| c.estimate.contains(x)), "{:?}", estimates(&full));
    // The empty combination is that of the references: a column of the product depends on the others.
    let other = fit(data, "y ~ C(a, a3)*C(b, base=b2)");
    assert_eq!(other.parameters(), 5);
    let undetermined = &other.design().undetermined;
    assert!(undetermined.len() == 1 && !undetermined[0].combination.is_empty(), "{undetermined:?}");
    assert!((other.residual_square().estimate() - full.residual_square().estimate()).abs() < 1e-12);
    // Without main effects, and without an intercept.
    for formula in ["y ~ a:b", "y ~ a:b - 1", "y ~ a*b - 1"] {
        let fit = fit(data, formula);
        assert!(fit.parameters() == 5 && fit.design().undetermined.len() == 1, "{formula}: {:?}", fit.design().names);
    }
    // Too few rows for all columns, but not for those that are left.
    let few: &[(&str, &[&str])] =
        &[("a", &["p", "q", "r", "p"]), ("b", &["s", "s", "t", "t"]), ("y", &["1", "2", "4", "8"])];
    assert_eq!(fit(few, "y ~ a*b").parameters(), 4);
    // What is collinear for another reason stays refused.
    let twice: &[(&str, &[&str])] = &[("a", &CELLS), ("b", &OTHERS), ("c", &CELLS), ("y", &Y)];
    assert!(refused(twice, "y ~ a*b + c").contains("linear combination of"));
}

#[test]
fn collinear_columns_are_named_with_their_relation() {
    let x = ["0.1", "0.2", "0.3", "0.4", "0.7"];
    let y: (&str, &[&str]) = ("y", &["1", "2", "3", "5", "4"]);
    let said = |name: &str, z: [&str; 5]| refused(&[("x", &x), (name, &z), y], &format!("y ~ x + {name}"));
    let message = said("z", ["0.3", "0.6", "0.9", "1.2", "2.1"]);
    assert!(message.contains("`z` is a linear combination of `x`") && message.contains("z = 3·x"), "{message}");
    assert!(said("c", ["0.1"; 5]).contains("`c` is constant, like the intercept"));
    assert!(said("n", ["0"; 5]).contains("`n` is zero"));
    let shifted = said("s", ["0.2", "0.3", "0.4", "0.5", "0.8"]);
    assert!(shifted.contains("s = 1/10 + x"), "{shifted}");
    let three = refused(
        &[("x", &x), ("z", &["1", "0", "2", "1", "5"]), ("s", &["1.1", "0.2", "2.3", "1.4", "5.7"]), y],
        "y ~ .",
    );
    assert!(three.contains("`s` is a linear combination of `x`, `z`") && three.contains("s = x + z"), "{three}");
    // Doubles: 0.3 is not three times 0.1, but so near that rounding decides.
    let column =
        |name: &str, x: &[f64]| Column { name: name.into(), cells: x.iter().map(|&x| Cell::from(x)).collect() };
    let raw = [0.1, 0.2, 0.3, 0.4, 0.7];
    let thrice = [0.3, 0.6, 0.9, 1.2, 2.1];
    let data = [column("x", &raw), column("z", &thrice), column("y", &[1.0, 2.0, 3.0, 5.0, 4.0])];
    let fit = Regression::new(Design::new(&data, &"y ~ x + z".parse().unwrap(), None).unwrap()).unwrap();
    let words = fit.collinearity().unwrap().words();
    assert!(words.iter().any(|w| w.contains("x and z are collinear up to rounding")), "{words:?}");
}

#[test]
fn r_squared_says_which_it_is() {
    let data: &[(&str, &[&str])] =
        &[("g", &["a", "a", "b", "b", "c", "c"]), ("y", &["10", "12", "11", "15", "20", "23"])];
    let with = fit(data, "y ~ g");
    let without = fit(data, "y ~ g - 1");
    assert!(with.r_squared_is_centred() && with.centred_r_squared().is_none() && with.spans_constant().is_none());
    assert!(!without.r_squared_is_centred() && without.spans_constant() == Some(true));
    assert_eq!(without.design().names, ["g=a", "g=b", "g=c"]);
    let centred = without.centred_r_squared().unwrap();
    assert!((centred.estimate() - with.r_squared().estimate()).abs() < 1e-15 && centred.width() < 1e-14);
    assert!((without.r_squared().estimate() - 0.990454).abs() < 1e-6);
    let line = fit(&[("x", &["0.1", "0.2", "0.4"]), ("y", &["1", "2", "3"])], "y ~ x - 1");
    assert!(line.spans_constant() == Some(false) && line.centred_r_squared().is_none());
}

#[test]
fn what_a_table_calls_missing_is_missing() {
    for text in ["", "NA", "N/A", "#N/A", "<NA>", "#NA", "nan", "NaN", "-NaN", "null", "NULL", "None", "n/a", "1.#IND"]
    {
        assert_eq!(Cell::parse(text), Cell::Missing, "{text}");
    }
    for text in ["nanny", "N", "#", "NAB", "0x10"] {
        assert_eq!(Cell::parse(text), Cell::Text(text.into()));
    }
}

#[test]
fn the_reference_and_the_order_of_categories_can_be_said() {
    let data: &[(&str, &[&str])] = &[("g", &["a", "b", "c", "a", "b", "c"]), ("y", &["1", "2", "4", "8", "16", "32"])];
    let design = |formula: &str| Design::new(&table(data), &formula.parse::<Formula>().unwrap(), None);
    let found = design("y ~ C(g, base=b)").unwrap();
    assert_eq!(found.names, ["(Intercept)", "g=a", "g=c"]);
    assert_eq!(found.references, [("g".to_owned(), "b".to_owned())]);
    let error = design("y ~ C(g, d)").unwrap_err();
    assert!(error.to_string().contains("no category `d`") && error.hint() == Some("its categories are a, b, c"));
    let years: &[(&str, &[&str])] = &[("t", &["2019", "2020", "2021", "2019", "2020", "2021"]), data[1]];
    assert_eq!(fit(years, "y ~ C(t, 2020)").design().names, ["(Intercept)", "t=2019", "t=2021"]);
    // Categories with an order of their own.
    let place = |text: &str| ["low", "mid", "high"].iter().position(|t| *t == text).unwrap() as u32;
    let cells = ["high", "low", "mid", "low", "high", "mid"].map(|t| Cell::Level(place(t), t.into()));
    let ordered = [Column { name: "h".into(), cells: cells.into() }, table(data).remove(1)];
    let found = Design::new(&ordered, &"y ~ h".parse().unwrap(), None).unwrap();
    assert_eq!(found.names, ["(Intercept)", "h=mid", "h=high"]);
    // Integers beyond 2⁵³ are categories of their own.
    let large: &[(&str, &[&str])] =
        &[("k", &["9007199254740992", "9007199254740993", "9007199254740992"]), ("y", &["1", "2", "4"])];
    assert_eq!(fit(large, "y ~ C(k)").design().names, ["(Intercept)", "k=9007199254740993"]);
}

#[test]
fn the_level_of_confidence_is_a_fraction_or_a_percentage() {
    for (given, meant) in [(0.95, 0.95), (95.0, 0.95), (0.5, 0.5), (99.9, 0.9990000000000001), (1.5, 0.015)] {
        assert_eq!(confidence_level(given).unwrap(), meant);
    }
    for wrong in [0.0, 1.0, 100.0, -0.5, 200.0, f64::NAN, f64::INFINITY] {
        assert!(confidence_level(wrong).unwrap_err().hint().is_some(), "{wrong}");
    }
}

#[test]
fn t_and_r_squared_do_not_depend_on_the_scale() {
    let (x, y) = ([1.0, 2.0, 3.0, 4.0, 6.0], [1.0, 3.0, 2.0, 5.0, 4.0]);
    let column = |name: &str, x: &[f64], by: f64| Column {
        name: name.into(),
        cells: x.iter().map(|x| Cell::from(x * by)).collect(),
    };
    let at = |by_x: f64, by_y: f64| {
        let data = [column("x", &x, by_x), column("y", &y, by_y)];
        Regression::new(Design::new(&data, &"y ~ x".parse().unwrap(), None).unwrap()).unwrap()
    };
    let one = at(1.0, 1.0);
    let (small, large) = (2f64.powi(-1000), 2f64.powi(1000));
    for (by_x, by_y) in [(small, large), (large, small), (large, large), (small, small)] {
        let other = at(by_x, by_y);
        for (a, b) in one.coefficients().iter().zip(other.coefficients()) {
            assert!((a.t.estimate() - b.t.estimate()).abs() <= 1e-12 * a.t.estimate().abs(), "{:?} {:?}", a.t, b.t);
            assert!((a.p - b.p).abs() < 1e-12 && b.estimate.lower() <= b.estimate.upper());
        }
        assert!((one.r_squared().estimate() - other.r_squared().estimate()).abs() < 1e-14);
        assert!((one.f().unwrap().estimate() - other.f().unwrap().estimate()).abs() < 1e-11);
        let likelihood = other.log_likelihood() - (one.log_likelihood() - 5.0 * by_y.ln());
        assert!(likelihood.abs() < 1e-9 * other.log_likelihood().abs(), "{likelihood}");
        let studentized =
            |fit: &Regression| fit.influence().iter().map(|i: &Influence| i.studentized).collect::<Vec<_>>();
        let pairs = studentized(&one).into_iter().zip(studentized(&other));
        pairs.for_each(|(a, b)| assert!((a - b).abs() < 1e-11, "{a} {b}"));
    }
}

#[test]
fn weights_inflate_variances_too() {
    // Two columns with weighted correlation r have inflation 1/(1 − r²).
    let (x, z) = ([1.0f64, 2.0, 3.0, 4.0, 5.0, 7.0], [1.0f64, 1.0, 4.0, 3.0, 5.0, 6.0]);
    let w = [1.0, 2.0, 1.0, 3.0, 0.5, 1.0];
    let column =
        |name: &str, x: &[f64]| Column { name: name.into(), cells: x.iter().map(|&x| Cell::from(x)).collect() };
    let data = [column("x", &x), column("z", &z), column("y", &[1.0, 2.0, 2.5, 4.0, 5.5, 6.0])];
    let design = Design::new(&data, &"y ~ x + z".parse().unwrap(), None).unwrap();
    let found = Regression::weighted(design, Some(&w)).unwrap().collinearity().unwrap();
    let total: f64 = w.iter().sum();
    let mean = |x: &[f64]| x.iter().zip(w).map(|(x, w)| w * x).sum::<f64>() / total;
    let (mx, mz) = (mean(&x), mean(&z));
    let sum =
        |a: &[f64], ma: f64, b: &[f64], mb: f64| -> f64 { (0..6).map(|i| w[i] * (a[i] - ma) * (b[i] - mb)).sum() };
    let r2 = sum(&x, mx, &z, mz).powi(2) / (sum(&x, mx, &x, mx) * sum(&z, mz, &z, mz));
    let truth = 1.0 / (1.0 - r2);
    assert!(found.inflation[0].is_none());
    for v in &found.inflation[1..] {
        let v = v.unwrap();
        assert!((v.estimate() - truth).abs() < 1e-12 * truth && v.width() < 1e-12, "{v:?} {truth}");
    }
}
