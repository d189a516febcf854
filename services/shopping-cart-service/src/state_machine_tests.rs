//! Conformance of the cart's state machine with the published vectors. Beside the domain, which reads no files.

use crate::domain::cart::{Cart, Command, DecisionContext};
use identifiers::{CartId, OrderId, Sku};
use kernel::{Currency, Timestamp, Uuid};
use serde_json::Value;
use std::time::Duration;

fn now(seconds: i64) -> DecisionContext {
    DecisionContext {
        at: Timestamp::from_second(1_800_000_000 + seconds).unwrap(),
        ttl: Duration::from_hours(1),
    }
}

fn add(sku: &str) -> Command {
    Command::AddLine { sku: Sku::parse(sku).unwrap(), quantity: 1, operation: None, price: None }
}

/// Cart with one line after these commands.
fn after(commands: &[Command]) -> Cart {
    let create = Command::Create { currency: Currency::EUR, lines: vec![], owner: None };
    let mut cart = None;
    for command in [create, add("A")].iter().chain(commands) {
        for event in Cart::decide(cart.as_ref(), command, now(0)).unwrap() {
            cart = Some(Cart::apply(cart, &event));
        }
    }
    cart.unwrap()
}

fn merge() -> Command {
    Command::CloseForMerge { into: CartId(Uuid::from_u128(3)) }
}

/// A cell of the state table: a cart in `state`, and the command for `action`.
fn cell(state: &str, action: &str) -> Option<(Cart, Command, DecisionContext)> {
    let order_id = OrderId(Uuid::from_u128(1));
    let begin = Command::BeginCheckout { order_id };
    let (cart, at) = match state {
        "open" => (after(&[]), now(1)),
        "checking_out" => (after(&[begin]), now(1)),
        "ordered" => (after(&[begin, Command::Order { order_id }]), now(1)),
        "merged" => (after(&[merge()]), now(1)),
        "expired" => (after(&[]), now(3_600)),
        _ => return None,
    };
    let command = match action {
        "change" => add("B"),
        // Another order: the same one again is a repeat.
        "begin_checkout" if state == "ordered" => {
            Command::BeginCheckout { order_id: OrderId(Uuid::from_u128(2)) }
        }
        "begin_checkout" => Command::BeginCheckout { order_id },
        "placed" => Command::Order { order_id },
        "merge_into" => merge(),
        _ => return None,
    };
    Some((cart, command, at))
}

#[test]
fn the_state_machine_conforms_to_the_vectors() {
    let text = include_str!("../../../contracts/vectors/commerce-vectors.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    let mut checked = 0;
    for (state, row) in vectors["state_machines"]["cart"].as_object().unwrap() {
        for (action, expected) in row.as_object().unwrap() {
            // `expire` depends on the time, and reopening is an undo, which is never rejected (see
            // `a_cart_is_reopened_only_by_the_order_that_froze_it`).
            let Some((cart, command, at)) = cell(state, action) else { continue };
            let answer = Cart::decide(Some(&cart), &command, at);
            match (expected.get("next"), expected.get("noop")) {
                (Some(_), _) => assert!(!answer.unwrap().is_empty(), "{state} {action}"),
                (_, Some(_)) => assert_eq!(answer, Ok(vec![]), "{state} {action}"),
                _ => assert!(answer.is_err(), "{state} {action}"),
            }
            checked += 1;
        }
    }
    assert_eq!(checked, 20);
}
