//! Colour swatches: SVG dots whose colour is an attribute, because the content security policy allows no inline style.

use crate::pictures::COLOURS;
use maud::{Markup, html};

/// Basic colour names, for goods from other sources.
const NAMED_COLOURS: &[(&str, &str)] = &[
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

/// Colour with this name, as `#rrggbb`.
pub(crate) fn hex(name: &str) -> Option<String> {
    let name = name.to_lowercase();
    if let Some(known) = COLOURS.iter().find(|colour| colour.name == name) {
        return Some(known.hex());
    }
    NAMED_COLOURS.iter().find(|(known, _)| *known == name).map(|(_, hex)| (*hex).to_owned())
}

/// Swatch in the colour with this name; a ring if the name is unknown.
pub(crate) fn dot(name: &str) -> Markup {
    html! {
        svg.dot viewBox="0 0 24 24" aria-hidden="true" { (circle(12, hex(name).as_deref())) }
    }
}

/// Swatches beside each other, in one drawing.
pub(crate) fn row(names: &[String]) -> Markup {
    let width = names.len() * SPACING;
    html! {
        svg.swatches viewBox={ "0 0 " (width) " 24" } width=(width * 14 / 24) height="14" aria-hidden="true" {
            @for (position, name) in names.iter().enumerate() {
                (circle(position * SPACING + 12, hex(name).as_deref()))
            }
        }
    }
}

/// Distance from one swatch to the next.
const SPACING: usize = 32;

fn circle(x: usize, fill: Option<&str>) -> Markup {
    html! {
        circle cx=(x) cy="12" r="10.5" fill=(fill.unwrap_or("none")) stroke="currentColor"
            stroke-opacity=".28" stroke-dasharray=[fill.is_none().then_some("4 3")] {}
    }
}
