//! Latencies in HDR histograms: over all, by kind of request and by tenth of the run.

use hdrhistogram::Histogram;
use std::{collections::BTreeMap, time::Duration};

/// The longest latency that is recorded as it is; longer ones saturate.
const SLOWEST: Duration = Duration::from_mins(10);
/// Number of equal parts of a run, which show whether latency changes over time.
pub(crate) const PARTS: usize = 10;
/// Percentiles in the results.
const PERCENTILES: [f64; 10] = [10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99, 100.0];

/// HDR histogram of latencies.
#[derive(Clone, Debug)]
pub(crate) struct LatencyHistogram(Histogram<u64>);

impl LatencyHistogram {
    /// An empty histogram with this many significant digits.
    pub(crate) fn with_digits(digits: u8) -> Result<Self, String> {
        let histogram = Histogram::new_with_bounds(1, nanos(SLOWEST), digits);
        histogram.map(Self).map_err(|error| error.to_string())
    }

    pub(crate) fn record(&mut self, took: Duration) {
        self.0.saturating_record(nanos(took));
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// Quantile, between 0 and 1, in microseconds.
    pub(crate) fn quantile_us(&self, at: f64) -> f64 {
        micros(Duration::from_nanos(self.0.value_at_quantile(at)))
    }

    /// Pairs of percent and microseconds for the results.
    pub(crate) fn percentiles_us(&self) -> Vec<[f64; 2]> {
        PERCENTILES.map(|percent| [percent, self.quantile_us(percent / 100.0)]).to_vec()
    }
}

/// Recorder of the latencies of a run.
#[derive(Debug)]
pub(crate) struct LatencyRecorder {
    pub(crate) all: LatencyHistogram,
    pub(crate) kinds: BTreeMap<&'static str, LatencyHistogram>,
    pub(crate) parts: Vec<LatencyHistogram>,
}

impl LatencyRecorder {
    pub(crate) fn new() -> Result<Self, String> {
        let parts =
            (0..PARTS).map(|_| LatencyHistogram::with_digits(2)).collect::<Result<_, _>>()?;
        Ok(Self { all: LatencyHistogram::with_digits(3)?, kinds: BTreeMap::new(), parts })
    }

    /// Records a sample that started at an offset into a run of this length.
    pub(crate) fn record(
        &mut self,
        kind: &'static str,
        took: Duration,
        offset: Duration,
        run: Duration,
    ) -> Result<(), String> {
        self.all.record(took);
        self.parts[part_of(offset, run)].record(took);
        if !self.kinds.contains_key(kind) {
            self.kinds.insert(kind, LatencyHistogram::with_digits(3)?);
        }
        if let Some(latency) = self.kinds.get_mut(kind) {
            latency.record(took);
        }
        Ok(())
    }
}

/// Index of the part of a run in which an offset lies.
fn part_of(at: Duration, run: Duration) -> usize {
    let parts = PARTS as u128;
    let part = at.as_nanos() * parts / run.as_nanos().max(1);
    usize::try_from(part.min(parts - 1)).unwrap_or(PARTS - 1)
}

/// Duration in microseconds.
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
    fn a_quantile_is_the_latency_that_so_many_do_not_exceed() {
        let mut latency = LatencyHistogram::with_digits(3).unwrap();
        (1..=1_000).for_each(|micros| latency.record(Duration::from_micros(micros)));
        for (at, expected) in [(0.5, 500.0), (0.99, 990.0), (0.999, 999.0), (1.0, 1_000.0)] {
            let found = latency.quantile_us(at);
            assert!((found - expected).abs() <= expected / 1_000.0, "{at}: {found}");
        }
        assert_eq!(latency.count(), 1_000);
    }

    #[test]
    fn a_run_is_divided_into_equal_parts() {
        let run = Duration::from_secs(10);
        let part = |ms| part_of(Duration::from_millis(ms), run);
        assert_eq!([part(0), part(999), part(1_000), part(9_999)], [0, 0, 1, 9]);
        assert_eq!(part(10_500), PARTS - 1, "a late sample belongs to the last part");
        assert_eq!(part_of(Duration::ZERO, Duration::ZERO), 0);
    }

    #[test]
    fn a_sample_is_recorded_over_all_by_kind_and_by_part() {
        let mut recorder = LatencyRecorder::new().unwrap();
        let run = Duration::from_secs(1);
        for (kind, offset) in [("read", 0), ("order", 50), ("read", 990)] {
            let took = Duration::from_micros(100);
            recorder.record(kind, took, Duration::from_millis(offset), run).unwrap();
        }
        assert_eq!((recorder.all.count(), recorder.kinds["read"].count()), (3, 2));
        assert_eq!((recorder.parts[0].count(), recorder.parts[PARTS - 1].count()), (2, 1));
    }
}
