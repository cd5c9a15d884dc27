//! What `Source::info` finds, in sources of many tensors and of repeated names.

use std::io::Write;
use std::time::{Duration, Instant};

use kappa_tensors::{Numbers, Opening, Source, npy, npz, open, parse};

/// A safetensors file of empty tensors, all of this shape.
fn empty_tensors(names: impl Iterator<Item = String>, shape: &str) -> Vec<u8> {
    let entry = |name: String| format!("\"{name}\":{{\"dtype\":\"F32\",\"shape\":{shape},\"data_offsets\":[0,0]}}");
    let header = format!("{{{}}}", names.map(entry).collect::<Vec<_>>().join(","));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.bytes());
    file
}

/// Looking up every tensor of a source must find that tensor.
fn check_infos(source: &dyn Source) {
    for info in source.infos() {
        assert_eq!(source.info(&info.name), Some(info));
    }
    assert!(source.info("no such tensor").is_none());
}

#[test]
fn every_tensor_is_found_without_a_search() {
    let count = 100_000;
    let file = empty_tensors((0..count).map(|k| format!("model.layers.{k}.weight")), "[0]");
    let source = parse::safetensors(&file).unwrap();
    assert_eq!(source.infos().len(), count);
    let start = Instant::now();
    check_infos(&source);
    for name in source.names() {
        assert!(source.read(name).unwrap().numbers.is_empty());
    }
    // A linear search of all names makes 10¹⁰ comparisons, tens of seconds; the map takes a fraction of one.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn repeated_names_in_an_archive_mean_the_first() {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, shape) in [("a", [1, 2]), ("a.npy", [2, 1])] {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(&npy::encode_f64(&shape, &[1.0, 2.0])).unwrap();
    }
    let bytes = archive.finish().unwrap().into_inner();
    let source = parse::npz(&bytes).unwrap();
    assert_eq!(source.info("a").unwrap().shape, [1, 2]);
    assert_eq!(source.read("a").unwrap().shape, [1, 2]);
}

#[test]
fn repeated_names_in_shards_mean_those_of_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let count = 20_000;
    let names = || (0..count).map(|k| format!("t{k}"));
    std::fs::write(folder.path().join("a.safetensors"), empty_tensors(names(), "[0,1]")).unwrap();
    std::fs::write(folder.path().join("b.safetensors"), empty_tensors(names().skip(1), "[0,2]")).unwrap();
    let files = (0..count).map(|k| format!("\"t{k}\":\"{}.safetensors\"", if k == 0 { "a" } else { "b" }));
    let extra = (0..count).map(|k| format!("\"x{k}\":\"a.safetensors\""));
    let index = format!("{{\"weight_map\":{{{}}}}}", files.chain(extra).collect::<Vec<_>>().join(","));
    std::fs::write(folder.path().join("model.safetensors.index.json"), index).unwrap();
    let start = Instant::now();
    let source = open(folder.path(), &Opening::default()).unwrap();
    assert_eq!(source.infos().len(), count);
    check_infos(&*source);
    for (name, shape) in [("t0", [0, 1]), ("t1", [0, 2])] {
        assert_eq!(source.info(name).unwrap().shape, shape);
        assert_eq!(source.read(name).unwrap().shape, shape);
    }
    // Every name but t0 is in both shards, and no x is in either.
    assert_eq!(source.skipped().iter().filter(|s| s.is_broken).count(), count - 1 + count);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

/// An array of one short text, as NumPy stores `np.array(b"csr")`.
fn text(letters: &str) -> Vec<u8> {
    let mut header = format!("{{'descr': '|S{}', 'fortran_order': False, 'shape': (), }}", letters.len());
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(letters.as_bytes());
    bytes
}

fn archive(format: &str, shape: [f64; 2], arrays: &[(&str, Vec<usize>, Vec<f64>)]) -> Vec<u8> {
    let mut all = vec![("format", text(format)), ("shape", npy::encode_f64(&[2], &shape))];
    all.extend(arrays.iter().map(|(name, shape, x)| (*name, npy::encode_f64(shape, x))));
    npz::write(std::io::Cursor::new(Vec::new()), &all).unwrap().into_inner()
}

fn opened(bytes: &[u8]) -> kappa_tensors::Result<Box<dyn Source>> {
    let file = tempfile::Builder::new().suffix(".npz").tempfile().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    open(file.path(), &Opening::default())
}

#[test]
fn sparse_matrices_of_scipy_are_read_in_each_format() {
    // [[1, 0, 2], [0, 0, 3]]
    let lists = |name: &'static str, x: &[f64]| (name, vec![x.len()], x.to_vec());
    let csr = archive(
        "csr",
        [2.0, 3.0],
        &[lists("data", &[1.0, 2.0, 3.0]), lists("indices", &[0.0, 2.0, 2.0]), lists("indptr", &[0.0, 2.0, 3.0])],
    );
    let csc = archive(
        "csc",
        [2.0, 3.0],
        &[lists("data", &[1.0, 2.0, 3.0]), lists("indices", &[0.0, 0.0, 1.0]), lists("indptr", &[0.0, 1.0, 1.0, 3.0])],
    );
    let coo = archive(
        "coo",
        [2.0, 3.0],
        &[lists("data", &[1.0, 2.0, 3.0]), lists("row", &[0.0, 0.0, 1.0]), lists("col", &[0.0, 2.0, 2.0])],
    );
    let dia = archive(
        "dia",
        [2.0, 3.0],
        &[("data", vec![3, 3], vec![1.0, 0.0, 9.0, 9.0, 0.0, 3.0, 9.0, 9.0, 2.0]), lists("offsets", &[0.0, 1.0, 2.0])],
    );
    // Blocks of 2×1: column 0, and column 2.
    let bsr = archive(
        "bsr",
        [2.0, 3.0],
        &[
            ("data", vec![2, 2, 1], vec![1.0, 0.0, 2.0, 3.0]),
            lists("indices", &[0.0, 2.0]),
            lists("indptr", &[0.0, 2.0]),
        ],
    );
    for (name, bytes) in [("csr", csr), ("csc", csc), ("coo", coo), ("dia", dia), ("bsr", bsr)] {
        let source = opened(&bytes).unwrap();
        let info = &source.infos()[0];
        assert_eq!(info.shape, [2, 3], "{name}");
        let tensor = source.read(&info.name).unwrap();
        // Column after column.
        assert_eq!(tensor.numbers, Numbers::F64(vec![1.0, 0.0, 0.0, 0.0, 2.0, 3.0].into()), "{name}");
        assert_eq!(source.triplets(&info.name).unwrap().entries.len(), 3, "{name}");
    }
}

#[test]
fn broken_sparse_matrices_of_scipy_are_refused_with_the_numbers() {
    let lists = |name: &'static str, x: &[f64]| (name, vec![x.len()], x.to_vec());
    let data = lists("data", &[1.0, 2.0]);
    for (bytes, words) in [
        (
            archive(
                "csr",
                [2.0, 2.0],
                &[data.clone(), lists("indices", &[0.0, 5.0]), lists("indptr", &[0.0, 1.0, 2.0])],
            ),
            "the index 5",
        ),
        (
            archive("csr", [2.0, 2.0], &[data.clone(), lists("indices", &[0.0, 1.0]), lists("indptr", &[0.0, 2.0])]),
            "do not fit",
        ),
        (
            archive(
                "csr",
                [2.0, 2.0],
                &[data.clone(), lists("indices", &[0.0, 1.5]), lists("indptr", &[0.0, 1.0, 2.0])],
            ),
            "not an integer",
        ),
        (archive("coo", [2.0, 2.0], &[data.clone(), lists("row", &[0.0, 2.0]), lists("col", &[0.0, 1.0])]), "outside"),
        (archive("coo", [2.0, 2.0], &[data.clone(), lists("row", &[0.0]), lists("col", &[0.0, 1.0])]), "`row` has 1"),
        (archive("lil", [2.0, 2.0], std::slice::from_ref(&data)), "format `lil`"),
        (archive("bsr", [2.0, 2.0], std::slice::from_ref(&data)), "three dimensions"),
        (
            archive(
                "bsr",
                [2.0, 2.0],
                &[("data", vec![1, 2, 3], vec![1.0; 6]), lists("indices", &[0.0]), lists("indptr", &[0.0, 1.0])],
            ),
            "blocks of 2×3 in a 2×2 matrix",
        ),
        (archive("csr", [1e12, 2.0], &[data, lists("indices", &[0.0]), lists("indptr", &[0.0])]), "limit"),
    ] {
        let error = opened(&bytes).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains(words), "`{error}` without `{words}`");
    }
}

#[test]
fn integers_of_scipy_keep_what_doubles_lose() {
    let integers = |numbers: &[i64]| {
        let mut bytes = npy::encode_f64(&[numbers.len()], &vec![0.0; numbers.len()]);
        let at = bytes.windows(3).position(|w| w == b"<f8").unwrap();
        bytes[at..at + 3].copy_from_slice(b"<i8");
        let start = bytes.len() - 8 * numbers.len();
        numbers.iter().enumerate().for_each(|(k, n)| bytes[start + 8 * k..][..8].copy_from_slice(&n.to_le_bytes()));
        bytes
    };
    let all = [
        ("format", text("coo")),
        ("shape", integers(&[2, 3])),
        ("row", integers(&[1, 0, 1])),
        ("col", integers(&[2, 0, 2])),
        ("data", integers(&[(1 << 53) + 1, 1 << 60, 2])),
    ];
    let bytes = npz::write(std::io::Cursor::new(Vec::new()), &all).unwrap().into_inner();
    let source = opened(&bytes).unwrap();
    let name = source.infos()[0].name.clone();
    // The duplicates at (1, 2) are 2⁵³ and 2, and 1 that no double holds.
    let found = source.rounded(&name).unwrap().unwrap();
    assert_eq!(
        (found.count, found.first.as_slice(), found.rest()),
        (1, [1, 2].as_slice(), Some([(1, 2, 1.0)].as_slice()))
    );
    assert_eq!(source.triplets(&name).unwrap().entries.len(), 2);
}

#[test]
fn a_folder_says_what_it_does_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("a.npy"), npy::encode_f64(&[1, 1], &[1.0])).unwrap();
    std::fs::write(at("b.csv"), "1,2\n").unwrap();
    std::fs::write(at("c.pt"), "x").unwrap();
    std::fs::write(at("notes.md"), "x").unwrap();
    std::fs::create_dir(at("more")).unwrap();
    let source = open(folder.path(), &Opening::default()).unwrap();
    let skipped: Vec<(&str, bool)> = source.skipped().iter().map(|s| (s.name.as_str(), s.is_broken)).collect();
    assert_eq!(skipped, [("c.pt", true), ("b.csv", false), ("more", false)]);
}

#[test]
fn a_tensor_is_read_from_the_shard_that_the_index_names() {
    let folder = tempfile::tempdir().unwrap();
    for (file, shape, names) in [("a", "[0,1]", &["both", "a"][..]), ("b", "[0,2]", &["both", "b", "only"])] {
        let names = names.iter().map(|name| (*name).to_owned());
        std::fs::write(folder.path().join(format!("{file}.safetensors")), empty_tensors(names, shape)).unwrap();
    }
    let opened = |both: &str| {
        let index = format!(
            "{{\"weight_map\":{{\"both\":\"{both}.safetensors\",\"a\":\"a.safetensors\",\"b\":\"a.safetensors\",\
             \"only\":\"b.safetensors\"}}}}"
        );
        std::fs::write(folder.path().join("model.safetensors.index.json"), index).unwrap();
        open(folder.path(), &Opening::default()).unwrap()
    };
    for (both, shape, other) in [("a", [0, 1], "b"), ("b", [0, 2], "a")] {
        let source = opened(both);
        assert_eq!(source.read("both").unwrap().shape, shape);
        let reason = |name: &str| source.skipped().iter().find(|s| s.name == name).map(|s| s.reason.as_str());
        let expected = format!("`{other}.safetensors` holds it too, and the index assigns it to `{both}.safetensors`");
        assert_eq!(reason("both"), Some(expected.as_str()));
        // Where the index is wrong, the tensor is read, and that is said.
        assert_eq!(source.read("b").unwrap().shape, [0, 2]);
        assert!(reason("b").unwrap().starts_with("it is read from `b.safetensors`; the index assigns it to `a"));
        assert_eq!(reason("a"), None);
    }
}

#[test]
fn a_folder_of_data_is_data() {
    let folder = tempfile::tempdir().unwrap();
    let matrix = "%%MatrixMarket matrix array integer general\n1 1\n9007199254740993\n";
    std::fs::write(folder.path().join("a.mtx"), matrix).unwrap();
    let source = open(folder.path(), &Opening::default()).unwrap();
    assert!(source.is_data());
    let name = source.names()[0];
    assert_eq!(source.order(name), kappa_tensors::Order::ColumnMajor);
    assert_eq!(source.rounded(name).unwrap().unwrap().text, "9007199254740993");
}

#[test]
fn a_tensor_that_the_index_does_not_list_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let file = empty_tensors(["a", "b"].into_iter().map(str::to_owned), "[0]");
    std::fs::write(folder.path().join("m.safetensors"), file).unwrap();
    let index = "{\"weight_map\":{\"a\":\"m.safetensors\"}}";
    std::fs::write(folder.path().join("m.safetensors.index.json"), index).unwrap();
    let source = open(folder.path(), &Opening::default()).unwrap();
    assert_eq!((source.names(), source.skipped().len()), (vec!["a"], 1));
    assert!(source.skipped()[0].reason.contains("`m.safetensors` holds it, and the index does not list it"));
}
