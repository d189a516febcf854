//! The money vectors of the rule book, all of them, against the kernel.

#![expect(clippy::unwrap_used, reason = "a vector that cannot be read fails the test")]

use kernel::{Currency, Decimal, Money, Rounding, UnitPrice, allocation, conversion};
use serde_json::{Value, json};

const VECTORS: &str = include_str!("../../../contracts/vectors/commerce-vectors.json");

/// What a payment processor calls an amount is the business of its adapter, which runs these.
const OF_THE_PROCESSOR_ADAPTER: [&str; 3] = ["MON-24", "MON-25", "MON-26"];

#[test]
fn every_money_vector_holds() {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let (mut run, mut left_out) = (0, 0);
    for vector in file["vectors"].as_array().unwrap() {
        let id = vector["id"].as_str().unwrap();
        if !id.starts_with("MON-") {
            continue;
        }
        if OF_THE_PROCESSOR_ADAPTER.contains(&id) {
            assert_eq!(vector["kind"], "provider_amount", "{id}");
            left_out += 1;
            continue;
        }
        let outcome = outcome(vector["kind"].as_str().unwrap(), &vector["input"]);
        assert_eq!(outcome, vector["expect"], "{id}: {}", vector["say"]);
        run += 1;
    }
    assert_eq!((run, left_out), (27, OF_THE_PROCESSOR_ADAPTER.len()));
}

fn outcome(kind: &str, input: &Value) -> Value {
    match kind {
        "round" => {
            let mode: Rounding = serde_json::from_value(input["mode"].clone()).unwrap();
            let value: Decimal = text(input, "value").parse().unwrap();
            json!({"minor": i64::try_from(value.rounded(0, mode).unwrap()).unwrap()})
        }
        "parse_money" => {
            minor_or_word(Money::parse_major(text(input, "text"), currency(input, "currency")))
        }
        "allocate" => {
            let weights = numbers(&input["weights"]);
            let shares = match &input["caps"] {
                Value::Null => allocation::allocate(number(input, "amount"), &weights),
                caps => {
                    allocation::allocate_capped(number(input, "amount"), &weights, &numbers(caps))
                }
            };
            json!({"shares": shares.unwrap()})
        }
        "extend" => {
            let price =
                UnitPrice::parse_major(text(input, "unit_price"), currency(input, "currency"));
            minor_or_word(price.and_then(|price| price.extend(number(input, "quantity"))))
        }
        "convert" => {
            let from = Money::new(number(input, "minor"), currency(input, "from"));
            let rate = text(input, "rate").parse().unwrap();
            minor_or_word(conversion::convert(from, currency(input, "to"), rate, Rounding::HalfUp))
        }
        "cash_round" => {
            let exact = Money::new(number(input, "minor"), currency(input, "currency"));
            let cash = conversion::cash_round(exact, number(input, "increment"), Rounding::HalfUp)
                .unwrap();
            json!({"due": cash.due.amount, "rounding": cash.rounding.amount})
        }
        "add" => {
            let summand =
                |name: &str| serde_json::from_value::<Money>(input[name].clone()).unwrap();
            minor_or_word(summand("a").checked_add(summand("b")))
        }
        unknown => panic!("no test knows vectors of kind {unknown}"),
    }
}

fn minor_or_word(outcome: Result<Money, kernel::MoneyError>) -> Value {
    match outcome {
        Ok(money) => json!({"minor": money.amount}),
        Err(error) => json!({"error": error.word()}),
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
