//! Sessions: how they begin, go on and end.

use super::{
    logout_notices::tests::{participant, registration},
    *,
};
use async_trait::async_trait;
use bytes::Bytes;
use engine_memory::MemoryEngine;
use journal::Repository;
use kernel::{ManualClock, SeededRandomness, Uuid};
use std::num::NonZeroUsize;
use storage::Commit;

fn sessions() -> (Sessions, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let ids = Ids::new(clock.clone(), Arc::new(SeededRandomness::new(1)));
    let storage = MemoryEngine::new().service("auth-server");
    let log = Arc::new(SignInLog {
        repository: Repository::new(Arc::clone(&storage.journal), ids.clone(), NonZeroUsize::MIN),
        documents: Arc::clone(&storage.documents),
        ids: ids.clone(),
    });
    let notices = Arc::new(LogoutNotices::new(storage.documents, ids.clone()));
    (Sessions { values: storage.key_value, notices, log, ids, revision: Arc::default() }, clock)
}

const ADA: AccountId = AccountId(Uuid::from_u128(1));
const BOB: AccountId = AccountId(Uuid::from_u128(2));

async fn begun(
    sessions: &Sessions,
    account: AccountId,
    earlier: Option<&SessionId>,
) -> (SessionId, Session) {
    let at = sessions.ids.now();
    sessions.begin(&Proof::by(&["pwd"], account, at), earlier).await.unwrap()
}

#[tokio::test]
async fn a_session_ends_when_idle_or_after_a_day() {
    let (sessions, clock) = sessions();
    let (id, session) = begun(&sessions, ADA, None).await;
    assert_eq!(sessions.find(&id).await.unwrap(), Some(session.clone()));
    for _ in 0..23 {
        clock.advance(Duration::from_hours(1));
        let found = sessions.find(&id).await.unwrap().unwrap();
        assert_eq!(found.authenticated_at, session.authenticated_at);
    }
    clock.advance(Duration::from_hours(1));
    assert_eq!(sessions.find(&id).await.unwrap(), None, "a day");
    let (id, _) = begun(&sessions, ADA, None).await;
    clock.advance(IDLE + TOUCH);
    assert_eq!(sessions.find(&id).await.unwrap(), None, "idle");
}

#[tokio::test]
async fn a_sign_in_gets_a_new_identifier_and_the_old_one_is_void() {
    let (sessions, _) = sessions();
    let (first, _) = begun(&sessions, ADA, None).await;
    let (second, _) = begun(&sessions, ADA, Some(&first)).await;
    assert_ne!(first, second);
    assert_eq!(sessions.find(&first).await.unwrap(), None);
    assert!(sessions.find(&second).await.unwrap().is_some());
    assert!(!format!("{second:?}").contains(second.expose()));
}

#[tokio::test]
async fn the_same_person_goes_on_under_the_same_public_identifier() {
    let (sessions, clock) = sessions();
    let (first, session) = begun(&sessions, ADA, None).await;
    clock.advance(Duration::from_hours(9));
    assert_eq!(sessions.find(&first).await.unwrap(), None, "idle");
    let (second, again) = begun(&sessions, ADA, Some(&first)).await;
    assert_eq!(again.sid, session.sid);
    assert!(!sessions.has_ended(&session.sid).await.unwrap());
    sessions.end(&second, &again).await.unwrap();
    let (_, third) = begun(&sessions, ADA, Some(&second)).await;
    assert_ne!(third.sid, session.sid, "after a sign-out there is nothing to go on with");
}

#[tokio::test]
async fn another_person_in_the_same_browser_ends_the_earlier_session() {
    let (sessions, _) = sessions();
    let (first, of_ada) = begun(&sessions, ADA, None).await;
    let (second, of_bob) = begun(&sessions, BOB, Some(&first)).await;
    assert_ne!(of_ada.sid, of_bob.sid);
    assert!(sessions.has_ended(&of_ada.sid).await.unwrap());
    assert_eq!(sessions.find(&second).await.unwrap(), Some(of_bob));
}

#[tokio::test]
async fn a_session_that_ends_while_it_is_used_stays_ended() {
    let (sessions, clock) = sessions();
    let (first, session) = begun(&sessions, ADA, None).await;
    let (second, _) = begun(&sessions, ADA, Some(&first)).await;
    clock.advance(TOUCH);
    // A request that found the session before it was replaced notes its use now.
    sessions.note_use(&first, &session).await.unwrap();
    assert_eq!(sessions.find(&first).await.unwrap(), None, "replaced");
    sessions.end(&second, &session).await.unwrap();
    sessions.note_use(&second, &session).await.unwrap();
    assert_eq!(sessions.find(&second).await.unwrap(), None, "signed out");
}

#[tokio::test]
async fn of_two_sign_ins_at_once_a_sign_out_ends_both() {
    let (sessions, _) = sessions();
    let (first, session) = begun(&sessions, ADA, None).await;
    let (one, _) = begun(&sessions, ADA, Some(&first)).await;
    // The other one read the first session before it was replaced.
    let body = serde_json::to_vec(&session).unwrap();
    drop(sessions.values.put(&first.key(), body.into(), None).await.unwrap());
    let (other, continued) = begun(&sessions, ADA, Some(&first)).await;
    assert_eq!(continued.sid, session.sid);
    sessions.end(&other, &continued).await.unwrap();
    assert_eq!(sessions.find(&one).await.unwrap(), None);
}

#[tokio::test]
async fn the_end_of_a_session_is_remembered() {
    let (sessions, _) = sessions();
    let (id, session) = begun(&sessions, ADA, None).await;
    assert!(!sessions.has_ended(&session.sid).await.unwrap());
    sessions.end(&id, &session).await.unwrap();
    assert_eq!(sessions.find(&id).await.unwrap(), None);
    assert!(sessions.has_ended(&session.sid).await.unwrap());
}

/// Store that is full when the end of a session is to be written.
#[derive(Debug)]
struct FullAtEnd(Arc<dyn KeyValue>);

#[async_trait]
impl KeyValue for FullAtEnd {
    async fn value(&self, key: &str, now: Timestamp) -> Result<Option<Bytes>, StorageError> {
        self.0.value(key, now).await
    }

    async fn put(
        &self,
        key: &str,
        value: Bytes,
        expires_at: Option<Timestamp>,
    ) -> Result<Commit, StorageError> {
        if key.starts_with("ended-") {
            return Err(StorageError::Full);
        }
        self.0.put(key, value, expires_at).await
    }

    async fn remove(&self, key: &str) -> Result<Commit, StorageError> {
        self.0.remove(key).await
    }

    async fn add(
        &self,
        key: &str,
        by: i64,
        now: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<i64, StorageError> {
        self.0.add(key, by, now, expires_at).await
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StorageError> {
        self.0.sweep(now, limit).await
    }
}

#[tokio::test]
async fn the_clients_of_a_session_are_told_even_if_something_fails_while_it_ends() {
    let (sessions, _) = sessions();
    let values = Arc::new(FullAtEnd(Arc::clone(&sessions.values)));
    let sessions = Sessions { values, ..sessions };
    let (id, session) = begun(&sessions, ADA, None).await;
    let participant = participant("app", &session.sid);
    sessions.notices.remember(&registration(), participant).await.unwrap();
    assert!(sessions.end(&id, &session).await.is_err());
    assert_eq!(sessions.notices.due(10).await.unwrap().len(), 1);
}
