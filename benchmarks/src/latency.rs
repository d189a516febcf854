//! How long answers took: spread over HDR histograms, whole, by kind and by tenth of the run.

use hdrhistogram::Histogram;
use std::{collections::BTreeMap, time::Duration};

/// The longest answer that is told apart.
const SLOWEST: Duration = Duration::from_mins(10);
/// Into how many equal parts a run is cut, to see whether it stays as it began.
pub(crate) const PARTS: usize = 10;
/// What is written down of each spread, in percent.
const PERCENTILES: [f64; 10] = [10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99, 100.0];

/// Durations, spread.
#[derive(Clone, Debug)]
pub(crate) struct Latency(Histogram<u64>);

impl Latency {
    /// None yet, told apart to this many digits.
    pub(crate) fn to_digits(digits: u8) -> Result<Self, String> {
        let histogram = Histogram::new_with_bounds(1, nanos(SLOWEST), digits);
        histogram.map(Self).map_err(|error| error.to_string())
    }

    pub(crate) fn record(&mut self, took: Duration) {
        self.0.saturating_record(nanos(took));
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// The microseconds that this part of the answers, between 0 and 1, did not exceed.
    pub(crate) fn quantile_us(&self, at: f64) -> f64 {
        micros(Duration::from_nanos(self.0.value_at_quantile(at)))
    }

    /// Percent and microseconds, as they are written down.
    pub(crate) fn percentiles_us(&self) -> Vec<[f64; 2]> {
        PERCENTILES.map(|percent| [percent, self.quantile_us(percent / 100.0)]).to_vec()
    }
}

/// All latencies of a run.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) all: Latency,
    pub(crate) kinds: BTreeMap<&'static str, Latency>,
    pub(crate) parts: Vec<Latency>,
}

impl Recorder {
    pub(crate) fn new() -> Result<Self, String> {
        let parts = (0..PARTS).map(|_| Latency::to_digits(2)).collect::<Result<_, _>>()?;
        Ok(Self { all: Latency::to_digits(3)?, kinds: BTreeMap::new(), parts })
    }

    /// Takes in a step that began this far into a run of this length.
    pub(crate) fn record(
        &mut self,
        kind: &'static str,
        took: Duration,
        begun: Duration,
        run: Duration,
    ) -> Result<(), String> {
        self.all.record(took);
        self.parts[part_of(begun, run)].record(took);
        if !self.kinds.contains_key(kind) {
            self.kinds.insert(kind, Latency::to_digits(3)?);
        }
        if let Some(latency) = self.kinds.get_mut(kind) {
            latency.record(took);
        }
        Ok(())
    }
}

/// In which part of a run of this length something happened.
fn part_of(at: Duration, run: Duration) -> usize {
    let parts = PARTS as u128;
    let part = at.as_nanos() * parts / run.as_nanos().max(1);
    usize::try_from(part.min(parts - 1)).unwrap_or(PARTS - 1)
}

/// A duration in microseconds, for people.
pub(crate) fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_what_so_many_did_not_exceed() {
        let mut latency = Latency::to_digits(3).unwrap();
        (1..=1_000).for_each(|micros| latency.record(Duration::from_micros(micros)));
        for (at, expected) in [(0.5, 500.0), (0.99, 990.0), (0.999, 999.0), (1.0, 1_000.0)] {
            let found = latency.quantile_us(at);
            assert!((found - expected).abs() <= expected / 1_000.0, "{at}: {found}");
        }
        assert_eq!(latency.count(), 1_000);
    }

    #[test]
    fn a_run_is_cut_into_equal_parts() {
        let run = Duration::from_secs(10);
        let part = |ms| part_of(Duration::from_millis(ms), run);
        assert_eq!([part(0), part(999), part(1_000), part(9_999)], [0, 0, 1, 9]);
        assert_eq!(part(10_500), PARTS - 1, "what ends late belongs to the last");
        assert_eq!(part_of(Duration::ZERO, Duration::ZERO), 0);
    }

    #[test]
    fn a_step_counts_whole_by_kind_and_by_part() {
        let mut recorder = Recorder::new().unwrap();
        let run = Duration::from_secs(1);
        for (kind, begun) in [("read", 0), ("order", 50), ("read", 990)] {
            let took = Duration::from_micros(100);
            recorder.record(kind, took, Duration::from_millis(begun), run).unwrap();
        }
        assert_eq!((recorder.all.count(), recorder.kinds["read"].count()), (3, 2));
        assert_eq!((recorder.parts[0].count(), recorder.parts[PARTS - 1].count()), (2, 1));
    }
}
