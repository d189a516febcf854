//! Formatting of dates and times, and arithmetic with working days.

use crate::messages::Messages;
use jiff::{
    Zoned,
    civil::{Date, Weekday},
};

pub(super) fn day(messages: &Messages, date: Date) -> String {
    format!("{} {}", weekday_and_day(messages, date), month(messages, date))
}

pub(super) fn date_range(messages: &Messages, from: Date, to: Date) -> String {
    if from == to {
        day(messages, from)
    } else if from.first_of_month() == to.first_of_month() {
        format!("{} – {}", weekday_and_day(messages, from), day(messages, to))
    } else {
        format!("{} – {}", day(messages, from), day(messages, to))
    }
}

pub(super) fn date(messages: &Messages, zoned: &Zoned) -> String {
    let date = zoned.date();
    format!("{}{} {} {}", date.day(), messages.day_suffix, month(messages, date), date.year())
}

/// Time of day with the time zone: `14:32 UTC`.
pub(super) fn time(zoned: &Zoned) -> String {
    zoned.strftime("%H:%M %Z").to_string()
}

/// Date `count` working days (Monday to Friday) after another one.
pub(super) fn working_days_after(mut date: Date, count: u8) -> Date {
    let mut left = count;
    loop {
        let is_working_day = !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        if left == 0 && is_working_day {
            return date;
        }
        let Ok(next) = date.tomorrow() else { return date };
        date = next;
        if !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
            left = left.saturating_sub(1);
        }
    }
}

fn weekday_and_day(messages: &Messages, date: Date) -> String {
    let weekday =
        messages.weekdays[usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0)];
    format!("{weekday} {}{}", date.day(), messages.day_suffix)
}

fn month(messages: &Messages, date: Date) -> &'static str {
    messages.months[usize::try_from(date.month()).unwrap_or(1).saturating_sub(1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekends_are_not_working_days() {
        let friday = jiff::civil::date(2025, 11, 21);
        assert_eq!(working_days_after(friday, 0).to_string(), "2025-11-21");
        assert_eq!(working_days_after(friday, 1).to_string(), "2025-11-24");
        assert_eq!(working_days_after(friday, 6).to_string(), "2025-12-01");
        let saturday = jiff::civil::date(2025, 11, 22);
        assert_eq!(working_days_after(saturday, 0).to_string(), "2025-11-24");
        assert_eq!(working_days_after(saturday, 1).to_string(), "2025-11-24");
    }
}
