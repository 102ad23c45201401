//! Where a venv stands: what the place holds of it comes back, and what it does not hold is named.

mod file_systems;
mod odd_attributes;
mod refused_links;
