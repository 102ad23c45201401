//! Where a venv stands: what the place holds of it comes back, and what it does not hold is named.

mod denied_owners;
mod file_systems;
mod flags;
mod inherited;
mod kept_attributes;
mod left_out;
mod namespaced_attributes;
mod namespaces;
mod no_symlinks;
mod noexec;
mod not_saved;
mod odd_attributes;
mod others;
mod owners;
mod refused_links;
mod remounted;
mod shut_mounts;
mod unasked;
mod unread_links;
mod verbs;
