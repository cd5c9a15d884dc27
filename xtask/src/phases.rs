//! How long each part of a run took, and which tests took longest.

use std::time::Instant;

/// How many of the slowest tests are listed.
const SLOWEST: usize = 10;

struct Phase {
    name: &'static str,
    wall: f64,
    processor: Option<f64>,
}

/// A test and its seconds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Timed {
    pub(crate) name: String,
    pub(crate) seconds: f64,
}

/// The parts of a run in their order.
#[derive(Default)]
pub(crate) struct Phases {
    phases: Vec<Phase>,
}

impl Phases {
    /// Does `work` and notes its time.
    pub(crate) fn time<R>(&mut self, name: &'static str, work: impl FnOnce() -> R) -> R {
        eprintln!("\n=== {name}");
        let (start, before) = (Instant::now(), processors());
        let result = work();
        let processor = processors().zip(before).map(|(after, before)| after - before);
        self.phases.push(Phase { name, wall: start.elapsed().as_secs_f64(), processor });
        result
    }

    /// A table: name, seconds on the wall, seconds of processors.
    pub(crate) fn table(&self) -> String {
        let number = |seconds: Option<f64>| seconds.map_or_else(|| "-".to_owned(), |s| format!("{s:.1}"));
        let row = |name: &str, wall: String, processor: String| format!("{name:<36} {wall:>8} {processor:>13}\n");
        let mut text = row("phase", "wall s".to_owned(), "processor s".to_owned());
        for phase in &self.phases {
            text += &row(phase.name, number(Some(phase.wall)), number(phase.processor));
        }
        let wall = self.phases.iter().map(|phase| phase.wall).sum();
        let processor = self.phases.iter().map(|phase| phase.processor).sum();
        text + &row("all", number(Some(wall)), number(processor))
    }
}

/// The slowest of `tests`, the slowest first.
pub(crate) fn slowest(title: &str, mut tests: Vec<Timed>) -> String {
    tests.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    let rows = tests.iter().take(SLOWEST).map(|test| format!("{:>8.2} s  {}\n", test.seconds, test.name));
    format!("{title}:\n{}", rows.collect::<String>())
}

/// Seconds that processors spent in this program, in programs that it started and that have ended, and in theirs.
///
/// The kernel of Linux counts them in hundredths; elsewhere the answer is `None`.
fn processors() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is a name in parentheses, which may contain spaces. Fields 14 to 17
    // are `utime`, `stime`, `cutime` and `cstime`.
    let (_, after_name) = text.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field - 3).and_then(|text| text.parse::<f64>().ok());
    (14..=17).map(ticks).sum::<Option<f64>>().map(|sum| sum / 100.0)
}

/// Times in the output of Rust's test programs with `--report-time`: `test plan::tests::prints ... ok <0.123s>`.
pub(crate) fn of_rust(program: &str, text: &str) -> Vec<Timed> {
    let timed = |line: &str| {
        let (name, outcome) = line.strip_prefix("test ")?.split_once(" ... ")?;
        let seconds = outcome.split_once('<')?.1.strip_suffix("s>")?.parse().ok()?;
        Some(Timed { name: format!("{program} {name}"), seconds })
    };
    text.lines().filter_map(timed).collect()
}

/// Times in the output of pytest with `--durations`: `1.23s call     tests/test_cli.py::test_name`.
pub(crate) fn of_python(text: &str) -> Vec<Timed> {
    let timed = |line: &str| {
        let (seconds, rest) = line.trim_start().split_once("s ")?;
        let (phase, name) = rest.trim_start().split_once(' ')?;
        let is_phase = ["call", "setup", "teardown"].contains(&phase);
        let name = name.trim_start().trim_start_matches("tests/");
        let name = if phase == "call" { name.to_owned() } else { format!("{name} ({phase})") };
        is_phase.then_some(Timed { name, seconds: seconds.parse().ok()? })
    };
    text.lines().filter_map(timed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timed(name: &str, seconds: f64) -> Timed {
        Timed { name: name.to_owned(), seconds }
    }

    #[test]
    fn times_are_read_from_what_the_tests_print() {
        let rust =
            "running 3 tests\ntest a::b ... ok <1.500s>\ntest c - should panic ... FAILED <0.001s>\ntest d ... ok\n";
        let expected = [timed("kappa a::b", 1.5), timed("kappa c - should panic", 0.001)];
        assert_eq!(of_rust("kappa", rust), expected);
        let python = "=== slowest 10 durations ===\n12.34s call     tests/test_a.py::test_x[1 s]\n\
                      0.50s setup    tests/test_b.py::test_y\n\n3 passed in 20.10s (0:00:20)\n";
        let expected = [timed("test_a.py::test_x[1 s]", 12.34), timed("test_b.py::test_y (setup)", 0.5)];
        assert_eq!(of_python(python), expected);
    }

    #[test]
    fn the_ten_slowest_come_first() {
        let tests = (0..20).map(|k| timed(&format!("t{k}"), f64::from(k))).collect();
        let text = slowest("Slowest", tests);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines.len(), lines[1].trim()), (11, "19.00 s  t19"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn processors_are_counted_in_programs_that_ended() {
        let mut phases = Phases::default();
        let busy = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done";
        let status = phases.time("busy", || std::process::Command::new("sh").args(["-c", busy]).status());
        assert!(status.expect("there is a shell").success());
        assert!(phases.phases[0].processor > Some(0.0), "{}", phases.table());
        assert_eq!(phases.table().lines().count(), 3);
    }
}
