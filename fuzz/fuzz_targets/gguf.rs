//! For any bytes, the parser of this format and the reader of its tensors must return without a panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kappa_fuzz::exercise(kappa_tensors::parse::gguf(bytes)));
