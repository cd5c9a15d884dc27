//! One type for every matrix that a user can pass, of any entry type and any storage form.

use kappa_dense::{Matrix, MatrixRef, Scalar, c32, c64};

use super::{Form, LinearOperator, Sparse};
use crate::error::Result;
use crate::values::SingularValues;

/// A matrix whose entry type is known at run time only: `f32`, `f64`, `c32` or `c64`; dense, sparse, or given by
/// products.
///
/// Files, NumPy arrays, SciPy sparse matrices and Python operators use this type. Each question is one of its methods,
/// has the same name as the function, and is compiled once, in this crate. A copy is cheap, because the entries are
/// borrowed.
///
/// # Examples
///
/// ```
/// # use kappa::{AnyOperator, Guarantee, Matrix, Norm, Sparse};
/// let dense = Matrix::from_row_major(1, 2, vec![3.0f32, 4.0])?;
/// let sparse = Sparse::from_triplets((60_000, 60_000), vec![(0, 0, 3.0f64), (7, 59_999, 4.0)])?;
/// for a in [AnyOperator::from(&dense), AnyOperator::from(&sparse)] {
///     assert!(a.norm_by(Norm::frobenius(), Guarantee::Usual)?.contains(5.0));
/// }
/// # Ok::<(), kappa::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub enum AnyOperator<'a> {
    /// Entries of `f32`; smaller formats are widened to it.
    F32(Operand<'a, f32>),
    /// Entries of `f64`.
    F64(Operand<'a, f64>),
    /// Complex entries of two `f32`.
    C32(Operand<'a, c32>),
    /// Complex entries of two `f64`.
    C64(Operand<'a, c64>),
}

/// An operator in any form, with one type of entries.
#[derive(Clone, Copy)]
pub struct Operand<'a, T: Scalar> {
    held: Held<'a, T>,
    epsilon: f64,
}

#[derive(Clone, Copy)]
enum Held<'a, T: Scalar> {
    Dense(MatrixRef<'a, T>),
    Sparse(&'a Sparse<T>),
    Products(&'a (dyn LinearOperator<T> + Sync)),
}

impl<'a, T: Scalar> Operand<'a, T> {
    fn new(held: Held<'a, T>) -> Self {
        let epsilon = if let Held::Products(a) = held { a.epsilon() } else { T::EPSILON };
        Self { held, epsilon }
    }
}

impl<T: Scalar> std::fmt::Debug for Operand<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let form = match self.held {
            Held::Dense(_) => "dense",
            Held::Sparse(_) => "sparse",
            Held::Products(_) => "products",
        };
        let (m, n) = self.shape();
        write!(f, "{form} {m}×{n} {}", T::NAME)
    }
}

impl<T: Scalar> LinearOperator<T> for Operand<'_, T> {
    fn shape(&self) -> (usize, usize) {
        match &self.held {
            Held::Dense(a) => a.shape(),
            Held::Sparse(a) => a.shape(),
            Held::Products(a) => a.shape(),
        }
    }

    fn apply(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        match &self.held {
            Held::Dense(a) => a.apply(x),
            Held::Sparse(a) => a.apply(x),
            Held::Products(a) => a.apply(x),
        }
    }

    fn apply_adjoint(&self, x: &Matrix<T>) -> Result<Matrix<T>> {
        match &self.held {
            Held::Dense(a) => a.apply_adjoint(x),
            Held::Sparse(a) => a.apply_adjoint(x),
            Held::Products(a) => a.apply_adjoint(x),
        }
    }

    fn form(&self) -> Form<'_, T> {
        match &self.held {
            Held::Dense(a) => Form::Dense(*a),
            Held::Sparse(a) => Form::Sparse(a),
            Held::Products(a) => a.form(),
        }
    }

    fn epsilon(&self) -> f64 {
        self.epsilon
    }

    fn known_singular_values(&self) -> Option<SingularValues> {
        match &self.held {
            Held::Products(a) => a.known_singular_values(),
            _ => None,
        }
    }

    fn to_dense(&self) -> Result<Matrix<T>> {
        match &self.held {
            Held::Dense(a) => a.to_dense(),
            Held::Sparse(a) => a.to_dense(),
            Held::Products(a) => a.to_dense(),
        }
    }
}

/// An operand in double precision: borrowed when it is stored so, otherwise a copy. It keeps the ε of the stored type.
pub(crate) struct Widened<'a, W: Scalar> {
    entries: WideEntries<'a, W>,
    epsilon: f64,
}

enum WideEntries<'a, W: Scalar> {
    Borrowed(Operand<'a, W>),
    Dense(Matrix<W>),
    Sparse(Sparse<W>),
}

impl<W: Scalar> Widened<'_, W> {
    pub(crate) fn operand(&self) -> Operand<'_, W> {
        let held = match &self.entries {
            WideEntries::Borrowed(a) => a.held,
            WideEntries::Dense(a) => Held::Dense(a.as_ref()),
            WideEntries::Sparse(a) => Held::Sparse(a),
        };
        Operand { held, epsilon: self.epsilon }
    }
}

impl<'a, T: Scalar> Operand<'a, T> {
    /// A copy with every entry converted; an operator given by products is converted to a dense matrix.
    fn converted<W: Scalar>(&self, convert: impl Fn(T) -> W) -> Result<Widened<'a, W>> {
        let dense = |a: MatrixRef<'_, T>| Matrix::from_fn(a.rows(), a.columns(), |i, j| convert(a.get(i, j)));
        let entries = match self.form() {
            Form::Dense(a) => WideEntries::Dense(dense(a)),
            Form::Sparse(a) => WideEntries::Sparse(a.map(convert)),
            Form::Products => WideEntries::Dense(dense(self.to_dense()?.as_ref())),
        };
        Ok(Widened { entries, epsilon: self.epsilon })
    }

    fn borrowed(self) -> Widened<'a, T> {
        Widened { entries: WideEntries::Borrowed(self), epsilon: self.epsilon }
    }
}

/// An operator in double precision, real or complex.
pub(crate) type AnyWidened<'a> = RealOrComplex<Widened<'a, f64>, Widened<'a, c64>>;

impl<'a> AnyWidened<'a> {
    pub(crate) fn into_complex(self) -> Result<Widened<'a, c64>> {
        match self {
            Self::Real(a) => {
                let Widened { entries, epsilon } = a.operand().converted(|x| c64::new(x, 0.0))?;
                let entries = match entries {
                    WideEntries::Dense(a) => WideEntries::Dense(a),
                    WideEntries::Sparse(a) => WideEntries::Sparse(a),
                    WideEntries::Borrowed(_) => unreachable!("a conversion owns its entries"),
                };
                Ok(Widened { entries, epsilon })
            }
            Self::Complex(a) => Ok(a),
        }
    }
}

impl<'a> AnyOperator<'a> {
    /// The operator in double precision; a copy only when it is stored in single precision.
    pub(crate) fn widened(&self) -> Result<AnyWidened<'a>> {
        Ok(match self {
            Self::F32(a) => RealOrComplex::Real(a.converted(Scalar::widen)?),
            Self::F64(a) => RealOrComplex::Real(a.borrowed()),
            Self::C32(a) => RealOrComplex::Complex(a.converted(Scalar::widen)?),
            Self::C64(a) => RealOrComplex::Complex(a.borrowed()),
        })
    }
}

/// A value that belongs to a real or to a complex matrix.
#[derive(Clone, Debug, PartialEq)]
pub enum RealOrComplex<R, C> {
    /// The value for a real matrix.
    Real(R),
    /// The value for a complex matrix.
    Complex(C),
}

impl<X> RealOrComplex<X, X> {
    /// The value, when both have the same type.
    pub fn into_inner(self) -> X {
        match self {
            Self::Real(x) | Self::Complex(x) => x,
        }
    }
}

/// A matrix of doubles, real or complex.
pub type AnyMatrix = RealOrComplex<Matrix<f64>, Matrix<c64>>;

/// Evaluates the same expression for both variants of a [`RealOrComplex`].
macro_rules! both {
    ($value:expr, $x:ident => $body:expr) => {
        match $value {
            $crate::operator::RealOrComplex::Real($x) => $body,
            $crate::operator::RealOrComplex::Complex($x) => $body,
        }
    };
}

/// Evaluates the same expression for each entry type.
macro_rules! each {
    ($any:expr, $a:ident => $body:expr) => {
        match $any {
            $crate::operator::AnyOperator::F32($a) => $body,
            $crate::operator::AnyOperator::F64($a) => $body,
            $crate::operator::AnyOperator::C32($a) => $body,
            $crate::operator::AnyOperator::C64($a) => $body,
        }
    };
}

/// Evaluates the same expression for the operand in double precision, real or complex: `Result<RealOrComplex<…>>`.
macro_rules! wide {
    ($any:expr, $a:ident => $body:expr) => {
        match $any.widened()? {
            $crate::operator::RealOrComplex::Real(a) => {
                let $a = &a.operand();
                $body.map($crate::operator::RealOrComplex::Real)
            }
            $crate::operator::RealOrComplex::Complex(a) => {
                let $a = &a.operand();
                $body.map($crate::operator::RealOrComplex::Complex)
            }
        }
    };
}

/// [`wide!`] with a right-hand side: both real, or both complex.
macro_rules! wide_with {
    (($any:expr, $right:expr), ($a:ident, $b:ident) => $body:expr) => {
        match ($any.widened()?, $right) {
            ($crate::operator::RealOrComplex::Real(a), $crate::operator::RealOrComplex::Real($b)) => {
                let $a = &a.operand();
                $body.map($crate::operator::RealOrComplex::Real)
            }
            (a, b) => {
                let (a, $b) = (a.into_complex()?, &b.to_complex());
                let $a = &a.operand();
                $body.map($crate::operator::RealOrComplex::Complex)
            }
        }
    };
}

/// [`wide!`] for two operands: both real, or both complex.
macro_rules! wide_pair {
    (($any:expr, $other:expr), ($a:ident, $b:ident) => $body:expr) => {
        match ($any.widened()?, $other.widened()?) {
            ($crate::operator::RealOrComplex::Real(a), $crate::operator::RealOrComplex::Real(b)) => {
                let ($a, $b) = (&a.operand(), &b.operand());
                $body.map($crate::operator::RealOrComplex::Real)
            }
            (a, b) => {
                let (a, b) = (a.into_complex()?, b.into_complex()?);
                let ($a, $b) = (&a.operand(), &b.operand());
                $body.map($crate::operator::RealOrComplex::Complex)
            }
        }
    };
}
pub(crate) use {both, each, wide, wide_pair, wide_with};

impl AnyOperator<'_> {
    /// The same operator with entries that were rounded to a type of this ε before they were widened: 2⁻⁷ for bf16. The
    /// default tolerance of ranks follows it.
    pub fn stored_with(mut self, epsilon: f64) -> Self {
        each!(&mut self, a => a.epsilon = epsilon);
        self
    }

    /// The shape (m, n): the numbers of rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        each!(self, a => a.shape())
    }

    /// The name of the entry type: `f32`, `f64`, `c32` or `c64`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::F32(_) => f32::NAME,
            Self::F64(_) => f64::NAME,
            Self::C32(_) => c32::NAME,
            Self::C64(_) => c64::NAME,
        }
    }

    /// Whether the entries are complex.
    pub fn is_complex(&self) -> bool {
        matches!(self, Self::C32(_) | Self::C64(_))
    }

    /// Whether the matrix is stored as a dense matrix.
    pub fn is_dense(&self) -> bool {
        each!(self, a => matches!(a.form(), Form::Dense(_)))
    }

    /// Whether the matrix is stored as a sparse matrix.
    pub fn is_sparse(&self) -> bool {
        each!(self, a => matches!(a.form(), Form::Sparse(_)))
    }

    /// The dense matrix in double precision. An operator given by products takes n products with a vector.
    ///
    /// # Errors
    ///
    /// When the matrix is not dense and has more than [`DENSE_LIMIT`](crate::operator::DENSE_LIMIT) entries, or when a
    /// product fails.
    pub fn to_matrix(&self) -> Result<AnyMatrix> {
        fn written<T: Scalar>(a: &Operand<'_, T>) -> Result<Matrix<T::Wide>> {
            match a.form() {
                Form::Dense(a) => Ok(a.to_wide()),
                _ => Ok(a.to_dense()?.as_ref().to_wide()),
            }
        }
        each!(self, a => written(a).map(AnyMatrix::from))
    }
}

macro_rules! enters {
    ($($type:ty => $variant:ident),*) => {$(
        impl<'a> From<Operand<'a, $type>> for AnyOperator<'a> {
            fn from(a: Operand<'a, $type>) -> Self {
                Self::$variant(a)
            }
        }
        impl<'a> From<MatrixRef<'a, $type>> for AnyOperator<'a> {
            fn from(a: MatrixRef<'a, $type>) -> Self {
                Self::$variant(Operand::new(Held::Dense(a)))
            }
        }
        impl<'a> From<&'a Matrix<$type>> for AnyOperator<'a> {
            fn from(a: &'a Matrix<$type>) -> Self {
                Self::$variant(Operand::new(Held::Dense(a.as_ref())))
            }
        }
        impl<'a> From<&'a Sparse<$type>> for AnyOperator<'a> {
            fn from(a: &'a Sparse<$type>) -> Self {
                Self::$variant(Operand::new(Held::Sparse(a)))
            }
        }
        impl<'a> From<&'a (dyn LinearOperator<$type> + Sync)> for AnyOperator<'a> {
            fn from(a: &'a (dyn LinearOperator<$type> + Sync)) -> Self {
                Self::$variant(Operand::new(Held::Products(a)))
            }
        }
    )*};
}
enters!(f32 => F32, f64 => F64, c32 => C32, c64 => C64);

impl<'a> From<&'a AnyMatrix> for AnyOperator<'a> {
    fn from(a: &'a AnyMatrix) -> Self {
        both!(a, a => a.into())
    }
}

impl From<Matrix<f64>> for AnyMatrix {
    fn from(a: Matrix<f64>) -> Self {
        Self::Real(a)
    }
}

impl From<Matrix<c64>> for AnyMatrix {
    fn from(a: Matrix<c64>) -> Self {
        Self::Complex(a)
    }
}

impl AnyMatrix {
    /// The shape (m, n): the numbers of rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        both!(self, a => (a.rows(), a.columns()))
    }

    /// Whether the matrix is complex.
    pub fn is_complex(&self) -> bool {
        matches!(self, Self::Complex(_))
    }

    /// The entry at row `i`, column `j`, both counted from 0; its imaginary part is 0 when the matrix is real.
    pub fn get(&self, i: usize, j: usize) -> c64 {
        both!(self, a => c64::new(a[(i, j)].re(), a[(i, j)].im()))
    }

    /// A copy as a complex matrix.
    pub fn to_complex(&self) -> Matrix<c64> {
        Matrix::from_fn(self.shape().0, self.shape().1, |i, j| self.get(i, j))
    }

    /// A vector as a matrix with one column.
    pub(crate) fn column<W: Scalar>(x: &[W]) -> Self
    where
        Self: From<Matrix<W>>,
    {
        Matrix::from_fn(x.len(), 1, |i, _| x[i]).into()
    }

    /// The conjugate transpose.
    pub fn adjoint(&self) -> Self {
        both!(self, a => a.adjoint().into())
    }

    /// The complex conjugate.
    pub fn conjugate(self) -> Self {
        match self {
            Self::Real(a) => Self::Real(a),
            Self::Complex(mut a) => {
                a.as_mut_slice().iter_mut().for_each(|x| *x = x.conj());
                Self::Complex(a)
            }
        }
    }

    /// The entries as one column, row by row: row vectors and column vectors both become a column.
    pub fn into_column(self) -> Self {
        fn column<T: Scalar>(a: &Matrix<T>) -> Matrix<T> {
            let (m, n) = (a.rows(), a.columns());
            Matrix::from_fn(m * n, 1, |k, _| a[(k / n, k % n)])
        }
        both!(self, a => column(&a).into())
    }
}
