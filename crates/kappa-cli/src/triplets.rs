//! Some singular triplets of a matrix in memory, for `kappa svd`.

use clap::{Args, ValueEnum};
use kappa::{Enclosure, End, Lanczos, Leading, LinearOperator, Precision, RandomizedSvd, Sketch, ThickRestart};
use kappa_model::{Model, PartialDecomposition, SingularTriplets, with_partial};

use crate::failure::Failure;
use crate::input::Input;
use crate::one::{about, with_matrix_of};
use crate::parse::{read, share, threshold};

/// Which triplets, and how they are found.
#[derive(Args, Debug)]
pub(crate) struct TripletArguments {
    /// Only the K largest triplets: from blocks of the file where the matrix does not fit the memory.
    #[arg(long, value_name = "K", group = "part", conflicts_with = "certify")]
    pub(crate) top: Option<usize>,
    /// Only the triplets whose singular value is above this.
    #[arg(long, value_name = "X", value_parser = threshold, group = "part", conflicts_with = "certify")]
    pub(crate) above: Option<f64>,
    /// Only as many triplets, from random sketches, as bring the error down to this share of the Frobenius norm.
    #[arg(long, value_name = "SHARE", value_parser = share, group = "part", conflicts_with = "certify")]
    pub(crate) within: Option<f64>,
    /// Only the K smallest triplets, smallest first, by Lanczos: slow where they lie close together.
    #[arg(long, value_name = "K", group = "part", conflicts_with = "certify")]
    pub(crate) smallest: Option<usize>,
    /// How --top finds them; where it is left out, partial for a large sparse matrix, and truncated for others.
    #[arg(long, value_enum, value_name = "NAME", requires = "top", conflicts_with_all = BY_BLOCKS.into_iter().chain(NOT_TOP))]
    pub(crate) method: Option<TripletMethod>,
    /// Which random matrix begins, for randomized and --within: gaussian, sparse-sign or hadamard.
    #[arg(long, value_name = "NAME", value_parser = read::<Sketch>, requires = "part", conflicts_with_all = BY_BLOCKS)]
    pub(crate) sketch: Option<Sketch>,
    /// Bound what is left out to this relative width by Lanczos, which narrows the values; for randomized, --within and partial, where it
    /// is 0.05 by default.
    #[arg(long, value_name = "WIDTH", allow_hyphen_values = true, requires = "part", conflicts_with_all = BY_BLOCKS)]
    pub(crate) bound: Option<f64>,
    /// The most restarts, for partial and --smallest; 300 by default.
    #[arg(long, value_name = "N", requires = "part", conflicts_with_all = BY_BLOCKS)]
    pub(crate) restarts: Option<usize>,
    /// Which random draws, for all but truncated; 0 by default.
    #[arg(long, value_name = "N", requires = "part", conflicts_with_all = BY_BLOCKS)]
    pub(crate) seed: Option<u64>,
}

/// The other parts that can be asked for: what needs --top is refused beside them, as it would be lost without a word.
pub(crate) const NOT_TOP: [&str; 3] = ["above", "within", "smallest"];

/// Options of `kappa svd` that ask for blocks of the file.
const BY_BLOCKS: [&str; 3] = ["memory", "one_pass", "capacity"];

/// The verb that finds the largest triplets.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum TripletMethod {
    /// A reduction of the whole matrix, whatever its values.
    Truncated,
    /// A random sketch and a few block Krylov steps.
    Randomized,
    /// Lanczos with thick restarts: products alone, for sparse matrices.
    Partial,
}

/// Lanczos keeps about 2k + 20 vectors and restarts; a reduction is quicker for more of a matrix than one triplet in so many.
const TRIPLETS_A_PARTIAL: usize = 10;

impl TripletArguments {
    /// What was asked of a matrix in memory; `None` where all triplets are wanted.
    pub(crate) fn which(&self, is_sparse_of: Option<(usize, usize)>) -> Result<Option<SingularTriplets>, Failure> {
        let which = match (self.top, self.above, self.within, self.smallest) {
            (Some(k), ..) => self.largest(k, is_sparse_of)?,
            (_, Some(least), ..) => SingularTriplets::Truncated(Leading::Above(least), Precision::Double),
            (.., Some(within), _) => SingularTriplets::Within(within, self.randomized()?),
            (.., Some(k)) => SingularTriplets::Partial(k, ThickRestart { end: End::Smallest, ..self.restarted()? }),
            (None, None, None, None) => return Ok(None),
        };
        self.check(&which)?;
        Ok(Some(which))
    }

    fn largest(&self, k: usize, is_sparse_of: Option<(usize, usize)>) -> Result<SingularTriplets, Failure> {
        let is_small_part = |(m, n): (usize, usize)| k.saturating_mul(TRIPLETS_A_PARTIAL) <= m.min(n);
        let chosen = match is_sparse_of {
            Some(shape) if is_small_part(shape) => TripletMethod::Partial,
            _ => TripletMethod::Truncated,
        };
        Ok(match self.method.unwrap_or(chosen) {
            TripletMethod::Truncated => SingularTriplets::Truncated(Leading::Count(k), Precision::Double),
            TripletMethod::Randomized => SingularTriplets::Randomized(k, self.randomized()?),
            TripletMethod::Partial => SingularTriplets::Partial(k, self.restarted()?),
        })
    }

    fn randomized(&self) -> Result<RandomizedSvd, Failure> {
        Ok(RandomizedSvd {
            sketch: self.sketch.unwrap_or_default(),
            bound: self.lanczos()?,
            seed: self.seed.unwrap_or(0),
            ..RandomizedSvd::default()
        })
    }

    fn restarted(&self) -> Result<ThickRestart, Failure> {
        let usual = ThickRestart::default();
        Ok(ThickRestart {
            restarts: self.restarts.unwrap_or(usual.restarts),
            bound: self.lanczos()?.or(usual.bound),
            seed: self.seed.unwrap_or(usual.seed),
            ..usual
        })
    }

    fn lanczos(&self) -> Result<Option<Lanczos>, Failure> {
        Ok(self.bound.map(|width| Lanczos::within(width, self.seed.unwrap_or(0))).transpose()?)
    }

    /// An option that the method does not know would be lost without a word.
    fn check(&self, which: &SingularTriplets) -> Result<(), Failure> {
        let (is_sketched, is_restarted) = match which {
            SingularTriplets::Truncated(..) => (false, false),
            SingularTriplets::Randomized(..) | SingularTriplets::Within(..) => (true, false),
            SingularTriplets::Partial(..) => (false, true),
        };
        let is_smallest = self.smallest.is_some();
        let idle = [
            ("sketch", self.sketch.is_some() && !is_sketched, "`--method randomized` and `--within` begin with one"),
            ("bound", self.bound.is_some() && !(is_sketched || is_restarted), "a reduction knows what it leaves out"),
            ("bound", self.bound.is_some() && is_smallest, "the smallest triplets lie within their residuals"),
            ("restarts", self.restarts.is_some() && !is_restarted, "`--method partial` and `--smallest` restart"),
            ("seed", self.seed.is_some() && !(is_sketched || is_restarted), "a reduction draws nothing at random"),
        ];
        match idle.iter().find(|(_, is_idle, _)| *is_idle) {
            Some((name, _, hint)) => {
                Err(Failure::new(format!("--{name} means nothing to {}", name_of(which))).with_hint(*hint))
            }
            None => Ok(()),
        }
    }
}

fn name_of(which: &SingularTriplets) -> &'static str {
    match which {
        SingularTriplets::Truncated(..) => "a reduction of the whole matrix",
        SingularTriplets::Randomized(..) | SingularTriplets::Within(..) => "a random sketch",
        SingularTriplets::Partial(..) => "Lanczos with thick restarts",
    }
}

fn reference(which: &SingularTriplets) -> &'static str {
    match which {
        SingularTriplets::Truncated(..) => {
            "Lang, Parallel Comput. 25 (1999) 845–860; Ipsen, SIAM Rev. 39 (1997) 254–291"
        }
        SingularTriplets::Randomized(..) => {
            "Halko, Martinsson and Tropp, SIAM Rev. 53 (2011) 217–288; Musco and Musco, NIPS 28 (2015) 1396–1404"
        }
        SingularTriplets::Within(..) => "Yu, Gu and Li, SIAM J. Matrix Anal. Appl. 39 (2018) 1339–1359",
        SingularTriplets::Partial(..) => "Baglama and Reichel, SIAM J. Sci. Comput. 27 (2005) 19–42",
    }
}

/// Triplets of one tensor, by name and shape.
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) shape: (usize, usize),
    pub(crate) which: SingularTriplets,
    pub(crate) triplets: PartialDecomposition,
}

/// Those of the matrix that the arguments name: a large sparse one is only multiplied, never written out, but for a reduction.
pub(crate) fn found(which: &SingularTriplets, input: &Input, model: &Model) -> Result<Found, Failure> {
    let which = *which;
    if !matches!(which, SingularTriplets::Truncated(..))
        && let Some((name, matrix)) = model.sparse(input.tensor.as_deref())?
    {
        let triplets = which.of(&matrix).map_err(about(&name))?.into();
        return Ok(Found { name, shape: matrix.shape(), which, triplets });
    }
    with_matrix_of(model, input, |name, matrix| {
        let view = matrix.view()?;
        let triplets = view.triplets(&which).map_err(about(name))?;
        Ok(Found { name: name.to_owned(), shape: view.shape(), which, triplets })
    })
}

/// How they were found and what is known of the rest.
pub(crate) fn explanation(found: &Found) -> String {
    let (m, n) = found.shape;
    with_partial!(&found.triplets, f => {
        let products = match found.which {
            SingularTriplets::Truncated(..) => String::new(),
            _ => format!(", {} products with a vector", f.products()),
        };
        let first = f.values().first().copied().unwrap_or(Enclosure::exact(0.0));
        let error = f.spectral_error();
        format!(
            "algorithm: {} ({m}×{n}, {} triplets{})\nevidence: {}\nleft out: ‖A − UΣVᴴ‖₂ in {:e} … {:e}\nreference: {}",
            f.algorithm(),
            f.estimates().len(),
            products,
            first.evidence(),
            error.lower(),
            error.upper(),
            reference(&found.which)
        )
    })
}
