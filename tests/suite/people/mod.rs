//! What people and programs are told, and what they may slip on.

mod bad_input;
mod called;
mod chosen;
mod command_line;
mod completions;
mod demo;
mod few_descriptors;
mod hints;
mod labels;
mod limits;
mod no_process;
mod options;
mod outputs;
mod page;
mod progress;
mod report;
mod schemas;
mod self_test;
mod several;
mod slips;
mod told;
mod told_commands;
mod told_sessions;
mod users;
mod words;
mod wrapping;
