//! Exact integer arithmetic settles what an enclosure leaves open: whether a residual sum of squares, a coefficient or
//! a residual is 0, whether a leverage is 1, and whether the other rows are fitted exactly.

use kappa_dense::pair::{Pair, PairMatrix};

use super::design::Design;
use super::elimination::{ExactFit, relations};
use super::fit::{Regression, moved};
use super::whole::WholeColumn;
use crate::Enclosure;
use crate::certificate::LeastSquaresCertificate;
use crate::enclosure::directed::add_up;

/// Rows that are looked at in fractions, at most.
const MOST: usize = 1000;
const ZERO: fn() -> Enclosure = || Enclosure::exact(0.0);

pub(super) fn refine(fit: &mut Regression) {
    fit.is_exact = is_exact(fit);
    if fit.is_exact == Some(true) {
        fit.square = ZERO();
        fit.residuals.fill(ZERO());
    }
    if fit.degrees() == 0 {
        // As many independent columns as rows: the hat matrix is the unit matrix.
        fit.leverages.fill(Enclosure::exact(1.0));
    }
    let (coefficients, rows) = (open_coefficients(fit), open_rows(fit));
    let is_open = fit.square.lower() == 0.0 && fit.square.upper() > 0.0;
    if coefficients.is_empty() && rows.is_empty() && !is_open {
        return;
    }
    let whole: Option<Vec<WholeColumn>> = (0..fit.parameters()).map(|j| fit.design.whole(j)).collect();
    let (Some(whole), Some(y)) = (whole, fit.design.whole_y()) else { return };
    let Some(exact) = ExactFit::new(whole.iter().collect(), &y) else { return };
    if fit.weights.is_none() && is_open {
        fit.square = moved(exact.square().enclosure(), -2 * fit.exponent);
    }
    // Where the fit is exact, the weights do not matter.
    if fit.weights.is_none() || fit.is_exact == Some(true) {
        coefficients.iter().for_each(|&j| set_coefficient(fit, j, exact.coefficient(j).enclosure()));
    }
    rows.iter().for_each(|&i| set_row(fit, i, &exact));
}

fn set_coefficient(fit: &mut Regression, j: usize, x: Enclosure) {
    let below = add_up(x.estimate(), -x.lower());
    fit.beta.value[j] = Pair::from(x.estimate());
    fit.beta.radius[j] = below.max(add_up(x.upper(), -x.estimate()));
    fit.scaled_beta[j] = moved(x, fit.exponents[j] - fit.exponent);
}

fn set_row(fit: &mut Regression, i: usize, exact: &ExactFit<'_>) {
    let is_plain = fit.weights.is_none();
    let leverage = exact.leverage(i).enclosure();
    // A leverage of 1, and a fit of the other rows that is exact, do not depend on the weights.
    let decides = leverage == Enclosure::exact(1.0);
    if is_plain || decides {
        fit.leverages[i] = leverage;
    }
    if decides {
        fit.residuals[i] = ZERO();
    } else if is_plain && fit.is_exact != Some(true) {
        fit.residuals[i] = exact.residual(i).enclosure();
    }
    let deleted = exact.deleted(i).enclosure();
    if deleted == ZERO() || is_plain {
        fit.deleted.insert(i, moved(deleted, -2 * fit.exponent));
    }
}

/// Coefficients whose enclosure does not exclude 0.
fn open_coefficients(fit: &Regression) -> Vec<usize> {
    let is_open = |x: &Enclosure| x.contains(0.0) && x.width() > 0.0;
    (0..fit.parameters()).filter(|&j| is_open(&fit.scaled_beta[j])).collect()
}

/// Rows whose leverage may be 1, whose residual may be 0, or without which the fit may be exact.
fn open_rows(fit: &Regression) -> Vec<usize> {
    let is_open = |i: &usize| {
        let (h, r) = (fit.leverages[*i], fit.residuals[*i]);
        let may_decide = h.upper() >= 1.0 && h.lower() < 1.0;
        let may_be_zero = r.contains(0.0) && r.width() > 0.0;
        may_decide || may_be_zero || fit.is_exact != Some(true) && fit.without(*i).lower() <= 0.0
    };
    (0..fit.observations()).filter(is_open).take(MOST).collect()
}

/// Whether the residual sum of squares is 0; `None` where that is not known.
fn is_exact(fit: &Regression) -> Option<bool> {
    let is_mean = fit.design.has_constant && fit.design.y_is_constant;
    if fit.square.upper() == 0.0 || fit.degrees() == 0 || is_mean {
        return Some(true);
    }
    if fit.square.lower() > 0.0 {
        return Some(false);
    }
    is_combination(&fit.design, &fit.design.whole_y()?)
}

/// Whether a column is a combination of those of the model, whose columns are independent.
fn is_combination(design: &Design, column: &WholeColumn) -> Option<bool> {
    let n = design.matrix.columns();
    let known: Vec<WholeColumn> = (0..n).filter_map(|j| design.whole(j)).collect();
    let all: Vec<&WholeColumn> = known.iter().chain([column]).collect();
    match relations(&all)?.is_empty() {
        false => Some(true),
        true => (known.len() == n).then_some(false),
    }
}

/// Whether the columns of a model without a constant span one.
pub(super) fn spans_constant(
    design: &Design,
    certificate: &LeastSquaresCertificate,
    weights: Option<&[Pair]>,
) -> Option<bool> {
    let (m, n) = (design.matrix.rows(), design.matrix.columns());
    if design.has_constant {
        return None;
    }
    if m == n {
        return Some(true);
    }
    let roots = PairMatrix::from_fn(m, 1, |i, _| weights.map_or(Pair::from(1.0), |w| w[i].sqrt()));
    let doubt = if weights.is_some() { 2e-30 } else { 0.0 };
    if certificate.least_squares(&roots, doubt).square.lower() > 0.0 {
        return Some(false);
    }
    let ones = PairMatrix::from_fn(m, 1, |_, _| Pair::from(1.0));
    is_combination(design, &WholeColumn::new(&ones, 0, 0.0, None)?)
}
