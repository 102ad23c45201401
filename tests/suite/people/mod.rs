//! What people and programs are told, and what they may slip on.

mod bad_input;
mod chosen;
mod command_line;
mod limits;
mod report;
mod schemas;
mod slips;
mod told;
pub(crate) mod users;
mod words;
