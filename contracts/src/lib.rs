//! Contracts of the services: messages, problem codes, events, operations, HTTP clients. No logic.
//!
//! Request types refuse unknown fields; answers may grow new ones. Fields are added, never changed or removed.

#![warn(missing_docs)]

pub mod audit;
pub mod auth;
pub mod auth_event;
pub mod cart;
pub mod codes;
pub mod facts;
pub mod inventory;
pub mod notification;
pub mod order;
pub mod payment;
pub mod product;
pub mod shared;

use std::fmt::Write;

/// Percent-encodes a text as one segment of a path (RFC 3986, section 2.1).
pub fn path_segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                segment.push(char::from(byte));
            }
            _ => drop(write!(segment, "%{byte:02X}")),
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use rpc::FeedEvent;
    use schemars::{JsonSchema, schema_for};

    /// The words that the schema of an event knows.
    fn words<E: FeedEvent + JsonSchema>() -> Vec<String> {
        let schema = schema_for!(E);
        let variants = schema.get("oneOf").and_then(|it| it.as_array()).expect("a tagged enum");
        let word = |variant: &serde_json::Value| {
            variant["properties"]["type"]["const"].as_str().expect("a tag").to_owned()
        };
        variants.iter().map(word).collect()
    }

    #[test]
    fn every_event_of_a_feed_is_among_its_types() {
        fn check<E: FeedEvent + JsonSchema>() {
            assert_eq!(words::<E>(), E::TYPES, "{}", E::SOURCE);
        }
        check::<crate::auth_event::AuthEvent>();
        check::<crate::cart::CartEvent>();
        check::<crate::inventory::InventoryEvent>();
        check::<crate::order::OrderEvent>();
        check::<crate::payment::PaymentEvent>();
        check::<crate::product::ProductEvent>();
    }
}
