//! A tensor as a matrix.

use kappa::{AnyOperator, MatrixRef, c64};
use kappa_tensors::{DType, Numbers, Order, Tensor};

use crate::{Error, Result};

/// The shape of the matrix that represents a tensor, or why there is none.
///
/// Tensors of two dimensions are matrices. Convolutions become (out, in·kernel): `[d₀, d₁·d₂·…]` in PyTorch's layout,
/// and `[d₀·d₁·…, dₖ]` for Keras kernels, whose last dimension is the output. Vectors and single numbers are not
/// matrices.
pub(crate) fn matrix_shape(name: &str, shape: &[usize]) -> std::result::Result<(usize, usize), &'static str> {
    match shape {
        _ if shape.contains(&0) => Err("an empty tensor"),
        [] => Err("a single number"),
        [_] => Err("a vector"),
        _ => Ok(matrix_of(name, shape)),
    }
}

/// The shape of the matrix in which a tensor is read, whatever its dimensions: a vector is a column.
pub(crate) fn matrix_of(name: &str, shape: &[usize]) -> (usize, usize) {
    let product = |sides: &[usize]| sides.iter().fold(1usize, |product, &side| product.saturating_mul(side));
    match shape {
        [] => (1, 1),
        [n] => (*n, 1),
        [m, n] => (*m, *n),
        [first @ .., last] if is_keras_kernel(name) => (product(first), *last),
        [first, rest @ ..] => (*first, product(rest)),
    }
}

/// The number of positions of a convolution kernel; 1 for a matrix.
pub(crate) fn kernel_positions(name: &str, shape: &[usize]) -> usize {
    match shape {
        [first @ .., _, _] if is_keras_kernel(name) => first.iter().product(),
        [_, _, rest @ ..] => rest.iter().product(),
        _ => 1,
    }
}

/// Keras names its weights kernels and puts the output last; PyTorch names them weights and puts it first.
pub(crate) fn is_keras_kernel(name: &str) -> bool {
    name.to_lowercase().contains("kernel")
}

/// A tensor as a matrix for questions: all entries, or the nonzero entries of a sparse matrix.
#[derive(Debug)]
pub enum LayerMatrix<'a> {
    /// All entries.
    Dense {
        /// Rows.
        rows: usize,
        /// Columns.
        columns: usize,
        /// The numbers.
        tensor: Tensor<'a>,
        /// The ε of the type in which the file stores them.
        epsilon: f64,
    },
    /// A large sparse matrix of real numbers.
    Sparse(kappa::Sparse<f64>),
    /// A large sparse matrix of complex numbers.
    SparseComplex(kappa::Sparse<c64>),
}

impl<'a> LayerMatrix<'a> {
    pub(crate) fn new(tensor: Tensor<'a>, (rows, columns): (usize, usize), dtype: DType) -> Self {
        Self::Dense { rows, columns, tensor, epsilon: dtype.epsilon() }
    }

    /// The matrix as an operator, for any question. A column-major tensor of more than two dimensions is reordered to
    /// row-major first.
    ///
    /// # Errors
    ///
    /// When the number of entries does not fit the shape of the matrix.
    pub fn operator(&self) -> Result<AnyOperator<'_>> {
        match self {
            Self::Dense { rows, columns, tensor, epsilon } => {
                Ok(dense(tensor, (*rows, *columns))?.stored_with(*epsilon))
            }
            Self::Sparse(a) => Ok(a.into()),
            Self::SparseComplex(a) => Ok(a.into()),
        }
    }
}

/// The entries of a tensor as a matrix of this shape.
pub(crate) fn numbers_as_matrix<'a>(
    numbers: &'a Numbers<'_>,
    order: Order,
    (m, n): (usize, usize),
) -> kappa::Result<AnyOperator<'a>> {
    fn view<T: kappa::Scalar>(x: &[T], order: Order, m: usize, n: usize) -> kappa::Result<MatrixRef<'_, T>> {
        Ok(match order {
            Order::ColumnMajor => MatrixRef::column_major(m, n, x)?,
            Order::RowMajor => MatrixRef::row_major(m, n, x)?,
        })
    }
    Ok(match numbers {
        Numbers::F32(x) => view(x, order, m, n)?.into(),
        Numbers::F64(x) => view(x, order, m, n)?.into(),
        Numbers::C32(x) => view(x, order, m, n)?.into(),
        Numbers::C64(x) => view(x, order, m, n)?.into(),
    })
}

fn dense<'a>(tensor: &'a Tensor<'_>, shape: (usize, usize)) -> Result<AnyOperator<'a>> {
    numbers_as_matrix(&tensor.numbers, tensor.order, shape).map_err(|e| Error::about("tensor", &e))
}

/// A tensor of more than two dimensions in row-major order, so that it can be cut into rows.
pub(crate) fn row_major(tensor: Tensor<'_>) -> Tensor<'_> {
    if tensor.order == Order::RowMajor || tensor.shape.len() <= 2 {
        return tensor;
    }
    let shape = tensor.shape.clone();
    // Column-major order with reversed dimensions is row-major order of the transpose.
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

/// Whether two tensors hold the same numbers, bit for bit up to their type.
pub(crate) fn same_numbers(a: &Tensor<'_>, b: &Tensor<'_>) -> bool {
    a.shape == b.shape && a.order == b.order && a.numbers == b.numbers
}
