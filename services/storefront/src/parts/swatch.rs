//! Colours by word, as dots whose colour is an attribute: the content policy allows no style.

use crate::pictures::COLOURS;
use maud::{Markup, html};

/// Colours of goods from elsewhere, by their plain words.
const PLAIN: &[(&str, &str)] = &[
    ("black", "#22201e"),
    ("white", "#fbfaf7"),
    ("grey", "#8d8c89"),
    ("gray", "#8d8c89"),
    ("silver", "#c3c4c6"),
    ("red", "#b3382f"),
    ("orange", "#d27a35"),
    ("yellow", "#e2bd45"),
    ("green", "#44774f"),
    ("blue", "#35619b"),
    ("navy", "#27365a"),
    ("purple", "#6c4a85"),
    ("pink", "#dd9bac"),
    ("brown", "#78543c"),
    ("beige", "#dccdb4"),
    ("natural", "#cbb08a"),
    ("oak", "#b98a5d"),
    ("walnut", "#6f4d38"),
    ("brass", "#c3a259"),
    ("gold", "#cfa947"),
];

/// The colour a word stands for, as `#rrggbb`.
pub(crate) fn colour(word: &str) -> Option<String> {
    let word = word.to_lowercase();
    if let Some(known) = COLOURS.iter().find(|colour| colour.name == word) {
        return Some(known.hex());
    }
    PLAIN.iter().find(|(plain, _)| *plain == word).map(|(_, hex)| (*hex).to_owned())
}

/// A dot in the colour of a word; a ring where nobody knows the colour.
pub(crate) fn dot(word: &str) -> Markup {
    html! {
        svg.dot viewBox="0 0 24 24" aria-hidden="true" { (circle(12, colour(word).as_deref())) }
    }
}

/// Dots beside each other, in one drawing.
pub(crate) fn row(words: &[String]) -> Markup {
    let width = words.len() * STEP;
    html! {
        svg.swatches viewBox={ "0 0 " (width) " 24" } width=(width * 14 / 24) height="14" aria-hidden="true" {
            @for (place, word) in words.iter().enumerate() {
                (circle(place * STEP + 12, colour(word).as_deref()))
            }
        }
    }
}

/// From one dot to the next.
const STEP: usize = 32;

fn circle(x: usize, fill: Option<&str>) -> Markup {
    html! {
        circle cx=(x) cy="12" r="10.5" fill=(fill.unwrap_or("none")) stroke="currentColor"
            stroke-opacity=".28" stroke-dasharray=[fill.is_none().then_some("4 3")] {}
    }
}
