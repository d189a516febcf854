//! What services promise each other and the world: messages, problem codes, events and typed clients. No logic.
//!
//! Request types refuse unknown fields; answers may grow new ones. Fields are added, never changed or removed.

#![warn(missing_docs)]

pub mod audit;
pub mod cart;
pub mod codes;
pub mod facts;
pub mod inventory;
pub mod order;
pub mod payment;
pub mod product;
pub mod shared;

use std::fmt::Write;

/// A SKU or another free word as one segment of a path.
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
