//! Reflections of a fixed length, on tiles of a band that lie in the first cache.

/// The width of a band, and the length of a reflection: eight registers of four doubles.
pub(crate) const WIDTH: usize = 32;
/// Columns that go through a reduction beside the matrix.
pub(crate) const PROBES: usize = 4;
/// Entries kept of each column of a band: it, and room on both sides for what is pushed out of it.
pub(super) const COLUMN: usize = 3 * WIDTH;
/// From one entry of a row of the band to the next: columns move down with the diagonal.
pub(super) const ALONG: usize = COLUMN - 1;
/// From the first entry of a tile to its last.
pub(super) const TILE: usize = (WIDTH - 1) * ALONG + WIDTH;

/// A sum of squares that says nothing beside entries near 1, and has too few digits for a reflection.
const NOTHING: f64 = 1e-280;

/// One row of the probes.
pub(super) type Probe = [f64; PROBES];

/// I − factor·vvᵀ.
pub(super) struct Reflection {
    v: [f64; WIDTH],
    factor: f64,
}

/// Calls a method with the number of registers that a column fills.
macro_rules! by_registers {
    ($self:ident.$method:ident($($argument:expr),*)) => {
        match S::F64_LANES {
            4 => $self.$method::<S, { WIDTH / 4 }>($($argument),*),
            8 => $self.$method::<S, { WIDTH / 8 }>($($argument),*),
            2 => $self.$method::<S, { WIDTH / 2 }>($($argument),*),
            _ => $self.$method::<S, WIDTH>($($argument),*),
        }
    };
}

/// a·b + c in one rounding where that is one instruction.
#[inline(always)]
fn fused<S: pulp::Simd>(a: f64, b: f64, c: f64) -> f64 {
    if S::IS_SCALAR { a * b + c } else { a.mul_add(b, c) }
}

impl Reflection {
    /// The reflection that makes x a multiple of e₁, and that multiple; `None` where it is one already, or nearly so.
    #[inline(always)]
    pub(super) fn of<S: pulp::Simd>(mut v: [f64; WIDTH]) -> Option<(Self, f64)> {
        let head = v[0];
        v[0] = 0.0;
        let below = dot::<S>(&v, &v);
        if below < NOTHING {
            return None;
        }
        // v = x + sign(x₁)·‖x‖·e₁ and H = I − (2/vᵀv)·vvᵀ give Hx = −sign(x₁)·‖x‖·e₁ (Golub and Van Loan, section 5.1).
        let length = fused::<S>(head, head, below).sqrt().copysign(head);
        v[0] = head + length;
        let factor = 2.0 / fused::<S>(v[0], v[0], below);
        Some((Self { v, factor }, -length))
    }

    /// A·H for the tile whose first entry is the first of these.
    #[inline(always)]
    pub(super) fn on_the_right<S: pulp::Simd>(&self, simd: S, tile: &mut [f64]) {
        by_registers!(self.right(simd, tile))
    }

    /// H·A for so many columns of the tile whose first entry is the first of these.
    #[inline(always)]
    pub(super) fn on_the_left<S: pulp::Simd>(&self, simd: S, tile: &mut [f64], columns: usize) {
        by_registers!(self.left(simd, tile, columns))
    }

    /// H·A·H for the lower triangle of a symmetric tile, with zeros above it.
    #[inline(always)]
    pub(super) fn on_both_sides<S: pulp::Simd>(&self, simd: S, tile: &mut [f64]) {
        by_registers!(self.both(simd, tile))
    }

    /// A column is N registers; what is summed over columns stays in as many.
    #[inline(always)]
    fn right<S: pulp::Simd, const N: usize>(&self, simd: S, tile: &mut [f64]) {
        let mut y = [simd.splat_f64s(0.0); N];
        for (column, &v) in tile.chunks(ALONG).zip(&self.v) {
            let Some(column) = registers::<S, N>(column) else { return };
            let v = simd.splat_f64s(v);
            for k in 0..N {
                y[k] = simd.mul_add_e_f64s(v, column[k], y[k]);
            }
        }
        for (column, &v) in tile.chunks_mut(ALONG).zip(&self.v) {
            let Some(column) = registers_mut::<S, N>(column) else { return };
            let by = simd.splat_f64s(-(self.factor * v));
            for k in 0..N {
                column[k] = simd.mul_add_e_f64s(by, y[k], column[k]);
            }
        }
    }

    #[inline(always)]
    fn left<S: pulp::Simd, const N: usize>(&self, simd: S, tile: &mut [f64], columns: usize) {
        let Some(v) = registers::<S, N>(&self.v) else { return };
        for column in tile.chunks_mut(ALONG).take(columns) {
            let Some(column) = registers_mut::<S, N>(column) else { return };
            let along = -(self.factor * dot_of::<S, N>(simd, v, column));
            let along = simd.splat_f64s(along);
            for k in 0..N {
                column[k] = simd.mul_add_e_f64s(along, v[k], column[k]);
            }
        }
    }

    #[inline(always)]
    fn both<S: pulp::Simd, const N: usize>(&self, simd: S, tile: &mut [f64]) {
        // What each column gives below the diagonal, and what its mirror image gives beside it.
        let Some(v) = registers::<S, N>(&self.v) else { return };
        let (mut below, mut p) = ([simd.splat_f64s(0.0); N], [0.0; WIDTH]);
        for (l, column) in tile.chunks(ALONG).take(WIDTH).enumerate() {
            let diagonal = self.v[l] * column[l];
            let Some(column) = registers::<S, N>(column) else { return };
            let by = simd.splat_f64s(self.v[l]);
            for k in 0..N {
                below[k] = simd.mul_add_e_f64s(by, column[k], below[k]);
            }
            p[l] = dot_of::<S, N>(simd, v, column) - diagonal;
        }
        // H·A·H = A − v·wᵀ − w·vᵀ with p = factor·A·v and w = p − ½·factor·(pᵀv)·v.
        let mut w = p;
        let Some(by_register) = registers_mut::<S, N>(&mut w) else { return };
        let factor = simd.splat_f64s(self.factor);
        for k in 0..N {
            by_register[k] = simd.mul_f64s(factor, simd.add_f64s(by_register[k], below[k]));
        }
        let half = simd.splat_f64s(-0.5 * self.factor * dot_of::<S, N>(simd, v, by_register));
        for k in 0..N {
            by_register[k] = simd.mul_add_e_f64s(half, v[k], by_register[k]);
        }
        for (l, column) in tile.chunks_mut(ALONG).take(WIDTH).enumerate() {
            // From the register with the diagonal on; what is written above it becomes zero again.
            let first = l / S::F64_LANES;
            let (by_v, by_w) = (simd.splat_f64s(-w[l]), simd.splat_f64s(-self.v[l]));
            let (Some(by_column), Some(w)) = (registers_mut::<S, N>(column), registers::<S, N>(&w)) else { return };
            for k in first..N {
                by_column[k] = simd.mul_add_e_f64s(by_v, v[k], simd.mul_add_e_f64s(by_w, w[k], by_column[k]));
            }
            column[first * S::F64_LANES..l].fill(0.0);
        }
    }

    /// H·X for the rows of the probes that it meets.
    #[inline(always)]
    pub(super) fn of_probes<S: pulp::Simd>(&self, rows: &mut [Probe]) {
        let mut along = [0.0; PROBES];
        for (row, &v) in rows.iter().zip(&self.v) {
            add::<S>(&mut along, v, row);
        }
        for (row, &v) in rows.iter_mut().zip(&self.v) {
            add::<S>(row, -(self.factor * v), &along);
        }
    }
}

/// y + a·x. A loop and not a closure: only what is inlined here uses the instructions that were found.
#[inline(always)]
fn add<S: pulp::Simd>(y: &mut [f64], a: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = fused::<S>(a, *x, *y);
    }
}

/// The first entries as N registers.
#[inline(always)]
fn registers<S: pulp::Simd, const N: usize>(x: &[f64]) -> Option<&[S::f64s; N]> {
    S::as_simd_f64s(x).0.first_chunk()
}

#[inline(always)]
fn registers_mut<S: pulp::Simd, const N: usize>(x: &mut [f64]) -> Option<&mut [S::f64s; N]> {
    S::as_mut_simd_f64s(x).0.first_chunk_mut()
}

/// Sums that grow side by side, so that none waits for the one before.
const SUMS: usize = 4;

#[inline(always)]
fn dot_of<S: pulp::Simd, const N: usize>(simd: S, x: &[S::f64s; N], y: &[S::f64s; N]) -> f64 {
    let mut sums = [simd.splat_f64s(0.0); SUMS];
    for k in 0..N {
        sums[k % SUMS] = simd.mul_add_e_f64s(x[k], y[k], sums[k % SUMS]);
    }
    simd.reduce_sum_f64s(simd.add_f64s(simd.add_f64s(sums[0], sums[1]), simd.add_f64s(sums[2], sums[3])))
}

#[inline(always)]
fn dot<S: pulp::Simd>(x: &[f64], y: &[f64]) -> f64 {
    const LANES: usize = 16;
    let (x, y) = (&x[..WIDTH], &y[..WIDTH]);
    let mut s = [0.0; LANES];
    for (x, y) in x.chunks_exact(LANES).zip(y.chunks_exact(LANES)) {
        for ((s, x), y) in s.iter_mut().zip(x).zip(y) {
            *s = fused::<S>(*x, *y, *s);
        }
    }
    for half in [8, 4, 2, 1] {
        for l in 0..half {
            s[l] += s[l + half];
        }
    }
    s[0]
}
