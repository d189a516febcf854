//! Timestamps as RFC 3339 text in UTC, written without the general formatting machinery: an order writes some twenty.

use crate::Timestamp;
use serde::{Deserialize, Deserializer, Serializer};

const SECONDS_PER_DAY: i64 = 86_400;
/// Longest text: `9999-12-30T22:00:00.999999999Z`.
const TEXT_BYTES_MAX: usize = 30;

/// Writes a timestamp as its `Display` does: `2026-05-31T12:00:00.5Z`, with as many decimals as it needs. For serde's
/// `#[serde(with = "kernel::rfc3339")]`.
///
/// ```
/// #[derive(serde::Serialize)]
/// struct Event {
///     #[serde(with = "kernel::rfc3339")]
///     at: kernel::Timestamp,
/// }
///
/// let at = "2026-05-31T12:00:00.25Z".parse().unwrap();
/// assert_eq!(serde_json::to_string(&Event { at }).unwrap(), r#"{"at":"2026-05-31T12:00:00.25Z"}"#);
/// ```
///
/// # Errors
///
/// Those of the serializer.
pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    match Text::of(*at) {
        Some(text) => serializer.serialize_str(text.as_str()),
        // A year before 0 or after 9999 has another form.
        None => serializer.collect_str(at),
    }
}

/// Reads a timestamp in any form of RFC 3339.
///
/// # Errors
///
/// The text is not a timestamp.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    Timestamp::deserialize(deserializer)
}

struct Text {
    bytes: [u8; TEXT_BYTES_MAX],
    length: usize,
}

impl Text {
    fn of(at: Timestamp) -> Option<Self> {
        // Before 1970, the part of a second counts backwards.
        let (second, nanos) = match (at.as_second(), at.subsec_nanosecond()) {
            (second, nanos @ 0..) => (second, nanos),
            (second, nanos) => (second - 1, nanos + 1_000_000_000),
        };
        let nanos = u32::try_from(nanos).ok()?;
        let (year, month, day) = civil_date(second.div_euclid(SECONDS_PER_DAY));
        let of_day = u32::try_from(second.rem_euclid(SECONDS_PER_DAY)).ok()?;
        let year = u32::try_from(year).ok().filter(|year| *year <= 9_999)?;
        let mut text = Self { bytes: [0; TEXT_BYTES_MAX], length: 0 };
        text.number(year, 4);
        text.part(b'-', month);
        text.part(b'-', day);
        text.part(b'T', of_day / 3_600);
        text.part(b':', of_day / 60 % 60);
        text.part(b':', of_day % 60);
        if nanos > 0 {
            text.byte(b'.');
            text.number(nanos, 9);
            while text.bytes[text.length - 1] == b'0' {
                text.length -= 1;
            }
        }
        text.byte(b'Z');
        Some(text)
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).expect("it is made of ASCII")
    }

    fn byte(&mut self, byte: u8) {
        self.bytes[self.length] = byte;
        self.length += 1;
    }

    /// A separator and a number of two digits.
    fn part(&mut self, separator: u8, number: u32) {
        self.byte(separator);
        self.number(number, 2);
    }

    fn number(&mut self, mut number: u32, digits: usize) {
        for place in self.bytes[self.length..][..digits].iter_mut().rev() {
            *place = b"0123456789"[(number % 10) as usize];
            number /= 10;
        }
        self.length += digits;
    }
}

/// Year, month and day of a day since the Unix epoch (H. Hinnant, "chrono-compatible low-level date algorithms").
fn civil_date(day: i64) -> (i64, u32, u32) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era =
        u32::try_from(shifted.rem_euclid(146_097)).expect("a remainder of 146,097 is small");
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = i64::from(year_of_era) + era * 400 + i64::from(month <= 2);
    (year, month, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(at: Timestamp) -> String {
        let mut json = Vec::new();
        serialize(&at, &mut serde_json::Serializer::new(&mut json)).unwrap();
        serde_json::from_slice(&json).unwrap()
    }

    #[test]
    fn leap_days_and_the_ends_of_the_range_are_written_as_elsewhere() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2000-02-29T23:59:59.999999999Z",
            "1900-02-28T23:59:59.1Z",
            "2100-03-01T00:00:00.000000001Z",
            "0000-01-01T00:00:00Z",
            "9999-12-30T22:00:00.99Z",
        ] {
            assert_eq!(written(text.parse().unwrap()), text);
        }
        for at in [Timestamp::MIN, Timestamp::MAX] {
            assert_eq!(written(at), at.to_string());
        }
    }

    proptest! {
        #[test]
        fn a_timestamp_is_written_as_its_display_writes_it(
            second in Timestamp::MIN.as_second()..=Timestamp::MAX.as_second(),
            nanos in prop_oneof![
                Just(0), 0..1_000_000_000,
                (0..1_000_000).prop_map(|it| it * 1_000),
                (0..1_000).prop_map(|it| it * 1_000_000),
            ],
        ) {
            if let Ok(at) = Timestamp::new(second, nanos) {
                prop_assert_eq!(written(at), at.to_string());
            }
        }
    }
}
