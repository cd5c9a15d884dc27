//! A tensor as a matrix.

use kappa::{LinearOperator, MatrixRef, Profile, Question, c32, c64};
use kappa_tensors::{Numbers, Order, Tensor};

use crate::{Error, PartialDecomposition, Result, SingularTriplets};

/// The shape of the matrix that stands for a tensor, or why there is none.
///
/// Two dimensions are themselves. Convolutions become (out, in·kernel): `[d₀, d₁·d₂·…]` in PyTorch's layout, and
/// `[d₀·d₁·…, dₖ]` for Keras kernels, whose last dimension is the output. Vectors and single numbers are no matrices.
pub(crate) fn matrix_shape(name: &str, shape: &[usize]) -> std::result::Result<(usize, usize), &'static str> {
    if shape.contains(&0) {
        return Err("an empty tensor");
    }
    match shape {
        [] => Err("a single number"),
        [_] => Err("a vector"),
        [m, n] => Ok((*m, *n)),
        [first @ .., last] if is_keras_kernel(name) => Ok((first.iter().product(), *last)),
        [first, rest @ ..] => Ok((*first, rest.iter().product())),
    }
}

/// How many places the kernel of a convolution covers; 1 for a matrix.
pub(crate) fn kernel_positions(name: &str, shape: &[usize]) -> usize {
    match shape {
        [first @ .., _, _] if is_keras_kernel(name) => first.iter().product(),
        [_, _, rest @ ..] => rest.iter().product(),
        _ => 1,
    }
}

/// Keras calls its weights kernels and puts the output last; PyTorch calls them weights and puts it first.
fn is_keras_kernel(name: &str) -> bool {
    name.to_lowercase().contains("kernel")
}

/// The numbers of a tensor, as a matrix that can be asked.
#[derive(Debug)]
pub struct LayerMatrix<'a> {
    rows: usize,
    columns: usize,
    tensor: Tensor<'a>,
}

/// A matrix in one of the four types.
#[derive(Clone, Copy, Debug)]
pub enum MatrixView<'a> {
    /// From f8, f16, bf16 and f32.
    F32(MatrixRef<'a, f32>),
    /// From f64 and integers.
    F64(MatrixRef<'a, f64>),
    /// From complex of f32.
    C32(MatrixRef<'a, c32>),
    /// From complex of f64.
    C64(MatrixRef<'a, c64>),
}

macro_rules! view_of {
    ($($type:ty => $variant:ident),*) => {$(
        impl<'a> From<MatrixRef<'a, $type>> for MatrixView<'a> {
            fn from(a: MatrixRef<'a, $type>) -> Self {
                Self::$variant(a)
            }
        }
    )*};
}
view_of!(f32 => F32, f64 => F64, c32 => C32, c64 => C64);

/// Does the same with a matrix of any of the four types.
macro_rules! with_view {
    ($view:expr, $a:ident => $body:expr) => {
        match $view {
            MatrixView::F32($a) => $body,
            MatrixView::F64($a) => $body,
            MatrixView::C32($a) => $body,
            MatrixView::C64($a) => $body,
        }
    };
}

impl<'a> LayerMatrix<'a> {
    pub(crate) fn new(tensor: Tensor<'a>, (rows, columns): (usize, usize)) -> Self {
        Self { rows, columns, tensor }
    }

    /// The matrix. Tensors of more than two dimensions in column-major order are brought into row-major order first.
    pub fn view(&self) -> Result<MatrixView<'_>> {
        let (m, n) = (self.rows, self.columns);
        let by_columns = self.tensor.order == Order::ColumnMajor;
        macro_rules! view {
            ($numbers:expr, $variant:ident) => {{
                let view = if by_columns {
                    MatrixRef::column_major(m, n, $numbers)
                } else {
                    MatrixRef::row_major(m, n, $numbers)
                };
                view.map(MatrixView::$variant)
            }};
        }
        let view = match &self.tensor.numbers {
            Numbers::F32(x) => view!(x, F32),
            Numbers::F64(x) => view!(x, F64),
            Numbers::C32(x) => view!(x, C32),
            Numbers::C64(x) => view!(x, C64),
        };
        view.map_err(|e| Error::about("tensor", &e.into()))
    }
}

/// A tensor of more than two dimensions in row-major order, so that it can be cut into rows.
pub(crate) fn row_major(tensor: Tensor<'_>) -> Tensor<'_> {
    if tensor.order == Order::RowMajor || tensor.shape.len() <= 2 {
        return tensor;
    }
    let shape = tensor.shape.clone();
    // Reversed dimensions turn column-major order into row-major order of the transpose.
    let permute = |position: usize| {
        let (mut rest, mut index, mut stride) = (position, 0, 1);
        let mut strides = Vec::with_capacity(shape.len());
        for &d in &shape {
            strides.push(stride);
            stride *= d;
        }
        for (&d, &s) in shape.iter().zip(&strides).rev() {
            index += rest % d * s;
            rest /= d;
        }
        index
    };
    macro_rules! permuted {
        ($x:expr, $variant:ident) => {
            Numbers::$variant((0..$x.len()).map(|k| $x[permute(k)]).collect())
        };
    }
    let numbers = match &tensor.numbers {
        Numbers::F32(x) => permuted!(x, F32),
        Numbers::F64(x) => permuted!(x, F64),
        Numbers::C32(x) => permuted!(x, C32),
        Numbers::C64(x) => permuted!(x, C64),
    };
    Tensor { shape: tensor.shape, order: Order::RowMajor, numbers }
}

impl MatrixView<'_> {
    /// The matrix in double precision; exact.
    pub fn to_wide(&self) -> WideMatrix {
        match self {
            Self::F32(a) => WideMatrix::Real(a.to_wide()),
            Self::F64(a) => WideMatrix::Real(a.to_wide()),
            Self::C32(a) => WideMatrix::Complex(a.to_wide()),
            Self::C64(a) => WideMatrix::Complex(a.to_wide()),
        }
    }

    /// The condition number in a norm, and how it was found.
    pub fn cond_by(&self, norm: kappa::Norm) -> kappa::Result<(kappa::Enclosure, String)> {
        with_view!(self, a => kappa::cond_by(a, norm))
    }

    /// The condition number in a norm, every rounding error counted; it may lie beyond all doubles.
    pub fn certified_cond(&self, norm: kappa::Norm) -> kappa::Result<kappa::Condition> {
        with_view!(self, a => kappa::certified_cond(a, norm))
    }

    /// (m, n).
    pub fn shape(&self) -> (usize, usize) {
        with_view!(self, a => a.shape())
    }

    /// Everything that one pass and one set of singular values say.
    pub fn profile(&self) -> kappa::Result<Profile> {
        with_view!(self, a => Profile::of(a))
    }

    /// Several questions at once.
    pub fn measure(&self, questions: &[Question]) -> kappa::Result<Vec<kappa::Enclosure>> {
        with_view!(self, a => kappa::measure(a, questions))
    }

    /// One norm.
    pub fn norm(&self, norm: kappa::Norm) -> kappa::Result<kappa::Enclosure> {
        with_view!(self, a => kappa::norm(a, norm))
    }

    /// One norm, every rounding error counted.
    pub fn certified_norm(&self, norm: kappa::Norm) -> kappa::Result<kappa::Enclosure> {
        with_view!(self, a => kappa::certified_norm(a, norm))
    }

    /// The spectral norm to a relative width.
    pub fn spectral_norm(&self, how: &kappa::Lanczos) -> kappa::Result<kappa::Enclosure> {
        with_view!(self, a => kappa::spectral_norm(a, how))
    }

    /// The spectral norm, certified, and by which certificate.
    pub fn certified_spectral_norm(
        &self,
        how: &kappa::SpectralCertificate,
    ) -> kappa::Result<(kappa::Enclosure, kappa::SpectralMethod)> {
        with_view!(self, a => kappa::certified_spectral_norm_by(a, how))
    }

    /// The Frobenius norm from random products alone.
    pub fn frobenius_by_sampling(&self, how: &kappa::Hutchinson) -> kappa::Result<kappa::Enclosure> {
        with_view!(self, a => kappa::frobenius_by_sampling(a, how))
    }

    /// All singular values, every rounding error counted.
    pub fn certified_singular_values(&self) -> kappa::Result<kappa::SingularValues> {
        with_view!(self, a => kappa::certified_singular_values(a))
    }

    /// Several questions at once, every rounding error counted.
    pub fn certified_measure(&self, questions: &[Question]) -> kappa::Result<Vec<kappa::Enclosure>> {
        with_view!(self, a => kappa::certified_measure(a, questions))
    }

    /// Everything that one pass and one certified set of singular values say.
    pub fn certified_profile(&self) -> kappa::Result<Profile> {
        with_view!(self, a => Profile::certified(a))
    }

    /// What a norm does to the matrix: its slope there, its proximal point, the nearest and the lowest point of its ball.
    pub fn under(&self, norm: kappa::Norm, action: BallAction) -> kappa::Result<Changed> {
        match self {
            Self::F32(a) => under(a, norm, action).map(Changed::from_real),
            Self::F64(a) => under(a, norm, action).map(Changed::from_real),
            Self::C32(a) => under(a, norm, action).map(Changed::from_complex),
            Self::C64(a) => under(a, norm, action).map(Changed::from_complex),
        }
    }

    /// The entries in double precision, row after row, where they are real.
    pub fn real_entries(&self) -> Option<Vec<f64>> {
        fn rows<T: kappa::Scalar>(a: &MatrixRef<'_, T>) -> Vec<f64> {
            (0..a.rows()).flat_map(|i| (0..a.columns()).map(move |j| a.get(i, j).re())).collect()
        }
        match self {
            Self::F32(a) => Some(rows(a)),
            Self::F64(a) => Some(rows(a)),
            Self::C32(_) | Self::C64(_) => None,
        }
    }

    /// The entries in double precision, row after row.
    pub fn complex_entries(&self) -> Vec<c64> {
        with_view!(self, a => (0..a.rows())
            .flat_map(|i| (0..a.columns()).map(move |j| c64::new(kappa::Scalar::re(a.get(i, j)), kappa::Scalar::im(a.get(i, j)))))
            .collect())
    }

    /// All singular values.
    pub fn singular_values(&self) -> kappa::Result<kappa::SingularValues> {
        with_view!(self, a => kappa::singular_values(a))
    }

    /// All singular values, those above this share of the largest as accurate as single precision.
    pub fn singular_values_above(&self, floor: f64) -> kappa::Result<kappa::SingularValues> {
        with_view!(self, a => kappa::singular_values_above(a, floor))
    }

    /// The plan for that.
    pub fn plan_above(&self, floor: f64) -> kappa::Plan {
        match self {
            Self::F32(_) | Self::C32(_) => kappa::Plan::singular_values_above::<f32>(self.shape(), floor),
            Self::F64(_) | Self::C64(_) => kappa::Plan::singular_values(self.shape()),
        }
    }

    /// How the singular values are spread, from products with random vectors.
    pub fn lanczos_density(&self, how: &kappa::StochasticLanczos) -> kappa::Result<kappa::LanczosDensity> {
        with_view!(self, a => kappa::LanczosDensity::of(a, how))
    }

    /// Some singular triplets.
    pub fn triplets(&self, which: &SingularTriplets) -> kappa::Result<PartialDecomposition> {
        with_view!(self, a => Ok(which.of(a)?.into()))
    }

    /// The singular value decomposition: real, or complex.
    pub fn svd(&self, full: bool) -> kappa::Result<Decomposition> {
        use Decomposition::{Complex, Real};
        match (self, full) {
            (Self::F32(a), false) => kappa::svd(a).map(Real),
            (Self::F64(a), false) => kappa::svd(a).map(Real),
            (Self::C32(a), false) => kappa::svd(a).map(Complex),
            (Self::C64(a), false) => kappa::svd(a).map(Complex),
            (Self::F32(a), true) => kappa::svd_full(a).map(Real),
            (Self::F64(a), true) => kappa::svd_full(a).map(Real),
            (Self::C32(a), true) => kappa::svd_full(a).map(Complex),
            (Self::C64(a), true) => kappa::svd_full(a).map(Complex),
        }
    }
}

/// What can be done with a matrix and the ball of a norm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BallAction {
    /// A subgradient of the norm.
    Subgradient,
    /// argmin ½‖X − A‖_F² + λ‖X‖.
    Prox(f64),
    /// The nearest matrix with at most this norm.
    Project(f64),
    /// argmin Re⟨A, X⟩ over the matrices with at most this norm.
    LinearMinimum(f64),
}

/// A matrix made from another one.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The matrix.
    pub matrix: WideMatrix,
    /// For a subgradient, whether it is the only one.
    pub is_unique: Option<bool>,
}

/// Does the same with a matrix in double precision, real or complex.
#[macro_export]
macro_rules! with_wide {
    ($matrix:expr, $a:ident => $body:expr) => {
        match $matrix {
            $crate::WideMatrix::Real($a) => $body,
            $crate::WideMatrix::Complex($a) => $body,
        }
    };
}

/// A matrix in double precision.
#[derive(Clone, Debug)]
pub enum WideMatrix {
    /// Real.
    Real(kappa::Matrix<f64>),
    /// Complex.
    Complex(kappa::Matrix<c64>),
}

impl WideMatrix {
    /// As a complex matrix.
    pub fn complex(&self) -> kappa::Matrix<c64> {
        match self {
            Self::Real(a) => kappa::Matrix::from_fn(a.rows(), a.columns(), |i, j| c64::new(a[(i, j)], 0.0)),
            Self::Complex(a) => a.clone(),
        }
    }

    /// (m, n).
    pub fn shape(&self) -> (usize, usize) {
        with_wide!(self, a => (a.rows(), a.columns()))
    }

    /// The entries as one column: a vector, whichever way it lies in its file.
    pub fn into_vector(self) -> Self {
        fn column<T: kappa::Scalar>(a: kappa::Matrix<T>) -> kappa::Matrix<T> {
            let (m, n) = (a.rows(), a.columns());
            kappa::Matrix::from_fn(m * n, 1, |k, _| a[(k / n, k % n)])
        }
        match self {
            Self::Real(a) => Self::Real(column(a)),
            Self::Complex(a) => Self::Complex(column(a)),
        }
    }
}

impl From<kappa::Matrix<f64>> for WideMatrix {
    fn from(a: kappa::Matrix<f64>) -> Self {
        Self::Real(a)
    }
}

impl From<kappa::Matrix<c64>> for WideMatrix {
    fn from(a: kappa::Matrix<c64>) -> Self {
        Self::Complex(a)
    }
}

impl Changed {
    fn from_real((matrix, is_unique): (kappa::Matrix<f64>, Option<bool>)) -> Self {
        Self { matrix: WideMatrix::Real(matrix), is_unique }
    }

    fn from_complex((matrix, is_unique): (kappa::Matrix<c64>, Option<bool>)) -> Self {
        Self { matrix: WideMatrix::Complex(matrix), is_unique }
    }
}

fn under<T: kappa::Scalar>(
    a: &MatrixRef<'_, T>,
    norm: kappa::Norm,
    action: BallAction,
) -> kappa::Result<(kappa::Matrix<T::Wide>, Option<bool>)> {
    Ok(match action {
        BallAction::Subgradient => {
            let slope = norm.subgradient(a)?;
            (slope.matrix, Some(slope.is_unique))
        }
        BallAction::Prox(lambda) => (norm.prox(a, lambda)?, None),
        BallAction::Project(radius) => (norm.project(a, radius)?, None),
        BallAction::LinearMinimum(radius) => (norm.linear_minimum(a, radius)?, None),
    })
}

/// A singular value decomposition of a real or a complex matrix.
#[derive(Clone, Debug)]
pub enum Decomposition {
    /// Of a real matrix.
    Real(kappa::Svd<f64>),
    /// Of a complex matrix.
    Complex(kappa::Svd<c64>),
}

impl Decomposition {
    /// The singular values.
    pub fn singular_values(&self) -> &kappa::SingularValues {
        match self {
            Self::Real(f) => f.singular_values(),
            Self::Complex(f) => f.singular_values(),
        }
    }
}

/// Whether two tensors hold the same numbers, bit for bit up to their type.
pub(crate) fn same_numbers(a: &Tensor<'_>, b: &Tensor<'_>) -> bool {
    a.shape == b.shape && a.order == b.order && a.numbers == b.numbers
}
