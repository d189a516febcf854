//! A processor outside the process: intents are durable before it hears of them, and what it leaves open is asked
//! again, also by the process after a crash.

use super::*;
use crate::{
    adapters::unsettled_documents::UnsettledDocuments,
    application::{Payments, Refused, Resolver, Wish},
    ports::{Authorising, Means, PaymentId, Processor},
};
use async_trait::async_trait;
use engine_memory::MemoryEngine;
use journal::{Journal, Repository, durability};
use kernel::{Ids, ManualClock, SeededRandomness};
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

/// A bank that acts once per key, and can be told to lose its answers.
#[derive(Default)]
struct Bank {
    silent: Mutex<bool>,
    /// Where the asking process keeps its journal.
    journal: Mutex<Option<Arc<dyn Journal>>>,
    authorised: Mutex<BTreeSet<PaymentId>>,
    moved: Mutex<BTreeMap<String, i64>>,
    calls: Mutex<usize>,
}

impl Bank {
    /// Whoever asks must have written down before that it would, durably.
    async fn is_asked(&self, name: &str) -> bool {
        *self.calls.lock() += 1;
        let journal = self.journal.lock().clone().unwrap();
        let flushed = journal.follow(0, 1_000).await.unwrap();
        assert!(flushed.iter().any(|event| event.name == name), "{name} is not durable");
        !*self.silent.lock()
    }

    async fn move_money(&self, instruction: &Instruction) -> Option<Answer> {
        let answers = self.is_asked("asked").await;
        self.moved.lock().insert(instruction.key.clone(), instruction.amount.amount);
        answers.then_some(Answer::Done)
    }
}

#[async_trait]
impl Processor for Bank {
    fn leaves_the_process(&self) -> bool {
        true
    }

    fn means(&self, _: &str) -> Means {
        Means::Usable
    }

    async fn authorise(&self, authorising: &Authorising) -> Outcome {
        let answers = self.is_asked("created").await;
        self.authorised.lock().insert(authorising.payment);
        if answers { Outcome::Authorised } else { Outcome::Unknown }
    }

    async fn look_up(&self, authorising: &Authorising) -> Outcome {
        let answers = self.is_asked("created").await;
        let is_known = self.authorised.lock().contains(&authorising.payment);
        if answers && is_known { Outcome::Authorised } else { Outcome::Unknown }
    }

    fn at_once(&self, _: &Instruction) -> Option<Answer> {
        None
    }

    async fn capture(&self, _: PaymentId, instruction: &Instruction) -> Option<Answer> {
        self.move_money(instruction).await
    }

    async fn refund(&self, _: PaymentId, instruction: &Instruction) -> Option<Answer> {
        self.move_money(instruction).await
    }

    async fn void(&self, _: PaymentId, instruction: &Instruction) -> Option<Answer> {
        self.move_money(instruction).await
    }
}

struct Process {
    engine: MemoryEngine,
    clock: Arc<ManualClock>,
    bank: Arc<Bank>,
    payments: Arc<Payments>,
}

const ID: PaymentId = PaymentId(Uuid::from_u128(5));

impl Process {
    fn start() -> Self {
        let clock = Arc::new(ManualClock::at("2026-01-01T00:00:00Z".parse().unwrap()));
        Self::on(MemoryEngine::new(), clock, Arc::default())
    }

    fn on(engine: MemoryEngine, clock: Arc<ManualClock>, bank: Arc<Bank>) -> Self {
        let storage = engine.service("payment-service");
        *bank.journal.lock() = Some(Arc::clone(&storage.journal));
        let ids = Ids::new(Arc::clone(&clock) as _, Arc::new(SeededRandomness::new(7)));
        let in_memory = NonZeroUsize::new(100).unwrap();
        let payments = Arc::new(Payments {
            repository: Repository::new(storage.journal, ids.clone(), in_memory),
            processors: BTreeMap::from([("bank", Arc::clone(&bank) as Arc<dyn Processor>)]),
            unsettled: Arc::new(UnsettledDocuments(storage.documents)),
            ids,
        });
        Self { engine, clock, bank, payments }
    }

    fn crashed(&self) -> Self {
        Self::on(self.engine.crash(), Arc::clone(&self.clock), Arc::clone(&self.bank))
    }

    async fn authorise(&self) -> Result<Arc<Payment>, Refused> {
        let (method, token) = ("bank".to_owned(), "card".to_owned());
        let wish = Wish { order_id: order_id(), amount: eur(10_000), method, token };
        durability::scope(self.payments.authorise(ID, wish)).await.0
    }

    async fn resolve(&self) {
        let mut resolver = Resolver::new(Arc::clone(&self.payments), Duration::from_secs(1));
        resolver.round().await.unwrap();
    }

    async fn state(&self) -> Option<State> {
        self.payments.payment(ID).await.unwrap().map(|payment| payment.state)
    }

    async fn unsettled(&self) -> usize {
        self.payments.unsettled.list(None, 100).await.unwrap().len()
    }
}

#[tokio::test]
async fn the_bank_hears_of_nothing_that_a_crash_could_take_back() {
    let process = Process::start();
    process.engine.hold();
    let flush = async {
        // The call waits for this flush; without it the bank would see that nothing is durable.
        tokio::task::yield_now().await;
        assert_eq!(*process.bank.calls.lock(), 0);
        process.engine.flush();
    };
    let (authorised, ()) = tokio::join!(process.authorise(), flush);
    assert_eq!(authorised.unwrap().state, State::Authorised);
}

#[tokio::test]
async fn a_crash_between_question_and_answer_is_found_out_and_the_bank_acts_once() {
    let process = Process::start();
    process.engine.hold();
    let flush = async {
        tokio::task::yield_now().await;
        process.engine.flush();
    };
    let (_, ()) = tokio::join!(process.authorise(), flush);
    let process = process.crashed();
    assert_eq!(process.state().await, Some(State::Created), "the answer was lost");
    process.resolve().await;
    assert_eq!(process.state().await, Some(State::Created), "somebody may still be asking");
    process.clock.advance(Duration::from_mins(1));
    process.resolve().await;
    assert_eq!(process.state().await, Some(State::Authorised));
    assert_eq!(process.bank.authorised.lock().len(), 1);
    assert_eq!(process.unsettled().await, 0);
}

#[tokio::test]
async fn a_bank_that_does_not_answer_is_asked_again() {
    let process = Process::start();
    *process.bank.silent.lock() = true;
    assert_eq!(process.authorise().await.unwrap().state, State::Unknown);
    let process = process.crashed();
    process.resolve().await;
    assert_eq!((process.state().await, process.unsettled().await), (Some(State::Unknown), 1));
    *process.bank.silent.lock() = false;
    process.resolve().await;
    assert_eq!((process.state().await, process.unsettled().await), (Some(State::Authorised), 0));
}

#[tokio::test]
async fn money_under_way_counts_and_is_moved_once() {
    let process = Process::start();
    process.authorise().await.unwrap();
    let payments = Arc::clone(&process.payments);
    durability::scope(payments.capture(ID, "c", None)).await.0.unwrap();
    *process.bank.silent.lock() = true;
    for number in [1, 2] {
        let (answer, _) = durability::scope(payments.refund(ID, refund(number, 6_000))).await;
        let expected = if number == 1 {
            Rejection::OutcomeUnknown
        } else {
            Rejection::ExceedsRefundable { refundable: eur(4_000) }
        };
        assert!(matches!(answer, Err(Refused::Rejected(rejection)) if rejection == expected));
    }
    *process.bank.silent.lock() = false;
    let process = process.crashed();
    process.resolve().await;
    let payment = process.payments.payment(ID).await.unwrap().unwrap();
    assert_eq!((payment.refunded(), payment.refundable()), (6_000, 4_000));
    let given_back: i64 = process
        .bank
        .moved
        .lock()
        .iter()
        .filter(|(key, _)| key.starts_with("refund"))
        .map(|it| it.1)
        .sum();
    assert_eq!((given_back, process.unsettled().await), (6_000, 0));
}

#[tokio::test]
async fn a_cancelled_payment_whose_money_arrives_late_is_voided_at_the_bank_by_itself() {
    let process = Process::start();
    *process.bank.silent.lock() = true;
    process.authorise().await.unwrap();
    process.payments.cancel(ID, order_id()).await.unwrap();
    *process.bank.silent.lock() = false;
    process.resolve().await;
    assert_eq!((process.state().await, process.unsettled().await), (Some(State::Voided), 0));
    assert_eq!(process.bank.moved.lock().get("void"), Some(&10_000));
}
