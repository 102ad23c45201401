//! The program `snap`.
fn main() {}
