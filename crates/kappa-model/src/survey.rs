//! Surveys: every weight matrix of a checkpoint is measured.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use glob::Pattern;
use kappa::values::{Bulk, Clauset, Tail};
use kappa::{Enclosure, Guarantee, Norm, Plan, Profile, Question, SingularValues};
use kappa_tensors::{DType, Numbers, Tensor, TensorInfo};

use crate::layer::{LayerMatrix, row_major, same_numbers};
use crate::order::ordered;
use crate::rounded::{widened, widened_cond};
use crate::schedule::{Ceiling, default_ceiling};
use crate::{Error, Model, Reading, Result, Role, Rounded, Skipped, Verdict, View};

/// Options of a survey. The defaults measure everything with all threads.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Only tensors whose name matches one of these patterns (`*`, `?`, or a part of the name); all when empty.
    pub layers: Vec<String>,
    /// Threads; 0 takes one for each processor. The digits do not depend on it.
    pub threads: usize,
    /// Bytes that may be in use at the same time; half of the available memory when `None`. A layer that needs more is
    /// skipped.
    pub memory: Option<u64>,
    /// Count every rounding error: one decomposition with vectors, and the products that verify it, for each matrix.
    pub certify: bool,
}

/// The results of a survey.
#[derive(Clone, Debug)]
pub struct Report {
    /// The weight matrices, in the order of the file, or of the numbers in their names.
    pub layers: Vec<Layer>,
    /// The tensors that were not measured, with the reason.
    pub skipped: Vec<Skipped>,
    /// The names of weight matrices that were not measured for lack of memory.
    pub unreached: Vec<String>,
    /// The tensors whose parts could not be told apart, so that they were measured whole; with the reason.
    pub doubts: Vec<(String, &'static str)>,
}

/// One weight matrix, measured.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The tensor's name, with that of the part in brackets where the tensor holds several matrices.
    pub name: String,
    /// The tensor that holds it.
    pub tensor: String,
    /// How the tensor is read, in words: `q 768 k 768 v 768`; empty for a matrix as it is.
    pub reading: String,
    /// The tensor's dimensions.
    pub shape: Vec<usize>,
    /// The shape of the matrix that was measured: rows, columns.
    pub matrix: (usize, usize),
    /// The data type of its entries.
    pub dtype: DType,
    /// Its role in the network.
    pub role: Role,
    /// The answers to [`Question::standard`]; empty when the entries are not finite.
    pub measures: Vec<(Question, Enclosure)>,
    /// The singular values; `None` when the entries are not finite.
    pub singular_values: Option<SingularValues>,
    /// The power law of the largest eigenvalues σ²; `None` for fewer than two distinct ones above zero.
    pub tail: Option<Tail>,
    /// The noise (Marchenko–Pastur fit); `None` for fewer than ten values above zero.
    pub bulk: Option<Bulk>,
    /// Findings for the reader.
    pub verdicts: Vec<Verdict>,
}

impl Layer {
    /// The answer to one of the standard questions.
    pub fn measure(&self, question: &Question) -> Option<Enclosure> {
        self.measures.iter().find(|(q, _)| q == question).map(|(_, answer)| *answer)
    }
}

impl Report {
    /// The first tensor that could not be measured because it is broken, as text.
    pub fn first_broken(&self) -> Option<String> {
        let in_layers = self.layers.iter().find_map(|layer| {
            let verdict = layer.verdicts.iter().find(|v| v.is_broken())?;
            let Verdict::NotFinite { message } = verdict else { return None };
            Some(format!("`{}` {message}", crate::printable(&layer.name)))
        });
        in_layers.or_else(|| {
            let skipped = self.skipped.iter().find(|s| s.is_broken)?;
            Some(format!("`{}` {}", crate::printable(&skipped.name), skipped.reason))
        })
    }

    /// Whether a matrix was measured, none was left out for lack of memory, no tensor is damaged, and every number is
    /// finite. A tensor of a type that is not read is none of these.
    pub fn is_sound(&self) -> bool {
        let is_damaged = |s: &Skipped| s.is_broken && !s.is_unsupported();
        let has_fault = self.layers.iter().any(|layer| layer.verdicts.iter().any(Verdict::is_broken));
        self.has_measures() && self.unreached.is_empty() && !has_fault && !self.skipped.iter().any(is_damaged)
    }

    /// Whether at least one matrix was measured.
    pub fn has_measures(&self) -> bool {
        self.layers.iter().any(|layer| !layer.measures.is_empty())
    }
}

/// Reports the progress of a survey, and can cancel it.
pub struct Progress<'a> {
    /// Called from any thread after each layer, with its name and the completed share of the work, 0 to 1.
    pub advanced: &'a (dyn Fn(&str, f64) + Sync),
    /// Set to true to cancel: layers that were started are finished, and the survey returns an error.
    pub cancelled: &'a AtomicBool,
}

impl Progress<'static> {
    /// No callback; never cancelled.
    pub fn none() -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Self { advanced: &|_, _| {}, cancelled: &NEVER }
    }
}

/// A layer to be measured.
struct Job<'a> {
    info: &'a TensorInfo,
    reading: Reading,
    /// The shape of the largest matrix, and its plan.
    shape: (usize, usize),
    plan: Plan,
    bytes: u64,
}

/// Minimum order at which a matrix is measured alone with all threads, as the kernels divide its work.
const ALONE: usize = 1024;
/// Minimum number of entries of a long matrix at which its Gram product pays for all threads.
const LONG: usize = 1 << 24;

impl Job<'_> {
    fn is_large(&self) -> bool {
        let (m, n) = self.shape;
        m.min(n) >= ALONE || m.saturating_mul(n) >= LONG
    }

    /// An estimate of the flops; a pass over the entries counts too.
    fn cost(&self) -> f64 {
        self.plan.flops * self.reading.views.len() as f64 + 16.0 * self.info.len() as f64
    }
}

impl Model {
    /// Measures every weight matrix of the model.
    ///
    /// The answers to [`Question::standard`] for each matrix, with their enclosures and verdicts. A tensor that cannot
    /// be measured is reported in [`Report::skipped`] or by a verdict, and is no error. The cost is one singular value
    /// decomposition without vectors a matrix (with vectors if `how.certify`), below the memory ceiling of `how`.
    ///
    /// # Errors
    ///
    /// When no tensor matches `how.layers`, when a pattern is invalid, and when the threads cannot be started.
    pub fn survey(&self, how: &Survey) -> Result<Report> {
        survey(self, how, &Progress::none())
    }

    /// [`Model::survey`] with progress reports and cancellation.
    ///
    /// # Errors
    ///
    /// As [`Model::survey`], and when `progress` cancels the survey.
    pub fn survey_with(&self, how: &Survey, progress: &Progress<'_>) -> Result<Report> {
        survey(self, how, progress)
    }
}

fn survey(model: &Model, how: &Survey, progress: &Progress<'_>) -> Result<Report> {
    let Jobs { jobs, mut skipped, unreached } = jobs(model, how)?;
    let mut layers = measure_all(model, &jobs, how, progress)?;
    layers.sort_by_key(|(position, _)| *position);
    let (mut found, mut broken) = (Vec::new(), Vec::new());
    for layer in layers.into_iter().flat_map(|(_, layers)| layers) {
        match layer {
            Ok(layer) => found.push(layer),
            Err(skipped) => broken.push(skipped),
        }
    }
    let mut layers = found;
    skipped.extend(broken);
    name_duplicates(model, &mut layers);
    let doubt = |job: &Job<'_>| Some((job.info.name.clone(), job.reading.doubt?));
    let doubts = jobs.iter().filter_map(doubt).collect();
    Ok(Report { layers, skipped, unreached, doubts })
}

/// The layers to measure, the tensors that are skipped, and the names of those for which the memory is too small.
struct Jobs<'a> {
    jobs: Vec<Job<'a>>,
    skipped: Vec<Skipped>,
    unreached: Vec<String>,
}

fn jobs<'a>(model: &'a Model, how: &Survey) -> Result<Jobs<'a>> {
    let patterns = how.layers.iter().map(|text| pattern(text)).collect::<Result<Vec<_>>>()?;
    let wanted = |name: &str| patterns.is_empty() || patterns.iter().any(|p| p.matches(name));
    let ceiling = how.memory.unwrap_or_else(default_ceiling);
    let (mut jobs, mut skipped, mut unreached) = (Vec::new(), Vec::new(), Vec::new());
    for info in ordered(model.tensors()).into_iter().filter(|info| wanted(&info.name)) {
        let reading = match model.measured_as(info) {
            Ok(reading) => reading,
            Err(reason) => {
                skipped.push(unmeasured(model, info, reason));
                continue;
            }
        };
        match job(info, reading, ceiling, how.certify) {
            Ok(job) => jobs.push(job),
            Err(reason) => {
                unreached.push(info.name.clone());
                skipped.push(Skipped { name: info.name.clone(), reason, is_broken: false });
            }
        }
    }
    skipped.extend(model.skipped().iter().filter(|s| wanted(&s.name)).cloned());
    if jobs.is_empty() && skipped.is_empty() {
        let first = model
            .tensors()
            .first()
            .map_or("the file contains none".into(), |t| format!("the first tensor is `{}`", t.name));
        let pattern = how.layers.join("`, `");
        let file = model.path().display();
        if how.layers.is_empty() {
            return Err(Error::filter(format!("`{file}` holds no tensors"))
                .with_hint("`kappa list` shows what else the file says"));
        }
        return Err(Error::filter(format!("no tensor of `{file}` matches `{pattern}`"))
            .with_hint(format!("a pattern is a part of a name, or contains `*`; {first}")));
    }
    Ok(Jobs { jobs, skipped, unreached })
}

/// A tensor that is no weight matrix. Its numbers are still looked at: one that is not finite spoils the network too.
fn unmeasured(model: &Model, info: &TensorInfo, reason: String) -> Skipped {
    let is_empty = info.is_empty() && info.shape.len() >= 2;
    let found = if info.dtype.is_integer() || info.is_empty() { None } else { not_finite(model, info) };
    model.source().forget(&info.name);
    match found {
        Some(found) => Skipped { name: info.name.clone(), reason: format!("not finite: {found}"), is_broken: true },
        None => Skipped { name: info.name.clone(), reason, is_broken: is_empty },
    }
}

/// How many numbers of a tensor are not finite, and where the first of them is; or why it cannot be read.
fn not_finite(model: &Model, info: &TensorInfo) -> Option<String> {
    let tensor = match model.source().read(&info.name) {
        Ok(tensor) => row_major(tensor),
        Err(error) => return Some(error.reason().to_owned()),
    };
    let is_finite: &dyn Fn(usize) -> bool = match &tensor.numbers {
        Numbers::F32(x) => &|k| x[k].is_finite(),
        Numbers::F64(x) => &|k| x[k].is_finite(),
        Numbers::C32(x) => &|k| x[k].re.is_finite() && x[k].im.is_finite(),
        Numbers::C64(x) => &|k| x[k].re.is_finite() && x[k].im.is_finite(),
    };
    let mut wrong = (0..tensor.numbers.len()).filter(|&k| !is_finite(k));
    let first = wrong.next()?;
    let (count, all) = (1 + wrong.count(), tensor.numbers.len());
    Some(format!("{count} of {all} numbers in a tensor of shape {:?}, the first at position {}", info.shape, first + 1))
}

fn job(info: &TensorInfo, reading: Reading, ceiling: u64, certify: bool) -> std::result::Result<Job<'_>, String> {
    let work = |(m, n): &(usize, usize)| m.saturating_mul(*n).saturating_mul(*m.min(n));
    let shape = reading.views.iter().map(View::shape).max_by_key(work).unwrap_or((0, 0));
    let is_whole = reading.views.iter().all(|view| view.is_whole(info.len()));
    let plan = Plan::singular_values_by(shape, Guarantee::certified_if(certify));
    // Floats of 32 and 64 bits are measured without a copy; all others are widened first.
    let widened = match info.dtype {
        DType::F32 | DType::F64 => 0,
        DType::F16 | DType::BF16 => info.len() * 4,
        // Decoded to singles, beside the codes and scales as doubles.
        DType::Packed(_) => info.len() * 8,
        dtype => info.len() * 8.max(dtype.size()),
    };
    // A part is gathered beside the whole tensor.
    let gathered = if is_whole { 0 } else { shape.0.saturating_mul(shape.1).saturating_mul(8) };
    let bytes = (plan.bytes as u64).saturating_add(widened as u64).saturating_add(gathered as u64);
    if bytes > ceiling {
        let (needs, allowed) = (bytes.div_ceil(1 << 20), ceiling >> 20);
        return Err(format!("needs {needs} MiB, above the memory ceiling of {allowed} MiB"));
    }
    Ok(Job { info, reading, shape, plan, bytes })
}

type Measured = (usize, Vec<std::result::Result<Layer, Skipped>>);

/// Large layers one after the other with all threads, then the small ones side by side, in order of decreasing cost.
fn measure_all(model: &Model, jobs: &[Job<'_>], how: &Survey, progress: &Progress<'_>) -> Result<Vec<Measured>> {
    let total: f64 = jobs.iter().map(Job::cost).sum();
    let done = std::sync::Mutex::new(0.0);
    let ceiling = Ceiling::new(how.memory.unwrap_or_else(default_ceiling));
    let one = |&position: &usize| -> Result<Measured> {
        let job = &jobs[position];
        if progress.cancelled.load(Ordering::Relaxed) {
            return Err(Error::cancelled());
        }
        let layer = ceiling.within(job.bytes, || measure(model, job, how));
        let share = {
            let mut done = done.lock().unwrap_or_else(|e| e.into_inner());
            *done += job.cost();
            *done / total.max(1.0)
        };
        (progress.advanced)(&job.info.name, share);
        Ok((position, layer))
    };
    let (large, mut small): (Vec<usize>, Vec<usize>) = (0..jobs.len()).partition(|&k| jobs[k].is_large());
    let threads = if how.threads == 0 { rayon::current_num_threads() } else { how.threads };
    let mut measured = pool(threads)?.install(|| large.iter().map(one).collect::<Result<Vec<_>>>())?;
    // The most expensive first, so that none of them runs alone at the end.
    small.sort_by(|&i, &j| jobs[j].cost().total_cmp(&jobs[i].cost()));
    measured.extend(side_by_side(&small, threads.min(small.len()), one)?);
    if progress.cancelled.load(Ordering::Relaxed) {
        return Err(Error::cancelled());
    }
    Ok(measured)
}

fn pool(threads: usize) -> Result<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|e| Error::limit(format!("cannot start {threads} threads: {e}")))
}

/// Each thread takes the next job when it has finished one, and runs it in its own pool of one thread: a job never
/// waits inside another, so that the ceiling cannot cause a deadlock.
fn side_by_side<R: Send>(jobs: &[usize], threads: usize, one: impl Fn(&usize) -> Result<R> + Sync) -> Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let pools = (0..threads).map(|_| pool(1)).collect::<Result<Vec<_>>>()?;
    let take = |pool: &rayon::ThreadPool| -> Result<Vec<R>> {
        let mut mine = Vec::new();
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            mine.push(pool.install(|| one(job))?);
        }
        Ok(mine)
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = pools.iter().map(|pool| scope.spawn(|| take(pool))).collect();
        let joined = workers.into_iter().map(|worker| match worker.join() {
            Ok(found) => found,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        Ok(joined.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    })
}

/// The matrices of a tensor, one after the other.
fn measure(model: &Model, job: &Job<'_>, how: &Survey) -> Vec<std::result::Result<Layer, Skipped>> {
    let name = &job.info.name;
    let broken = |reason: String| vec![Err(Skipped { name: name.clone(), reason, is_broken: true })];
    let tensor = match model.source().read(name) {
        Ok(tensor) => row_major(tensor),
        Err(error) => return broken(error.reason().into()),
    };
    let rounded = match model.rounded(name) {
        Ok(rounded) => rounded,
        Err(error) => return broken(error.to_string()),
    };
    let found = match &job.reading.views[..] {
        // The tensor itself is dropped before its values are found.
        [view] if view.is_whole(job.info.len()) => vec![measured(job, view, tensor, rounded.as_ref(), how)],
        views => {
            let one = |view: &View| measured(job, view, view.of(&tensor), rounded.as_ref(), how);
            views.iter().map(one).collect()
        }
    };
    model.source().forget(name);
    found
}

fn measured(
    job: &Job<'_>,
    view: &View,
    part: Tensor<'_>,
    rounded: Option<&Rounded>,
    how: &Survey,
) -> std::result::Result<Layer, Skipped> {
    let broken = |reason: String| Skipped { name: view.name.clone(), reason, is_broken: true };
    let matrix = LayerMatrix::new(part, view.shape(), job.info.dtype);
    let a = matrix.operator().map_err(|e| broken(e.to_string()))?;
    let profile = a.profile_by(Guarantee::certified_if(how.certify));
    drop(matrix);
    let mut layer = Layer {
        name: view.name.clone(),
        tensor: job.info.name.clone(),
        reading: job.reading.words.clone(),
        shape: job.info.shape.clone(),
        matrix: view.shape(),
        dtype: job.info.dtype,
        role: view.role,
        measures: Vec::new(),
        singular_values: None,
        tail: None,
        bulk: None,
        verdicts: Vec::new(),
    };
    match profile {
        Ok(profile) => fill(&mut layer, &profile, rounded).map_err(|e| broken(e.to_string()))?,
        Err(error) if error.is_not_finite() => {
            layer.verdicts.push(Verdict::NotFinite { message: error.reason().to_owned() });
        }
        Err(error) => return Err(broken(error.to_string())),
    }
    Ok(layer)
}

fn fill(layer: &mut Layer, profile: &Profile, rounded: Option<&Rounded>) -> Result<()> {
    let of = |question: Question| profile.answer(&question).map_err(|e| Error::about(&layer.name, &e));
    let answer = |question: Question| {
        let answer = of(question)?;
        let answer = match (rounded, question) {
            (None, _) => answer,
            (Some(rounded), Question::Cond) => {
                widened_cond(answer, of(Question::Norm(Norm::spectral()))?, Norm::spectral(), rounded)
            }
            (Some(rounded), _) => widened(&question, answer, rounded),
        };
        Ok((question, answer))
    };
    layer.measures = Question::standard().into_iter().map(answer).collect::<Result<Vec<_>>>()?;
    layer.verdicts = Verdict::of(profile)?;
    layer.singular_values = profile.singular_values().cloned();
    layer.tail = layer.singular_values.as_ref().and_then(|values| values.tail(&Clauset::default()).ok());
    layer.bulk = layer.singular_values.as_ref().and_then(|values| values.bulk().ok());
    Ok(())
}

/// The numbers of a layer.
fn numbers<'a>(model: &'a Model, layer: &Layer) -> Option<Tensor<'a>> {
    let tensor = model.source().read(&layer.tensor).ok()?;
    let views = model.views(&layer.tensor).views;
    let view = views.iter().find(|view| view.name == layer.name)?;
    Some(if view.is_whole(tensor.numbers.len()) { tensor } else { view.of(&row_major(tensor)) })
}

/// Finds tensors with the same numbers: those with equal measures are compared byte by byte.
fn name_duplicates(model: &Model, layers: &mut [Layer]) {
    for k in 1..layers.len() {
        let (before, rest) = layers.split_at_mut(k);
        let layer = &mut rest[0];
        if layer.measures.is_empty() {
            continue;
        }
        let looks_the_same = |other: &&Layer| {
            other.matrix == layer.matrix && other.dtype == layer.dtype && other.measures == layer.measures
        };
        let original = before.iter().filter(looks_the_same).find(|other| {
            let pair = numbers(model, other).zip(numbers(model, layer));
            let same = pair.is_some_and(|(a, b)| same_numbers(&a, &b));
            model.source().forget(&other.tensor);
            model.source().forget(&layer.tensor);
            same
        });
        if let Some(original) = original {
            layer.verdicts.push(Verdict::DuplicateOf(original.name.clone()));
        }
    }
}

/// A name pattern: `*` and `?`, or a part of the name without either.
pub(crate) fn pattern(text: &str) -> Result<Pattern> {
    let glob = if text.contains(['*', '?', '[']) { text.to_owned() } else { format!("*{text}*") };
    Pattern::new(&glob).map_err(|e| {
        Error::filter(format!("`{text}` is not a valid pattern: {}", e.msg))
            .with_hint("`*` matches any text, `?` one character")
    })
}
