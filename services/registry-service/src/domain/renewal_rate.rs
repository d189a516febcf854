//! Rate of heartbeats: how many came in the last full minute.

/// Length of a bucket, in milliseconds.
const MINUTE_MS: u64 = 60_000;

/// Counter of heartbeats in buckets of a minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RenewalRate {
    bucket_began_ms: u64,
    running: u64,
    last: u64,
}

impl RenewalRate {
    pub(crate) fn new(now_ms: u64) -> Self {
        Self { bucket_began_ms: now_ms, running: 0, last: 0 }
    }

    /// Counts a heartbeat.
    pub(crate) fn count(&mut self, now_ms: u64) {
        self.advance(now_ms);
        self.running += 1;
    }

    /// Heartbeats of the last full minute.
    pub(crate) fn last_minute(&mut self, now_ms: u64) -> u64 {
        self.advance(now_ms);
        self.last
    }

    fn advance(&mut self, now_ms: u64) {
        let minutes = now_ms.saturating_sub(self.bucket_began_ms) / MINUTE_MS;
        if minutes == 0 {
            return;
        }
        self.last = if minutes == 1 { self.running } else { 0 };
        self.running = 0;
        self.bucket_began_ms += minutes * MINUTE_MS;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_full_minute_counts() {
        let mut rate = RenewalRate::new(0);
        rate.count(1);
        rate.count(59_999);
        assert_eq!(rate.last_minute(59_999), 0);
        assert_eq!(rate.last_minute(60_000), 2);
        rate.count(60_001);
        assert_eq!(rate.last_minute(119_999), 2);
        assert_eq!(rate.last_minute(120_000), 1);
        assert_eq!(rate.last_minute(300_000), 0, "a minute without heartbeats");
    }
}
