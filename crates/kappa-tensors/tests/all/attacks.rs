//! Every hostile file of `attacks/` produces the error it must, and nothing else happens.

use std::path::{Path, PathBuf};

use kappa_tensors::{Error, Opening, Source, open, parse};
use proptest::prelude::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../attacks")
}

fn files() -> Vec<(PathBuf, String, String)> {
    let text = std::fs::read_to_string(folder().join("expected.tsv")).unwrap();
    let line = |line: &str| {
        let mut cells = line.split('\t').map(str::to_owned);
        let mut next = || cells.next().unwrap_or_default();
        (folder().join("files").join(next()), next(), next())
    };
    text.lines().filter(|l| !l.starts_with('#')).map(line).collect()
}

fn is_kind(error: &Error, kind: &str) -> bool {
    match kind {
        "format" => error.is_format(),
        "limit" => error.is_limit(),
        "unsupported" => error.is_unsupported(),
        "missing" => error.is_missing(),
        _ => false,
    }
}

/// What is broken in a source that could be opened: what it skipped, and what cannot be read.
fn broken(source: &dyn Source) -> Vec<String> {
    let skipped = source.skipped().iter().filter(|s| s.is_broken).map(|s| format!("`{}`: {}", s.name, s.reason));
    let unread = source.names().into_iter().filter_map(|name| source.read(name).err()).map(|e| e.to_string());
    skipped.chain(unread).collect()
}

#[test]
fn every_file_produces_its_error() {
    let files = files();
    assert!(files.len() >= 25, "only {} attacks", files.len());
    for (path, kind, message) in files {
        for map in [true, false] {
            let parts = message.split('|');
            match open(&path, &Opening { map, ..Opening::default() }) {
                Ok(source) => {
                    assert_eq!(kind, "broken", "{} was opened", path.display());
                    let found = broken(&*source).join("\n");
                    assert!(!found.is_empty(), "{}: nothing is broken", path.display());
                    parts.for_each(|part| assert!(found.contains(part), "{}: {found}", path.display()));
                    assert!(found.chars().all(|c| c == '\n' || !c.is_control() || c == '\u{1b}'), "{found:?}");
                }
                Err(error) => {
                    let text = error.to_string();
                    assert!(is_kind(&error, &kind), "{}: {error:?}", path.display());
                    parts.for_each(|part| assert!(text.contains(part), "{}: {text}", path.display()));
                    assert!(text.contains(&*path.file_name().unwrap().to_string_lossy()), "{text} names no file");
                    assert!(!text.chars().any(char::is_control), "{text:?}");
                }
            }
        }
    }
}

#[test]
fn no_attack_is_missing_from_the_list() {
    let listed: Vec<PathBuf> = files().into_iter().map(|f| f.0).collect();
    for entry in std::fs::read_dir(folder().join("files")).unwrap().flatten() {
        assert!(listed.contains(&entry.path()), "{} is not in expected.tsv", entry.path().display());
    }
}

/// Parses with every parser and reads every tensor; must neither panic nor hang.
fn survive(bytes: &[u8]) {
    fn read(source: kappa_tensors::Result<impl Source>) {
        if let Ok(source) = source {
            broken(&source);
        }
    }
    read(parse::safetensors(bytes));
    read(parse::npy(bytes));
    read(parse::npz(bytes));
    read(parse::matrix_market(bytes));
    read(parse::table(bytes));
    read(parse::gguf(bytes));
    read(parse::torch(bytes));
    read(parse::onnx(bytes));
    read(parse::matlab(bytes));
    read(parse::harwell_boeing(bytes));
    read(parse::hdf5(bytes));
    read(parse::picture(bytes));
}

/// Numbers that a header may announce: nothing may be reserved or repeated for them.
const ANNOUNCED: [&str; 5] = ["0", "66666000", "134217728", "7199254740993", "18446744073709551615"];

/// The bytes with each of their first numbers replaced.
fn announcing(bytes: &[u8]) -> Vec<Vec<u8>> {
    let is_digit = |k: usize| bytes.get(k).is_some_and(u8::is_ascii_digit);
    let starts = (0..bytes.len().min(400)).filter(|&k| is_digit(k) && (k == 0 || !is_digit(k - 1))).take(12);
    let ends = |start: usize| start + bytes[start..].iter().take_while(|b| b.is_ascii_digit()).count();
    let all = starts.flat_map(|start| ANNOUNCED.map(|number| (start, ends(start), number)));
    all.map(|(start, end, number)| [&bytes[..start], number.as_bytes(), &bytes[end..]].concat()).collect()
}

#[test]
fn no_number_of_a_header_takes_time_or_memory() {
    let start = std::time::Instant::now();
    let mut count = 0;
    for (path, ..) in files() {
        let bytes = std::fs::read(path).unwrap();
        if bytes.len() < 4096 {
            let changed = announcing(&bytes);
            count += changed.len();
            changed.iter().for_each(|bytes| survive(bytes));
        }
    }
    // A loop over 7·10¹² columns, or 2 GiB of zeros, takes far longer for one of these files alone.
    assert!(count > 500 && start.elapsed() < std::time::Duration::from_secs(20), "{count} in {:?}", start.elapsed());
}

/// A few bytes of a file that take many in memory are counted.
#[test]
fn small_values_have_a_limit_of_their_number() {
    // A graph of a million empty nodes, two bytes each.
    let nodes = [10u8, 0].repeat(1 << 20 | 1);
    let mut length = Vec::new();
    let mut rest = nodes.len();
    while rest > 127 {
        length.push((rest & 127) as u8 | 128);
        rest >>= 7;
    }
    length.push(rest as u8);
    let bytes = [&[8, 8, 18, 1, b'x', 58][..], &length, &nodes].concat();
    let error = parse::onnx(&bytes).err().unwrap();
    assert!(error.is_limit() && error.to_string().contains("a graph of more than"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn changed_bytes_never_panic(
        which: prop::sample::Index,
        at: prop::sample::Index,
        byte: u8,
        cut: prop::sample::Index,
    ) {
        let is_small = |f: &PathBuf| !f.ends_with("gzip_bomb.mtx.gz");
        let seeds: Vec<PathBuf> = files().into_iter().map(|f| f.0).filter(is_small).collect();
        let mut bytes = std::fs::read(&seeds[which.index(seeds.len())]).unwrap();
        if bytes.is_empty() {
            bytes.push(byte);
        }
        let position = at.index(bytes.len());
        bytes[position] = byte;
        survive(&bytes);
        bytes.truncate(cut.index(bytes.len() + 1));
        survive(&bytes);
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survive(&bytes);
    }
}
