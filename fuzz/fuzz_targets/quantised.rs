//! For any bytes, the decoders of codes with scales must return without a panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(source) = kappa_tensors::parse::quantised(bytes) {
        kappa_fuzz::ask(&*source);
    }
});
