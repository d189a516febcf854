//! Losses by a fault: which services cannot be reached, and the requests that do not need them and go on.

use crate::{
    client::{Edge, EdgeClient, Request, Response},
    fleet::{Fleet, OWNED},
    operation::{Lines, lines_to_json},
    order_document::text_field,
    violation::{CheckResult, Violation, ensure},
    workload::Workload,
};
use futures_util::future::try_join_all;
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::atomic::{
        AtomicBool, AtomicU64,
        Ordering::{Relaxed, SeqCst},
    },
    time::Duration,
};
use tokio::time::Instant;

const GATEWAY: &str = "api-gateway";
const STOREFRONT: &str = "storefront";
const INVENTORY: &str = "inventory-service";
const PAYMENT: &str = "payment-service";
const PRODUCT: &str = "product-service";
const CART: &str = "shopping-cart-service";
const ORDER: &str = "order-service";
const AUDIT: &str = "audit-service";
const NOTIFICATION: &str = "notification-service";

/// Within which time a service has another owner that has lost the one it had.
const MOVED_WITHIN: Duration = Duration::from_secs(10);
/// Pause between two rounds of requests.
const ROUND_EVERY: Duration = Duration::from_millis(200);

/// Service that calls another one, or follows its feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) caller: &'static str,
    pub(super) service: &'static str,
    /// What becomes of the sales without it.
    pub(super) sales: Sales,
}

/// What becomes of the sales without a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sales {
    /// They wait, so that each customer calls again and again: the circuit breaker opens.
    Wait,
    /// They go on.
    GoOn,
    /// They go on, until each customer waits for something else.
    May,
}

const fn link(caller: &'static str, service: &'static str, sales: Sales) -> Link {
    Link { caller, service, sales }
}

/// Links of the services under load.
pub(super) const LINKS: [Link; 14] = [
    link(ORDER, INVENTORY, Sales::Wait),
    link(ORDER, PAYMENT, Sales::Wait),
    link(ORDER, CART, Sales::May),
    link(CART, PRODUCT, Sales::May),
    link(CART, INVENTORY, Sales::May),
    link(GATEWAY, ORDER, Sales::Wait),
    link(GATEWAY, CART, Sales::May),
    link(GATEWAY, INVENTORY, Sales::GoOn),
    link(GATEWAY, PRODUCT, Sales::GoOn),
    link(GATEWAY, PAYMENT, Sales::GoOn),
    link(PRODUCT, INVENTORY, Sales::GoOn),
    link(AUDIT, ORDER, Sales::GoOn),
    link(NOTIFICATION, ORDER, Sales::GoOn),
    link(STOREFRONT, PRODUCT, Sales::GoOn),
];

/// What a fault takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    Nothing,
    /// What two services say to each other.
    Between(&'static str, &'static str),
    /// What these services say and do.
    Services(Vec<&'static str>),
}

impl Loss {
    /// Whether a call is affected.
    fn concerns(&self, (caller, service): (&str, &str)) -> bool {
        match self {
            Self::Nothing => false,
            Self::Between(one, other) => {
                (*one, *other) == (caller, service) || (*other, *one) == (caller, service)
            }
            Self::Services(lost) => lost.iter().any(|it| [caller, service].contains(it)),
        }
    }
}

impl Loss {
    /// Whether a service waits for what is lost until those who call it have waited too long, whose circuit breakers may open then: its
    /// attempts may take as long as theirs.
    fn delays(&self, service: &str) -> bool {
        matches!(self, Self::Between(caller, _) if *caller == service)
    }
}

/// Calls that a request makes, by their callers and the services called.
type Calls = &'static [(&'static str, &'static str)];

const OF_PRODUCTS: Calls = &[(GATEWAY, PRODUCT)];
const OF_PAGES: Calls = &[(GATEWAY, STOREFRONT), (STOREFRONT, PRODUCT)];
const OF_CARTS: Calls = &[(GATEWAY, CART), (CART, PRODUCT), (CART, INVENTORY)];
const OF_ORDERS: Calls = &[(GATEWAY, ORDER)];
const OF_STOCK: Calls = &[(GATEWAY, INVENTORY)];
const OF_ACTIVITIES: Calls = &[(GATEWAY, AUDIT)];

/// Requests that go on without the services that they do not need.
#[derive(Debug)]
pub(super) struct IndependentRequests {
    reads: Vec<(Edge, String, Calls)>,
    sku: String,
    /// Answers, which number the new carts as well.
    answered: AtomicU64,
    /// Refusals for the moment: the machine had too much to do, a service changed its owner for that reason although it was not lost, or
    /// waited for what was lost.
    excused: AtomicU64,
}

impl IndependentRequests {
    /// Requests about the catalogue of a workload, and a cart.
    pub(super) async fn create(client: &EdgeClient, workload: &Workload) -> CheckResult<Self> {
        let of_first = workload.catalogue.plentiful.first().and_then(|sku| {
            workload.products.get(sku).map(|product| (sku.clone(), product.clone()))
        });
        let (sku, product) = of_first.ok_or_else(|| Violation::new("there is no product"))?;
        let (answered, excused) = (AtomicU64::new(0), AtomicU64::new(0));
        let mut requests = Self { reads: Vec::new(), sku, answered, excused };
        let response = requests.create_cart(client).await;
        let created = response.filter(Response::is_success).map(|it| it.json);
        let created = created.ok_or_else(|| Violation::new("no cart can be created"))?;
        let cart = text_field(&created, "id")?;
        let stock = format!("/api/v1/stock/{}", requests.sku);
        requests.reads = vec![
            (Edge::Shop, "/api/v1/products".to_owned(), OF_PRODUCTS),
            (Edge::Shop, format!("/api/v1/products/{product}"), OF_PRODUCTS),
            (Edge::Shop, "/".to_owned(), OF_PAGES),
            (Edge::Shop, format!("/api/v1/carts/{cart}"), OF_CARTS),
            (Edge::Operator, "/api/v1/orders?limit=1".to_owned(), OF_ORDERS),
            (Edge::Operator, stock, OF_STOCK),
            (Edge::Operator, "/api/v1/audit?limit=1".to_owned(), OF_ACTIVITIES),
        ];
        Ok(requests)
    }

    /// Makes those that do not need what is lost until `ended`; each must be answered with success, and a refusal for the moment be followed by
    /// one.
    pub(super) async fn go_on(
        &self,
        client: &EdgeClient,
        fleet: &Fleet,
        loss: &Loss,
        ended: &AtomicBool,
    ) -> CheckResult {
        let before: BTreeMap<_, _> =
            OWNED.into_iter().map(|service| (service, fleet.last_beginning(service))).collect();
        let has_moved = |service: &str| {
            before.get(service).is_some_and(|it| fleet.last_beginning(service) > *it)
        };
        let excuses = |calls: Calls| {
            move || calls.iter().any(|(_, service)| loss.delays(service) || has_moved(service))
        };
        let needs_none = |calls: Calls| !calls.iter().any(|call| loss.concerns(*call));
        let reads: Vec<_> = self.reads.iter().filter(|(_, _, calls)| needs_none(calls)).collect();
        while !ended.load(SeqCst) {
            let reading = reads.iter().map(async |(edge, path, calls)| {
                let ask = async || client.get(*edge, path).await;
                self.check(path, ask, excuses(calls)).await
            });
            try_join_all(reading).await?;
            if needs_none(OF_CARTS) {
                let create = async || self.create_cart(client).await;
                self.check("a new cart", create, excuses(OF_CARTS)).await?;
            }
            tokio::time::sleep(ROUND_EVERY).await;
        }
        Ok(())
    }

    async fn create_cart(&self, client: &EdgeClient) -> Option<Response> {
        let (path, method) = ("/api/v1/carts".to_owned(), "POST");
        let key = format!("cart-{}-{}", self.sku, self.answered.fetch_add(1, Relaxed));
        let lines = Lines::from([(self.sku.clone(), 1)]);
        let body = json!({ "lines": lines_to_json(&lines) });
        client.send(&Request { edge: Edge::Shop, method, path, key, body }).await
    }

    /// Checks an answer. A refusal is excused where it says when to ask again, and a later answer is a success, or a service that is needed
    /// changes its owner meanwhile, or itself waits for what is lost.
    async fn check(
        &self,
        what: &str,
        ask: impl AsyncFn() -> Option<Response>,
        is_excused: impl Fn() -> bool,
    ) -> CheckResult {
        let response = ask().await;
        if response.as_ref().is_some_and(Response::is_success) {
            self.answered.fetch_add(1, Relaxed);
            return Ok(());
        }
        let began = Instant::now();
        let says_when = response.as_ref().is_some_and(Response::has_retry_after);
        while !(says_when && is_excused()) {
            ensure(says_when && began.elapsed() < MOVED_WITHIN, || {
                format!("{what} needs nothing that is lost, and was answered with {response:?}")
            })?;
            tokio::time::sleep(ROUND_EVERY).await;
            if ask().await.as_ref().is_some_and(Response::is_success) {
                break;
            }
        }
        self.excused.fetch_add(1, Relaxed);
        Ok(())
    }

    /// Number of refusals that were excused.
    pub(super) fn excused(&self) -> u64 {
        self.excused.load(Relaxed)
    }

    /// Number of answers.
    pub(super) fn answered(&self) -> u64 {
        self.answered.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_concerns_the_calls_of_the_lost_service_and_those_to_it() {
        let concerned = |loss: &Loss| {
            [(ORDER, INVENTORY), (INVENTORY, ORDER), (CART, INVENTORY)]
                .map(|call| loss.concerns(call))
        };
        assert_eq!(concerned(&Loss::Nothing), [false; 3]);
        assert_eq!(concerned(&Loss::Between(ORDER, INVENTORY)), [true, true, false]);
        assert_eq!(concerned(&Loss::Services(vec![CART])), [false, false, true]);
    }
}
