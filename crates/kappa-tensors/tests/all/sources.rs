//! What `Source::info` finds, in sources of many tensors and of repeated names.

use std::io::Write;
use std::time::{Duration, Instant};

use kappa_tensors::{Opening, Source, npy, open, parse};

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
fn repeated_names_in_shards_mean_the_last() {
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
