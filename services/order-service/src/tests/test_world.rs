//! Test world: the storage of the service, and fakes of the cart, inventory and payment services with assertions on their
//! final state. It outlives the processes that crash.

pub(crate) mod carts;
pub(crate) mod payments;
pub(crate) mod stock;

use crate::{
    adapters::{
        address_keys::AccountAddressKeys,
        customer_keys::CustomerKeys,
        http::UseCases,
        order_index::DocumentOrderIndex,
        settings::{NumberSetting, OrderSettings},
    },
    application::{
        checkout_input::{CapturePolicy, CheckoutInput, CheckoutSource, FirstAttempt},
        resume_checkout::ResumeCheckout,
        unpaid_orders::UnpaidLimits,
    },
    domain::events::{Address, PaymentTerms},
    ports::{
        customers::Customers,
        letters::{ClaimLetter, Letters},
    },
    wiring::{ServiceDependencies, wire},
};
use async_trait::async_trait;
use carts::FakeCarts;
use engine_memory::MemoryEngine;
use identifiers::{CartId, OrderId, Sku};
use journal::{Journal, ServiceStorage};
use kernel::{Clock, Ids, ManualClock, SeededRandomness, Uuid};
use parking_lot::Mutex;
use payments::FakePayments;
use saga::{Spawn, failure_matrix::CrashPoints};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use stock::FakeStock;
use storage::StorageError;
use tokio::task::JoinSet;

pub(crate) const CART: CartId = CartId(Uuid::from_u128(0xca57));
pub(crate) const ORDER: OrderId = OrderId(Uuid::from_u128(0x0ede5));
/// Units in the cart.
pub(crate) const UNITS: i64 = 2;
/// Total of the cart, in minor units.
pub(crate) const TOTAL: i64 = 2 * 1_800 + 490;

/// Letters that were sent.
pub(crate) type SentLetters = Arc<Mutex<Vec<ClaimLetter>>>;

#[async_trait]
impl Letters for SentLetters {
    async fn send_claim(&self, letter: ClaimLetter) -> Result<(), StorageError> {
        self.lock().push(letter);
        Ok(())
    }
}

/// World of the order service: its storage and the services around it.
#[derive(Clone)]
pub(crate) struct TestWorld {
    pub(crate) engine: MemoryEngine,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) carts: Arc<Mutex<FakeCarts>>,
    pub(crate) stock: Arc<Mutex<FakeStock>>,
    pub(crate) payments: Arc<Mutex<FakePayments>>,
    /// Letters that were sent.
    pub(crate) letters: SentLetters,
    /// Capture policy of orders.
    pub(crate) capture: CapturePolicy,
    /// Limits of unpaid orders.
    pub(crate) unpaid: UnpaidLimits,
    /// Limit of failed checkouts of one address.
    pub(crate) failed_checkouts_max: u32,
    /// Whether every call yields to other tasks.
    pub(crate) yields: bool,
}

/// Client of a fake service, in whose calls the process may crash.
#[derive(Clone)]
pub(crate) struct FakeClient<S> {
    pub(crate) fake: Arc<Mutex<S>>,
    pub(crate) clock: Arc<ManualClock>,
    points: Arc<CrashPoints>,
    yields: bool,
}

/// Running process of the order service.
pub(crate) struct Process {
    pub(crate) use_cases: UseCases,
    pub(crate) resume_checkout: ResumeCheckout,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

impl TestWorld {
    pub(crate) fn new() -> Self {
        Self {
            engine: MemoryEngine::new(),
            clock: Arc::new(ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap())),
            carts: Arc::new(Mutex::new(FakeCarts::with(CART))),
            stock: Arc::new(Mutex::new(FakeStock::with("MUG", 10))),
            payments: Arc::default(),
            letters: Arc::default(),
            capture: CapturePolicy::default(),
            unpaid: UnpaidLimits { orders_max: 10, share_percent_max: 50, units_min: 5 },
            failed_checkouts_max: 100,
            yields: false,
        }
    }

    pub(crate) fn storage(&self) -> ServiceStorage {
        self.engine.service("order-service")
    }

    /// Clock and randomness of one process; each process draws other ids.
    pub(crate) fn ids(&self) -> Ids {
        static STARTS: AtomicU64 = AtomicU64::new(0);
        let randomness = SeededRandomness::new(STARTS.fetch_add(1, Ordering::Relaxed));
        Ids::new(Arc::clone(&self.clock) as Arc<dyn Clock>, Arc::new(randomness))
    }

    /// Dependencies of a process.
    pub(crate) fn dependencies(
        &self,
        journal: Arc<dyn Journal>,
        points: &Arc<CrashPoints>,
        spawn: Spawn,
    ) -> ServiceDependencies {
        let storage = self.storage();
        let customers: Arc<dyn Customers> = Arc::new(CustomerKeys::of(&storage));
        let address_keys = AccountAddressKeys::of(&storage);
        let ServiceStorage { documents, key_value, .. } = storage;
        ServiceDependencies {
            journal,
            order_index: Arc::new(DocumentOrderIndex {
                documents,
                customers: Arc::clone(&customers),
            }),
            customers,
            address_keys: Arc::new(address_keys),
            carts: Arc::new(self.client(&self.carts, points)),
            stock: Arc::new(self.client(&self.stock, points)),
            payments: Arc::new(self.client(&self.payments, points)),
            letters: Some(Arc::new(Arc::clone(&self.letters))),
            values: key_value,
            ids: self.ids(),
            spawn,
            id_secret: Uuid::from_u128(0x5e_c4e7),
            settings: OrderSettings {
                capture: self.capture,
                unpaid_orders_max: self.unpaid.orders_max,
                unpaid_share_percent_max: self.unpaid.share_percent_max,
                unpaid_units_min: self.unpaid.units_min,
                number: NumberSetting::Sequential,
                lookups_per_email_max: 20,
                failed_checkouts_per_address_max: self.failed_checkouts_max,
                ..OrderSettings::default()
            },
        }
    }

    fn client<S>(&self, fake: &Arc<Mutex<S>>, points: &Arc<CrashPoints>) -> FakeClient<S> {
        let (clock, points) = (Arc::clone(&self.clock), Arc::clone(points));
        FakeClient { fake: Arc::clone(fake), clock, points, yields: self.yields }
    }

    /// Starts the service.
    pub(crate) async fn start(&self) -> Process {
        let tasks: Arc<Mutex<JoinSet<()>>> = Arc::default();
        let spawn: Spawn = {
            let tasks = Arc::clone(&tasks);
            Arc::new(move |task| drop(tasks.lock().spawn(task)))
        };
        let dependencies = self.dependencies(self.storage().journal, &CrashPoints::never(), spawn);
        let (use_cases, resume_checkout) = wire(dependencies).await.unwrap();
        Process { use_cases, resume_checkout, tasks }
    }

    /// Checks that an order that was not placed has left nothing behind.
    pub(crate) fn is_clean(&self) -> Result<(), String> {
        self.stock.lock().has_units(10, 0)?;
        self.payments.lock().owes_nothing()?;
        self.carts.lock().is_open(CART)
    }

    /// World in which payments are captured at fulfilment.
    pub(crate) fn capturing_at_fulfilment() -> Self {
        Self { capture: CapturePolicy::AtFulfilment, ..Self::new() }
    }

    /// Checks that an order was placed once and its payment only authorised.
    pub(crate) fn is_authorised(&self, order: OrderId) -> Result<(), String> {
        self.stock.lock().has_units(10 - UNITS, 0)?;
        self.payments.lock().authorised_only(TOTAL)?;
        self.carts.lock().is_ordered(CART, order)
    }

    /// Checks that an order was placed once and its payment captured.
    pub(crate) fn is_sold(&self, order: OrderId) -> Result<(), String> {
        self.stock.lock().has_units(10 - UNITS, 0)?;
        self.payments.lock().captured_once(TOTAL)?;
        self.carts.lock().is_ordered(CART, order)
    }
}

impl<S> FakeClient<S> {
    /// Point at which the process may crash, or another task may run.
    pub(crate) async fn interruption_point(&self) {
        self.points.pass().await;
        if self.yields {
            tokio::task::yield_now().await;
        }
    }
}

impl Process {
    /// Aborts all tasks of the process.
    pub(crate) fn kill(&self) {
        self.tasks.lock().abort_all();
    }
}

pub(crate) fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
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

/// Input of the checkout of the cart, paid with this token.
pub(crate) fn checkout(world: &TestWorld, token: &str) -> CheckoutInput {
    CheckoutInput {
        order_id: ORDER,
        source: CheckoutSource::Cart { cart_id: CART },
        email: "ada@example.com".to_owned(),
        shipping_address: address(),
        billing_address: None,
        shipping_method: None,
        payment_method: "test".to_owned(),
        payment_token: token.to_owned(),
        expected_total: None,
        begun_at: world.clock.now(),
        capture: world.capture,
        pay_by: None,
        terms: PaymentTerms::default(),
        clients: Vec::new(),
        customer: None,
        account: None,
        language: None,
        first_attempt: FirstAttempt::pending(),
    }
}
