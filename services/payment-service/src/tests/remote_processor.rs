//! Payments with a remote processor: intents are durable before it is called, and open outcomes are reconciled, also
//! after a crash.

use super::*;
use crate::{
    adapters::unsettled_documents::UnsettledDocuments,
    application::{NewPayment, Offer, PaymentError, Payments, ReconcileLimits, Reconciler},
    ports::{AuthorisationRequest, Processor, TokenValidity},
};
use async_trait::async_trait;
use engine_memory::MemoryEngine;
use identifiers::PaymentId;
use journal::{Journal, Repository, durability};
use kernel::{Clock, Ids, ManualClock, SeededRandomness};
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

/// Fake bank that acts once per key, and whose responses can be dropped.
#[derive(Default)]
struct FakeBank {
    unavailable: Mutex<bool>,
    /// Journal of the calling process.
    journal: Mutex<Option<Arc<dyn Journal>>>,
    authorised: Mutex<BTreeSet<PaymentId>>,
    transferred: Mutex<BTreeMap<String, i64>>,
    calls: Mutex<usize>,
}

impl FakeBank {
    /// Records a call and checks that the event `name` was durable before. Returns whether the bank responds.
    async fn receive_call(&self, name: &str) -> bool {
        *self.calls.lock() += 1;
        let journal = self.journal.lock().clone().unwrap();
        let flushed = journal.follow(0, 1_000).await.unwrap();
        assert!(flushed.iter().any(|event| event.name == name), "{name} is not durable");
        !*self.unavailable.lock()
    }

    async fn execute_transfer(&self, transfer: &Transfer) -> Option<TransferOutcome> {
        let answers = self.receive_call("asked").await;
        self.transferred.lock().insert(transfer.key.clone(), transfer.amount.amount);
        answers.then_some(TransferOutcome::Done)
    }
}

#[async_trait]
impl Processor for FakeBank {
    fn is_external(&self) -> bool {
        true
    }

    fn validate_token(&self, _: &str) -> TokenValidity {
        TokenValidity::Valid
    }

    async fn authorise(&self, request: &AuthorisationRequest) -> AuthorisationOutcome {
        let answers = self.receive_call("created").await;
        self.authorised.lock().insert(request.payment);
        if answers { AuthorisationOutcome::Authorised } else { AuthorisationOutcome::Unknown }
    }

    async fn look_up(&self, request: &AuthorisationRequest) -> AuthorisationOutcome {
        let answers = self.receive_call("created").await;
        let is_known = self.authorised.lock().contains(&request.payment);
        if answers && is_known {
            AuthorisationOutcome::Authorised
        } else {
            AuthorisationOutcome::Unknown
        }
    }

    fn execute_inline(&self, _: &Transfer) -> Option<TransferOutcome> {
        None
    }

    async fn capture(&self, _: PaymentId, transfer: &Transfer) -> Option<TransferOutcome> {
        self.execute_transfer(transfer).await
    }

    async fn refund(&self, _: PaymentId, transfer: &Transfer) -> Option<TransferOutcome> {
        self.execute_transfer(transfer).await
    }

    async fn void(&self, _: PaymentId, transfer: &Transfer) -> Option<TransferOutcome> {
        self.execute_transfer(transfer).await
    }
}

struct Process {
    engine: MemoryEngine,
    clock: Arc<ManualClock>,
    bank: Arc<FakeBank>,
    payments: Arc<Payments>,
}

const LIMITS: ReconcileLimits = ReconcileLimits {
    interval: Duration::from_secs(1),
    calls_max: NonZeroUsize::new(4).unwrap(),
    backoff_max: Duration::from_mins(1),
};
const ID: PaymentId = PaymentId(Uuid::from_u128(5));

impl Process {
    fn start() -> Self {
        let clock = Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap()));
        Self::on(MemoryEngine::new(), clock, Arc::default())
    }

    fn on(engine: MemoryEngine, clock: Arc<ManualClock>, bank: Arc<FakeBank>) -> Self {
        let storage = engine.service("payment-service");
        *bank.journal.lock() = Some(Arc::clone(&storage.journal));
        let ids = Ids::new(Arc::clone(&clock) as _, Arc::new(SeededRandomness::new(7)));
        let in_memory = NonZeroUsize::new(100).unwrap();
        let payments = Arc::new(Payments {
            repository: Repository::new(storage.journal, ids.clone(), in_memory),
            processors: BTreeMap::from([("bank", Arc::clone(&bank) as Arc<dyn Processor>)]),
            offers: vec![Offer::with_token("bank")],
            unsettled: Arc::new(UnsettledDocuments(storage.documents)),
            ids,
        });
        Self { engine, clock, bank, payments }
    }

    fn crashed(&self) -> Self {
        Self::on(self.engine.crash(), Arc::clone(&self.clock), Arc::clone(&self.bank))
    }

    async fn authorise(&self) -> Result<Arc<Payment>, PaymentError> {
        let (method, token) = ("bank".to_owned(), "card".to_owned());
        let new = NewPayment { order_id: order_id(), amount: eur(10_000), method, token };
        durability::scope(self.payments.authorise(ID, new)).await.0
    }

    async fn reconcile(&self) {
        let mut reconciler = Reconciler::new(Arc::clone(&self.payments), LIMITS);
        reconciler.run_once().await.unwrap();
    }

    async fn state(&self) -> Option<PaymentState> {
        self.payments.payment(ID).await.unwrap().map(|payment| payment.state())
    }

    async fn unsettled(&self) -> usize {
        self.payments.unsettled.list(None, 100).await.unwrap().len()
    }
}

#[tokio::test]
async fn the_bank_is_not_called_before_the_intent_is_durable() {
    let process = Process::start();
    process.engine.hold();
    let flush = async {
        // The call waits for this flush; without it the bank would see that nothing is durable.
        tokio::task::yield_now().await;
        assert_eq!(*process.bank.calls.lock(), 0);
        process.engine.flush();
    };
    let (authorised, ()) = tokio::join!(process.authorise(), flush);
    assert_eq!(authorised.unwrap().state(), PaymentState::Authorised);
}

#[tokio::test]
async fn a_crash_during_a_call_is_reconciled_and_the_bank_acts_once() {
    let process = Process::start();
    process.engine.hold();
    let flush = async {
        tokio::task::yield_now().await;
        process.engine.flush();
    };
    let (_, ()) = tokio::join!(process.authorise(), flush);
    let process = process.crashed();
    assert_eq!(process.state().await, Some(PaymentState::Created), "the response was lost");
    process.reconcile().await;
    assert_eq!(
        process.state().await,
        Some(PaymentState::Created),
        "the request may still be in flight"
    );
    process.clock.advance(Duration::from_mins(1));
    process.reconcile().await;
    assert_eq!(process.state().await, Some(PaymentState::Authorised));
    assert_eq!(process.bank.authorised.lock().len(), 1);
    assert_eq!(process.unsettled().await, 0);
}

#[tokio::test]
async fn a_bank_that_does_not_respond_is_asked_again() {
    let process = Process::start();
    *process.bank.unavailable.lock() = true;
    assert_eq!(process.authorise().await.unwrap().state(), PaymentState::Unknown);
    let process = process.crashed();
    process.reconcile().await;
    assert_eq!(
        (process.state().await, process.unsettled().await),
        (Some(PaymentState::Unknown), 1)
    );
    *process.bank.unavailable.lock() = false;
    process.reconcile().await;
    assert_eq!(
        (process.state().await, process.unsettled().await),
        (Some(PaymentState::Authorised), 0)
    );
}

#[tokio::test]
async fn pending_refunds_count_and_are_transferred_once() {
    let process = Process::start();
    process.authorise().await.unwrap();
    let payments = Arc::clone(&process.payments);
    durability::scope(payments.capture(ID, "c", None)).await.0.unwrap();
    *process.bank.unavailable.lock() = true;
    for number in [1, 2] {
        let (answer, _) = durability::scope(payments.refund(ID, refund(number, 6_000))).await;
        let expected = if number == 1 {
            Rejection::OutcomeUnknown
        } else {
            Rejection::ExceedsRefundable { refundable: eur(4_000) }
        };
        assert!(matches!(answer, Err(PaymentError::Rejected(rejection)) if rejection == expected));
    }
    *process.bank.unavailable.lock() = false;
    let process = process.crashed();
    process.reconcile().await;
    let payment = process.payments.payment(ID).await.unwrap().unwrap();
    assert_eq!((payment.refunded(), payment.refundable()), (6_000, 4_000));
    let refunded: i64 = process
        .bank
        .transferred
        .lock()
        .iter()
        .filter(|(key, _)| key.starts_with("refund"))
        .map(|it| it.1)
        .sum();
    assert_eq!((refunded, process.unsettled().await), (6_000, 0));
}

#[tokio::test]
async fn a_late_authorisation_of_a_cancelled_payment_is_voided_at_the_bank() {
    let process = Process::start();
    *process.bank.unavailable.lock() = true;
    process.authorise().await.unwrap();
    process.payments.cancel(ID, order_id()).await.unwrap();
    *process.bank.unavailable.lock() = false;
    process.reconcile().await;
    assert_eq!((process.state().await, process.unsettled().await), (Some(PaymentState::Voided), 0));
    assert_eq!(process.bank.transferred.lock().get("void"), Some(&10_000));
}

#[tokio::test]
async fn a_payment_whose_processor_is_gone_can_be_cancelled_and_nothing_else() {
    for is_captured in [false, true] {
        let process = Process::start();
        process.authorise().await.unwrap();
        if is_captured {
            durability::scope(process.payments.capture(ID, "c", None)).await.0.unwrap();
        }
        let mut gone = process.crashed();
        Arc::get_mut(&mut gone.payments).unwrap().processors.clear();
        let again = gone.authorise().await.unwrap();
        assert_eq!(again.state(), process.state().await.unwrap(), "it is still the same payment");
        let refused = durability::scope(gone.payments.refund(ID, refund(1, 1))).await.0;
        assert!(matches!(refused, Err(PaymentError::MethodGone(method)) if method == "bank"));
        let refused = durability::scope(gone.payments.capture(ID, "d", None)).await.0;
        assert!(matches!(refused, Err(PaymentError::MethodGone(_))));
        gone.payments.cancel(ID, order_id()).await.unwrap();
        gone.payments.cancel(ID, order_id()).await.unwrap();
        let payment = gone.payments.payment(ID).await.unwrap().unwrap();
        let pending: Vec<&str> =
            payment.funds.pending_transfers.iter().map(|transfer| transfer.key.as_str()).collect();
        assert_eq!(pending.len(), 1, "what a person has to do is recorded once");
        assert_eq!(pending[0].starts_with("refund/"), is_captured);
        // Back again, the processor is told.
        let back = gone.crashed();
        back.reconcile().await;
        let expected = if is_captured { PaymentState::Refunded } else { PaymentState::Voided };
        assert_eq!((back.state().await, back.unsettled().await), (Some(expected), 0));
    }
}

/// Bank that responds after a time, and counts its concurrent calls.
struct SlowBank {
    response_time: Duration,
    calls: Mutex<Vec<tokio::time::Instant>>,
    concurrent: Mutex<(usize, usize)>,
}

impl SlowBank {
    fn new(response_time: Duration) -> Arc<Self> {
        Arc::new(Self { response_time, calls: Mutex::default(), concurrent: Mutex::default() })
    }
}

#[async_trait]
impl Processor for SlowBank {
    fn is_external(&self) -> bool {
        true
    }

    fn validate_token(&self, _: &str) -> TokenValidity {
        TokenValidity::Valid
    }

    async fn authorise(&self, request: &AuthorisationRequest) -> AuthorisationOutcome {
        self.look_up(request).await
    }

    async fn look_up(&self, _: &AuthorisationRequest) -> AuthorisationOutcome {
        self.calls.lock().push(tokio::time::Instant::now());
        {
            let mut concurrent = self.concurrent.lock();
            concurrent.0 += 1;
            concurrent.1 = concurrent.1.max(concurrent.0);
        }
        let call = async {
            let _guard = Leaving(&self.concurrent);
            tokio::time::sleep(self.response_time).await;
        };
        call.await;
        AuthorisationOutcome::Authorised
    }

    fn execute_inline(&self, _: &Transfer) -> Option<TransferOutcome> {
        Some(TransferOutcome::Done)
    }

    async fn capture(&self, _: PaymentId, _: &Transfer) -> Option<TransferOutcome> {
        Some(TransferOutcome::Done)
    }

    async fn refund(&self, _: PaymentId, _: &Transfer) -> Option<TransferOutcome> {
        Some(TransferOutcome::Done)
    }

    async fn void(&self, _: PaymentId, _: &Transfer) -> Option<TransferOutcome> {
        Some(TransferOutcome::Done)
    }
}

/// Counts a call down, also when it is dropped at its time limit.
struct Leaving<'a>(&'a Mutex<(usize, usize)>);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.lock().0 -= 1;
    }
}

#[tokio::test(start_paused = true)]
async fn a_bank_that_hangs_delays_nobody_but_itself_and_is_asked_less_and_less() {
    let mut process = Process::start();
    let (hanging, live) =
        (SlowBank::new(Duration::from_hours(24)), SlowBank::new(Duration::from_millis(100)));
    let payments = Arc::get_mut(&mut process.payments).unwrap();
    payments.processors = BTreeMap::from([
        ("hanging", Arc::clone(&hanging) as Arc<dyn Processor>),
        ("live", Arc::clone(&live) as Arc<dyn Processor>),
    ]);
    for number in 0..200_u128 {
        // The hanging bank's payments come first in the list.
        let method = if number < 100 { "hanging" } else { "live" }.to_owned();
        let at = process.clock.now();
        let intent = PaymentIntent { method, at, ..intent(10_000) };
        let create = |payment: Option<&Payment>| {
            let mut events = Payment::create(payment, order_id(), intent.clone())?;
            let created = Payment::after(payment, &events).unwrap();
            events.extend(created.apply_outcome(&AuthorisationOutcome::Unknown, &REMOTE)?);
            Ok(events)
        };
        process.payments.execute(PaymentId(Uuid::from_u128(number)), create).await.unwrap();
    }
    let mut task = Box::pin(Reconciler::new(Arc::clone(&process.payments), LIMITS).run());
    let started = tokio::time::Instant::now();
    // 100 payments, 4 at a time, 0.1 s each.
    assert!(tokio::time::timeout(Duration::from_secs(5), &mut task).await.is_err());
    assert_eq!(live.calls.lock().len(), 100);
    assert_eq!(process.unsettled().await, 100, "those of the hanging bank");
    assert_eq!(live.concurrent.lock().1, 4);

    assert!(tokio::time::timeout(Duration::from_mins(10), &mut task).await.is_err());
    let asked: Vec<u64> =
        hanging.calls.lock().iter().map(|at| at.duration_since(started).as_secs()).collect();
    assert_eq!(hanging.concurrent.lock().1, 4);
    // Each attempt takes 15 s; then the bank is left alone for 1, 2, 4, … 60 s, and asked once.
    assert_eq!(asked[..8], [0, 0, 0, 0, 16, 33, 52, 75]);
    let last = asked.len() - 1;
    assert_eq!(asked[last] - asked[last - 1], 75, "15 s and the longest backoff");
}
