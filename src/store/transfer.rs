//! Objects on their way from one store to another: whole frames as they are stored where all of them is wanted, else
//! the wanted objects compressed anew. Each is checked against its name before it is taken (promise 7).

use std::collections::BTreeMap;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::error::Error;
use super::frame::HEADER_LEN;
use super::objects::Place;
use super::packer::Packer;
use super::reader::ObjectReader;
use super::scrub::Digests;
use crate::monitor::Monitor;

impl ObjectReader {
    /// Sends objects to a packer of another store. An error means that not all of them were sent.
    pub(crate) fn send(
        &self,
        ids: &Digests,
        to: &Packer<'_>,
        monitor: &dyn Monitor,
    ) -> Result<(), Error> {
        let mut frames: BTreeMap<(u32, u32), Vec<Place>> = BTreeMap::new();
        for id in ids {
            let place = self.place(id)?;
            let places = frames.entry((place.pack, place.frame)).or_default();
            places.push(place);
        }
        let frames: Vec<_> = frames.into_iter().collect();
        monitor.phase("sending", ids.len() as u64, 0);
        frames.into_par_iter().try_for_each(|(frame, places)| {
            if monitor.cancelled() {
                return Err(Error::Interrupted);
            }
            let bytes = self.send_frame(frame, to)?;
            // What was not in the frame as its name says: perhaps it lies elsewhere as well.
            for place in places.iter().filter(|place| !to.has(&place.part.id)) {
                to.add_object(place.part, self.read_place(place)?)?;
            }
            monitor.advance(places.len() as u64, bytes);
            Ok(())
        })
    }

    /// Sends what is good of a frame, as far as it is wanted, and tells how long the frame is.
    fn send_frame(&self, (pack, frame): (u32, u32), to: &Packer<'_>) -> Result<u64, Error> {
        let Ok((_, place, mut header)) = self.stored_frame(pack, frame) else {
            return Ok(0);
        };
        let body = header.split_off(HEADER_LEN.min(header.len()));
        match to.add_frame(&header, body) {
            Ok(()) | Err(Error::Corrupt { .. }) => Ok(place.len.into()),
            Err(error) => Err(error),
        }
    }
}
