//! What `save` keeps: every attribute, whatever the clock and the file system say.

mod afterwards;
mod attributes;
mod clock;
mod coarse_times;
mod followed;
mod golden;
mod labels;
mod large;
mod mapped;
mod round_trip;
