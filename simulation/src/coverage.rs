//! Coverage of faults and outcomes: how often each was seen, and how often it has to be. A simulation that never lets
//! something happen proves nothing about it.

use crate::plan::Topology;
use std::collections::BTreeMap;

/// Count of each fault and outcome.
#[derive(Clone, Debug, Default)]
pub(crate) struct Coverage(BTreeMap<&'static str, u64>);

/// Fault or outcome that was not seen often enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CoverageGap {
    pub(crate) what: &'static str,
    pub(crate) seen: u64,
    pub(crate) required: u64,
}

/// Least number of seeds for which coverage is judged; fewer cannot be expected to see everything.
const SEEDS_MIN: u64 = 1_000;

/// Faults and outcomes that have to be seen, and how often at least in a thousand seeds.
const REQUIRED: &[(&str, u64)] = &[
    ("fault: client timed out", 100),
    ("fault: client's request lost", 50),
    ("fault: client's response lost", 50),
    ("fault: clock jump", 20),
    ("fault: duplicate submission", 100),
    ("fault: payment method no longer offered", 50),
    ("fault: same key and body again", 50),
    ("fault: same key, other body", 50),
    ("fault: same key, other cart", 50),
    ("fault: settings changed by a restart", 100),
    ("fault: webhook redelivered", 20),
    ("outcome: authorisation arrived too late", 10),
    ("outcome: cancellation requested", 50),
    ("outcome: cart reopened", 50),
    ("outcome: client gave up", 20),
    ("outcome: customer erased", 5),
    ("outcome: erasure deferred", 20),
    ("outcome: hold barred", 20),
    ("outcome: hold expired", 20),
    ("outcome: hold released", 20),
    ("outcome: order awaits payment", 50),
    ("outcome: order cancelled", 100),
    ("outcome: order completed", 10),
    ("outcome: order confirmed", 100),
    ("outcome: order refunded", 20),
    ("outcome: payment action approved", 20),
    ("outcome: payment action declined", 5),
    ("outcome: payment barred", 2),
    ("outcome: payment captured at fulfilment", 5),
    ("outcome: payment declined", 50),
    ("outcome: payment outcome unknown", 50),
    ("outcome: payment refunded", 20),
    ("outcome: payment voided", 20),
    ("outcome: price changed", 50),
    ("outcome: redelivered webhook accepted", 10),
    ("outcome: redelivered webhook rejected", 5),
    ("outcome: rejected, already shipped", 5),
    ("outcome: rejected, exceeds refundable", 2),
    ("outcome: rejected, hold expired", 1),
    ("outcome: rejected, key reused", 50),
    ("outcome: rejected, not captured", 5),
    ("outcome: rejected, out of stock", 100),
    ("outcome: rejected, payment declined", 50),
    ("outcome: rejected, price changed", 5),
    ("outcome: response replayed", 50),
    ("outcome: stock counted", 50),
    ("outcome: stock moved", 50),
    ("outcome: stock restocked", 10),
    ("outcome: stock returned", 20),
    ("outcome: unknown payment cancelled", 10),
    ("outcome: webhook processed", 20),
];

/// The same for those of processes with a log each.
const REQUIRED_OF_LOGS: &[(&str, u64)] = &[
    ("fault: crash", 100),
    ("fault: document index lost", 20),
    ("fault: flush broken off", 50),
    ("fault: flush failure", 50),
    ("fault: power failure", 100),
    ("fault: slow disk", 20),
    ("fault: slow flush", 100),
    ("fault: unflushed writes in a crash", 50),
    ("outcome: log has a compacted segment", 20),
    ("outcome: log has runs", 100),
];

/// The same for those of processes that share databases.
const REQUIRED_OF_INSTANCES: &[(&str, u64)] = &[
    ("fault: cut off from the database", 25),
    ("fault: data cut off", 25),
    ("fault: lease cut off", 25),
    ("fault: owner crashed", 50),
    ("fault: owner paused", 50),
    ("fault: slow database", 25),
    ("fault: standby crashed", 25),
    ("fault: standby paused", 25),
    ("outcome: former owner's writes refused", 25),
    ("outcome: owner superseded", 50),
    ("outcome: writes in doubt", 25),
];

/// The same for those that only a fleet can have.
const REQUIRED_IN_A_FLEET: &[(&str, u64)] = &[
    ("fault: message delayed", 100),
    ("fault: message duplicated", 100),
    ("fault: message lost", 100),
    ("fault: one-way partition", 50),
    ("fault: response lost", 100),
    ("fault: slow process", 20),
    ("fault: two-way partition", 50),
];

impl Coverage {
    /// Counts one fault or outcome.
    pub(crate) fn record(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    /// Adds what another run cover.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(what).or_default() += count;
        }
    }

    /// All counts, by name.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(what, count)| (*what, *count))
    }

    /// Faults and outcomes that so many seeds should have seen and did not.
    pub(crate) fn gaps(&self, seeds: u64, topologies: &[Topology]) -> Vec<CoverageGap> {
        if seeds < SEEDS_MIN {
            return Vec::new();
        }
        let of = |topology: Topology, required: &'static [(&str, u64)]| {
            let is_run = topologies.contains(&topology);
            is_run.then_some(required).into_iter().flatten()
        };
        // Either of these has logs; the numbers are such that one alone suffices.
        let is_of_logs = topologies.iter().any(|it| *it != Topology::Instances);
        let required = REQUIRED
            .iter()
            .chain(is_of_logs.then_some(REQUIRED_OF_LOGS).into_iter().flatten())
            .chain(of(Topology::Fleet, REQUIRED_IN_A_FLEET))
            .chain(of(Topology::Instances, REQUIRED_OF_INSTANCES));
        let gaps = required.map(|(what, in_a_thousand)| {
            let seen = self.0.get(what).copied().unwrap_or_default();
            CoverageGap { what, seen, required: in_a_thousand * seeds / 1_000 }
        });
        gaps.filter(|gap| gap.seen < gap.required).collect()
    }
}
