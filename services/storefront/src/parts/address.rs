//! Addresses as an envelope has them.

use contracts::shared::Address;
use maud::{Markup, html};

/// An address, line by line.
pub(crate) fn address(address: &Address, country: &str) -> Markup {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    let place = [text(&address.postal_code), text(&address.city)].join(" ");
    let lines = [
        address.name.clone(),
        address.line1.clone(),
        text(&address.line2),
        place.trim().to_owned(),
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
