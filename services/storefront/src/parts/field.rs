//! Fields of forms: label above, then hint, then what is wrong, then the field.

use super::icon::Icon;
use crate::words::Words;
use maud::{Markup, html};

/// One line of text to fill in.
#[derive(Debug, Default)]
pub(crate) struct Field<'a> {
    /// Its id and name.
    pub(crate) name: &'a str,
    pub(crate) label: &'a str,
    /// Whether it may stay empty.
    pub(crate) optional: Optional,
    pub(crate) hint: Option<&'a str>,
    pub(crate) error: Option<&'a str>,
    pub(crate) value: &'a str,
    pub(crate) autocomplete: &'a str,
    pub(crate) kind: Kind,
    /// What it has to look like, as the browser may check it too.
    pub(crate) pattern: Option<&'a str>,
}

/// Whether a field may stay empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Optional {
    #[default]
    No,
    Yes,
}

/// What is typed into a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Text,
    Email,
    Digits,
}

pub(crate) fn field(words: &Words, field: &Field<'_>) -> Markup {
    let Field { name, label, hint, error, value, autocomplete, pattern, .. } = field;
    let hint_id = hint.map(|_| format!("{name}-hint"));
    let error_id = error.map(|_| format!("{name}-error"));
    let described: Vec<&str> =
        [&hint_id, &error_id].into_iter().filter_map(|id| id.as_deref()).collect();
    let described = (!described.is_empty()).then(|| described.join(" "));
    let (kind, mode, spelling) = match field.kind {
        Kind::Text => ("text", None, None),
        Kind::Email => ("email", Some("email"), Some("false")),
        Kind::Digits => ("text", Some("numeric"), Some("false")),
    };
    html! {
        div.field .wrong[error.is_some()] {
            label for=(name) {
                (label)
                @if field.optional == Optional::Yes { span.quiet { " (" (words.checkout.optional) ")" } }
            }
            @if let Some(hint) = hint { p.hint id=[&hint_id] { (hint) } }
            @if let Some(error) = error { (message(words, error, error_id.as_deref())) }
            input.input id=(name) name=(name) type=(kind) value=(value) autocomplete=(autocomplete)
                inputmode=[mode] spellcheck=[spelling] pattern=[*pattern] maxlength="200"
                required[field.optional == Optional::No]
                aria-describedby=[described] aria-invalid=[error.map(|_| "true")];
        }
    }
}

/// What is wrong with a field.
pub(crate) fn message(words: &Words, error: &str, id: Option<&str>) -> Markup {
    html! {
        p.error id=[id] { (Icon::Cross) span { span.vh { (words.checkout.error) " " } (error) } }
    }
}

/// A choice of one from many.
pub(crate) struct Choice<'a> {
    pub(crate) name: &'a str,
    pub(crate) label: &'a str,
    pub(crate) autocomplete: &'a str,
    pub(crate) error: Option<&'a str>,
    pub(crate) chosen: &'a str,
    /// Value and word of each.
    pub(crate) values: Vec<(&'a str, &'a str)>,
}

pub(crate) fn choice(words: &Words, choice: &Choice<'_>) -> Markup {
    let Choice { name, label, autocomplete, error, chosen, values } = choice;
    let error_id = error.map(|_| format!("{name}-error"));
    html! {
        div.field .wrong[error.is_some()] {
            label for=(name) { (label) }
            @if let Some(error) = error { (message(words, error, error_id.as_deref())) }
            span.select {
                select.input id=(name) name=(name) autocomplete=(autocomplete)
                    aria-describedby=[&error_id] aria-invalid=[error.map(|_| "true")] {
                    @for (value, word) in values {
                        option value=(value) selected[value == chosen] { (word) }
                    }
                }
                (Icon::Open)
            }
        }
    }
}
