//! Journal adapter of the aggregates.

use crate::{
    application::wish_lists,
    domain::{
        cart::Cart,
        events::{CartEvent, WishListEvent},
        wish_list::WishList,
    },
};
use journal::{Aggregate, DecodeError, EventName, RecordedEvent};
use serde_json::value::RawValue;

/// JSON of a stored event, of a cart or of a wish list.
pub(crate) fn event_json(recorded: &RecordedEvent) -> Result<Box<RawValue>, DecodeError> {
    if recorded.stream.starts_with(wish_lists::STREAM_PREFIX) {
        return journal::event_json::<WishListEvent>(recorded);
    }
    journal::event_json::<CartEvent>(recorded)
}

impl EventName for WishListEvent {
    fn name(&self) -> &'static str {
        self.name()
    }
}

impl Aggregate for WishList {
    type Event = WishListEvent;

    fn apply(state: Option<&Self>, event: &WishListEvent) -> Self {
        Self::apply(state.cloned(), event)
    }

    fn evolve(state: Option<Self>, event: &WishListEvent) -> Self {
        Self::apply(state, event)
    }
}

impl EventName for CartEvent {
    fn name(&self) -> &'static str {
        self.name()
    }
}

impl Aggregate for Cart {
    type Event = CartEvent;

    fn apply(state: Option<&Self>, event: &CartEvent) -> Self {
        Self::apply(state.cloned(), event)
    }

    fn evolve(state: Option<Self>, event: &CartEvent) -> Self {
        Self::apply(state, event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::events::Line;
    use identifiers::Sku;
    use journal::test_vectors;
    use kernel::{Currency, UnitPrice};

    fn sku(text: &str) -> Sku {
        Sku::parse(text).unwrap()
    }

    #[test]
    fn events_without_a_price_stay_readable_and_have_none() {
        let at = "2026-11-22T12:00:00Z";
        let texts = [
            format!(
                r#"{{"type":"created","currency":"EUR","lines":[{{"sku":"A","quantity":1}}],"at":"{at}"}}"#
            ),
            format!(r#"{{"type":"line_added","sku":"B","quantity":1,"at":"{at}"}}"#),
            format!(r#"{{"type":"line_changed","sku":"A","quantity":2,"at":"{at}"}}"#),
        ];
        let cart = texts.iter().fold(None, |cart, text| {
            let event = serde_json::from_str(text).unwrap();
            assert_eq!(&serde_json::to_string(&event).unwrap(), text);
            Some(Cart::apply(cart, &event))
        });
        let line = |text: &str, quantity| Line { sku: sku(text), quantity, price: None };
        assert_eq!(cart.unwrap().lines, [line("A", 2), line("B", 1)]);
    }

    #[test]
    fn stored_events_keep_their_formats() {
        let vectors = include_str!("../../tests/stored_events.jsonl");
        test_vectors::check_variants(&test_vectors::check_values::<CartEvent>(vectors));
        let vectors = include_str!("../../tests/stored_wish_list_events.jsonl");
        test_vectors::check_variants(&test_vectors::check_values::<WishListEvent>(vectors));
    }

    #[test]
    fn a_price_is_stored_exactly() {
        for (text, currency) in
            [("18.00", "EUR"), ("0.0125", "EUR"), ("1250", "JPY"), ("0.750", "KWD")]
        {
            let price = Currency::parse(currency)
                .map(|currency| UnitPrice::parse_major(text, currency).unwrap())
                .unwrap();
            let line = Line { sku: sku("A"), quantity: 1, price: Some(price) };
            let stored = serde_json::to_string(&line).unwrap();
            assert_eq!(serde_json::from_str::<Line>(&stored).unwrap(), line, "{stored}");
        }
        for text in ["18.00", "x EUR", "1 XXQ", "-1 EUR"] {
            let stored = format!(r#"{{"sku":"A","quantity":1,"price":"{text}"}}"#);
            assert!(serde_json::from_str::<Line>(&stored).is_err(), "{text}");
        }
    }
}
