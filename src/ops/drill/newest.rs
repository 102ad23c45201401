//! When baselines were drilled the last time, as the log knows it: a cache, which may be lost.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::model::VenvId;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::ops::log::Event;
use crate::store::Store;

/// What is known of the drills of a venv.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LastDrill {
    /// When the last one was that came to something.
    pub time: Timestamp,
    /// Whether it proved the baseline.
    pub proved: bool,
    /// When a baseline was proved the last time.
    pub last_proved: Option<Timestamp>,
}

/// Only the text of an event of a drill has this: inside a JSON string its quotes would be escaped.
const DRILL: &str = "\"verb\":\"drill\"";

/// The last drill of each venv that was drilled.
pub(in crate::ops) fn newest(
    context: &Context<'_>,
    store: &Store,
) -> Result<HashMap<VenvId, LastDrill>, Error> {
    let texts = store.index.log_events(context.monitor)?;
    let texts = texts.iter().filter(|text| text.contains(DRILL));
    let events = texts.filter_map(|text| serde_json::from_str::<Event>(text).ok());
    let mut all: HashMap<VenvId, LastDrill> = HashMap::new();
    for event in events.filter(|event| event.verb == Event::DRILL) {
        let proved = event.proved == Some(true);
        let before = all.get(&event.venv).and_then(|last| last.last_proved);
        let last = LastDrill {
            time: event.time,
            proved,
            last_proved: proved.then_some(event.time).or(before),
        };
        all.insert(event.venv, last);
    }
    Ok(all)
}
