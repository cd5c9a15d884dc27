//! Reflections of a fixed length, on tiles of a band that lie in the first cache.

/// The width of a band, and the length of a reflection: eight registers of four doubles.
pub(crate) const WIDTH: usize = 48;
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

/// Entries of a register, or of two.
const LANES: usize = 8;

/// I − factor·vvᵀ.
pub(super) struct Reflection {
    v: [f64; WIDTH],
    factor: f64,
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
    pub(super) fn on_the_right<S: pulp::Simd>(&self, tile: &mut [f64]) {
        let mut y = [0.0; WIDTH];
        for (column, &v) in tile.chunks(ALONG).zip(&self.v) {
            add::<S>(&mut y, v, &column[..WIDTH]);
        }
        for (column, &v) in tile.chunks_mut(ALONG).zip(&self.v) {
            add::<S>(&mut column[..WIDTH], -(self.factor * v), &y);
        }
    }

    /// H·A for so many columns of the tile whose first entry is the first of these.
    #[inline(always)]
    pub(super) fn on_the_left<S: pulp::Simd>(&self, tile: &mut [f64], columns: usize) {
        for column in tile.chunks_mut(ALONG).take(columns) {
            let column = &mut column[..WIDTH];
            let along = -(self.factor * dot::<S>(&self.v, column));
            add::<S>(column, along, &self.v);
        }
    }

    /// H·A·H for the lower triangle of a symmetric tile, with zeros above it.
    #[inline(always)]
    pub(super) fn on_both_sides<S: pulp::Simd>(&self, tile: &mut [f64]) {
        let v = &self.v;
        // What each column gives below the diagonal, and what its mirror image gives beside it.
        let (mut p, mut mirrored) = ([0.0; WIDTH], [0.0; WIDTH]);
        for (column, &v) in tile.chunks(ALONG).zip(v) {
            add::<S>(&mut p, v, &column[..WIDTH]);
        }
        for (l, (column, mirrored)) in tile.chunks(ALONG).zip(&mut mirrored).enumerate() {
            *mirrored = dot::<S>(v, column) - v[l] * column[l];
        }
        // H·A·H = A − v·wᵀ − w·vᵀ with p = factor·A·v and w = p − ½·factor·(pᵀv)·v.
        for (p, mirrored) in p.iter_mut().zip(mirrored) {
            *p = self.factor * (*p + mirrored);
        }
        let mut w = p;
        add::<S>(&mut w, -0.5 * self.factor * dot::<S>(&p, v), v);
        for (l, column) in tile.chunks_mut(ALONG).take(WIDTH).enumerate() {
            // From the last whole register above the diagonal on; what is written above it becomes zero again.
            let start = l - l % LANES;
            let (by_v, by_w, column) = (-w[l], -v[l], &mut column[start..WIDTH]);
            let registers =
                column.chunks_exact_mut(LANES).zip(v[start..].chunks_exact(LANES)).zip(w[start..].chunks_exact(LANES));
            for ((x, v), w) in registers {
                for ((x, v), w) in x.iter_mut().zip(v).zip(w) {
                    *x = fused::<S>(by_v, *v, fused::<S>(by_w, *w, *x));
                }
            }
            for (k, x) in column[..LANES].iter_mut().enumerate() {
                *x = if start + k < l { 0.0 } else { *x };
            }
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
