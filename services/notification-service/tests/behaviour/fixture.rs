//! Fixture: the service beside an order service that has a feed and knows some orders.

use async_trait::async_trait;
use contracts::{
    notification::{Notification, NotificationPage},
    order::{self, Order, OrderDetails, OrderEvent, OrderStatus},
    shared::OrderId,
};
use engine_memory::MemoryEngine;
use journal::{Append, NewEvent, RecordedEvent, TypedEvent};
use kernel::{Clock, Currency, ManualClock, Money, Timestamp, Uuid};
use rpc::CallError;
use runtime::{BuildContext, BuildFuture, Module};
use serde_json::json;
use std::{ops::Deref, sync::Arc};
use tempfile::TempDir;
use testkit::{ServiceFixture, fake, on_edge};
use transport::Edge;
use web::ApiRouter;

static TABLE: &[Module] = &[notification_service::MODULE, fake(order::SERVICE, build_orders)];

/// When everything begins.
pub(crate) const NOW: &str = "2026-11-30T12:00:00Z";

/// Number of the order whose customer was erased.
pub(crate) const ERASED: u128 = 99;

fn build_orders(context: BuildContext) -> BuildFuture {
    Box::pin(async move {
        context.provide_feed(|recorded: &RecordedEvent| Ok(Some(order_event(recorded))))?;
        context.provide::<dyn OrderDetails>(Arc::new(KnownOrders))?;
        Ok(context.serve(ApiRouter::new()))
    })
}

fn order_event(recorded: &RecordedEvent) -> OrderEvent {
    OrderEvent::OrderChanged {
        order_id: recorded.stream.parse().unwrap(),
        number: "1".to_owned(),
        change: recorded.name.clone(),
        status: OrderStatus::Confirmed,
        total: Money::new(1, Currency::EUR),
    }
}

#[derive(Debug)]
struct KnownOrders;

#[async_trait]
impl OrderDetails for KnownOrders {
    async fn order_details(
        &self,
        id: OrderId,
        _: Option<Timestamp>,
    ) -> Result<Option<Order>, CallError> {
        let number = Uuid::from(id).as_u128();
        Ok((number < 1_000).then(|| order(number)))
    }
}

fn order(number: u128) -> Order {
    let euros = |amount: i64| json!({"amount": amount, "currency": "EUR"});
    let is_erased = number == ERASED;
    let text = |text: &str| if is_erased { String::new() } else { text.to_owned() };
    let address = json!({
        "name": text("Maren Lindqvist"), "line1": text("Hafenweg 4"), "city": text("Kiel"),
        "postal_code": text("24103"), "country": "DE",
    });
    let nobody = Uuid::nil();
    serde_json::from_value(json!({
        "id": Uuid::from_u128(number), "number": number.to_string(), "status": "confirmed",
        "payment_status": "paid", "fulfilment_status": "unfulfilled",
        "email": text("maren@example.com"), "customer_erased": is_erased, "currency": "EUR",
        "lines": [{
            "sku": "MUG-1", "product_id": nobody, "name": "Mug", "options": {}, "quantity": 1,
            "unit_price": euros(1_800), "total": euros(1_800), "tax": euros(0), "tax_rate": "0.19",
            "refunded_quantity": 0,
        }],
        "shipping": {"method": "standard", "label": "Standard delivery", "price": euros(0), "tax": euros(0)},
        "totals": {
            "items": euros(1_800), "discount": euros(0), "shipping": euros(0), "tax": euros(0),
            "total": euros(1_800), "tax_included": true,
        },
        "shipping_address": address, "billing_address": address,
        "payment": {
            "id": nobody, "method": "test", "authorised": euros(0), "captured": euros(1_800),
            "refunded": euros(0), "action_url": null,
        },
        "refunds": [], "cart_id": null, "cancel_reason": null, "placed_at": "2026-11-30T11:00:00Z",
        "history": [{"at": "2026-11-30T11:00:00Z", "event": "confirmed", "text": "", "reason": null}],
        "version": 1,
    }))
    .unwrap()
}

pub(crate) struct NotificationFixture {
    fixture: ServiceFixture,
    pub(crate) folder: TempDir,
}

impl Deref for NotificationFixture {
    type Target = ServiceFixture;

    fn deref(&self) -> &ServiceFixture {
        &self.fixture
    }
}

impl NotificationFixture {
    /// The service with a mail folder.
    pub(crate) async fn start() -> Self {
        Self::with_channel(MemoryEngine::new(), NOW).await
    }

    /// The service with a mail folder, on an engine and at a time.
    pub(crate) async fn with_channel(engine: MemoryEngine, now: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap().to_owned();
        Self::with(engine, now, folder, &[("mail_folder", &path)]).await
    }

    /// The service without a channel.
    pub(crate) async fn without_channel(engine: MemoryEngine, now: &str) -> Self {
        Self::with(engine, now, tempfile::tempdir().unwrap(), &[]).await
    }

    async fn with(
        engine: MemoryEngine,
        now: &str,
        folder: TempDir,
        settings: &[(&str, &str)],
    ) -> Self {
        let clock = Arc::new(ManualClock::at(now.parse().unwrap()));
        let url = [("shop_url", "https://shop.example")];
        let settings = [&url, settings].concat();
        let fixture = ServiceFixture::start(TABLE, engine, clock, &settings).await;
        Self { fixture, folder }
    }

    /// Publishes that something happened to an order.
    pub(crate) async fn publish(&self, number: u128, change: &'static str) {
        let stream = Uuid::from_u128(number).to_string();
        let journal = self.engine.service(order::SERVICE).journal;
        let expected = journal.read(&stream, 0, 100).await.unwrap().len() as u64;
        let event = NewEvent {
            id: Uuid::new_v5(&Uuid::nil(), format!("{number} {change}").as_bytes()),
            name: change,
            data: "{}".into(),
            recorded_at: self.clock.now(),
            typed: TypedEvent::default(),
            personal: None,
        };
        let (events, writes) = (vec![event], Vec::new());
        let append = Append { stream, expected, events, writes, origin: None, sequence: None };
        journal.append(append).await.unwrap();
    }

    /// Answer to an operator.
    pub(crate) async fn as_operator<T>(&self, work: impl Future<Output = T>) -> T {
        on_edge(Edge::Operator, work).await
    }

    pub(crate) async fn page(&self, query: &str) -> NotificationPage {
        let path = format!("/api/v1/notifications?{query}");
        self.as_operator(self.client().get(path).send()).await.unwrap()
    }

    /// Waits until there are so many notifications in a state.
    pub(crate) async fn wait_for(&self, state: &str, count: usize) -> Vec<Notification> {
        loop {
            let page = self.page(&format!("state={state}&limit=200")).await;
            if page.items.len() == count {
                return page.items;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    /// Files in the mail folder.
    pub(crate) fn mails(&self) -> usize {
        std::fs::read_dir(self.folder.path()).unwrap().count()
    }
}
