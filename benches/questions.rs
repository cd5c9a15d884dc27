//! The time of single questions, by shape: `cargo xtask bench`.

use divan::{Bencher, black_box};
use kappa::{Matrix, Norm, norm, singular_values, svd};

const SHAPES: [(usize, usize); 5] = [(8, 8), (64, 64), (256, 256), (768, 768), (3072, 768)];

fn main() {
    divan::main();
}

/// A matrix whose entries are a function of their positions.
fn matrix((m, n): (usize, usize)) -> Matrix<f32> {
    Matrix::from_fn(m, n, |i, j| ((i * 7919 + j * 104_729 + i * j) % 1009) as f32 / 504.5 - 1.0)
}

#[divan::bench(args = SHAPES.map(|s| format!("{}x{}", s.0, s.1)))]
fn frobenius(bencher: Bencher<'_, '_>, shape: &str) {
    let a = matrix(parse(shape));
    bencher.bench(|| norm(black_box(&a), Norm::frobenius()));
}

#[divan::bench(args = SHAPES.map(|s| format!("{}x{}", s.0, s.1)), sample_count = 5)]
fn all_singular_values(bencher: Bencher<'_, '_>, shape: &str) {
    let a = matrix(parse(shape));
    bencher.bench(|| singular_values(black_box(&a)));
}

#[divan::bench(args = SHAPES[..4].iter().map(|s| format!("{}x{}", s.0, s.1)), sample_count = 5)]
fn thin_svd(bencher: Bencher<'_, '_>, shape: &str) {
    let a = matrix(parse(shape));
    bencher.bench(|| svd(black_box(&a)));
}

fn parse(shape: &str) -> (usize, usize) {
    let (m, n) = shape.split_once('x').expect("a shape");
    (m.parse().expect("rows"), n.parse().expect("columns"))
}
