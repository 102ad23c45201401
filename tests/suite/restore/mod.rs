//! What `restore` and `undo` put there, keep and leave alone, also after a crash.

mod adapted_before;
mod along;
mod deeds;
mod fallback;
mod full_disk;
mod hard_links;
mod heal;
mod in_place;
mod incidents;
mod kept;
mod late;
mod looks;
mod moved_parts;
mod old_place;
mod order;
mod other_hosts;
mod other_place;
mod part;
mod places;
mod recovery;
mod relocation;
mod resumed;
mod signals;
mod undo;
mod unsettled;
mod windows;
