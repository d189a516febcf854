//! Limit of checkouts that fail, per address.

use super::{
    http::{HttpFixture, checkout_body, checkout_path, order_body},
    test_world::TestWorld,
};
use http_body_util::BodyExt;
use serde_json::Value;
use std::time::Duration;

const LIMITED: (u16, &str) = (429, "rate_limited");
const DECLINED: (u16, &str) = (402, "payment_declined");

async fn fixture(failed_checkouts_max: u32) -> HttpFixture {
    HttpFixture::on(TestWorld { failed_checkouts_max, ..TestWorld::new() }).await
}

/// Status and code of a checkout from this address.
async fn pay(fixture: &HttpFixture, address: &str, key: &str, token: &str) -> (u16, String) {
    let headers =
        [("icommerce-client", address), ("icommerce-edge", "shop"), ("idempotency-key", key)];
    let body = checkout_body(token);
    let response = fixture.respond("POST", &checkout_path(), &headers, &body).await;
    let (status, wait) =
        (response.status().as_u16(), response.headers().contains_key("retry-after"));
    assert_eq!(wait, status == 429);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let problem: Value = serde_json::from_slice(&body).unwrap();
    (status, problem["code"].as_str().unwrap_or_default().to_owned())
}

fn is(answer: &(u16, String), expected: (u16, &str)) {
    assert_eq!((answer.0, &*answer.1), expected);
}

#[tokio::test]
async fn an_address_whose_checkouts_fail_too_often_waits_and_others_do_not() {
    let fixture = fixture(3).await;
    for key in ["1", "2", "3"] {
        is(&pay(&fixture, "192.0.2.1", key, "decline").await, DECLINED);
    }
    is(&pay(&fixture, "192.0.2.1", "4", "decline").await, LIMITED);
    is(&pay(&fixture, "192.0.2.1", "5", "success").await, LIMITED);
    // What was answered before is answered again.
    is(&pay(&fixture, "192.0.2.1", "3", "decline").await, DECLINED);
    is(&pay(&fixture, "192.0.2.2", "4", "decline").await, DECLINED);
    // Operators place orders for many shoppers.
    for key in ["a", "b", "c", "d"] {
        let mut body = order_body(1);
        body["payment"]["token"] = "decline".into();
        let (status, _) = fixture.post("/api/v1/orders", key, body).await;
        assert_eq!(status, 402);
    }
    fixture.world.clock.advance(Duration::from_mins(15));
    is(&pay(&fixture, "192.0.2.1", "6", "decline").await, DECLINED);
    fixture.world.is_clean().unwrap();
}

#[tokio::test]
async fn every_kind_of_refusal_counts_and_no_other_outcome_does() {
    let fixture = fixture(2).await;
    for address in ["2001:db8::1", "2001:db8::2"] {
        is(&pay(&fixture, address, address, "decline").await, DECLINED);
    }
    // A client has a whole /64 network.
    is(&pay(&fixture, "2001:db8::3", "x", "decline").await, LIMITED);

    let unknown = "/api/v1/carts/00000000-0000-4000-8000-00000000dead/checkout";
    for (key, expected) in [("u1", 404), ("u2", 404), ("u3", 429)] {
        let headers = [
            ("icommerce-client", "192.0.2.3"),
            ("icommerce-edge", "shop"),
            ("idempotency-key", key),
        ];
        let body = checkout_body("success");
        let response = fixture.respond("POST", unknown, &headers, &body).await;
        assert_eq!(response.status().as_u16(), expected);
    }

    // Neither what is wrong in form, nor what another service has to answer for, nor what succeeds.
    for key in ["f1", "f2", "f3"] {
        let headers = [
            ("icommerce-client", "192.0.2.4"),
            ("icommerce-edge", "shop"),
            ("idempotency-key", key),
        ];
        let mut body = checkout_body("success");
        body["email"] = "nobody".into();
        assert_eq!(fixture.respond("POST", &checkout_path(), &headers, &body).await.status(), 422);
    }
    is(&pay(&fixture, "192.0.2.4", "s", "success").await, (201, ""));
}
