//! `cargo fuzz run tree`: see ../README.md.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| venv_snap::fuzz::tree(data));
