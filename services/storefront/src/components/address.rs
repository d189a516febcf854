//! Postal address block.

use contracts::shared::Address;
use maud::{Markup, html};

/// Postal address, line by line, with the name of its country.
pub(crate) fn address(address: &Address, country: &str) -> Markup {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    let city_line = [text(&address.postal_code), text(&address.city)].join(" ");
    let lines = [
        address.name.clone(),
        address.line1.clone(),
        text(&address.line2),
        city_line.trim().to_owned(),
        text(&address.region),
        country.to_owned(),
    ];
    let mut lines = lines.into_iter().filter(|line| !line.is_empty());
    html! {
        address {
            @if let Some(first) = lines.next() { (first) }
            @for line in lines { br; (line) }
        }
    }
}
