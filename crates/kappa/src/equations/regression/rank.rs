//! Columns that the data do not determine: empty combinations of categories, and perfect collinearity, by name.

use kappa_dense::{Matrix, pivoted_qr};

use super::design::{Design, Undetermined};
use super::elimination::{Relation, relations};
use super::whole::WholeColumn;
use crate::error::Error;

/// Columns whose relations are found one by one, at most.
const MOST: usize = 400;

/// The exact relations among the columns whose numbers are known; `None` where they are not found.
fn found(design: &Design) -> Option<Vec<Relation>> {
    let n = design.matrix.columns();
    if n > MOST {
        return None;
    }
    let columns: Vec<(usize, WholeColumn)> = (0..n).filter_map(|j| Some((j, design.whole(j)?))).collect();
    let whole: Vec<&WholeColumn> = columns.iter().map(|(_, column)| column).collect();
    let place = |k: usize| columns[k].0;
    let of =
        |r: Relation| Relation { column: place(r.column), of: r.of.into_iter().map(|(k, x)| (place(k), x)).collect() };
    Some(relations(&whole)?.into_iter().map(of).collect())
}

fn is_zero(design: &Design, j: usize) -> bool {
    design.matrix.high.column(j).iter().all(|x| *x == 0.0)
}

/// Leaves out the columns of products of categories that are not determined because a combination has no row.
pub(super) fn drop_empty_cells(design: &mut Design) {
    if !design.has_empty_cell.iter().any(|has| *has) {
        return;
    }
    let n = design.matrix.columns();
    let (zero, kept): (Vec<usize>, Vec<usize>) = (0..n).partition(|&j| design.has_empty_cell[j] && is_zero(design, j));
    let none = |&j: &usize| Undetermined { name: design.names[j].clone(), combination: Vec::new() };
    let mut undetermined: Vec<Undetermined> = zero.iter().map(none).collect();
    design.keep(&kept);
    let related = found(design).unwrap_or_default();
    if !related.is_empty() && related.iter().all(|r| design.has_empty_cell[r.column]) {
        let of = |r: &Relation| Undetermined {
            name: design.names[r.column].clone(),
            combination: r.of.iter().map(|(k, x)| (design.names[*k].clone(), x.enclosure().estimate())).collect(),
        };
        undetermined.extend(related.iter().map(of));
        let columns = 0..design.matrix.columns();
        let kept: Vec<usize> = columns.filter(|j| related.iter().all(|r| r.column != *j)).collect();
        design.keep(&kept);
    }
    design.undetermined = undetermined;
}

/// The error for fewer rows than columns, with the categorical column that causes it, if there is one.
pub(super) fn few_rows(design: &Design) -> Error {
    let (m, n) = (design.matrix.rows(), design.matrix.columns());
    let rows = if m == 1 { "1 row is".to_owned() } else { format!("{m} rows are") };
    let hint = match design.categories.iter().max_by_key(|(_, count)| *count) {
        Some((name, count)) if 2 * count > m => {
            format!("column `{name}` has {count} categories in {m} rows: leave it out, or use more rows")
        }
        Some((name, count)) => {
            format!("use more rows or fewer terms: products with the {count} categories of `{name}` make many columns")
        }
        None => "use more rows or fewer terms".into(),
    };
    Error::shape(format!("{rows} too few for {n} coefficients: at least {n} are needed")).with_hint(hint)
}

/// One relation in words.
fn said(design: &Design, relation: &Relation) -> String {
    let name = |j: usize| &design.names[j];
    let own = name(relation.column);
    let one = |j: usize| design.has_constant && j == 0;
    match relation.of.as_slice() {
        [] => format!("column `{own}` is zero in every row that is used"),
        [(k, _)] if one(*k) => format!("column `{own}` is constant, like the intercept"),
        of => {
            let names: Vec<String> = of.iter().map(|(k, _)| format!("`{}`", name(*k))).collect();
            let term = |(k, x): &(usize, super::whole::Fraction)| match x.to_string().as_str() {
                "1" => name(*k).clone(),
                x if one(*k) => x.to_owned(),
                x => format!("{x}·{}", name(*k)),
            };
            let sum: Vec<String> = of.iter().map(term).collect();
            let shown = if of.len() > 4 { String::new() } else { format!(": {own} = {}", sum.join(" + ")) };
            format!("column `{own}` is a linear combination of {} (perfect collinearity){shown}", names.join(", "))
        }
    }
}

const HINT: &str = "leave out one of these columns, or add rows in which they vary independently; least squares of \
                    least norm (lstsq) has an answer all the same";

/// The error that names the linearly dependent columns: exactly, or by a QR factorization with column pivoting.
pub(super) fn collinear(design: &Design, doubts: &[f64]) -> Error {
    let n = design.matrix.columns();
    if let Some(j) = (0..n).find(|&j| is_zero(design, j)) {
        let said = said(design, &Relation { column: j, of: Vec::new() });
        return Error::unsupported(format!("{said}: its coefficient is not determined")).with_hint("leave it out");
    }
    let related = found(design).unwrap_or_default();
    if related.is_empty() {
        return nearly(design, doubts);
    }
    const SHOWN: usize = 3;
    let mut all: Vec<String> = related.iter().take(SHOWN).map(|r| said(design, r)).collect();
    if related.len() > SHOWN {
        all.push(format!("and {} more", related.len() - SHOWN));
    }
    Error::unsupported(all.join("; ")).with_hint(HINT)
}

/// The columns that cannot be told apart in 106 bits.
fn nearly(design: &Design, doubts: &[f64]) -> Error {
    let (m, n) = (design.matrix.rows(), design.matrix.columns());
    let size = |j: usize| crate::norm::vector_norm(2.0, || design.matrix.high.column(j).iter().copied()).estimate();
    let sizes: Vec<f64> = (0..n).map(size).collect();
    let scaled = Matrix::from_fn(m, n, |i, j| design.matrix.high[(i, j)] / sizes[j]);
    let names =
        |columns: &[usize]| columns.iter().map(|&j| format!("`{}`", design.names[j])).collect::<Vec<_>>().join(", ");
    let dependent: Vec<usize> = match pivoted_qr(scaled.as_ref(), kappa_dense::Shape::Thin) {
        Ok(f) => {
            let rank = (0..n).take_while(|&k| f.r[(k, k)].abs() > 1e-12).count().min(n - 1);
            f.columns[rank..].to_vec()
        }
        Err(_) => (0..n).collect(),
    };
    let is_or_are =
        if dependent.len() == 1 { "is nearly a linear combination" } else { "are nearly linear combinations" };
    let worst = doubts.iter().copied().fold(kappa_dense::pair::PAIR_UNIT, f64::max);
    Error::unsupported(format!(
        "{} {is_or_are} of other columns (collinearity): exact at a relative error of about {worst:.0e} in the numbers",
        names(&dependent)
    ))
    .with_hint(HINT)
}
