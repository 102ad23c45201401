//! Outcomes to bytes, on any writer: text for people, a page to look at, one JSON document for programs. Knows neither
//! terminal nor clock.

mod deed;
mod group;
pub mod json;
mod left_damage;
pub mod markdown;
pub mod metrics;
pub mod nagios;
pub mod page;
mod reinstall;
mod stat;
pub mod text;
