use kappa_dense::{Matrix, MatrixRef, Scalar, Shape, qr, stacked, svd, triangle_of_stack};

use crate::enclosure::directed::{add_up, mul_up, sqrt_down, sqrt_up};
use crate::enclosure::exponent_of;
use crate::error::{Error, Result};
use crate::norm::EntryNorms;
use crate::random::Draws;
use crate::{Enclosure, Evidence};

/// A one-pass sketch of a tall matrix: B with BᴴB near AᴴA.
///
/// If `capacity` is at least the number of columns, B is R of A = QR, computed one block of rows at a time (TSQR), and
/// all errors are rounding errors. With a smaller capacity it is the Frequent Directions sketch: whenever B is full,
/// every squared singular value is decreased by the largest that no longer fits, and `lost` accumulates the decrease,
/// so that ‖Bx‖² ≤ ‖Ax‖² ≤ ‖Bx‖² + lost·‖x‖² for every x. Sketches of disjoint sets of rows merge into the sketch of
/// their union. Memory for `capacity` rows and the current block, whatever the number of rows.
///
/// ```
/// # use kappa::factor::RowSketch;
/// # use kappa::Matrix;
/// let a = Matrix::from_fn(1000, 6, |i, j| ((i * (j + 1)) % 17) as f64);
/// let mut upper = RowSketch::<f64>::new(6, 6)?;
/// let mut lower = RowSketch::<f64>::new(6, 6)?;
/// upper.push(Matrix::from_fn(500, 6, |i, j| a[(i, j)]).as_ref())?;
/// lower.push(Matrix::from_fn(500, 6, |i, j| a[(500 + i, j)]).as_ref())?;
/// upper.merge(&lower)?;
/// let exact = kappa::singular_values(&a)?;
/// let found = upper.top(2)?;
/// assert!((found.estimates[0] - exact.first().estimate()).abs() < 1e-10);
/// assert_eq!(upper.rows(), 1000);
/// # Ok::<(), kappa::Error>(())
/// ```
///
/// References: Demmel, Grigori, Hoemmen and Langou, SIAM J. Sci. Comput. 34 (2012) A206–A239; Ghashami, Liberty,
/// Phillips and Woodruff, SIAM J. Comput. 45 (2016) 1762–1792.
#[derive(Clone, Debug, PartialEq)]
pub struct RowSketch<W: Scalar>(SketchParts<W>);

/// The complete state of a sketch, to be written to a file and read again.
#[derive(Clone, Debug, PartialEq)]
pub struct SketchParts<W: Scalar> {
    /// The maximum number of rows of B.
    pub capacity: usize,
    /// The number of rows seen.
    pub rows: u64,
    /// B and the squares belong to A·2⁻ᵉ with this e.
    pub exponent: i32,
    /// B, whose rows are the kept rows.
    pub kept: Matrix<W>,
    /// The sum of the amounts by which Frequent Directions decreased the squares.
    pub lost: f64,
    /// ‖A‖_F².
    pub squares: Enclosure,
    /// The number of times B was recomputed: rounding errors grow with it.
    pub rounds: u64,
}

/// The largest singular values of the rows seen, with their right vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct TopRight<W: Scalar> {
    /// Enclosed, the largest first.
    pub values: Vec<Enclosure>,
    /// The point estimates of the singular values.
    pub estimates: Vec<f64>,
    /// Right singular vectors in columns.
    pub v: Matrix<W>,
    /// ‖A − AVVᴴ‖_F.
    pub error: Enclosure,
}

impl<W: Scalar<Wide = W>> RowSketch<W> {
    /// An empty sketch of `columns` columns that keeps at most `capacity` rows.
    ///
    /// # Errors
    ///
    /// When `columns` or `capacity` is 0.
    pub fn new(columns: usize, capacity: usize) -> Result<Self> {
        Self::from_parts(SketchParts {
            capacity,
            rows: 0,
            exponent: 0,
            kept: Matrix::zeros(0, columns),
            lost: 0.0,
            squares: Enclosure::exact(0.0),
            rounds: 0,
        })
    }

    /// A sketch from the result of [`RowSketch::parts`], possibly from an untrusted file.
    ///
    /// A capacity above the number of columns is reduced to it.
    ///
    /// # Errors
    ///
    /// When the parts do not fit together, and when an entry is not finite.
    pub fn from_parts(mut parts: SketchParts<W>) -> Result<Self> {
        parts.capacity = parts.capacity.min(parts.kept.columns().max(parts.kept.rows()));
        let SketchParts { capacity, rows, ref kept, lost, squares, exponent, .. } = parts;
        let (held, columns) = (kept.rows(), kept.columns());
        let wrong = |what: String| Err(Error::shape(format!("a sketch of rows {what}")));
        if columns == 0 || capacity == 0 {
            return wrong(format!("needs at least 1 column and a capacity ≥ 1, got {columns} and {capacity}"));
        }
        if held > capacity || held as u64 > rows {
            return wrong(format!("keeps {held} rows, with capacity {capacity}, of {rows} rows seen"));
        }
        let is_size = |x: f64| x.is_finite() && x >= 0.0;
        if !is_size(lost) || !is_size(squares.lower()) || !is_size(squares.upper()) || exponent.unsigned_abs() > 1100 {
            return wrong(format!(
                "has inconsistent parts: lost {lost}, squares {}, exponent {exponent}",
                squares.estimate()
            ));
        }
        if kept.as_slice().iter().any(|x| !x.is_finite()) {
            return wrong("keeps entries that are not finite".into());
        }
        Ok(Self(parts))
    }

    /// The complete state.
    pub fn parts(&self) -> &SketchParts<W> {
        &self.0
    }

    /// The number of columns.
    pub fn columns(&self) -> usize {
        self.0.kept.columns()
    }

    /// The number of rows seen.
    pub fn rows(&self) -> u64 {
        self.0.rows
    }

    /// Whether the sketch discarded nothing: then all errors are rounding errors.
    pub fn is_exact(&self) -> bool {
        self.0.lost == 0.0
    }

    /// An upper bound of the amount by which Frequent Directions decreased the squared singular values.
    pub fn lost(&self) -> f64 {
        self.unscaled(self.unscaled(Enclosure::exact(self.0.lost))).estimate()
    }

    /// ‖A‖_F of the rows seen.
    pub fn frobenius(&self) -> Enclosure {
        self.unscaled(self.0.squares.sqrt())
    }

    /// Adds a block of rows. 2·(rows + n)·n² flops for an exact sketch.
    ///
    /// # Errors
    ///
    /// When the number of columns differs, and when an entry is not finite. The sketch is then unchanged.
    pub fn push<T: Scalar<Wide = W>>(&mut self, block: MatrixRef<'_, T>) -> Result<()> {
        let (rows, columns) = (block.rows(), block.columns());
        self.check_columns(columns)?;
        let profile = EntryNorms::of(block)?;
        if profile.max_abs_value() == 0.0 {
            self.0.rows += rows as u64;
            return Ok(());
        }
        self.raise(exponent_of(profile.max_abs_value()));
        let factor = 2f64.powi(-self.0.exponent);
        let norm = profile.frobenius().times_exactly(factor);
        self.absorb(block, self.0.exponent)?;
        self.0.squares = self.0.squares.plus(norm.times(norm));
        self.0.rows += rows as u64;
        Ok(())
    }

    /// Merges the sketch of other rows into this one, which becomes the sketch of all rows.
    ///
    /// # Errors
    ///
    /// When the number of columns differs.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.check_columns(other.columns())?;
        let theirs = &other.0;
        if theirs.squares.upper() > 0.0 {
            self.raise(theirs.exponent);
        }
        let factor = 2f64.powi((theirs.exponent - self.0.exponent).max(-1074));
        let square = factor * factor;
        self.absorb(theirs.kept.as_ref(), self.0.exponent - theirs.exponent)?;
        self.0.squares = self.0.squares.plus(theirs.squares.times_exactly(square));
        self.0.lost = add_up(self.0.lost, mul_up(theirs.lost, square));
        self.0.rounds += theirs.rounds;
        self.0.rows += theirs.rows;
        Ok(())
    }

    fn check_columns(&self, found: usize) -> Result<()> {
        let columns = self.columns();
        if found == columns {
            return Ok(());
        }
        Err(Error::shape(format!("a sketch of rows of length {columns} cannot take rows of length {found}")))
    }

    /// Raises the exponent to `exponent` where that is larger, so that no square overflows.
    fn raise(&mut self, exponent: i32) {
        // Below 2⁻¹⁰⁰⁰ a factor would not be a normal number.
        let exponent = exponent.max(-1000);
        let is_first = self.0.squares.upper() == 0.0;
        if !is_first && exponent <= self.0.exponent {
            return;
        }
        let factor = if is_first { 1.0 } else { 2f64.powi((self.0.exponent - exponent).max(-1074)) };
        self.0.kept.as_mut_slice().iter_mut().for_each(|x| *x = x.scale(factor));
        self.0.lost = mul_up(self.0.lost, factor * factor);
        self.0.squares = self.0.squares.times_exactly(factor * factor);
        self.0.exponent = exponent;
    }

    /// Stacks rows below the kept ones, as many at a time as fit.
    fn absorb<T: Scalar<Wide = W>>(&mut self, block: MatrixRef<'_, T>, exponent: i32) -> Result<()> {
        let (rows, n, capacity) = (block.rows(), self.columns(), self.0.capacity);
        if capacity >= n || rows <= capacity {
            return self.absorb_whole(block, exponent);
        }
        for from in (0..rows).step_by(capacity) {
            let count = capacity.min(rows - from);
            let part = Matrix::from_fn(count, n, |i, j| block.get(from + i, j));
            self.absorb_whole(part.as_ref(), exponent)?;
        }
        Ok(())
    }

    fn absorb_whole<T: Scalar<Wide = W>>(&mut self, block: MatrixRef<'_, T>, exponent: i32) -> Result<()> {
        // The old B is replaced only after its successor exists: if a decomposition fails, no row is lost.
        let kept = &self.0.kept;
        self.0.kept = if block.rows() + kept.rows() <= self.0.capacity {
            stacked(block, exponent, kept)?
        } else if self.0.capacity >= self.columns() {
            let (triangle, rounds) = triangle_of_stack(block, exponent, kept)?;
            self.0.rounds += rounds as u64;
            triangle
        } else {
            self.directions(stacked(block, exponent, kept)?)?
        };
        Ok(())
    }

    /// The Frequent Directions sketch of a stack of rows, with at most `capacity` rows.
    fn directions(&mut self, stack: Matrix<W>) -> Result<Matrix<W>> {
        let (n, capacity) = (self.columns(), self.0.capacity);
        let f = svd(stack.as_ref(), Shape::Thin)?;
        drop(stack);
        self.0.rounds += 1;
        let (s, v) = (&f.values.values, &f.vectors.v);
        // B ← √(Σ² − δI)·Vᴴ with δ = σ²ₗ₊₁.
        let next = s.get(capacity).copied().unwrap_or(0.0);
        self.0.lost = add_up(self.0.lost, mul_up(next, next));
        let size = |i: usize| ((s[i] - next) * (s[i] + next)).max(0.0).sqrt();
        let count = (0..capacity.min(s.len())).take_while(|&i| size(i) > 0.0).count();
        Ok(Matrix::from_fn(count, n, |i, j| v[(j, i)].conj().scale(size(i))))
    }

    /// The k largest singular values with their right vectors.
    ///
    /// σᵢ(B)² ≤ σᵢ(A)² ≤ σᵢ(B)² + lost, with a model of the rounding errors.
    ///
    /// # Errors
    ///
    /// When k = 0, and when k exceeds the number of rows, the number of columns or the capacity.
    pub fn top(&self, k: usize) -> Result<TopRight<W>> {
        let (held, n) = (self.0.kept.rows(), self.columns());
        let most = usize::try_from(self.0.rows).unwrap_or(usize::MAX).min(n).min(self.0.capacity);
        if k == 0 || k > most {
            let rows = self.0.rows;
            return Err(Error::shape(format!("no {k} singular values of a sketch of {rows} rows and {n} columns"))
                .with_hint(format!("this sketch of capacity {} gives at most {most}", self.0.capacity)));
        }
        let (s, v) = if held == 0 {
            (Vec::new(), Matrix::zeros(n, 0))
        } else {
            let f = svd(self.0.kept.as_ref(), Shape::Thin)?;
            (f.values.values, f.vectors.v)
        };
        let v = with_columns(&v, k)?;
        let value = |i: usize| s.get(i).copied().unwrap_or(0.0);
        let (lost, squares) = (self.0.lost, self.0.squares);
        let rounding = f64::EPSILON * (8.0 + 4.0 * (n as f64).sqrt() + 2.0 * (self.0.rounds as f64).sqrt());
        let doubt = mul_up(value(0), rounding);
        let name = if lost > 0.0 {
            "rounding errors of reflections, in addition to the loss of Frequent Directions"
        } else {
            "rounding errors of reflections in double precision"
        };
        let evidence = Evidence::Estimate(name);
        let enclose = |i: usize| {
            let s = value(i);
            let upper = add_up(sqrt_up(add_up(mul_up(s, s), lost)), doubt);
            let middle = (s * s + 0.5 * lost).sqrt();
            Enclosure::new((s - doubt).max(0.0), middle.min(upper), upper, evidence)
        };
        let values: Vec<Enclosure> = (0..k).map(enclose).collect();
        // ‖AV‖_F² lies in Σσᵢ(B)² … Σσᵢ(B)² + k·lost.
        let kept: f64 = (0..k).map(|i| value(i) * value(i)).sum();
        let off = mul_up(4.0 * rounding, squares.upper());
        let lower = (squares.lower() - kept - k as f64 * lost - off).max(0.0);
        let upper = add_up((squares.upper() - kept).max(0.0), off);
        let middle = (squares.estimate() - kept - 0.5 * k as f64 * lost).clamp(lower, upper);
        let error = Enclosure::new(sqrt_down(lower), middle.sqrt(), sqrt_up(upper), evidence);
        let values: Vec<Enclosure> = values.into_iter().map(|x| self.unscaled(x)).collect();
        Ok(TopRight {
            estimates: values.iter().map(Enclosure::estimate).collect(),
            values,
            v,
            error: self.unscaled(error),
        })
    }

    fn unscaled(&self, x: Enclosure) -> Enclosure {
        // In two steps, since 2ᵉ alone may overflow.
        let half = self.0.exponent / 2;
        x.times_exactly(2f64.powi(half)).times_exactly(2f64.powi(self.0.exponent - half))
    }
}

/// The first k of the orthonormal columns; if there are fewer, random vectors are orthonormalized against them.
fn with_columns<W: Scalar<Wide = W>>(v: &Matrix<W>, k: usize) -> Result<Matrix<W>> {
    let (n, held) = (v.rows(), v.columns().min(k));
    if held == k {
        return Ok(Matrix::from_fn(n, k, |i, j| v[(i, j)]));
    }
    let mut draws = Draws(1);
    let more = Matrix::from_fn(n, k, |i, j| if j < held { v[(i, j)] } else { W::from_parts(draws.normal(), 0.0) });
    let q = qr(more.as_ref(), Shape::Thin)?.q;
    Ok(Matrix::from_fn(n, k, |i, j| if j < held { v[(i, j)] } else { q[(i, j)] }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{c64, singular_values};

    fn noise(m: usize, n: usize, seed: u64) -> Matrix<f64> {
        let mut draws = Draws(seed);
        Matrix::from_fn(m, n, |_, j| draws.normal() * 0.8f64.powi(j as i32))
    }

    fn part<W: Scalar>(a: &Matrix<W>, from: usize, to: usize) -> Matrix<W> {
        Matrix::from_fn(to - from, a.columns(), |i, j| a[(from + i, j)])
    }

    fn sketch<W: Scalar<Wide = W>>(a: &Matrix<W>, capacity: usize, block: usize) -> RowSketch<W> {
        let mut found = RowSketch::new(a.columns(), capacity).unwrap();
        for from in (0..a.rows()).step_by(block) {
            found.push(part(a, from, (from + block).min(a.rows())).as_ref()).unwrap();
        }
        found
    }

    #[test]
    fn a_long_block_is_as_doubtful_as_the_slabs_that_it_is_taken_in() {
        // No slab is higher than 4096 rows.
        let found = sketch(&noise(30_000, 2, 1), 2, 30_000);
        assert!(found.parts().rounds >= 30_000 / 4096, "{} rounds", found.parts().rounds);
    }

    #[test]
    fn with_room_for_every_column_nothing_is_lost() {
        let a = noise(300, 12, 1);
        let exact = singular_values(&a).unwrap();
        for block in [1, 5, 12, 13, 100, 300] {
            let found = sketch(&a, 12, block);
            assert!(found.is_exact() && found.rows() == 300);
            let top = found.top(12).unwrap();
            for i in 0..12 {
                assert!(top.values[i].contains(exact.get(i).estimate()), "{block} {i}");
                assert!(top.values[i].width() < 1e-12 * exact.first().estimate());
            }
            let image = kappa_dense::multiply(a.as_ref(), top.v.as_ref()).unwrap();
            for (j, s) in top.estimates.iter().enumerate() {
                assert!((kappa_dense::length(image.column(j)) - s).abs() < 1e-12 * top.estimates[0]);
            }
        }
    }

    #[test]
    fn frequent_directions_hold_every_value_between_their_ends() {
        let a = noise(400, 30, 2);
        let exact = singular_values(&a).unwrap();
        for capacity in [4, 10, 25] {
            for block in [1, 7, 64, 400] {
                let found = sketch(&a, capacity, block);
                let top = found.top(capacity.min(6)).unwrap();
                for (i, x) in top.values.iter().enumerate() {
                    assert!(x.contains(exact.get(i).estimate()), "{capacity} {block} {i}: {x:?}");
                }
                // lost ≤ ‖A − Aₖ‖_F²/(capacity − k) for every k (Ghashami et al., theorem 1.1).
                let rest = |k: usize| exact.iter().skip(k).map(|s| s.estimate().powi(2)).sum::<f64>();
                let bound = (0..capacity).map(|k| rest(k) / (capacity - k) as f64).fold(f64::INFINITY, f64::min);
                let lost = found.parts().lost * 4f64.powi(found.parts().exponent);
                assert!(lost <= bound * 1.0001, "{capacity} {block}: {lost} {bound}");
                let image = kappa_dense::multiply(a.as_ref(), top.v.as_ref()).unwrap();
                let left = found.frobenius().estimate().powi(2) - image.as_slice().iter().map(|x| x * x).sum::<f64>();
                assert!(top.error.contains(left.max(0.0).sqrt()), "{:?} {left}", top.error);
            }
        }
    }

    #[test]
    fn merged_sketches_are_those_of_all_rows_at_every_scale() {
        let mut a = noise(200, 8, 3);
        // The second half is 2⁴⁰⁰ times larger, then smaller, than the first.
        for power in [400, -400, 0] {
            let factor = 2f64.powi(power);
            a = Matrix::from_fn(200, 8, |i, j| if i < 100 { a[(i, j)] } else { noise(200, 8, 4)[(i, j)] * factor });
            let exact = singular_values(&a).unwrap();
            for capacity in [3, 8] {
                let mut found = sketch(&part(&a, 0, 100), capacity, 30);
                found.merge(&sketch(&part(&a, 100, 200), capacity, 40)).unwrap();
                let again = RowSketch::from_parts(found.parts().clone()).unwrap();
                assert_eq!(again, found);
                let top = found.top(2).unwrap();
                for i in 0..2 {
                    assert!(
                        top.values[i].contains(exact.get(i).estimate()),
                        "{power} {capacity} {i}: {:?}",
                        top.values
                    );
                }
            }
        }
    }

    #[test]
    fn complex_rows_keep_their_phases() {
        let a = Matrix::from_fn(90, 5, |i, j| c64::new(((i * 3 + j) % 7) as f64, ((i + 2 * j * i) % 5) as f64 - 2.0));
        let exact = singular_values(&a).unwrap();
        for capacity in [3, 5] {
            let top = sketch(&a, capacity, 11).top(3).unwrap();
            let image = kappa_dense::multiply(a.as_ref(), top.v.as_ref()).unwrap();
            assert!(top.values[0].contains(exact.first().estimate()));
            let reached = kappa_dense::length(image.column(0));
            assert!(reached <= exact.first().estimate() * 1.000001 && reached >= 0.95 * exact.first().estimate());
            if capacity == 5 {
                assert!((reached / exact.first().estimate() - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn wrong_or_hostile_parts_are_refused() {
        assert!(RowSketch::<f64>::new(0, 3).is_err() && RowSketch::<f64>::new(3, 0).is_err());
        assert_eq!(RowSketch::<f64>::new(3, usize::MAX).unwrap().parts().capacity, 3);
        let mut found = RowSketch::<f64>::new(3, 3).unwrap();
        assert!(found.push(Matrix::<f64>::zeros(2, 4).as_ref()).is_err());
        assert!(found.push(Matrix::from_fn(2, 3, |_, _| f64::NAN).as_ref()).unwrap_err().is_not_finite());
        assert!(found.top(1).is_err());
        found.push(Matrix::<f64>::zeros(5, 3).as_ref()).unwrap();
        let zero = found.top(2).unwrap();
        assert_eq!((zero.estimates[0], zero.error.upper()), (0.0, 0.0));
        assert!(kappa_dense::length(zero.v.column(1)) > 0.999 && zero.v.columns() == 2);
        let good = found.parts().clone();
        for change in [
            |p: &mut SketchParts<f64>| p.lost = -1.0,
            |p: &mut SketchParts<f64>| p.kept = Matrix::from_fn(2, 3, |_, _| f64::INFINITY),
            |p: &mut SketchParts<f64>| p.kept = Matrix::zeros(9, 3),
            |p: &mut SketchParts<f64>| p.exponent = i32::MIN + 1,
        ] {
            let mut parts = good.clone();
            change(&mut parts);
            assert!(RowSketch::from_parts(parts).is_err());
        }
    }
}
