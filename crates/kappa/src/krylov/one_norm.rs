//! The 1-norm of an operator that is known by its products.

use kappa_dense::{Matrix, Scalar};

use crate::error::Result;
use crate::norm::modulus;
use crate::random::Draws;

/// How the 1-norm of an operator is searched: passed last, and usually left at its default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneNorm {
    /// Columns that are tried at once; more find more.
    pub columns: usize,
    /// The most rounds; 2 to 4 are usual.
    pub rounds: usize,
    /// Which random columns.
    pub seed: u64,
}

impl Default for OneNorm {
    fn default() -> Self {
        Self { columns: 2, rounds: 5, seed: 0 }
    }
}

/// A lower bound of ‖B‖₁, and the vectors that show it.
pub(crate) struct Found<W> {
    /// ‖Bx‖₁/‖x‖₁ in plain doubles.
    pub(crate) value: f64,
    /// Bx for the x that was best.
    pub(crate) image: Vec<W>,
}

/// The block algorithm of Higham and Tisseur (SIMAX 21 (2000) 1185–1201, Algorithm 2.4) for B given by products with blocks.
pub(crate) fn one_norm_search<W: Scalar<Wide = W>>(
    n: usize,
    how: &OneNorm,
    apply: impl Fn(&Matrix<W>) -> Result<Matrix<W>>,
    apply_adjoint: impl Fn(&Matrix<W>) -> Result<Matrix<W>>,
) -> Result<Found<W>> {
    let t = how.columns.clamp(1, n.max(1));
    let mut draws = Draws(how.seed ^ 0x1_0e57);
    let mut sign = || W::from_parts(if draws.uniform() < 0.5 { -1.0 } else { 1.0 }, 0.0);
    let one = W::from_parts(1.0, 0.0);
    let mut x = Matrix::from_fn(n, t, |_, j| if j == 0 { one } else { sign() }.scale(1.0 / n as f64));
    let mut best = Found { value: 0.0, image: vec![W::default(); n] };
    let mut used = vec![false; n];
    let mut last_signs: Option<Matrix<W>> = None;
    for round in 0..how.rounds.max(2) {
        let y = apply(&x)?;
        let size = |j: usize| y.column(j).iter().map(|&y| modulus(y)).sum::<f64>();
        let winner = (0..t).max_by(|&i, &j| size(i).total_cmp(&size(j))).unwrap_or(0);
        let value = size(winner);
        if round > 0 && value <= best.value {
            break;
        }
        best = Found { value, image: y.column(winner).to_vec() };
        // The sign of 0 is 1.
        let signs = Matrix::from_fn(n, t, |i, j| match modulus(y[(i, j)]) {
            0.0 => one,
            size => y[(i, j)].scale(1.0 / size),
        });
        if last_signs.as_ref().is_some_and(|last| parallel(last, &signs)) {
            break;
        }
        let z = apply_adjoint(&signs)?;
        last_signs = Some(signs);
        let height = |i: usize| (0..t).map(|j| modulus(z[(i, j)])).fold(0.0, f64::max);
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&i, &j| height(j).total_cmp(&height(i)));
        let fresh: Vec<usize> = order.into_iter().filter(|&i| !used[i]).take(t).collect();
        if fresh.is_empty() {
            break;
        }
        fresh.iter().for_each(|&i| used[i] = true);
        x = Matrix::from_fn(
            n,
            t,
            |i, j| {
                if fresh.get(j.min(fresh.len() - 1)) == Some(&i) { one } else { W::default() }
            },
        );
    }
    Ok(best)
}

/// Whether every column of one block is, up to its sign, a column of the other: nothing new would come.
fn parallel<W: Scalar>(a: &Matrix<W>, b: &Matrix<W>) -> bool {
    let n = a.rows() as f64;
    let along = |x: &[W], y: &[W]| {
        let sum = x.iter().zip(y).fold(W::default(), |sum, (&x, &y)| sum + x.conj() * y);
        modulus(sum)
    };
    (0..b.columns()).all(|j| (0..a.columns()).any(|k| along(a.column(k), b.column(j)) >= n * (1.0 - 1e-12)))
}
