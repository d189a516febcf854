//! Money vectors of the rule book against the kernel.

#![expect(clippy::unwrap_used, reason = "a vector that cannot be read fails the test")]

use kernel::{Currency, Decimal, Money, Rounding, UnitPrice, allocation};
use serde_json::{Value, json};

const VECTORS: &str = include_str!("../../../contracts/vectors/commerce-vectors.json");

/// Vectors of amounts in a payment processor's own format, which the processor's adapter runs.
const PROCESSOR_AMOUNTS: [&str; 3] = ["MON-24", "MON-25", "MON-26"];

/// Vectors of arithmetic that no part of the shop needs yet: allocation with caps, conversion, cash rounding.
const NOT_NEEDED_YET: [&str; 7] =
    ["MON-15", "MON-16", "MON-21", "MON-22", "MON-23", "MON-27", "MON-28"];

#[test]
fn every_money_vector_of_the_kernel_holds() {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let (mut run, mut left_out) = (0, 0);
    for vector in file["vectors"].as_array().unwrap() {
        let id = vector["id"].as_str().unwrap();
        if !id.starts_with("MON-") {
            continue;
        }
        let (kind, input) = (vector["kind"].as_str().unwrap(), &vector["input"]);
        if PROCESSOR_AMOUNTS.contains(&id) || NOT_NEEDED_YET.contains(&id) {
            let is_excluded = matches!(kind, "provider_amount" | "convert" | "cash_round")
                || (kind == "allocate" && !input["caps"].is_null());
            assert!(is_excluded, "{id}: {kind}");
            left_out += 1;
            continue;
        }
        let outcome = outcome(kind, input);
        assert_eq!(outcome, vector["expect"], "{id}: {}", vector["say"]);
        run += 1;
    }
    assert_eq!((run, left_out), (20, PROCESSOR_AMOUNTS.len() + NOT_NEEDED_YET.len()));
}

fn outcome(kind: &str, input: &Value) -> Value {
    match kind {
        "round" => {
            let mode: Rounding = serde_json::from_value(input["mode"].clone()).unwrap();
            let value: Decimal = text(input, "value").parse().unwrap();
            json!({"minor": i64::try_from(value.rounded(0, mode).unwrap()).unwrap()})
        }
        "parse_money" => {
            minor_or_error(Money::parse_major(text(input, "text"), currency(input, "currency")))
        }
        "allocate" => {
            let weights = numbers(&input["weights"]);
            let shares = allocation::allocate(number(input, "amount"), &weights);
            json!({"shares": shares.unwrap()})
        }
        "extend" => {
            let price =
                UnitPrice::parse_major(text(input, "unit_price"), currency(input, "currency"));
            minor_or_error(price.and_then(|price| price.extend(number(input, "quantity"))))
        }
        "add" => {
            let summand =
                |name: &str| serde_json::from_value::<Money>(input[name].clone()).unwrap();
            minor_or_error(summand("a").checked_add(summand("b")))
        }
        unknown => panic!("no test knows vectors of kind {unknown}"),
    }
}

fn minor_or_error(outcome: Result<Money, kernel::MoneyError>) -> Value {
    match outcome {
        Ok(money) => json!({"minor": money.amount}),
        Err(error) => json!({"error": error.code()}),
    }
}

fn text<'a>(input: &'a Value, name: &str) -> &'a str {
    input[name].as_str().unwrap()
}

fn number(input: &Value, name: &str) -> i64 {
    input[name].as_i64().unwrap()
}

fn numbers(list: &Value) -> Vec<i64> {
    list.as_array().unwrap().iter().map(|number| number.as_i64().unwrap()).collect()
}

fn currency(input: &Value, name: &str) -> Currency {
    text(input, name).parse().unwrap()
}
