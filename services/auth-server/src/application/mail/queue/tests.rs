//! Delivery, its failures, and restarts.

use super::*;
use crate::{
    adapters::settings::AuthSettings, application::accounts::changes::MAILED_LINK_VALID,
    provider::Provider,
};
use async_trait::async_trait;
use engine_memory::MemoryEngine;
use kernel::{ManualClock, SeededRandomness};
use parking_lot::Mutex as Lock;
use storage::{Collection, Document};

const EMAIL: &str = "ada@example.com";
/// Records of people.
static PEOPLE: Collection = Collection { name: "people", indexes: &[] };

/// Mailer that keeps what it is given, and fails as often as it is told to.
#[derive(Debug, Default)]
struct RecordingMailer {
    sent: Lock<Vec<MailMessage>>,
    failures: Lock<Vec<MailError>>,
}

#[async_trait]
impl Mailer for RecordingMailer {
    async fn send(&self, message: &MailMessage) -> Result<(), MailError> {
        // Given, whatever becomes of it: a message may arrive although the answer says otherwise.
        self.sent.lock().push(message.clone());
        self.failures.lock().pop().map_or(Ok(()), Err)
    }
}

struct QueueFixture {
    engine: MemoryEngine,
    clock: Arc<ManualClock>,
    mailer: Arc<RecordingMailer>,
}

impl QueueFixture {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        Self { engine: MemoryEngine::new(), clock, mailer: Arc::default() }
    }

    /// Queue of a process that has just started.
    async fn queue(&self, seed: u64) -> (Arc<Provider>, MailQueue) {
        let ids = Ids::new(self.clock.clone(), Arc::new(SeededRandomness::new(seed)));
        let storage = self.engine.service("auth-server");
        let provider = Provider::open(&AuthSettings::default(), &storage, &ids).await.unwrap();
        let queue = MailQueue {
            documents: Arc::clone(&storage.documents),
            accounts: Arc::clone(&provider.accounts),
            handles: Arc::clone(&provider.mails.handles),
            issuer: Arc::clone(&provider.issuer),
            mailer: Some(self.mailer.clone()),
            ids,
            shop: "Shop".to_owned(),
            from: "no-reply@shop.example".to_owned(),
            signals: Signals::default(),
            waiting: AtomicUsize::new(0),
        };
        (provider, queue)
    }

    async fn ask(&self, queue: &MailQueue, reason: Reason) {
        let mail = QueuedMail { reason, language: "en".to_owned(), at: queue.ids.now() };
        queue.push(queue.ids.next(), &mail).await.unwrap();
        flushed(queue).await;
    }

    fn fail(&self, error: MailError) {
        self.mailer.failures.lock().push(error);
    }

    fn sent(&self) -> Vec<MailMessage> {
        self.mailer.sent.lock().clone()
    }
}

/// Waits until what was written is seen.
async fn flushed(queue: &MailQueue) {
    let put =
        queue.documents.write(vec![Write::Delete { collection: &MAILS, key: "x".to_owned() }]);
    put.await.unwrap().wait().await.unwrap();
}

fn reset() -> Reason {
    Reason::PasswordReset { email: EMAIL.to_owned() }
}

async fn with_account(provider: &Provider) {
    provider.accounts.create(Some(&Email::parse(EMAIL).unwrap()), None).await.unwrap();
}

fn unavailable() -> MailError {
    MailError::Unavailable("no network".to_owned())
}

#[tokio::test]
async fn what_was_delivered_is_not_delivered_again_after_a_restart() {
    let world = QueueFixture::new();
    let (provider, queue) = world.queue(1).await;
    with_account(&provider).await;
    world.ask(&queue, reset()).await;
    queue.round().await.unwrap();
    flushed(&queue).await;
    queue.round().await.unwrap();
    let (_, restarted) = world.queue(2).await;
    restarted.round().await.unwrap();
    assert_eq!(world.sent().len(), 1);
}

#[tokio::test]
async fn what_was_delivered_is_not_delivered_again_by_a_round_that_follows_at_once() {
    let world = QueueFixture::new();
    let (provider, queue) = world.queue(1).await;
    with_account(&provider).await;
    world.ask(&queue, reset()).await;
    for _ in 0..3 {
        queue.round().await.unwrap();
    }
    assert_eq!(world.sent().len(), 1);
}

#[tokio::test]
async fn a_mail_that_may_have_arrived_comes_again_with_the_same_identifier_and_link() {
    let world = QueueFixture::new();
    let (provider, queue) = world.queue(1).await;
    with_account(&provider).await;
    world.ask(&queue, reset()).await;
    world.fail(unavailable());
    assert!(queue.round().await.is_err());
    let (_, restarted) = world.queue(2).await;
    restarted.round().await.unwrap();
    let sent = world.sent();
    assert_eq!((sent.len(), &sent[0]), (2, &sent[1]));
    assert!(sent[0].link.as_ref().unwrap().contains("/auth/set-up?link="));
}

#[tokio::test]
async fn a_failure_ends_the_round_and_what_waits_keeps_its_order() {
    let world = QueueFixture::new();
    let (_, queue) = world.queue(1).await;
    for number in 0..3 {
        world.clock.advance(Duration::from_millis(1));
        world.ask(&queue, Reason::SignUp { email: format!("user{number}@example.com") }).await;
    }
    world.fail(unavailable());
    assert!(queue.round().await.is_err());
    assert_eq!(world.sent().len(), 1, "the others would fail as well");
    queue.round().await.unwrap();
    let to: Vec<_> = world.sent().into_iter().map(|message| message.to).collect();
    assert_eq!(to, [0, 0, 1, 2].map(|number| format!("user{number}@example.com")));
}

#[tokio::test]
async fn a_mail_without_a_valid_form_does_not_hold_up_the_others() {
    let world = QueueFixture::new();
    let (_, queue) = world.queue(1).await;
    for number in 0..2 {
        world.clock.advance(Duration::from_millis(1));
        world.ask(&queue, Reason::SignUp { email: format!("user{number}@example.com") }).await;
    }
    world.fail(MailError::Invalid("nonsense"));
    queue.round().await.unwrap();
    flushed(&queue).await;
    queue.round().await.unwrap();
    assert_eq!(world.sent().len(), 2);
}

#[tokio::test]
async fn a_mail_that_could_not_be_delivered_for_a_day_is_given_up() {
    let world = QueueFixture::new();
    let (_, queue) = world.queue(1).await;
    world.ask(&queue, Reason::SignUp { email: EMAIL.to_owned() }).await;
    world.clock.advance(KEPT);
    queue.round().await.unwrap();
    assert!(world.sent().is_empty());
}

#[tokio::test]
async fn a_link_that_has_ended_meanwhile_is_not_delivered() {
    let world = QueueFixture::new();
    let (provider, queue) = world.queue(1).await;
    with_account(&provider).await;
    world.ask(&queue, reset()).await;
    world.fail(unavailable());
    assert!(queue.round().await.is_err());
    let email = Email::parse(EMAIL).unwrap();
    let account = provider.accounts.reached_at(&email).await.unwrap().unwrap();
    let next = Email::parse("lovelace@example.com").unwrap();
    let mail = |number| {
        let reason = Reason::EmailChange { account, number, email: next.as_str().to_owned() };
        let mail = QueuedMail { reason, language: "en".to_owned(), at: queue.ids.now() };
        vec![mail.put(queue.ids.next()).unwrap()]
    };
    provider.accounts.offer_email_change(account, &next, mail).await.unwrap();
    flushed(&queue).await;
    world.clock.advance(MAILED_LINK_VALID);
    queue.round().await.unwrap();
    flushed(&queue).await;
    assert_eq!(world.sent().len(), 1, "before it had ended");
    assert!(queue.documents.scan(&MAILS, None, 1).await.unwrap().is_empty(), "nor kept");
}

#[tokio::test]
async fn a_mail_that_can_never_be_written_does_not_hold_up_the_others() {
    let world = QueueFixture::new();
    let (provider, queue) = world.queue(1).await;
    with_account(&provider).await;
    let email = Email::parse(EMAIL).unwrap();
    let broken = provider.accounts.reached_at(&email).await.unwrap().unwrap();
    let (key, body) = (broken.to_string(), "{".into());
    let document = Document { key, body, fields: Vec::new() };
    let put = Write::Put { collection: &PEOPLE, document };
    drop(queue.documents.write(vec![put]).await.unwrap());
    let nobody = AccountId(Uuid::from_u128(1));
    for reason in [
        reset(),
        Reason::SetUpOffered { account: nobody, number: 1 },
        Reason::SignUp { email: "eve@example.com".to_owned() },
    ] {
        world.clock.advance(Duration::from_millis(1));
        world.ask(&queue, reason).await;
    }
    queue.round().await.unwrap();
    let to: Vec<_> = world.sent().into_iter().map(|message| message.to).collect();
    assert_eq!(to, ["eve@example.com"]);
}

#[tokio::test]
async fn beyond_the_limit_nobody_can_ask() {
    let world = QueueFixture::new();
    let (_, queue) = world.queue(1).await;
    queue.waiting.store(WAITING_MAX, Ordering::Relaxed);
    let mail = QueuedMail { reason: reset(), language: "en".to_owned(), at: queue.ids.now() };
    assert!(matches!(queue.push(queue.ids.next(), &mail).await, Err(AuthError::Busy)));
    queue.round().await.unwrap();
    assert!(queue.push(queue.ids.next(), &mail).await.is_ok());
}

#[tokio::test]
async fn without_a_mailer_nothing_is_put_into_the_queue() {
    let world = QueueFixture::new();
    let (provider, _) = world.queue(1).await;
    let queue = &provider.mails;
    assert!(!queue.is_open());
    assert!(queue.notice(Some(EMAIL), AccountNotice::PasswordChanged, "en").unwrap().is_empty());
    let mail = QueuedMail { reason: reset(), language: "en".to_owned(), at: queue.ids.now() };
    assert!(matches!(queue.push(queue.ids.next(), &mail).await, Err(AuthError::Busy)));
}

#[test]
fn no_address_is_in_the_debug_output() {
    let mail = QueuedMail { reason: reset(), language: "en".to_owned(), at: Timestamp::UNIX_EPOCH };
    assert!(!format!("{mail:?}").contains("ada"));
}
