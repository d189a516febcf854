//! Payment service through its contract and its router, on the memory engine.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod contract;
mod delayed_outcomes;
mod errors;
mod methods;
mod money;

use axum::Router;
use contracts::{
    payment::{
        self, Authorisation, Capture, Payment, PaymentClient, PaymentEvent, PaymentMethod,
        PaymentState, Payments, Refund,
    },
    shared::{OrderId, PaymentId, RefundId},
};
use engine_memory::MemoryEngine;
use kernel::{Currency, Ids, ManualClock, Money, Problem, SeededRandomness, Uuid};
use rpc::{CallError, Feed};
use runtime::{Module, ProcessResources, TaskTracker};
use settings::{Flag, Settings, Sources};
use std::{sync::Arc, time::Duration};
use transport::{Client, Context, Edge};

static TABLE: [Module; 1] = [payment_service::MODULE];

const SECRET: &str = "a secret of the test";

/// Running payment service.
struct TestService {
    engine: MemoryEngine,
    clock: Arc<ManualClock>,
    router: Router,
    payments: Arc<dyn Payments>,
    feed: Arc<dyn Feed<PaymentEvent>>,
    raw: Client,
    tasks: TaskTracker,
}

impl TestService {
    /// Starts the service with test payments.
    async fn start() -> Self {
        let clock = ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap());
        Self::on(MemoryEngine::new(), Arc::new(clock), "true").await
    }

    async fn on(engine: MemoryEngine, clock: Arc<ManualClock>, test_payments: &str) -> Self {
        Self::with_settings(engine, clock, &[("test_payments", test_payments)]).await
    }

    async fn with_settings(
        engine: MemoryEngine,
        clock: Arc<ManualClock>,
        settings: &[(&str, &str)],
    ) -> Self {
        let flag = |name: &str, value: &str| {
            Flag::new(format!("--{name}"), format!("payment-service.{name}"), value)
        };
        let flags = settings.iter().map(|(name, value)| flag(name, value));
        let flags = flags.chain([flag("webhook_secret", SECRET)]).collect();
        let sources = Sources { flags, ..Sources::default() };
        let sections = TABLE.iter().filter_map(|module| module.settings);
        let tasks = TaskTracker::default();
        let resources = ProcessResources {
            settings: Arc::new(Settings::load(sections, &sources).unwrap()),
            storage: &|name| engine.service(name),
            bulk: &|name| engine.bulk(name),
            remote: &|_| None,
            over_wire: None,
            ids: Ids::new(Arc::clone(&clock) as _, Arc::new(SeededRandomness::new(7))),
            metrics: telemetry::Metrics::new(),
            health: telemetry::Health::new(),
            tasks: tasks.clone(),
        };
        let selected: Vec<&'static Module> = TABLE.iter().collect();
        let assembly = runtime::assemble(&TABLE, &selected, resources).await.unwrap();
        let router = assembly.routers[payment::SERVICE].clone();
        let payments = assembly.contracts.contract::<dyn Payments>();
        let feed = assembly.contracts.contract::<dyn Feed<PaymentEvent>>();
        let raw =
            Client::new(payment::SERVICE, transport::loopback(payment::SERVICE, router.clone()));
        Self { engine, clock, router, payments, feed, raw, tasks }
    }

    /// Restarts the process after everything was flushed.
    async fn restarted(&self) -> Self {
        self.tasks.drain(Duration::from_secs(1)).await;
        Self::on(self.engine.clone(), Arc::clone(&self.clock), "true").await
    }

    /// Restarts the process with other settings.
    async fn restarted_with(&self, settings: &[(&str, &str)]) -> Self {
        self.tasks.drain(Duration::from_secs(1)).await;
        Self::with_settings(self.engine.clone(), Arc::clone(&self.clock), settings).await
    }

    /// Restarts the process after a power cut.
    async fn crashed(&self) -> Self {
        self.tasks.drain(Duration::from_secs(1)).await;
        Self::on(self.engine.crash(), Arc::clone(&self.clock), "true").await
    }

    /// Client of the public API.
    fn client(&self) -> PaymentClient {
        PaymentClient::new(transport::loopback(payment::SERVICE, self.router.clone()))
    }

    /// Client for requests that no typed client would send.
    fn raw(&self) -> &Client {
        &self.raw
    }

    async fn authorise(&self, number: u128, token: &str) -> Result<Payment, CallError> {
        self.payments.authorise(payment_id(number), authorisation(number, token, 10_000)).await
    }

    /// Authorises and captures a payment.
    async fn captured(&self, number: u128) -> Payment {
        self.authorise(number, "success").await.unwrap();
        self.capture(number, "all", None).await.unwrap()
    }

    /// Captures an amount, or all that is authorised.
    async fn capture(
        &self,
        number: u128,
        reference: &str,
        amount: impl Into<Option<i64>>,
    ) -> Result<Payment, CallError> {
        let capture = Capture { amount: amount.into().map(eur) };
        self.payments.capture(payment_id(number), reference.to_owned(), capture).await
    }

    async fn cancel(&self, number: u128) -> Result<(), CallError> {
        self.payments.cancel(payment_id(number), order_id(number)).await
    }

    /// Refunds an amount, or all that is left.
    async fn refund(
        &self,
        number: u128,
        refund: u128,
        amount: impl Into<Option<i64>>,
    ) -> Result<Payment, CallError> {
        let (amount, reason) = (amount.into().map(eur), "did not fit".to_owned());
        let request = Refund { amount, reason };
        self.payments.refund(payment_id(number), refund_id(refund), request).await
    }

    async fn state(&self, number: u128) -> PaymentState {
        self.client().payment(payment_id(number)).await.unwrap().state
    }

    /// Advances the clock and the runtime's time.
    async fn advance(&self, seconds: u64) {
        for _ in 0..seconds {
            self.clock.advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Names of the events of a payment.
    async fn events(&self, number: u128) -> Vec<String> {
        let journal = self.engine.service("payment-service").journal;
        let stream = format!("payment-{}", payment_id(number));
        let events = journal.read(&stream, 0, 1_000).await.unwrap();
        events.into_iter().map(|event| event.name).collect()
    }

    /// States that the feed publishes, in order.
    async fn feed_states(&self) -> Vec<PaymentState> {
        let page = self.feed.pull(0, 0, None).await.unwrap();
        let states = page.messages.into_iter().map(|message| match message.event {
            PaymentEvent::PaymentChanged { state, .. } => state,
        });
        states.collect()
    }
}

fn payment_id(number: u128) -> PaymentId {
    PaymentId(Uuid::from_u128(number))
}

fn order_id(number: u128) -> OrderId {
    OrderId(Uuid::from_u128(1_000 + number))
}

fn refund_id(number: u128) -> RefundId {
    RefundId(Uuid::from_u128(number))
}

fn eur(amount: i64) -> Money {
    Money::new(amount, Currency::EUR)
}

fn authorisation(number: u128, token: &str, amount: i64) -> Authorisation {
    let payment = PaymentMethod { method: "test".to_owned(), token: token.to_owned() };
    Authorisation { order_id: order_id(number), amount: eur(amount), payment }
}

async fn via_edge<T>(edge: Edge, work: impl Future<Output = T>) -> T {
    Context { edge, ..Context::default() }.scope(work).await
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, CallError>) -> Problem {
    match answer {
        Err(CallError::Problem(problem)) => *problem,
        other => panic!("{other:?}"),
    }
}

fn code<T: std::fmt::Debug>(answer: Result<T, CallError>) -> String {
    refusal(answer).code.to_string()
}

/// The field that a refusal names.
fn field<T: std::fmt::Debug>(answer: Result<T, CallError>) -> String {
    let problem = refusal(answer);
    assert_eq!(problem.status, 422, "{problem}");
    problem.errors[0].field.clone()
}
