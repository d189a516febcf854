//! What operators see and do: lists, a notification with its log and its mail, another delivery, previews, test mails.

use crate::fixture::{ERASED, NOW, NotificationFixture};
use contracts::notification::{
    AddressedLetter, Letter, Notification, NotificationKind,
    NotificationState::{Delivered, Pending, Sending},
};
use engine_memory::MemoryEngine;
use serde_json::{Value as Json, json};
use std::{collections::BTreeSet, time::Duration};
use testkit::{code, field};

#[tokio::test(start_paused = true)]
async fn notifications_are_listed_by_state_and_order_page_by_page() {
    let fixture = NotificationFixture::start().await;
    for number in 1..=25 {
        fixture.publish(number, "confirmed").await;
    }
    fixture.publish(ERASED, "confirmed").await;
    fixture.publish(7, "fulfilled").await;
    fixture.wait_for("delivered", 26).await;
    let suppressed = fixture.wait_for("suppressed", 1).await;
    assert_eq!(
        suppressed[0].log.last().unwrap().reason.as_deref(),
        Some("the customer was erased")
    );
    assert_eq!(fixture.mails(), 26);

    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = fixture.page(&format!("limit=10{cursor}")).await;
        assert!(page.items.len() <= 10);
        all.extend(page.items);
        let Some(next) = page.next_cursor else { break };
        cursor = format!("&cursor={next}");
    }
    let ids: BTreeSet<_> = all.iter().map(|one| one.id).collect();
    assert_eq!((all.len(), ids.len()), (27, 27), "each once");
    assert!(all.is_sorted_by_key(|one| std::cmp::Reverse(one.changed_at)));

    let of_order = fixture.page("order_id=00000000-0000-0000-0000-000000000007").await;
    let kinds: BTreeSet<_> = of_order.items.iter().map(|one| json!(one.kind).to_string()).collect();
    assert_eq!(kinds.len(), 2, "{kinds:?}");
    let only = fixture.page("order_id=00000000-0000-0000-0000-000000000007&limit=1").await;
    assert!(only.items.len() == 1 && only.next_cursor.is_some());
    // Nothing in a list is personal.
    let text = json!(all).to_string();
    for personal in ["maren", "Maren", "Hafenweg", "Kiel"] {
        assert!(!text.contains(personal), "{personal}");
    }
    for (query, parameter) in [("state=lost", "state"), ("order_id=7", "order_id")] {
        let path = format!("/api/v1/notifications?{query}");
        let refused = fixture.as_operator(fixture.client().get(path).send::<Json>()).await;
        let problem = testkit::problem(refused);
        assert_eq!(problem.status, 400, "{query}");
        assert_eq!(problem.errors[0].field, parameter);
    }
}

#[tokio::test(start_paused = true)]
async fn a_notification_has_its_log_and_its_mail_and_is_delivered_again_as_another_mail() {
    let fixture = NotificationFixture::start().await;
    fixture.publish(1, "confirmed").await;
    let [one] = &fixture.wait_for("delivered", 1).await[..] else { panic!("one") };
    assert_eq!((one.kind, one.attempts, one.copy), (NotificationKind::OrderConfirmed, 1, 0));
    let states: Vec<_> = one.log.iter().map(|entry| entry.state).collect();
    assert_eq!(states, [Pending, Sending, Delivered]);
    let path = format!("/api/v1/notifications/{}", one.id);
    let read: Notification = fixture.as_operator(fixture.client().get(&path).send()).await.unwrap();
    assert_eq!(read, *one);
    let mail = fixture.client().get(format!("{path}/mail"));
    let mail: AddressedLetter = fixture.as_operator(mail.send()).await.unwrap();
    assert_eq!((&*mail.to, &*mail.letter.subject), ("maren@example.com", "Order 1 is confirmed"));
    assert!(mail.letter.text.contains("1 × Mug"), "{}", mail.letter.text);

    let again = fixture.client().post(format!("{path}/redeliver")).json(&json!({}));
    let again: Notification = fixture.as_operator(again.send()).await.unwrap();
    assert_eq!((again.state, again.copy), (Pending, 1));
    assert_ne!(again.message_id, one.message_id);
    fixture.wait_for("delivered", 1).await;
    assert_eq!(fixture.mails(), 2);
    let unknown = "/api/v1/notifications/00000000-0000-0000-0000-000000000001";
    let unknown = fixture.as_operator(fixture.client().get(unknown).send::<Json>()).await;
    assert_eq!(code(unknown), "not_found");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_delivered_again_to_whom_was_erased() {
    let fixture = NotificationFixture::start().await;
    fixture.publish(ERASED, "confirmed").await;
    let [one] = &fixture.wait_for("suppressed", 1).await[..] else { panic!("one") };
    let path = format!("/api/v1/notifications/{}", one.id);
    let again = fixture.client().post(format!("{path}/redeliver")).json(&json!({}));
    let again = fixture.as_operator(again.send::<Json>()).await;
    assert_eq!(code(again), "customer_erased");
    let mail = fixture.client().get(format!("{path}/mail"));
    assert_eq!(code(fixture.as_operator(mail.send::<Json>()).await), "customer_erased");
    assert_eq!(fixture.mails(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_template_is_previewed_and_sent_to_an_address() {
    let fixture = NotificationFixture::start().await;
    let templates = "/api/v1/notification-templates";
    let preview = async |kind: &str, body: Json| {
        let request = fixture.client().post(format!("{templates}/{kind}/preview")).json(&body);
        fixture.as_operator(request.send::<Letter>()).await
    };
    let english = preview("order_shipped", json!({})).await.unwrap();
    assert_eq!(english.subject, "Order 1001 is on its way");
    let german = preview("order_shipped", json!({"language": "de"})).await.unwrap();
    assert_eq!(german.subject, "Bestellung 1001 ist unterwegs");
    let order = json!({"order_id": "00000000-0000-0000-0000-000000000007"});
    let of_order = preview("order_shipped", order).await.unwrap();
    assert_eq!(of_order.subject, "Order 7 is on its way");
    assert_eq!(code(preview("order_eaten", json!({})).await), "not_found");
    assert_eq!(field(preview("order_shipped", json!({"language": "fr"})).await), "language");

    let test = async |to: &str| {
        let path = format!("{templates}/order_confirmed/test");
        let request = fixture.client().post(path).json(&json!({"to": to}));
        fixture.as_operator(request.send::<Letter>()).await
    };
    test("operator@example.com").await.unwrap();
    assert_eq!(fixture.mails(), 1);
    for wrong in ["nobody", "a@b\r\nBcc: c@d", "<a@b.c>"] {
        assert_eq!(field(test(wrong).await), "to", "{wrong:?}");
    }
    assert!(fixture.page("").await.items.is_empty(), "a test mail is no notification");
}

#[tokio::test(start_paused = true)]
async fn what_happens_without_a_channel_is_told_to_nobody_later() {
    let silent = NotificationFixture::without_channel(MemoryEngine::new(), NOW).await;
    silent.publish(1, "confirmed").await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(silent.page("").await.items.is_empty());
    let path = "/api/v1/notification-templates/order_confirmed/test";
    let request = silent.client().post(path).json(&json!({"to": "operator@example.com"}));
    assert_eq!(code(silent.as_operator(request.send::<Json>()).await), "no_mail");
    let parked = silent.client().get("/api/v1/parked/notification-service");
    let parked: Json = silent.as_operator(parked.send()).await.unwrap();
    assert_eq!(parked["items"], json!([]));

    // With a channel, what happens from then on is told; also what happens while the service is not running.
    let engine = silent.engine.crash();
    let telling = NotificationFixture::with_channel(engine, "2026-11-30T13:00:00Z").await;
    telling.publish(2, "confirmed").await;
    let [one] = &telling.wait_for("delivered", 1).await[..] else { panic!("one") };
    assert_eq!(one.order_id.to_string(), "00000000-0000-0000-0000-000000000002");
    telling.tasks.drain(Duration::ZERO).await;
    telling.publish(3, "confirmed").await;
    let engine = telling.engine.crash();
    let again = NotificationFixture::with_channel(engine, "2026-11-30T14:00:00Z").await;
    again.wait_for("delivered", 2).await;

    // Without one in between, nothing is told of that time.
    let engine = again.engine.crash();
    let silent = NotificationFixture::without_channel(engine, "2026-11-30T15:00:00Z").await;
    silent.publish(4, "confirmed").await;
    let engine = silent.engine.crash();
    let last = NotificationFixture::with_channel(engine, "2026-11-30T16:00:00Z").await;
    last.publish(5, "confirmed").await;
    last.wait_for("delivered", 3).await;
    assert_eq!(last.page("").await.items.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn shoppers_see_nothing_of_it() {
    let fixture = NotificationFixture::start().await;
    let path = "/api/v1/notifications";
    let shop = testkit::on_edge(transport::Edge::Shop, fixture.client().get(path).send::<Json>());
    assert!(testkit::problem(shop.await).status >= 403);
}
