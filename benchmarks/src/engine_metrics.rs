//! Metrics of the storage engine, parsed from the shop's `/metrics`.

use crate::numbers::float;
use serde::Serialize;
use std::collections::BTreeMap;

/// Bucket of a latency histogram.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct HistogramBucket {
    /// The upper bound in microseconds.
    pub(crate) up_to_us: f64,
    pub(crate) count: u64,
}

/// Counters of the engine since it was opened, or between two readings.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct EngineMetrics {
    pub(crate) flushes: u64,
    pub(crate) writes: u64,
    /// Bytes of the writes, without pages and frames of the database.
    pub(crate) bytes: u64,
    /// Flushes of the log that may lag behind.
    pub(crate) bulk_flushes: u64,
    pub(crate) bulk_bytes: u64,
    pub(crate) applies: u64,
    /// Messages that consumers have processed.
    pub(crate) messages: u64,
    /// Latency histogram of the flushes of the services' log, in ascending order.
    pub(crate) flush: Vec<HistogramBucket>,
    /// Lag by consumer group, over all sources: from the recording of an event until its effects are recorded, in ascending
    /// order.
    pub(crate) lag: BTreeMap<String, Vec<HistogramBucket>>,
}

impl EngineMetrics {
    /// Parses the page; `None` when it has no metrics of an engine.
    pub(crate) fn parse(page: &str) -> Option<Self> {
        let mut engine = Self::default();
        let mut has_engine = false;
        for line in page.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, amount)) = line.rsplit_once(' ') else { continue };
            let (name, labels) = name.split_once('{').unwrap_or((name, ""));
            let is_bulk = labels.contains("log=\"bulk\"");
            let count: u64 = amount.parse().unwrap_or(0);
            match (name, is_bulk) {
                ("engine_flushes_total", false) => (engine.flushes, has_engine) = (count, true),
                ("engine_flushes_total", true) => engine.bulk_flushes = count,
                // On a server each service has a writer, whose commit flushes.
                ("engine_batches_total", _) => {
                    (engine.flushes, has_engine) = (engine.flushes + count, true);
                }
                ("engine_writes_total", false) => engine.writes += count,
                ("engine_written_bytes_total", false) => engine.bytes = count,
                ("engine_written_bytes_total", true) => engine.bulk_bytes = count,
                ("engine_applies_total", false) => engine.applies = count,
                ("messages_taken_total", _) => engine.messages += count,
                ("engine_flush_seconds_bucket", false) | ("engine_commit_seconds_bucket", _) => {
                    add_bucket(&mut engine.flush, labels, count);
                }
                ("message_lag_seconds_bucket", _) => add_lag(&mut engine.lag, labels, count),
                _ => {}
            }
        }
        engine.flush = decumulate(&engine.flush);
        engine.lag.values_mut().for_each(|lag| *lag = decumulate(lag));
        has_engine.then_some(engine)
    }

    /// Difference since an earlier reading.
    pub(crate) fn since(&self, before: &Self) -> Self {
        Self {
            flushes: self.flushes.saturating_sub(before.flushes),
            writes: self.writes.saturating_sub(before.writes),
            bytes: self.bytes.saturating_sub(before.bytes),
            bulk_flushes: self.bulk_flushes.saturating_sub(before.bulk_flushes),
            bulk_bytes: self.bulk_bytes.saturating_sub(before.bulk_bytes),
            applies: self.applies.saturating_sub(before.applies),
            messages: self.messages.saturating_sub(before.messages),
            flush: subtract(&self.flush, Some(&before.flush)),
            lag: self
                .lag
                .iter()
                .map(|(group, lag)| (group.clone(), subtract(lag, before.lag.get(group))))
                .collect(),
        }
    }
}

/// Upper bound of a quantile, between 0 and 1, in microseconds; `None` without observations.
pub(crate) fn quantile_bound_us(buckets: &[HistogramBucket], at: f64) -> Option<f64> {
    let total: u64 = buckets.iter().map(|bucket| bucket.count).sum();
    let mut seen = 0;
    buckets.iter().find_map(|bucket| {
        seen += bucket.count;
        let is_reached = float(seen) >= at * float(total);
        (total > 0 && is_reached).then_some(bucket.up_to_us)
    })
}

/// Value of a label.
fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = labels.trim_end_matches('}').split(',').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.trim_matches('"'))
}

/// Upper bound of a bucket from its label `le`; `None` for `+Inf`.
fn upper_bound_us(labels: &str) -> Option<f64> {
    let seconds: f64 = label(labels, "le")?.parse().ok()?;
    seconds.is_finite().then_some(seconds * 1e6)
}

/// Adds a bucket of one source to those of its group.
fn add_lag(lag: &mut BTreeMap<String, Vec<HistogramBucket>>, labels: &str, count: u64) {
    if let Some(group) = label(labels, "group") {
        add_bucket(lag.entry(group.to_owned()).or_default(), labels, count);
    }
}

/// Adds a bucket to those of other sources or services with the same bounds.
fn add_bucket(buckets: &mut Vec<HistogramBucket>, labels: &str, count: u64) {
    let Some(up_to_us) = upper_bound_us(labels) else { return };
    match buckets.iter_mut().find(|bucket| bucket.up_to_us.total_cmp(&up_to_us).is_eq()) {
        Some(bucket) => bucket.count += count,
        None => buckets.push(HistogramBucket { up_to_us, count }),
    }
}

fn subtract(
    now: &[HistogramBucket],
    before: Option<&Vec<HistogramBucket>>,
) -> Vec<HistogramBucket> {
    let before = before.into_iter().flatten().map(|bucket| bucket.count);
    now.iter()
        .zip(before.chain(std::iter::repeat(0)))
        .map(|(bucket, before)| HistogramBucket {
            count: bucket.count.saturating_sub(before),
            ..*bucket
        })
        .collect()
}

/// Converts cumulative buckets, as on the page, to separate ones.
fn decumulate(cumulative: &[HistogramBucket]) -> Vec<HistogramBucket> {
    let before = std::iter::once(0).chain(cumulative.iter().map(|bucket| bucket.count));
    let own = |(bucket, before): (&HistogramBucket, u64)| HistogramBucket {
        count: bucket.count.saturating_sub(before),
        ..*bucket
    };
    cumulative.iter().zip(before).map(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"# TYPE engine_flushes counter
engine_flushes_total{log="services"} 40
engine_flushes_total{log="bulk"} 3
engine_written_bytes_total{log="services"} 9000
messages_taken_total{group="a",source="b"} 5
messages_taken_total{group="c",source="b"} 6
engine_flush_seconds_sum{log="services"} 0.5
engine_flush_seconds_bucket{le="0.000512",log="services"} 10
engine_flush_seconds_bucket{le="0.001024",log="services"} 39
engine_flush_seconds_bucket{le="0.002048",log="services"} 40
engine_flush_seconds_bucket{le="+Inf",log="services"} 40
engine_flush_seconds_bucket{le="0.000512",log="bulk"} 3
message_lag_seconds_bucket{le="0.001",group="a",source="b"} 4
message_lag_seconds_bucket{le="0.0025",group="a",source="b"} 5
message_lag_seconds_bucket{le="+Inf",group="a",source="b"} 5
message_lag_seconds_bucket{le="0.001",group="a",source="c"} 3
message_lag_seconds_bucket{le="0.0025",group="a",source="c"} 6
message_lag_seconds_bucket{le="0.001",group="d",source="b"} 1
# EOF"#;

    #[test]
    fn the_page_is_parsed() {
        let engine = EngineMetrics::parse(PAGE).unwrap();
        assert_eq!((engine.flushes, engine.bulk_flushes, engine.bytes), (40, 3, 9_000));
        assert_eq!(engine.messages, 11, "over all consumers");
        let counts: Vec<_> = engine.flush.iter().map(|bucket| bucket.count).collect();
        assert_eq!(counts, [10, 29, 1]);
        assert_eq!(quantile_bound_us(&engine.flush, 0.5), Some(1_024.0));
        assert_eq!(quantile_bound_us(&engine.flush, 1.0), Some(2_048.0));
        let lag = |group| engine.lag[group].iter().map(|bucket| bucket.count).collect::<Vec<_>>();
        assert_eq!((lag("a"), lag("d")), (vec![7, 4], vec![1]), "by group, over its sources");
    }

    #[test]
    fn the_writers_of_a_server_are_added_up() {
        let page = r#"engine_batches_total{service="a"} 7
engine_batches_total{service="b"} 5
engine_writes_total{service="a"} 20
engine_writes_total{service="b"} 6
engine_commit_seconds_bucket{le="0.001",service="a"} 3
engine_commit_seconds_bucket{le="0.002",service="a"} 7
engine_commit_seconds_bucket{le="0.001",service="b"} 5
engine_commit_seconds_bucket{le="0.002",service="b"} 5"#;
        let engine = EngineMetrics::parse(page).unwrap();
        assert_eq!((engine.flushes, engine.writes), (12, 26));
        assert_eq!(engine.flush.iter().map(|it| it.count).collect::<Vec<_>>(), [8, 4]);
    }

    #[test]
    fn a_page_without_an_engine_has_no_metrics() {
        assert_eq!(EngineMetrics::parse("messages_taken_total{} 5\n# EOF"), None);
        assert_eq!(quantile_bound_us(&[], 0.5), None);
    }

    #[test]
    fn two_readings_are_subtracted() {
        let before = EngineMetrics::parse(PAGE).unwrap();
        let page = PAGE.replace("services\"} 40", "services\"} 50").replace("\"b\"} 6", "\"b\"} 8");
        let between = EngineMetrics::parse(&page).unwrap().since(&before);
        assert_eq!((between.flushes, between.messages), (10, 2));
        assert_eq!(between.flush.iter().map(|bucket| bucket.count).sum::<u64>(), 10);
    }
}
