use kappa_dense::{Matrix, Scalar};

use crate::error::{Error, Result};
use crate::operator::{AnyOperator, Entries, LinearOperator, RealOrComplex, wide};
use crate::{Enclosure, singular_values, svd};

/// What a matrix does to a circle: the image of the unit circle of a plane, with the vectors that are stretched most and least.
#[derive(Clone, Debug, PartialEq)]
pub struct Ellipse {
    /// The directions in the plane that become the axes: v₁ and v₂ of the 2×2 matrix, in columns.
    pub from: Matrix<f64>,
    /// Where they go, in the plane of the images: σ₁u₁ and σ₂u₂, in columns.
    pub to: Matrix<f64>,
    /// The half axes.
    pub axes: [Enclosure; 2],
    /// The 2×2 matrix that acts between the planes.
    pub matrix: Matrix<f64>,
}

/// The ellipse that a real matrix makes of the unit circle: of the whole plane for a 2×2 matrix, and for a larger one of the plane
/// of two right singular vectors, numbers i and j counted from 0, seen in the plane of their left ones.
///
/// Fails for complex matrices, and where there are no such vectors.
///
/// ```
/// # use kappa::{Matrix, regions::ellipse};
/// let e = ellipse(&Matrix::from_row_major(2, 2, vec![3.0, 0.0, 0.0, 1.0])?, (0, 1))?;
/// assert!(e.axes[0].contains(3.0) && e.axes[1].contains(1.0));
/// # Ok::<(), kappa::Error>(())
/// ```
pub fn ellipse<T: Scalar>(a: &(impl LinearOperator<T> + ?Sized), (i, j): (usize, usize)) -> Result<Ellipse> {
    let entries = Entries::of(a)?;
    let view = entries.view();
    if T::IS_COMPLEX {
        return Err(Error::unsupported("the image of a circle is drawn for real matrices"));
    }
    let p = view.rows().min(view.columns());
    if i >= p || j >= p || i == j {
        return Err(Error::shape(format!("a {}×{} matrix has no plane ({i}, {j})", view.rows(), view.columns()))
            .with_hint("the plane is spanned by two different singular vectors, counted from 0"));
    }
    let f = svd(&view)?;
    let values = singular_values(&view)?;
    let axes = [values.get(i), values.get(j)];
    if (view.rows(), view.columns()) == (2, 2) && i + j == 1 {
        let real = |x: &Matrix<T::Wide>, k: usize, j: usize| x[(k, j)].re();
        return Ok(Ellipse {
            from: Matrix::from_fn(2, 2, |k, c| real(f.v(), k, if c == 0 { i } else { j })),
            to: Matrix::from_fn(2, 2, |k, c| {
                let at = if c == 0 { i } else { j };
                real(f.u(), k, at) * values.get(at).estimate()
            }),
            axes,
            matrix: Matrix::from_fn(2, 2, |i, j| view.get(i, j).re()),
        });
    }
    let diagonal = Matrix::from_fn(2, 2, |k, c| if k == c { axes[k].estimate() } else { 0.0 });
    Ok(Ellipse { from: Matrix::identity(2), to: diagonal.clone(), axes, matrix: diagonal })
}

impl AnyOperator<'_> {
    /// [`regions::ellipse`](crate::regions::ellipse) of this operator.
    ///
    /// # Errors
    ///
    /// As [`regions::ellipse`](crate::regions::ellipse).
    pub fn ellipse(&self, plane: (usize, usize)) -> Result<Ellipse> {
        wide!(self, a => self::ellipse(a, plane)).map(RealOrComplex::into_inner)
    }
}
