//! `cargo fuzz run tar`: see ../README.md.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| venv_snap::fuzz::tar(data));
