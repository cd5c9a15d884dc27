use kappa_dense::{Matrix, Scalar};

use crate::error::{Error, Result};
use crate::operator::{AnyOperator, Entries, LinearOperator, RealOrComplex, wide};
use crate::{Enclosure, singular_values, svd};

/// The image of the unit circle of a plane under a matrix, with the vectors that are stretched most and least.
#[derive(Clone, Debug, PartialEq)]
pub struct Ellipse {
    /// The directions in the plane that become the axes: v₁ and v₂ of the 2×2 matrix, in columns.
    pub from: Matrix<f64>,
    /// Their images in the plane of the images: σ₁u₁ and σ₂u₂, in columns.
    pub to: Matrix<f64>,
    /// The semi-axes.
    pub axes: [Enclosure; 2],
    /// The 2×2 matrix of the map between the planes.
    pub matrix: Matrix<f64>,
}

/// The ellipse that is the image of the unit circle under a real matrix.
///
/// For a 2×2 matrix the circle lies in the whole plane; for a larger one it lies in the plane of the right singular
/// vectors i and j, counted from 0, and the ellipse in the plane of the left ones.
///
/// # Errors
///
/// When the matrix is complex, when i = j or there are no such singular vectors, and as [`svd`](crate::svd).
///
/// # Examples
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
        return Err(Error::unsupported("the image of the unit circle is an ellipse for real matrices only"));
    }
    let p = view.rows().min(view.columns());
    if i >= p || j >= p || i == j {
        return Err(Error::shape(format!(
            "a {}×{} matrix has no plane of singular vectors ({i}, {j})",
            view.rows(),
            view.columns()
        ))
        .with_hint("give two different numbers of singular vectors, counted from 0"));
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
