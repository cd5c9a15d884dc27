//! Whatever the bytes, the parser of this format returns; so does the reader of what it found.
#![no_main]

use kappa_tensors::{Source, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(source) = parse::safetensors(bytes) {
        for name in source.names() {
            drop(source.read(name));
        }
    }
});
