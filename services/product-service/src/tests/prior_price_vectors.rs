//! Test vectors of the prior-price rules.

use crate::domain::prior_price::{
    Announcement, AnnouncementError, NewProductRule, PerishableRule, Policy, PricePeriod,
    ReductionCandidate, ShelfLife, check_announcement,
};
use kernel::{Currency, Money, Timestamp, UnitPrice};
use serde_json::Value;

const VECTORS: &str = include_str!("../../../../contracts/vectors/commerce-vectors.json");

fn instant(value: &Value) -> Timestamp {
    format!("{}T00:00:00Z", value.as_str().unwrap()).parse().unwrap()
}

fn price(value: &Value) -> UnitPrice {
    UnitPrice::from_money(Money::new(value.as_i64().unwrap(), Currency::EUR)).unwrap()
}

fn policy(input: &Value) -> Policy {
    let policy = &input["policy"];
    let unknown = |word: &Value| -> ! { panic!("the rule {word} is not known") };
    Policy {
        days: policy["days"].as_u64().map_or(30, |days| u32::try_from(days).unwrap()),
        progressive: policy["progressive"].as_bool().unwrap_or(false),
        new_goods: match &policy["new_goods"] {
            Value::Null => NewProductRule::SinceLaunch,
            word if word == "since_launch" => NewProductRule::SinceLaunch,
            word if word == "exempt" => NewProductRule::Exempt,
            word if word == "refuse" => NewProductRule::Refuse,
            word => unknown(word),
        },
        perishable: match &policy["perishable"] {
            Value::Null => PerishableRule::General,
            word if word == "general" => PerishableRule::General,
            word if word == "last_price" => PerishableRule::LastPrice,
            word if word == "exempt" => PerishableRule::Exempt,
            word => unknown(word),
        },
    }
}

fn outcome(input: &Value) -> Value {
    let history = input["history"].as_array().unwrap().iter().map(|step| PricePeriod {
        from: instant(&step["at"]),
        price: Some(&step["price"]).filter(|it| !it.is_null()).map(price),
    });
    let history: Vec<PricePeriod> = history.collect();
    let candidate = ReductionCandidate {
        at: instant(&input["at"]),
        new_price: price(&input["new_price"]),
        first_reduction_at: Some(&input["first_reduction_at"])
            .filter(|it| !it.is_null())
            .map(instant),
        shelf_life: if input["perishable"] == true {
            ShelfLife::Perishable
        } else {
            ShelfLife::Durable
        },
    };
    match check_announcement(&history, &candidate, policy(input)) {
        Ok(Announcement::Against { prior, percent }) => serde_json::json!({
            "announce": true, "prior": prior.rounded().amount, "percent": percent
        }),
        Ok(Announcement::WithoutPrior) => {
            serde_json::json!({"announce": true, "prior": null, "percent": null})
        }
        Err(AnnouncementError::NotBelowPrior { prior }) => serde_json::json!({
            "announce": false, "reason": "not_below_prior", "prior": prior.rounded().amount
        }),
        Err(AnnouncementError::OnMarketTooShort) => {
            serde_json::json!({"announce": false, "reason": "on_market_too_short"})
        }
    }
}

#[test]
fn every_test_vector_of_the_prior_price_holds() {
    let book: Value = serde_json::from_str(VECTORS).unwrap();
    let of_kind = |vector: &&Value| vector["kind"] == "prior_price";
    let vectors: Vec<&Value> = book["vectors"].as_array().unwrap().iter().filter(of_kind).collect();
    for vector in &vectors {
        assert_eq!(
            outcome(&vector["input"]),
            vector["expect"],
            "{} {}",
            vector["id"],
            vector["say"]
        );
    }
    assert_eq!(vectors.len(), 17, "update this number when a vector is added");
}

#[test]
fn the_window_includes_its_start_and_excludes_its_end() {
    let at = |text: &str| format!("{text}T00:00:00Z").parse().unwrap();
    let eur = |amount| UnitPrice::from_money(Money::new(amount, Currency::EUR)).unwrap();
    let step = |day, amount| PricePeriod { from: at(day), price: Some(eur(amount)) };
    let history = [
        step("2026-01-01", 900),
        step("2026-03-01", 3000),
        step("2026-04-02", 2500),
        step("2026-05-01", 3000),
    ];
    let candidate = ReductionCandidate {
        at: at("2026-06-01"),
        new_price: eur(2000),
        first_reduction_at: None,
        shelf_life: ShelfLife::Durable,
    };
    let prior = |days| {
        let policy = Policy {
            days,
            progressive: false,
            new_goods: NewProductRule::SinceLaunch,
            perishable: PerishableRule::General,
        };
        check_announcement(&history, &candidate, policy)
    };
    let against = |amount, percent| Ok(Announcement::Against { prior: eur(amount), percent });
    assert_eq!(prior(31), against(3000, 33), "2500 ended at the very beginning of the window");
    assert_eq!(prior(32), against(2500, 20));
    assert_eq!(prior(365), Err(AnnouncementError::NotBelowPrior { prior: eur(900) }));
}
