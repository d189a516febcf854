//! Calendar months, by which the books are balanced.

use kernel::Timestamp;
use std::fmt;

/// Month of a year, in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Month {
    year: i16,
    month: u8,
}

impl Month {
    /// The month of an instant.
    pub(crate) fn of(instant: Timestamp) -> Self {
        // RFC 3339 begins with the year and the month; no invoice is from before year 1 or after 9999.
        let text = instant.to_string();
        let mut parts = text.splitn(3, '-');
        let mut next = || parts.next().unwrap_or_default();
        Self { year: next().parse().unwrap_or(0), month: next().parse().unwrap_or(0) }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}-{:02}", self.year, self.month)
    }
}
