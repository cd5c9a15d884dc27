//! Which singular triplets `kappa svd` computes, and by which algorithm.

use clap::{Args, ValueEnum};
use kappa::dense::{Leading, Precision};
use kappa::factor::{AnyPartialSvd, RandomizedSvd, SingularTriplets, ThickRestart};
use kappa::krylov::End;
use kappa::random::Sketch;
use kappa::{Enclosure, Lanczos};
use kappa_report::ends;
use serde::{Serialize, Serializer};

use crate::answer::{Answer, Explanation};
use crate::failure::Failure;
use crate::parse::{number, read, share, threshold};
use crate::text::scientific;

/// Which triplets, and how they are found.
#[derive(Args, Debug, Serialize)]
pub(crate) struct TripletArguments {
    /// Only the K largest triplets; from blocks of the file where the matrix does not fit the memory.
    #[arg(long, value_name = "K", group = "part", conflicts_with = "certify")]
    pub(crate) top: Option<usize>,
    /// Only the triplets whose singular value is above this.
    #[arg(long, value_name = "X", value_parser = threshold, group = "part", conflicts_with = "certify")]
    above: Option<f64>,
    /// Only as many triplets, from random sketches, as bring the error ‖A − UΣVᴴ‖_F down to this share of ‖A‖_F.
    #[arg(long, value_name = "SHARE", value_parser = share, group = "part", conflicts_with = "certify")]
    error: Option<f64>,
    /// Only the K smallest triplets, smallest first: from a decomposition of all entries where that takes seconds, else
    /// by Lanczos, which is slow where they are close together.
    #[arg(long, value_name = "K", group = "part", conflicts_with = "certify")]
    pub(crate) smallest: Option<usize>,
    /// The algorithm for --top; by default partial for a large sparse matrix, and truncated for others.
    #[arg(long, value_enum, value_name = "NAME", requires = "top")]
    #[arg(conflicts_with_all = BY_BLOCKS.into_iter().chain(NOT_TOP))]
    pub(crate) method: Option<TripletMethod>,
    /// Type of the random matrix, for randomized and --error: gaussian, sparse-sign or hadamard.
    #[arg(long, value_name = "NAME", value_parser = read::<Sketch>, requires = "part", conflicts_with_all = BY_BLOCKS)]
    #[serde(serialize_with = "shown")]
    sketch: Option<Sketch>,
    /// Bound the remaining singular values to this relative width by Lanczos; for randomized, --error and partial,
    /// where it is 0.05
    /// by default.
    #[arg(long, value_name = "WIDTH", allow_hyphen_values = true, requires = "part", conflicts_with_all = BY_BLOCKS)]
    #[arg(value_parser = number)]
    bound: Option<f64>,
    /// Maximum number of restarts, for partial and --smallest; 300 by default.
    #[arg(long, value_name = "N", requires = "part", conflicts_with_all = BY_BLOCKS)]
    restarts: Option<usize>,
    /// Random seed, for all but truncated; 0 by default.
    #[arg(long, value_name = "N", requires = "part", conflicts_with_all = BY_BLOCKS)]
    seed: Option<u64>,
}

fn shown<S: Serializer>(sketch: &Option<Sketch>, serializer: S) -> Result<S::Ok, S::Error> {
    sketch.map(|sketch| format!("{sketch:?}").to_lowercase()).serialize(serializer)
}

/// The other parts that can be asked for; options of --top are refused beside them.
pub(crate) const NOT_TOP: [&str; 3] = ["above", "error", "smallest"];

/// Options of `kappa svd` that ask for blocks of the file.
const BY_BLOCKS: [&str; 3] = ["memory", "one_pass", "capacity"];

/// The algorithm for the largest triplets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TripletMethod {
    /// A reduction of the whole matrix, whatever its values.
    Truncated,
    /// A random sketch and a few block Krylov steps.
    Randomized,
    /// Lanczos with thick restarts: products alone, for sparse matrices.
    Partial,
}

/// Lanczos keeps about 2k + 20 vectors and restarts; a reduction is quicker for more triplets than one in this many.
const TRIPLETS_A_PARTIAL: usize = 10;

impl TripletArguments {
    /// What is asked of a matrix in memory; `None` where all triplets are wanted.
    pub(crate) fn which(&self, is_sparse: bool, shape: (usize, usize)) -> Result<Option<SingularTriplets>, Failure> {
        let which = match (self.top, self.above, self.error, self.smallest) {
            (Some(k), ..) => self.largest(k, is_sparse, shape)?,
            (_, Some(least), ..) => SingularTriplets::Truncated(Leading::Above(least), Precision::Double),
            (.., Some(share), _) => SingularTriplets::Within(share, self.randomized()?),
            (.., Some(k)) => SingularTriplets::Partial(k, ThickRestart { end: End::Smallest, ..self.restarted()? }),
            (None, None, None, None) => return Ok(None),
        };
        self.check(&which)?;
        Ok(Some(which))
    }

    fn largest(&self, k: usize, is_sparse: bool, (m, n): (usize, usize)) -> Result<SingularTriplets, Failure> {
        let is_small_part = k.saturating_mul(TRIPLETS_A_PARTIAL) <= m.min(n);
        let chosen = if is_sparse && is_small_part { TripletMethod::Partial } else { TripletMethod::Truncated };
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

    /// An option that the algorithm does not have is refused, not ignored.
    fn check(&self, which: &SingularTriplets) -> Result<(), Failure> {
        let (is_sketched, is_restarted) = match which {
            SingularTriplets::Truncated(..) => (false, false),
            SingularTriplets::Randomized(..) | SingularTriplets::Within(..) => (true, false),
            SingularTriplets::Partial(..) => (false, true),
        };
        let is_smallest = self.smallest.is_some();
        let idle = [
            ("sketch", self.sketch.is_some() && !is_sketched, "it is for `--method randomized` and `--error`"),
            ("bound", self.bound.is_some() && !(is_sketched || is_restarted), "a reduction knows all singular values"),
            ("bound", self.bound.is_some() && is_smallest, "the smallest triplets lie within their residuals"),
            ("restarts", self.restarts.is_some() && !is_restarted, "it is for `--method partial` and `--smallest`"),
            ("seed", self.seed.is_some() && !(is_sketched || is_restarted), "a reduction uses no random numbers"),
        ];
        match idle.iter().find(|(_, is_idle, _)| *is_idle) {
            Some((name, _, hint)) => {
                Err(Failure::new(format!("--{name} does not apply to {}", name_of(which))).with_hint(*hint))
            }
            None => Ok(()),
        }
    }
}

fn name_of(which: &SingularTriplets) -> &'static str {
    match which {
        SingularTriplets::Truncated(..) => "a reduction of the whole matrix",
        SingularTriplets::Randomized(..) | SingularTriplets::Within(..) => "a random sketch",
        SingularTriplets::Partial(k, how) if how.end == End::Smallest && *k > 0 => "Lanczos for the smallest triplets",
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

/// The same answer with the warnings of the iteration; exit code 1 where it did not converge.
pub(crate) fn remarked<R>(answer: Answer<R>, f: &AnyPartialSvd, is_smallest: bool) -> Answer<R> {
    let worst = f.residuals().iter().copied().fold(0.0, f64::max);
    let is_open = is_smallest && f.values().iter().any(|x| x.lower() == 0.0 && x.upper() > 0.0 && worst < x.upper());
    let answer = if is_open && f.algorithm().contains("Lanczos") {
        answer.note(format!(
            "some singular value lies within {} of each value; that none below was missed is not proved",
            scientific(worst, 1)
        ))
    } else {
        answer
    };
    if f.has_converged() {
        return answer;
    }
    let message = format!(
        "warning: not converged: the restarts ran out at a residual of {}; allow more with --restarts",
        scientific(worst, 1)
    );
    answer.note(message).holds(false)
}

/// How they were found, and the error of the truncation.
pub(crate) fn explanation(which: &SingularTriplets, (m, n): (usize, usize), f: &AnyPartialSvd) -> Explanation {
    let products = match which {
        SingularTriplets::Truncated(..) => String::new(),
        _ => format!(", {} products with a vector", f.products()),
    };
    let first = f.values().first().copied().unwrap_or(Enclosure::exact(0.0));
    Explanation::plan(format!("{} ({m}×{n}, {} triplets{products})", f.algorithm(), f.estimates().len()))
        .line("algorithm", f.algorithm())
        .line("evidence", first.evidence().to_string())
        .line("error", format!("‖A − UΣVᴴ‖₂ in {}", ends(&f.spectral_error())))
        .reference(reference(which))
}
