//! Mails to customers: one of each kind about an order, in the mail folder.

use crate::{
    fixtures::{create_product, eventually, id, order, unique},
    shop::TestShop,
};
use serde_json::{Value, json};

/// Times that a process is killed while mails are sent.
const KILLS: usize = 3;

pub(crate) async fn an_order_has_one_mail_of_each_kind(shop: &TestShop) {
    let sku = create_product(shop, 1_800, 10).await;
    let order = order(shop, &[(&sku, 2)]).await;
    let path = format!("/api/v1/orders/{}", id(&order));
    let told = delivered(shop, &order, 1).await;
    assert_eq!(told["items"][0]["kind"], "order_confirmed");
    shop.operator.post(&format!("{path}/fulfil"), &json!({})).await.ok();
    delivered(shop, &order, 2).await;
    let refund = json!({"reason": "broken", "amount": {"amount": 500, "currency": "EUR"}});
    let key = unique("key");
    let refunds = format!("{path}/refunds");
    assert_eq!(shop.operator.post_with_key(&refunds, &key, &refund).await.status, 201);
    delivered(shop, &order, 3).await;

    let mut subjects = subjects(shop, &order);
    subjects.sort();
    let number = order["number"].as_str().unwrap();
    assert_eq!(
        subjects,
        [
            format!("Order {number} is confirmed"),
            format!("Order {number} is on its way"),
            format!("Refund for order {number}"),
        ]
    );
    let refund = mails(shop, &order).into_iter().find(|mail| mail.contains("Subject: Refund"));
    let refund = refund.unwrap();
    assert!(refund.contains("We’ve refunded €5.00"), "{refund}");
    // The page promises what is sent, and operators see the mail.
    let page = shop.shopper.get(&format!("/orders/{}", id(&order))).await;
    let page = String::from_utf8_lossy(&page.bytes).into_owned();
    assert!(page.contains("We’ll send updates about this order to maren@example.com."), "{page}");
    let confirmation = id(&told["items"][0]);
    let mail = shop.operator.get(&format!("/api/v1/notifications/{confirmation}/mail")).await.ok();
    assert_eq!(mail["to"], "maren@example.com");
    assert!(mail["text"].as_str().unwrap().contains("Hafenweg 4"), "{mail}");

    // Nothing is left of them once the customer is erased.
    let person = json!({"email": "maren@example.com"});
    shop.operator.post("/maintenance/persons/erase", &person).await.ok();
    for _ in 0..1_500 {
        if mails(shop, &order).is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(mails(shop, &order), [""; 0]);
    let mail = shop.operator.get(&format!("/api/v1/notifications/{confirmation}/mail")).await;
    assert_eq!((mail.status, mail.code()), (409, "customer_erased"));
}

pub(crate) async fn an_order_has_one_confirmation_whenever_the_process_is_killed(shop: &TestShop) {
    let sku = create_product(shop, 1_800, 1_000).await;
    let mut orders = Vec::new();
    for round in 0..KILLS {
        for _ in 0..10 {
            orders.push(order(shop, &[(&sku, 1)]).await);
        }
        // Somewhere between the first of these mails and the last.
        delivered(shop, &orders[10 * round], 1).await;
        shop.kill(Some("notification-service"));
        shop.restart_killed().await;
    }
    for order in &orders {
        delivered(shop, order, 1).await;
        let number = order["number"].as_str().unwrap();
        assert_eq!(subjects(shop, order), [format!("Order {number} is confirmed")]);
    }
}

/// The notifications about an order, once there are so many and all are delivered.
async fn delivered(shop: &TestShop, order: &Value, count: usize) -> Value {
    let path = format!("/api/v1/notifications?order_id={}", id(order));
    let is_claimed =
        |page: &Value| page["items"].as_array().unwrap().iter().any(|it| it["state"] == "sending");
    // A claim of a process that was killed ends by itself, later than everything else.
    eventually(shop, &path, |page| !is_claimed(page) && page["items"] != json!([])).await;
    eventually(shop, &path, |page| {
        let items = page["items"].as_array().unwrap();
        items.len() == count && items.iter().all(|it| it["state"] == "delivered")
    })
    .await
}

/// Subjects of the mails about an order.
fn subjects(shop: &TestShop, order: &Value) -> Vec<String> {
    let subject = |mail: String| {
        let line = mail.lines().find_map(|line| line.strip_prefix("Subject: "));
        line.unwrap().to_owned()
    };
    mails(shop, order).into_iter().map(subject).collect()
}

/// Mails about an order, which each have a link to it.
fn mails(shop: &TestShop, order: &Value) -> Vec<String> {
    let entries = std::fs::read_dir(&shop.mail_folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mails = paths.filter(|path| path.extension().is_some_and(|it| it == "eml"));
    // One that is removed in between is gone.
    let texts = mails.filter_map(|path| std::fs::read_to_string(path).ok());
    texts.filter(|text| text.contains(&format!("/orders/{}", id(order)))).collect()
}
