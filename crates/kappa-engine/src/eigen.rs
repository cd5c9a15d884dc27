//! Hessenberg form, eigenvalues and eigenvectors of general matrices.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{self, ComputeEigenvectors, hessenberg};
use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj,
};
use faer::linalg::qr::no_pivoting::factor::recommended_block_size;
use faer::reborrow::ReborrowMut;
use faer::traits::ComplexField;
use faer::{Conj, Mat, MatMut, MatRef};
use num_complex::Complex64;

use crate::cut::Cut;
use crate::failed::Failed;

/// Overwrites A with its Hessenberg form H, zero below the first subdiagonal; returns the unitary Q of A = QHQᴴ.
pub(crate) fn hessenberg_form<T: ComplexField + Default>(a: &mut [T], order: usize, cut: Cut) -> Vec<T> {
    let n = order;
    let mut q: Vec<T> = (0..n * n).map(|_| T::default()).collect();
    (0..n).for_each(|i| q[i * n + i] = T::one_impl());
    if n <= 1 {
        return q;
    }
    let par = cut.par();
    let mut t = MatMut::from_column_major_slice_mut(a, n, n);
    let mut z = MatMut::from_column_major_slice_mut(&mut q, n, n);
    let block = recommended_block_size::<T>(n - 1, n - 1);
    let mut householder = Mat::<T>::zeros(block, n - 1);
    let reduce = hessenberg::hessenberg_in_place_scratch::<T>(n, block, par, Default::default());
    let apply = apply_block_householder_sequence_on_the_left_in_place_scratch::<T>(n - 1, block, n - 1);
    let mut memory = MemBuffer::new(reduce.or(apply));
    let stack = MemStack::new(&mut memory);
    hessenberg::hessenberg_in_place(t.rb_mut(), householder.as_mut(), par, stack, Default::default());
    apply_block_householder_sequence_on_the_left_in_place_with_conj(
        t.as_ref().submatrix(1, 0, n - 1, n - 1),
        householder.as_ref(),
        Conj::No,
        z.rb_mut().submatrix_mut(1, 1, n - 1, n - 1),
        par,
        MemStack::new(&mut memory),
    );
    for j in 0..n {
        for i in j + 2..n {
            t[(i, j)] = T::default();
        }
    }
    q
}

/// Which eigenvectors are computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sides {
    /// Eigenvalues alone.
    Neither,
    /// Right eigenvectors.
    Right,
    /// Right and left eigenvectors.
    Both,
}

impl Sides {
    fn right(self) -> ComputeEigenvectors {
        if self == Self::Neither { ComputeEigenvectors::No } else { ComputeEigenvectors::Yes }
    }

    fn left(self) -> ComputeEigenvectors {
        if self == Self::Both { ComputeEigenvectors::Yes } else { ComputeEigenvectors::No }
    }

    /// The numbers of right and of left eigenvectors.
    fn columns(self, n: usize) -> (usize, usize) {
        let count = |wanted| if wanted == ComputeEigenvectors::Yes { n } else { 0 };
        (count(self.right()), count(self.left()))
    }
}

/// Eigenvalues, right and left eigenvectors of a square matrix in column-major order; empty where they are not
/// computed.
pub type Eigen = (Vec<Complex64>, Vec<Complex64>, Vec<Complex64>);

/// Eigenvalues and eigenvectors of a real n×n matrix.
///
/// # Errors
///
/// When the iteration does not converge.
pub fn eig_real(a: &[f64], n: usize, sides: Sides, cut: Cut) -> Result<Eigen, Failed> {
    let par = cut.par();
    let scratch = evd::evd_scratch::<f64>(n, sides.left(), sides.right(), par, Default::default());
    let mut memory = MemBuffer::new(scratch);
    let (mut re, mut im) = (Diag::<f64>::zeros(n), Diag::<f64>::zeros(n));
    let (r, l) = sides.columns(n);
    let (mut left, mut right) = (Mat::<f64>::zeros(n, l), Mat::<f64>::zeros(n, r));
    evd::evd_real(
        MatRef::from_column_major_slice(a, n, n),
        re.as_mut(),
        im.as_mut(),
        (l > 0).then(|| left.as_mut()),
        (r > 0).then(|| right.as_mut()),
        par,
        MemStack::new(&mut memory),
        Default::default(),
    )
    .map_err(|_| Failed)?;
    let values: Vec<Complex64> = (0..n).map(|i| Complex64::new(re[i], im[i])).collect();
    let (right, left) = (unpacked(&values, &right), unpacked(&values, &left));
    Ok((values, right, left))
}

/// Complex eigenvectors: faer stores those of a conjugate pair in two real columns, the real and the imaginary part.
fn unpacked(values: &[Complex64], x: &Mat<f64>) -> Vec<Complex64> {
    let (n, count) = (x.nrows(), x.ncols());
    let mut out = vec![Complex64::default(); n * count];
    let mut j = 0;
    while j < count {
        let pair = values[j].im != 0.0 && j + 1 < count;
        for i in 0..n {
            let second = if pair { x[(i, j + 1)] } else { 0.0 };
            out[j * n + i] = Complex64::new(x[(i, j)], second);
            if pair {
                out[(j + 1) * n + i] = Complex64::new(x[(i, j)], -second);
            }
        }
        j += if pair { 2 } else { 1 };
    }
    out
}

/// Eigenvalues and eigenvectors of a complex n×n matrix.
///
/// # Errors
///
/// When the iteration does not converge.
pub fn eig_complex(a: &[Complex64], n: usize, sides: Sides, cut: Cut) -> Result<Eigen, Failed> {
    let par = cut.par();
    let scratch = evd::evd_scratch::<Complex64>(n, sides.left(), sides.right(), par, Default::default());
    let mut memory = MemBuffer::new(scratch);
    let mut values = Diag::<Complex64>::zeros(n);
    let (r, l) = sides.columns(n);
    let (mut left, mut right) = (vec![Complex64::default(); n * l], vec![Complex64::default(); n * r]);
    evd::evd_cplx(
        MatRef::from_column_major_slice(a, n, n),
        values.as_mut(),
        (l > 0).then(|| MatMut::from_column_major_slice_mut(&mut left, n, n)),
        (r > 0).then(|| MatMut::from_column_major_slice_mut(&mut right, n, n)),
        par,
        MemStack::new(&mut memory),
        Default::default(),
    )
    .map_err(|_| Failed)?;
    Ok((values.column_vector().iter().copied().collect(), right, left))
}
