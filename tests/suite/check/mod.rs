//! What `check` finds in a venv without any snapshot, and what it does not call damage.

mod audit;
mod bytecode;
mod closed_directories;
mod corroborated;
mod installed;
mod interpreters;
mod leftovers;
mod linked;
mod lost_records;
mod matrix;
mod names;
mod owners;
mod pyc;
mod rows;
mod scripts;
mod sources;
mod startup;
mod stopped;
mod system_site;
mod targets;
mod unfinished;
mod unseen;
mod within;
