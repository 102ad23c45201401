//! What `save` keeps: every attribute, whatever the clock and the file system say.

mod afterwards;
mod any;
mod attributes;
mod clock;
mod coarse_times;
mod conda;
mod followed;
mod golden;
mod labels;
mod large;
mod mapped;
mod round_trip;
