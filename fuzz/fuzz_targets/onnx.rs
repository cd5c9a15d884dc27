//! For any bytes, the parser of this format and the reader of its tensors must return without a panic.
#![no_main]

use kappa_tensors::{Source, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(source) = parse::onnx(bytes) {
        for name in source.names() {
            drop(source.read(name));
        }
    }
});
