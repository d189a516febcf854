//! Payment service through its contract and its router, on the memory engine.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod contract;
mod delayed_outcomes;
mod errors;
mod methods;
mod money;

use contracts::{
    payment::{
        Authorisation, Capture, Payment, PaymentClient, PaymentEvent, PaymentMethod, PaymentState,
        Payments, Refund,
    },
    shared::{OrderId, PaymentId, RefundId},
};
use engine_memory::MemoryEngine;
use kernel::{Currency, ManualClock, Money, Uuid};
use rpc::{CallError, Feed};
use runtime::Module;
use std::{ops::Deref, sync::Arc, time::Duration};
use testkit::ServiceFixture;

static TABLE: [Module; 1] = [payment_service::MODULE];

const SECRET: &str = "a secret of the test";

/// Running payment service.
struct TestService {
    fixture: ServiceFixture,
    /// Typed contract, behind its guard.
    payments: Arc<dyn Payments>,
}

impl Deref for TestService {
    type Target = ServiceFixture;

    fn deref(&self) -> &ServiceFixture {
        &self.fixture
    }
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
        let settings = [settings, &[("webhook_secret", SECRET)]].concat();
        let fixture = ServiceFixture::start(&TABLE, engine, clock, &settings).await;
        let payments = fixture.contract::<dyn Payments>();
        Self { fixture, payments }
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

    /// Typed client of the public API.
    fn api(&self) -> PaymentClient {
        PaymentClient::new(self.channel())
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
        self.api().payment(payment_id(number)).await.unwrap().state
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
        let page = self.contract::<dyn Feed<PaymentEvent>>().pull(0, 0, None).await.unwrap();
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
