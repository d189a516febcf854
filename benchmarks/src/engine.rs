//! What the engine under the shop did, read off the shop's page of figures.

use serde::Serialize;

/// How often something took at most so long.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Bucket {
    /// The upper bound in microseconds.
    pub(crate) up_to_us: f64,
    pub(crate) count: u64,
}

/// The engine's counts since it was opened, or between two looks.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Engine {
    pub(crate) flushes: u64,
    pub(crate) writes: u64,
    /// Bytes of the writes, without what the database adds.
    pub(crate) bytes: u64,
    /// The same of the log that may lag behind.
    pub(crate) bulk_flushes: u64,
    pub(crate) bulk_bytes: u64,
    pub(crate) applies: u64,
    pub(crate) checkpoints: u64,
    pub(crate) wal_bytes_peak: u64,
    /// Messages that consumers have taken in.
    pub(crate) messages: u64,
    /// The time of one flush of the services' log, from short to long.
    pub(crate) flush: Vec<Bucket>,
}

impl Engine {
    /// Reads the page; nothing when it does not tell of an engine.
    pub(crate) fn on(page: &str) -> Option<Self> {
        let mut engine = Self::default();
        let mut is_told = false;
        for line in page.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, amount)) = line.rsplit_once(' ') else { continue };
            let (name, labels) = name.split_once('{').unwrap_or((name, ""));
            let is_bulk = labels.contains("log=\"bulk\"");
            let count: u64 = amount.parse().unwrap_or(0);
            match (name, is_bulk) {
                ("engine_flushes_total", false) => (engine.flushes, is_told) = (count, true),
                ("engine_flushes_total", true) => engine.bulk_flushes = count,
                ("engine_writes_total", false) => engine.writes = count,
                ("engine_written_bytes_total", false) => engine.bytes = count,
                ("engine_written_bytes_total", true) => engine.bulk_bytes = count,
                ("engine_applies_total", false) => engine.applies = count,
                ("engine_checkpoints_total", false) => engine.checkpoints = count,
                ("engine_wal_bytes_peak", false) => engine.wal_bytes_peak = count,
                ("messages_taken_total", _) => engine.messages += count,
                ("engine_flush_seconds_bucket", false) => {
                    engine.flush.extend(bound(labels).map(|up_to_us| Bucket { up_to_us, count }));
                }
                _ => {}
            }
        }
        engine.flush = apart(&engine.flush);
        is_told.then_some(engine)
    }

    /// What happened since `before`.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let flush = self.flush.iter().zip(&before.flush).map(|(now, then)| Bucket {
            up_to_us: now.up_to_us,
            count: now.count.saturating_sub(then.count),
        });
        Self {
            flushes: self.flushes.saturating_sub(before.flushes),
            writes: self.writes.saturating_sub(before.writes),
            bytes: self.bytes.saturating_sub(before.bytes),
            bulk_flushes: self.bulk_flushes.saturating_sub(before.bulk_flushes),
            bulk_bytes: self.bulk_bytes.saturating_sub(before.bulk_bytes),
            applies: self.applies.saturating_sub(before.applies),
            checkpoints: self.checkpoints.saturating_sub(before.checkpoints),
            wal_bytes_peak: self.wal_bytes_peak,
            messages: self.messages.saturating_sub(before.messages),
            flush: flush.collect(),
        }
    }
}

/// The upper bound, in microseconds, that this part of what was counted, between 0 and 1, did not exceed.
pub(crate) fn bound_at(buckets: &[Bucket], at: f64) -> Option<f64> {
    let total: u64 = buckets.iter().map(|bucket| bucket.count).sum();
    let mut seen = 0;
    buckets.iter().find_map(|bucket| {
        seen += bucket.count;
        let is_reached = crate::report::float(seen) >= at * crate::report::float(total);
        (total > 0 && is_reached).then_some(bucket.up_to_us)
    })
}

/// The bound that these labels name; the last one has none.
fn bound(labels: &str) -> Option<f64> {
    let (_, rest) = labels.split_once("le=\"")?;
    let seconds: f64 = rest.split('"').next()?.parse().ok()?;
    seconds.is_finite().then_some(seconds * 1e6)
}

/// On the page every bucket counts those before it too; here each counts its own.
fn apart(cumulative: &[Bucket]) -> Vec<Bucket> {
    let before = std::iter::once(0).chain(cumulative.iter().map(|bucket| bucket.count));
    let own = |(bucket, before): (&Bucket, u64)| Bucket {
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
# EOF"#;

    #[test]
    fn the_page_is_read() {
        let engine = Engine::on(PAGE).unwrap();
        assert_eq!((engine.flushes, engine.bulk_flushes, engine.bytes), (40, 3, 9_000));
        assert_eq!(engine.messages, 11, "over all consumers");
        let counts: Vec<_> = engine.flush.iter().map(|bucket| bucket.count).collect();
        assert_eq!(counts, [10, 29, 1]);
        assert_eq!(bound_at(&engine.flush, 0.5), Some(1_024.0));
        assert_eq!(bound_at(&engine.flush, 1.0), Some(2_048.0));
    }

    #[test]
    fn a_page_without_an_engine_tells_nothing() {
        assert_eq!(Engine::on("messages_taken_total{} 5\n# EOF"), None);
        assert_eq!(bound_at(&[], 0.5), None);
    }

    #[test]
    fn two_looks_are_subtracted() {
        let before = Engine::on(PAGE).unwrap();
        let page = PAGE.replace("services\"} 40", "services\"} 50").replace("\"b\"} 6", "\"b\"} 8");
        let between = Engine::on(&page).unwrap().since(&before);
        assert_eq!((between.flushes, between.messages), (10, 2));
        assert_eq!(between.flush.iter().map(|bucket| bucket.count).sum::<u64>(), 10);
    }
}
