//! Lists and look-ups of orders: attempts are no orders, and nobody finds out which orders exist.

use super::{
    http::{HttpFixture, order_path},
    test_world::CART,
};
use identifiers::AccountId;
use kernel::Uuid;
use serde_json::{Value, json};

fn numbers(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|it| it["number"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn attempts_are_listed_on_request_alone_and_keep_the_cart() {
    let fixture = HttpFixture::open().await;
    for key in ["k1", "k2"] {
        assert_eq!(fixture.checkout(key, "decline").await.0, 402);
        fixture.world.carts.lock().is_open(CART).unwrap();
    }
    let (_, order) = fixture.checkout("k3", "success").await;
    assert_eq!(order["number"], "1000003");
    fixture.post(&order_path(&order, "/cancel"), "", Value::Null).await;
    for (query, expected) in [
        ("", vec!["1000003"]),
        ("?status=cancelled", vec!["1000003"]),
        ("?status=attempted", vec!["1000002", "1000001"]),
        ("?email=ada@example.com", vec!["1000003"]),
        ("?number=1000001", vec!["1000001"]),
        ("?number=%231000001", vec!["1000001"]),
        ("?number=7", vec![]),
    ] {
        let (_, page) = fixture.get(&format!("/api/v1/orders{query}")).await;
        assert_eq!(numbers(&page), expected, "{query}");
    }
    assert_eq!(fixture.get("/api/v1/orders?status=lost").await.0, 400);
}

#[tokio::test]
async fn a_look_up_accepts_a_number_as_people_write_it_and_says_nothing_else() {
    let fixture = HttpFixture::open().await;
    let (_, order) = fixture.checkout("k1", "success").await;
    let look_up = async |number: &str, email: &str| {
        let body = json!({"number": number, "email": email});
        fixture.send("POST", "/api/v1/orders/lookup", "", "shop", &body).await
    };
    for number in ["1000001", "#1000001", " # 1 000 001 ", "1000001\u{a0}"] {
        let (status, found) = look_up(number, " Ada@Example.com ").await;
        assert_eq!((status.as_u16(), &found["id"]), (200, &order["id"]), "{number:?}");
    }
    let mut answers = Vec::new();
    for (number, email) in [("1000001", "eve@example.com"), ("1000002", "ada@example.com")] {
        answers.push(look_up(number, email).await);
    }
    assert_eq!(answers[0], answers[1], "whichever of the two is wrong");
    assert_eq!(answers[0].0, 404);
}

#[tokio::test]
async fn failed_look_ups_are_limited_per_e_mail_and_successes_are_not() {
    let fixture = HttpFixture::open().await;
    let (_, order) = fixture.checkout("k1", "success").await;
    let look_up = async |number: u64, email: &str| {
        let body = json!({"number": number.to_string(), "email": email});
        fixture.send("POST", "/api/v1/orders/lookup", "", "shop", &body).await
    };
    for _ in 0..20 {
        assert_eq!(look_up(1_000_001, "ada@example.com").await.1["id"], order["id"]);
    }
    for number in 0..20 {
        assert_eq!(look_up(number, "ada@example.com").await.0, 404);
    }
    let (status, problem) = look_up(1_000_001, "Ada@example.com").await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (429, Some("rate_limited")));
    assert_eq!(problem["retry_after_seconds"], 900);
    assert_eq!(look_up(1_000_001, "eve@example.com").await.0, 404, "others go on");
    fixture.world.clock.advance(std::time::Duration::from_mins(15));
    assert_eq!(look_up(1_000_001, "ada@example.com").await.0, 200);
}

#[test]
fn failed_attempts_are_limited_per_address_and_account_and_the_table_is_bounded() {
    use crate::application::failure_limit::{Attempt, FailureLimit, FailureLimits};
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let limit = FailureLimit::new(FailureLimits {
        attempts: "look-ups",
        per_email_max: 5,
        per_address_max: 3,
        per_account_max: 2,
    });
    let count = |email: &str, client: &str, account: Option<u128>| {
        let client = Some(client).filter(|it| !it.is_empty()).map(|it| it.parse().unwrap());
        let account = account.map(|it| AccountId(Uuid::from_u128(it)));
        limit.count(Attempt { email: Some(email), client, account }, now)
    };
    for number in 0..3 {
        count(&format!("{number}@example.com"), "203.0.113.7", None).unwrap();
    }
    assert!(count("new@example.com", "203.0.113.7", None).is_err());
    count("new@example.com", "203.0.113.8", None).unwrap();
    // All addresses of a /64 are one client.
    for number in 0..3 {
        let address = format!("2001:db8::{number}");
        count(&format!("six-{number}@example.com"), &address, None).unwrap();
    }
    assert!(count("six@example.com", "2001:db8::ffff", None).is_err());
    for number in 0..2 {
        let address = format!("203.0.113.{}", 100 + number);
        count(&format!("account-{number}@example.com"), &address, Some(7)).unwrap();
    }
    assert!(count("account@example.com", "203.0.113.102", Some(7)).is_err());
    count("account@example.com", "203.0.113.102", Some(8)).unwrap();
    for number in 0..50_000 {
        count(&format!("many-{number}@example.com"), "", None).unwrap();
    }
    assert!(limit.len() <= 20_000);
}
