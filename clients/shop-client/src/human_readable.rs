//! Human-readable numbers: rates with at most three significant digits, durations in their largest unit.

use indicatif::{HumanBytes, HumanCount, HumanDuration};
use std::time::Duration;

/// Unit of the amounts of a [`ProgressMeter`](crate::ProgressMeter).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Items of any kind.
    Things,
    /// Bytes, shown with binary prefixes.
    Bytes,
}

impl Unit {
    pub(crate) fn amount(self, amount: u64) -> String {
        match self {
            Self::Things => HumanCount(amount).to_string(),
            Self::Bytes => HumanBytes(amount).to_string(),
        }
    }

    /// Rate such as `1,230 a second`, or per minute or hour where less than one is done in a second; nothing for nothing.
    pub(crate) fn rate(self, done: u64, elapsed: Duration) -> Option<String> {
        let millis = elapsed.as_millis().max(1);
        let rates = [("a second", 1_000), ("a minute", 60_000), ("an hour", 3_600_000)];
        rates.into_iter().find_map(|(per, unit_millis)| {
            let done = u128::from(done) * unit_millis;
            (done >= millis)
                .then(|| format!("{} {per}", self.amount(rounded((done + millis / 2) / millis))))
        })
    }
}

/// Rate per second with at most three significant digits.
///
/// ```
/// use std::time::Duration;
///
/// assert_eq!(shop_client::rate_per_second(123_456, Duration::from_secs(10)), 12_300);
/// assert_eq!(shop_client::rate_per_second(0, Duration::ZERO), 0);
/// ```
pub fn rate_per_second(done: u64, elapsed: Duration) -> u64 {
    let millis = elapsed.as_millis().max(1);
    rounded((u128::from(done) * 1_000 + millis / 2) / millis)
}

/// Duration as people say it: `less than a second`, `42 seconds`, `7 minutes`.
///
/// ```
/// use std::time::Duration;
///
/// assert_eq!(shop_client::duration_in_words(Duration::from_millis(30)), "less than a second");
/// assert_eq!(shop_client::duration_in_words(Duration::from_secs(431)), "7 minutes");
/// ```
pub fn duration_in_words(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        return "less than a second".to_owned();
    }
    HumanDuration(duration).to_string()
}

/// Number with at most three significant digits.
fn rounded(number: u128) -> u64 {
    let mut unit = 1;
    while number / unit >= 1_000 {
        unit *= 10;
    }
    u64::try_from((number / unit + number % unit * 2 / unit) * unit).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_at_most_three_significant_digits() {
        for (done, millis, expected) in [
            (0, 5_000, None),
            (1, 10_000, Some("6 a minute")),
            (1, 3_600_000, Some("1 an hour")),
            (1, 36_000_000, None),
            (309_665, 10_000, Some("31,000 a second")),
            (30_966, 1_000_000, Some("31 a second")),
            (1_234, 1_000, Some("1,230 a second")),
            (1_235, 1_000, Some("1,240 a second")),
            (9_996, 1_000, Some("10,000 a second")),
            (7, 0, Some("7,000 a second")),
        ] {
            let rate = Unit::Things.rate(done, Duration::from_millis(millis));
            assert_eq!(rate.as_deref(), expected, "{done} in {millis} ms");
        }
        let rate = Unit::Bytes.rate(3 << 20, Duration::from_secs(2));
        assert_eq!(rate.unwrap(), "1.50 MiB a second");
        assert_eq!(rounded(u128::MAX), u64::MAX);
    }

    #[test]
    fn a_duration_is_said_in_its_largest_unit() {
        for (millis, expected) in [
            (0, "less than a second"),
            (999, "less than a second"),
            (1_000, "1 second"),
            (2_400, "2 seconds"),
            (75_000, "75 seconds"),
            (180_000, "3 minutes"),
            (36_000_000, "10 hours"),
        ] {
            assert_eq!(duration_in_words(Duration::from_millis(millis)), expected);
        }
    }
}
