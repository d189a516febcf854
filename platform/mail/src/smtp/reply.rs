//! Answers of mail servers, as errors of delivery.

use crate::MailError;
use lettre::transport::smtp::Error;
use std::error::Error as _;

/// Longest part of an answer that is told, in characters.
const ANSWER_CHARACTERS_MAX: usize = 200;

/// Error before the message was spoken of.
pub(super) fn unavailable(error: &Error) -> MailError {
    MailError::Unavailable(answer(error))
}

/// Error about the message itself: final if the server says so (5xx), and otherwise (4xx, or no answer) a reason to try again.
pub(super) fn refused(error: &Error) -> MailError {
    if error.is_permanent() {
        MailError::Refused(answer(error))
    } else {
        MailError::Unavailable(answer(error))
    }
}

/// What the server answered, or why it did not, in one line. Words with an at sign are left out: they are addresses of people.
fn answer(error: &Error) -> String {
    let mut parts: Vec<String> = error.status().iter().map(ToString::to_string).collect();
    match error.source() {
        Some(source) => parts.push(source.to_string()),
        None if parts.is_empty() => parts.push(error.to_string()),
        None => {}
    }
    let text = parts.join(" ");
    let words = text.split_whitespace().map(|word| if word.contains('@') { "…" } else { word });
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars().filter(|it| !it.is_control()).take(ANSWER_CHARACTERS_MAX).collect()
}
