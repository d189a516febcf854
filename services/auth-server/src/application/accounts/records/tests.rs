//! Records beside the journal: what is read of them while a change waits for its flush, and what is deleted with the account.

use super::*;
use crate::{
    adapters::settings::AuthSettings,
    application::{
        accounts::new_password::Password,
        sessions::Proof,
        sign_in::{one_time_password::TotpSecret, second_factors::CodeCheck},
    },
    provider::Provider,
};
use engine_memory::MemoryEngine;
use kernel::{Ids, ManualClock, SeededRandomness, Timestamp};
use serde_json::json;
use storage::{Collection, Documents};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery";

struct RecordsFixture {
    engine: MemoryEngine,
    provider: Arc<Provider>,
    id: AccountId,
}

impl RecordsFixture {
    /// Provider with an account that has a password.
    async fn new() -> Self {
        let engine = MemoryEngine::new();
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let ids = Ids::new(clock, Arc::new(SeededRandomness::new(1)));
        let storage = engine.service("auth-server");
        let provider = Provider::open(&AuthSettings::default(), &storage, &ids).await.unwrap();
        let id = provider.accounts.sign_up(&email(EMAIL), &password(PASSWORD)).await.unwrap();
        Self { engine, provider, id }
    }

    /// Result of what is done while the last change waits for its flush, which happens once this cannot go on without it.
    async fn before_flush<T>(&self, done: impl Future<Output = T>) -> T {
        tokio::join!(done, async { self.engine.flush() }).0
    }

    /// App that is set up; its secret, and the recovery codes.
    async fn enable_app(&self) -> (TotpSecret, Vec<String>) {
        let factors = &self.provider.second_factors;
        let secret = TotpSecret::generate(&**self.provider.ids.randomness());
        let codes = factors.enable(self.id, &secret, &secret.code(0), Vec::new()).await.unwrap();
        (secret, codes)
    }

    async fn check(&self, code: &str) -> CodeCheck {
        self.provider.second_factors.check(self.id, code, "en").await.unwrap()
    }
}

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn password(text: &str) -> Password {
    Password::choose(text, "").unwrap()
}

#[tokio::test]
async fn a_password_that_another_one_replaces_signs_nobody_in_while_that_is_written() {
    let fixture = RecordsFixture::new().await;
    let (accounts, address) = (&fixture.provider.accounts, email(EMAIL));
    fixture.engine.hold();
    let other = password("another horse battery");
    accounts.change_password(fixture.id, &other, Vec::new()).await.unwrap();
    let attempt = accounts.authenticate(&address, PASSWORD);
    assert_eq!(fixture.before_flush(attempt).await.unwrap(), None);
    let attempt = accounts.authenticate(&address, "another horse battery");
    assert_eq!(attempt.await.unwrap(), Some(fixture.id));
}

#[tokio::test]
async fn an_app_that_another_one_replaces_shows_no_right_code_while_that_is_written() {
    let fixture = RecordsFixture::new().await;
    let (earlier, _) = fixture.enable_app().await;
    fixture.engine.hold();
    let (present, _) = fixture.enable_app().await;
    let check = fixture.before_flush(fixture.check(&earlier.code(1))).await;
    assert_eq!(check, CodeCheck::Wrong);
    assert_eq!(fixture.check(&present.code(1)).await, CodeCheck::OneTimePassword);
}

#[tokio::test]
async fn new_recovery_codes_do_not_bring_back_the_app_of_before() {
    let fixture = RecordsFixture::new().await;
    let (earlier, _) = fixture.enable_app().await;
    fixture.engine.hold();
    let (present, _) = fixture.enable_app().await;
    let replaced = fixture.provider.second_factors.replace_codes(fixture.id, Vec::new());
    fixture.before_flush(replaced).await.unwrap();
    fixture.engine.flush();
    assert_eq!(fixture.check(&earlier.code(1)).await, CodeCheck::Wrong);
    assert_eq!(fixture.check(&present.code(1)).await, CodeCheck::OneTimePassword);
}

#[tokio::test]
async fn a_recovery_code_that_was_replaced_uses_up_none_of_the_new_ones() {
    let fixture = RecordsFixture::new().await;
    let (_, earlier) = fixture.enable_app().await;
    fixture.engine.hold();
    let present =
        fixture.provider.second_factors.replace_codes(fixture.id, Vec::new()).await.unwrap();
    let check = fixture.before_flush(fixture.check(&earlier[3])).await;
    assert_eq!(check, CodeCheck::Wrong);
    assert_eq!(fixture.check(&present[3]).await, CodeCheck::RecoveryCode);
}

#[tokio::test]
async fn a_former_address_names_nobody() {
    let fixture = RecordsFixture::new().await;
    let (accounts, former, next) =
        (&fixture.provider.accounts, email(EMAIL), email("lovelace@example.com"));
    let device = accounts.device(fixture.id).await.unwrap();
    assert_eq!(accounts.reached_at(&former).await.unwrap(), Some(fixture.id));
    assert!(accounts.is_known_device(&former, &device).await.unwrap());
    accounts.offer_email_change(fixture.id, &next, |_| Vec::new()).await.unwrap();
    accounts.change_email(fixture.id, 1, Vec::new()).await.unwrap();
    assert_eq!(accounts.reached_at(&former).await.unwrap(), None);
    assert!(!accounts.is_known_device(&former, &device).await.unwrap());
    assert_eq!(accounts.reached_at(&next).await.unwrap(), Some(fixture.id));
}

#[tokio::test]
async fn claims_about_a_person_do_not_bring_back_the_password_of_before() {
    let fixture = RecordsFixture::new().await;
    let (accounts, other) = (&fixture.provider.accounts, password("another horse battery"));
    fixture.engine.hold();
    accounts.change_password(fixture.id, &other, Vec::new()).await.unwrap();
    let claims = json!({"name": "Ada"}).as_object().unwrap().clone();
    fixture.before_flush(accounts.describe(fixture.id, claims.clone())).await.unwrap();
    fixture.engine.flush();
    let person = accounts.person(fixture.id).await.unwrap().unwrap();
    assert_eq!(person.claims, claims);
    let attempt = accounts.authenticate(&email(EMAIL), "another horse battery").await.unwrap();
    assert_eq!(attempt, Some(fixture.id));
}

#[tokio::test]
async fn nothing_is_left_of_a_deleted_account() {
    let fixture = RecordsFixture::new().await;
    fixture.enable_app().await;
    let provider = &fixture.provider;
    let (account, at) = (fixture.id, provider.ids.now());
    let proof = Proof::by(&["pwd"], account, at);
    let (_, session) = provider.sessions.begin(&proof, None).await.unwrap();
    provider.session_list.add(&session, None).await.unwrap();
    let documents = fixture.engine.service("auth-server").documents;
    let collections = ["people", "second_factors", "sessions"];
    assert_eq!(counts(&*documents, collections).await, [1, 1, 1]);
    provider.accounts.delete(fixture.id, None).await.unwrap();
    assert_eq!(counts(&*documents, collections).await, [0, 0, 0]);
    assert!(provider.accounts.delete(fixture.id, None).await.is_err(), "again");
}

#[tokio::test]
async fn the_list_leaves_out_an_account_that_is_deleted_meanwhile() {
    let fixture = RecordsFixture::new().await;
    let accounts = &fixture.provider.accounts;
    // Its record was read before, which nothing says any more.
    let put = PersonRecords::put(fixture.provider.ids.next(), &Person::default()).unwrap();
    let written = accounts.records.documents.write(vec![put]).await.unwrap();
    written.wait().await.unwrap();
    let listed = accounts.list().await.unwrap();
    assert_eq!(listed.iter().map(|(id, ..)| *id).collect::<Vec<_>>(), [fixture.id]);
}

async fn counts(documents: &dyn Documents, names: [&'static str; 3]) -> [usize; 3] {
    let mut counts = [0; 3];
    for (count, name) in counts.iter_mut().zip(names) {
        let collection = Box::leak(Box::new(Collection { name, indexes: &[] }));
        *count = documents.scan(collection, None, 10).await.unwrap().len();
    }
    counts
}
