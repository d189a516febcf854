//! The services around this one, as books in memory: carts, stock and payments that keep what they promise and can be
//! asked afterwards whether everything adds up. They outlive the processes that crash.

pub(crate) mod carts;
pub(crate) mod payments;
pub(crate) mod stock;

use crate::{
    adapters::{http::UseCases, orders_list::OrdersList},
    application::{
        checkout_case::{CapturePolicy, CheckoutCase, Source, Untouched},
        record_payment::RecordPayment,
    },
    domain::events::Address,
    wiring::{Parts, wire},
};
use carts::CartBooks;
use engine_memory::MemoryEngine;
use journal::{Journal, ServiceStorage};
use kernel::{Clock, Ids, ManualClock, SeededRandomness, Uuid};
use parking_lot::Mutex;
use payments::PaymentBooks;
use saga::{Spawn, failure_matrix::Points};
use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use stock::StockBooks;
use tokio::task::JoinSet;

pub(crate) const CART: Uuid = Uuid::from_u128(0xca57);
pub(crate) const ORDER: Uuid = Uuid::from_u128(0x0ede5);
/// What the cart holds, and what it comes to.
pub(crate) const UNITS: i64 = 2;
pub(crate) const TOTAL: i64 = 2 * 1_800 + 490;

/// Everything around the order service, and its own storage.
#[derive(Clone)]
pub(crate) struct Town {
    pub(crate) engine: MemoryEngine,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) carts: Arc<Mutex<CartBooks>>,
    pub(crate) stock: Arc<Mutex<StockBooks>>,
    pub(crate) payments: Arc<Mutex<PaymentBooks>>,
    /// When the money of orders is taken.
    pub(crate) capture: CapturePolicy,
    /// Whether every call lets others go first.
    pub(crate) yields: bool,
}

/// The way to one of the books, which may end in the middle of it.
#[derive(Clone)]
pub(crate) struct Way<B> {
    pub(crate) books: Arc<Mutex<B>>,
    pub(crate) clock: Arc<ManualClock>,
    points: Arc<Points>,
    yields: bool,
}

/// A running order service.
pub(crate) struct Process {
    pub(crate) use_cases: UseCases,
    pub(crate) news: RecordPayment,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

impl Town {
    pub(crate) fn new() -> Self {
        Self {
            engine: MemoryEngine::new(),
            clock: Arc::new(ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap())),
            carts: Arc::new(Mutex::new(CartBooks::with(CART))),
            stock: Arc::new(Mutex::new(StockBooks::with("MUG", 10))),
            payments: Arc::default(),
            capture: CapturePolicy::default(),
            yields: false,
        }
    }

    pub(crate) fn storage(&self) -> ServiceStorage {
        self.engine.service("order-service")
    }

    /// Time and randomness of one process: none draws the same as another.
    pub(crate) fn ids(&self) -> Ids {
        static STARTS: AtomicU64 = AtomicU64::new(0);
        let randomness = SeededRandomness::new(STARTS.fetch_add(1, Ordering::Relaxed));
        Ids::new(Arc::clone(&self.clock) as Arc<dyn Clock>, Arc::new(randomness))
    }

    pub(crate) fn parts(
        &self,
        journal: Arc<dyn Journal>,
        points: &Arc<Points>,
        spawn: Spawn,
    ) -> Parts {
        let documents = self.storage().documents;
        Parts {
            journal,
            listing: Arc::new(OrdersList { documents }),
            carts: Arc::new(self.channel(&self.carts, points)),
            stock: Arc::new(self.channel(&self.stock, points)),
            payments: Arc::new(self.channel(&self.payments, points)),
            ids: self.ids(),
            spawn,
            orders_in_memory_max: NonZeroUsize::new(1_000).unwrap(),
            payment_wait: Duration::from_hours(1),
            capture: self.capture,
            id_secret: Uuid::from_u128(0x5e_c4e7),
        }
    }

    fn channel<B>(&self, books: &Arc<Mutex<B>>, points: &Arc<Points>) -> Way<B> {
        let (clock, points) = (Arc::clone(&self.clock), Arc::clone(points));
        Way { books: Arc::clone(books), clock, points, yields: self.yields }
    }

    /// Starts the service.
    pub(crate) async fn start(&self) -> Process {
        let tasks: Arc<Mutex<JoinSet<()>>> = Arc::default();
        let spawn: Spawn = {
            let tasks = Arc::clone(&tasks);
            Arc::new(move |task| drop(tasks.lock().spawn(task)))
        };
        let parts = self.parts(self.storage().journal, &Points::never(), spawn);
        let (use_cases, news) = wire(parts).await.unwrap();
        Process { use_cases, news, tasks }
    }

    /// Whether nothing is left of an order that was not placed: `Err` says what is.
    pub(crate) fn is_clean(&self) -> Result<(), String> {
        self.stock.lock().stands_at(10, 0)?;
        self.payments.lock().owes_nothing()?;
        self.carts.lock().is_open(CART)
    }

    /// A town in which money is taken when the goods leave.
    pub(crate) fn that_captures_at_fulfilment() -> Self {
        Self { capture: CapturePolicy::AtFulfilment, ..Self::new() }
    }

    /// Whether an order was placed, once, and its money only set aside: `Err` says what is wrong.
    pub(crate) fn is_promised(&self, order: Uuid) -> Result<(), String> {
        self.stock.lock().stands_at(10 - UNITS, 0)?;
        self.payments.lock().set_aside(TOTAL)?;
        self.carts.lock().is_ordered(CART, order)
    }

    /// Whether an order was placed, once: `Err` says what is wrong.
    pub(crate) fn is_sold(&self, order: Uuid) -> Result<(), String> {
        self.stock.lock().stands_at(10 - UNITS, 0)?;
        self.payments.lock().captured_once(TOTAL)?;
        self.carts.lock().is_ordered(CART, order)
    }
}

impl<B> Way<B> {
    /// A place at which the process may crash, or somebody else come first.
    pub(crate) async fn pass(&self) {
        self.points.pass().await;
        if self.yields {
            tokio::task::yield_now().await;
        }
    }
}

impl Process {
    pub(crate) fn kill(&self) {
        self.tasks.lock().abort_all();
    }
}

pub(crate) fn address() -> Address {
    Address {
        name: "Ada Lovelace".to_owned(),
        line1: "Ringstr. 1".to_owned(),
        line2: None,
        city: Some("Bonn".to_owned()),
        region: None,
        postal_code: Some("53111".to_owned()),
        country: "DE".to_owned(),
    }
}

/// The checkout of the cart, paid with this token.
pub(crate) fn checkout(town: &Town, token: &str) -> CheckoutCase {
    CheckoutCase {
        order_id: ORDER,
        source: Source::Cart { cart_id: CART },
        email: "ada@example.com".to_owned(),
        shipping_address: address(),
        billing_address: None,
        shipping_method: None,
        payment_method: "test".to_owned(),
        payment_token: token.to_owned(),
        expected_total: None,
        begun_at: town.clock.now(),
        capture: town.capture,
        untouched: Untouched::yes(),
    }
}
