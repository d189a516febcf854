//! Form fields: label, hint, error message and control, from top to bottom.

use super::icon::Icon;
use crate::messages::Messages;
use maud::{Markup, html};

/// Single-line text field.
#[derive(Debug, Default)]
pub(crate) struct TextField<'a> {
    /// Id and name of the control.
    pub(crate) name: &'a str,
    pub(crate) label: &'a str,
    pub(crate) requirement: Requirement,
    pub(crate) hint: Option<&'a str>,
    pub(crate) error: Option<&'a str>,
    pub(crate) value: &'a str,
    pub(crate) autocomplete: &'a str,
    pub(crate) input_type: InputType,
    /// Regular expression that the browser validates.
    pub(crate) pattern: Option<&'a str>,
    pub(crate) capitals: Capitals,
}

/// Capital letters that an on-screen keyboard offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Capitals {
    #[default]
    AsUsual,
    Always,
}

/// Requirement of a field: whether it may stay empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Requirement {
    #[default]
    Required,
    Optional,
}

/// Type of input, which decides on the on-screen keyboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum InputType {
    #[default]
    Text,
    Email,
    Numeric,
}

pub(crate) fn text_field(messages: &Messages, field: &TextField<'_>) -> Markup {
    let TextField { name, label, hint, error, value, autocomplete, pattern, .. } = field;
    let hint_id = hint.map(|_| format!("{name}-hint"));
    let error_id = error.map(|_| format!("{name}-error"));
    let described: Vec<&str> =
        [&hint_id, &error_id].into_iter().filter_map(|id| id.as_deref()).collect();
    let described = (!described.is_empty()).then(|| described.join(" "));
    let capitals = (field.capitals == Capitals::Always).then_some("characters");
    let (input_type, input_mode, spellcheck) = match field.input_type {
        InputType::Text => ("text", None, None),
        InputType::Email => ("email", Some("email"), Some("false")),
        InputType::Numeric => ("text", Some("numeric"), Some("false")),
    };
    html! {
        div.field .wrong[error.is_some()] {
            (field_label(messages, name, label, field.requirement))
            @if let Some(hint) = hint { p.hint id=[&hint_id] { (hint) } }
            @if let Some(error) = error { (error_message(messages, error, error_id.as_deref())) }
            input.input id=(name) name=(name) type=(input_type) value=(value) autocomplete=(autocomplete)
                inputmode=[input_mode] spellcheck=[spellcheck] autocapitalize=[capitals] pattern=[*pattern] maxlength="200"
                required[field.requirement == Requirement::Required]
                aria-describedby=[described] aria-invalid=[error.map(|_| "true")];
        }
    }
}

/// Error message of a field.
fn error_message(messages: &Messages, error: &str, id: Option<&str>) -> Markup {
    html! {
        p.error id=[id] { (Icon::Alert) span { span.vh { (messages.checkout.error_prefix) " " } (error) } }
    }
}

/// Drop-down field.
#[derive(Default)]
pub(crate) struct SelectField<'a> {
    pub(crate) name: &'a str,
    pub(crate) label: &'a str,
    pub(crate) requirement: Requirement,
    pub(crate) autocomplete: &'a str,
    pub(crate) error: Option<&'a str>,
    pub(crate) selected: &'a str,
    /// Text of the option that stands for none, if nothing is selected at first.
    pub(crate) placeholder: Option<&'a str>,
    /// Value and label of each option.
    pub(crate) options: Vec<(&'a str, &'a str)>,
}

pub(crate) fn select_field(messages: &Messages, field: &SelectField<'_>) -> Markup {
    let SelectField { name, error, selected, options, .. } = field;
    let error_id = error.map(|_| format!("{name}-error"));
    let is_required = field.requirement == Requirement::Required;
    html! {
        div.field .wrong[error.is_some()] {
            (field_label(messages, name, field.label, field.requirement))
            @if let Some(error) = error { (error_message(messages, error, error_id.as_deref())) }
            span.select {
                select.input id=(name) name=(name) autocomplete=(field.autocomplete) required[is_required]
                    aria-describedby=[&error_id] aria-invalid=[error.map(|_| "true")] {
                    @if let Some(placeholder) = field.placeholder { option value="" { (placeholder) } }
                    @for (value, label) in options {
                        option value=(value) selected[value == selected] { (label) }
                    }
                }
                (Icon::Chevron)
            }
        }
    }
}

fn field_label(messages: &Messages, name: &str, label: &str, requirement: Requirement) -> Markup {
    html! {
        label for=(name) {
            (label)
            @if requirement == Requirement::Optional { span.quiet { " (" (messages.checkout.optional) ")" } }
        }
    }
}
