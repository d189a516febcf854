//! How often each kind of fault and each outcome of business was seen, and how often it has to be: a simulation that
//! never lets something happen proves nothing about it.

use crate::plan::Shape;
use std::collections::BTreeMap;

/// What was seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Coverage(BTreeMap<&'static str, u64>);

/// Something that was not seen often enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlindSpot {
    pub(crate) what: &'static str,
    pub(crate) seen: u64,
    pub(crate) needed: u64,
}

/// With fewer seeds nobody can expect to see everything.
const SEEDS_MIN: u64 = 1_000;

/// What has to be seen, and at least how often in a thousand seeds.
const NEEDED: &[(&str, u64)] = &[
    ("fault: button pressed twice", 100),
    ("fault: client got no answer", 100),
    ("fault: client's answer lost", 50),
    ("fault: client's request lost", 50),
    ("fault: clocks jump", 20),
    ("fault: crash", 100),
    ("fault: failed flush", 50),
    ("fault: late flush", 100),
    ("fault: same key and words again", 50),
    ("fault: same key, other cart", 50),
    ("fault: same key, other words", 50),
    ("fault: slow disk", 20),
    ("fault: webhook again", 20),
    ("fault: writes lost in a crash", 50),
    ("outcome: answer replayed", 50),
    ("outcome: cancellation asked for", 50),
    ("outcome: cart reopened", 50),
    ("outcome: client gave up", 20),
    ("outcome: customer approved", 20),
    ("outcome: customer declined", 5),
    ("outcome: goods moved", 50),
    ("outcome: goods restocked", 10),
    ("outcome: goods returned", 20),
    ("outcome: hold barred", 20),
    ("outcome: hold expired", 20),
    ("outcome: hold released", 20),
    ("outcome: money arrived too late", 10),
    ("outcome: money given back", 20),
    ("outcome: money taken when the goods leave", 5),
    ("outcome: order cancelled", 100),
    ("outcome: order completed", 10),
    ("outcome: order confirmed", 100),
    ("outcome: order waits for its payment", 50),
    ("outcome: payment barred", 2),
    ("outcome: payment declined", 50),
    ("outcome: payment outcome unknown", 50),
    ("outcome: payment voided", 20),
    ("outcome: price changed", 50),
    ("outcome: refund given", 20),
    ("outcome: stock counted", 50),
    ("outcome: told already shipped", 5),
    ("outcome: told goods are gone", 1),
    ("outcome: told key reused", 50),
    ("outcome: told not captured", 5),
    ("outcome: told out of stock", 100),
    ("outcome: told payment declined", 50),
    ("outcome: told price changed", 5),
    ("outcome: told refund exceeds", 2),
    ("outcome: unknown payment cancelled", 10),
    ("outcome: webhook again refused", 5),
    ("outcome: webhook again taken in", 10),
    ("outcome: webhook taken in", 20),
];

/// The same, of what only a fleet can have.
const NEEDED_IN_A_FLEET: &[(&str, u64)] = &[
    ("fault: cut both ways", 50),
    ("fault: cut one way", 50),
    ("fault: late message", 100),
    ("fault: message doubled", 100),
    ("fault: message lost", 100),
    ("fault: reply lost", 100),
    ("fault: slow process", 20),
];

impl Coverage {
    /// Counts something.
    pub(crate) fn saw(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    /// Adds what another run saw.
    pub(crate) fn add(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(what).or_default() += count;
        }
    }

    /// Everything, by name.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(what, count)| (*what, *count))
    }

    /// What so many seeds should have seen and did not.
    pub(crate) fn blind_spots(&self, seeds: u64, shapes: &[Shape]) -> Vec<BlindSpot> {
        if seeds < SEEDS_MIN {
            return Vec::new();
        }
        let in_a_fleet = shapes.contains(&Shape::Fleet).then_some(NEEDED_IN_A_FLEET);
        let needed = NEEDED.iter().chain(in_a_fleet.into_iter().flatten());
        let spots = needed.map(|(what, in_a_thousand)| {
            let seen = self.0.get(what).copied().unwrap_or_default();
            BlindSpot { what, seen, needed: in_a_thousand * seeds / 1_000 }
        });
        spots.filter(|spot| spot.seen < spot.needed).collect()
    }
}
