//! Days and times.

use crate::words::Words;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use kernel::Timestamp;

pub(super) fn day(words: &Words, date: Date) -> String {
    format!("{} {}", weekday_and_day(words, date), month(words, date))
}

pub(super) fn days(words: &Words, from: Date, to: Date) -> String {
    if from == to {
        day(words, from)
    } else if from.first_of_month() == to.first_of_month() {
        format!("{} – {}", weekday_and_day(words, from), day(words, to))
    } else {
        format!("{} – {}", day(words, from), day(words, to))
    }
}

pub(super) fn date(words: &Words, instant: Timestamp) -> String {
    let date = civil(instant);
    format!("{}{} {} {}", date.day(), words.day_mark, month(words, date), date.year())
}

/// A time of day, UTC: `14:32 UTC`.
pub(crate) fn time(instant: Timestamp) -> String {
    let time = instant.to_zoned(TimeZone::UTC).time();
    format!("{:02}:{:02} UTC", time.hour(), time.minute())
}

/// The date so many working days after an instant; Saturday and Sunday are none.
pub(crate) fn working_days_after(instant: Timestamp, count: u8) -> Date {
    let mut date = civil(instant);
    let mut left = count;
    loop {
        let works = !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        if left == 0 && works {
            return date;
        }
        let Ok(next) = date.tomorrow() else { return date };
        date = next;
        if !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
            left = left.saturating_sub(1);
        }
    }
}

fn civil(instant: Timestamp) -> Date {
    instant.to_zoned(TimeZone::UTC).date()
}

fn weekday_and_day(words: &Words, date: Date) -> String {
    let weekday =
        words.weekdays[usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0)];
    format!("{weekday} {}{}", date.day(), words.day_mark)
}

fn month(words: &Words, date: Date) -> &'static str {
    words.months[usize::try_from(date.month()).unwrap_or(1).saturating_sub(1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekends_are_no_working_days() {
        let friday: Timestamp = "2025-11-21T20:00:00Z".parse().unwrap();
        assert_eq!(working_days_after(friday, 0).to_string(), "2025-11-21");
        assert_eq!(working_days_after(friday, 1).to_string(), "2025-11-24");
        assert_eq!(working_days_after(friday, 6).to_string(), "2025-12-01");
        let saturday: Timestamp = "2025-11-22T20:00:00Z".parse().unwrap();
        assert_eq!(working_days_after(saturday, 0).to_string(), "2025-11-24");
        assert_eq!(working_days_after(saturday, 1).to_string(), "2025-11-24");
    }
}
