//! Outcomes to bytes, on any writer: text for people, one JSON document for programs. Knows neither terminal nor clock.

mod group;
pub mod json;
pub mod markdown;
mod reinstall;
pub mod text;
