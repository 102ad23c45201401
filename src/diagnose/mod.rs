//! Why: what a difference means. Pure: differences and clues in, findings out.

mod bytecode;
mod case;
mod class;

pub(crate) use bytecode::{PycHeader, is_bytecode, source_of};
pub(crate) use class::classify;
