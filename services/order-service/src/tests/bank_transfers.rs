//! Orders that are paid by bank transfer: prepayment and invoice, receipts in parts, and refunds by hand.

use super::{
    http::{HttpFixture, checkout_body, checkout_path, order_path},
    test_world::{CART, TOTAL},
};
use crate::application::checkout_input::checkout_id;
use identifiers::OrderId;
use serde_json::{Value, json};
use std::time::Duration;

const DETAILS: &str = "DE02 1203 0000 0000 2020 51";

impl HttpFixture {
    async fn order_by(&self, method: &str, key: &str) -> (u16, Value) {
        let mut body = checkout_body("");
        body["payment"] = json!({"method": method});
        let (status, order) = self.send("POST", &checkout_path(), key, "shop", &body).await;
        (status.as_u16(), order)
    }

    async fn receive(&self, order: &Value, key: &str, amount: i64) -> (u16, Value) {
        let body =
            json!({"amount": {"amount": amount, "currency": "EUR"}, "reference": "Auszug 7"});
        let (status, answer) = self.post(&order_path(order, "/payments"), key, body).await;
        (status.as_u16(), answer)
    }

    /// Lets the checkout of an order see what has changed, or that its time is up.
    async fn settle(&self, order: &Value) -> Value {
        let id: OrderId = order["id"].as_str().unwrap().parse().unwrap();
        self.process.use_cases.receive.checkouts.wake_and_settle(checkout_id(id).into()).await;
        self.get(&order_path(order, "")).await.1
    }
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["code"].as_str().unwrap_or_default())
}

fn statuses(order: &Value) -> [&str; 3] {
    ["status", "payment_status", "fulfilment_status"].map(|name| order[name].as_str().unwrap())
}

#[tokio::test]
async fn the_methods_on_offer_say_what_their_page_has_to_show() {
    let fixture = HttpFixture::open().await;
    let (status, methods) =
        fixture.send("GET", "/api/v1/payment-methods", "", "shop", &Value::Null).await;
    let expected = json!({"items": [
        {"method": "prepayment", "needs_token": false, "bank_details": DETAILS, "days_to_pay": 7},
        {"method": "invoice", "needs_token": false, "bank_details": DETAILS, "days_to_pay": 14},
    ]});
    assert_eq!((status.as_u16(), methods), (200, expected));
    let mut with_token = checkout_body("success");
    with_token["payment"]["method"] = json!("invoice");
    let refused = fixture.send("POST", &checkout_path(), "k0", "shop", &with_token).await;
    assert_eq!(refused.1["errors"][0]["field"], "payment.token");
    fixture.world.payments.lock().transfers_off = true;
    for method in ["prepayment", "invoice"] {
        assert_eq!(code(&fixture.order_by(method, method).await), (422, "method_not_offered"));
    }
    fixture.world.is_clean().unwrap();
}

#[tokio::test]
async fn a_prepaid_order_is_confirmed_once_all_of_its_money_has_arrived() {
    let fixture = HttpFixture::open().await;
    let (status, order) = fixture.order_by("prepayment", "k1").await;
    assert_eq!((status, statuses(&order)), (201, ["pending", "waiting", "unfulfilled"]), "{order}");
    assert_eq!(order["payment"]["bank_details"], DETAILS);
    assert_eq!(order["payment"]["pay_by"], "2026-11-29T12:00:00Z");
    let id: OrderId = order["id"].as_str().unwrap().parse().unwrap();
    fixture.world.carts.lock().is_ordered(CART, id).unwrap();
    let fulfil = order_path(&order, "/fulfil");
    assert_eq!(fixture.post(&fulfil, "", Value::Null).await.1["code"], "order_pending");

    let part = fixture.receive(&order, "r1", TOTAL - 1_000).await;
    assert_eq!((part.0, statuses(&part.1)), (201, ["pending", "partially_paid", "unfulfilled"]));
    assert_eq!(fixture.receive(&order, "r1", TOTAL - 1_000).await, part, "once per key");
    let over = fixture.receive(&order, "r2", 1_001).await;
    assert_eq!(
        (code(&over), &over.1["facts"]["due"]["amount"]),
        ((409, "exceeds_due"), &json!(1_000))
    );
    let dollars = json!({"amount": {"amount": 1, "currency": "USD"}, "reference": "x"});
    let path = order_path(&order, "/payments");
    assert_eq!(fixture.post(&path, "r3", dollars).await.1["code"], "currency_mismatch");
    for (body, field) in [
        (json!({"amount": {"amount": 0, "currency": "EUR"}, "reference": "x"}), "amount.amount"),
        (json!({"amount": {"amount": 1, "currency": "EUR"}, "reference": " "}), "reference"),
    ] {
        assert_eq!(fixture.post(&path, field, body).await.1["errors"][0]["field"], field);
    }
    let shop = fixture
        .send(
            "POST",
            &path,
            "r4",
            "shop",
            &json!({"amount": {"amount": 1, "currency": "EUR"}, "reference": "x"}),
        )
        .await;
    assert_eq!(shop.0, 403);

    let rest = fixture.receive(&order, "r5", 1_000).await;
    assert_eq!((rest.0, statuses(&rest.1)), (201, ["confirmed", "paid", "unfulfilled"]));
    assert_eq!(rest.1["payment"]["captured"]["amount"], TOTAL);
    fixture.world.stock.lock().has_units(8, 0).unwrap();
    let refund = order_path(&order, "/refunds");
    let units = json!({"lines": [{"sku": "MUG", "quantity": 1}], "reason": "broken"});
    let refused = fixture.post(&refund, "f1", units.clone()).await;
    assert_eq!(refused.1["errors"][0]["field"], "reference", "an operator makes the transfer");
    let mut by_hand = units;
    by_hand["reference"] = json!("Überweisung 12");
    let (_, refunded) = fixture.post(&refund, "f2", by_hand).await;
    assert_eq!(refunded["refunds"][0]["reference"], "Überweisung 12");
    let (_, shipped) = fixture.post(&fulfil, "", Value::Null).await;
    assert_eq!(statuses(&shipped), ["completed", "partially_refunded", "fulfilled"]);
}

#[tokio::test]
async fn an_unpaid_prepayment_ends_as_a_cancelled_order_and_part_of_it_is_given_back() {
    for paid in [0, 1_500] {
        let fixture = HttpFixture::open().await;
        let (_, order) = fixture.order_by("prepayment", "k1").await;
        if paid > 0 {
            fixture.receive(&order, "r1", paid).await;
        }
        fixture.world.clock.advance(Duration::from_hours(7 * 24 - 1));
        assert_eq!(fixture.settle(&order).await["status"], "pending");
        fixture.world.stock.lock().has_units(10, 2).unwrap();
        fixture.world.clock.advance(Duration::from_hours(1));
        assert_eq!(fixture.settle(&order).await["status"], "cancelled");
        fixture.world.stock.lock().has_units(10, 0).unwrap();
        fixture.world.payments.lock().owes_nothing().unwrap();
        assert_eq!(fixture.world.payments.lock().refunded(), paid);
        let late = fixture.receive(&order, "r2", 100).await;
        assert_eq!(code(&late), (409, "payment_ended"), "it is returned by hand");
        // It was an order, not an attempt, and its cart is gone.
        let (_, page) = fixture.get("/api/v1/orders?status=cancelled").await;
        assert_eq!(page["items"][0]["attempt"], false);
    }
}

#[tokio::test]
async fn a_prepaid_order_can_be_cancelled_while_it_waits_whatever_is_offered_since() {
    let fixture = HttpFixture::open().await;
    let (_, order) = fixture.order_by("prepayment", "k1").await;
    fixture.world.payments.lock().transfers_off = true;
    let fixture = fixture.reopened().await;
    let (status, again) = fixture.order_by("prepayment", "k1").await;
    assert_eq!((status, &again["id"]), (201, &order["id"]), "the same request finds its order");
    let cancel = order_path(&order, "/cancel");
    let (_, cancelled) = fixture.send("POST", &cancel, "", "shop", &Value::Null).await;
    assert_eq!(cancelled["status"], "cancelled");
    fixture.world.stock.lock().has_units(10, 0).unwrap();
    fixture.world.payments.lock().owes_nothing().unwrap();
}

#[tokio::test]
async fn an_invoiced_order_ships_before_it_is_paid_and_completes_with_its_money() {
    let fixture = HttpFixture::open().await;
    let (status, order) = fixture.order_by("invoice", "k1").await;
    assert_eq!(
        (status, statuses(&order)),
        (201, ["confirmed", "pending", "unfulfilled"]),
        "{order}"
    );
    assert_eq!(order["payment"]["pay_by"], "2026-12-06T12:00:00Z");
    let (_, shipped) = fixture.post(&order_path(&order, "/fulfil"), "", Value::Null).await;
    assert_eq!(statuses(&shipped), ["confirmed", "pending", "fulfilled"]);
    let refund = json!({"reason": "broken", "reference": "x"});
    let early = fixture.post(&order_path(&order, "/refunds"), "f1", refund).await;
    assert_eq!(early.1["code"], "not_captured");
    let (_, part) = fixture.receive(&order, "r1", 1_000).await;
    assert_eq!(statuses(&part), ["confirmed", "partially_paid", "fulfilled"]);
    let (_, paid) = fixture.receive(&order, "r2", TOTAL - 1_000).await;
    assert_eq!(statuses(&paid), ["completed", "paid", "fulfilled"]);
    assert_eq!(code(&fixture.receive(&order, "r3", 1).await), (409, "exceeds_due"));
}

#[tokio::test]
async fn an_invoiced_order_paid_in_part_is_cancelled_with_a_refund() {
    let fixture = HttpFixture::open().await;
    let (_, order) = fixture.order_by("invoice", "k1").await;
    fixture.receive(&order, "r1", 700).await;
    let (_, cancelled) = fixture.post(&order_path(&order, "/cancel"), "", Value::Null).await;
    assert_eq!(statuses(&cancelled), ["cancelled", "refunded", "not_required"]);
    assert_eq!(fixture.world.payments.lock().refunded(), 700);
}

#[tokio::test]
async fn money_is_recorded_by_hand_for_bank_transfers_alone() {
    let fixture = HttpFixture::open().await;
    let (_, order) = fixture.checkout("k1", "success").await;
    assert_eq!(code(&fixture.receive(&order, "r1", 1).await), (409, "not_paid_by_transfer"));
    let refund = json!({"reason": "broken", "reference": "x"});
    let refused = fixture.post(&order_path(&order, "/refunds"), "f1", refund).await;
    assert_eq!(refused.1["errors"][0]["field"], "reference", "the processor makes the refund");
}
