//! Cleanup by expiry: sessions, counters and remembered identifiers that have expired, grants whose last token has ended, the log of
//! sign-ins, and clients that registered themselves and are not used.

use super::{
    clients::unused::UnusedClients, grants::Grants, sessions::list::SessionList,
    sign_in::log::SignInLog,
};
use kernel::{Ids, Timestamp};
use std::{sync::Arc, time::Duration};
use storage::{KeyValue, LosableValues, StorageError};

/// Pause between two rounds.
const PAUSE: Duration = Duration::from_mins(1);
/// Most values that are deleted in one batch: the most that the engine deletes at once.
const SWEPT_MAX: usize = 10_000;
/// Most batches of one round, of everything else.
const BATCHES_MAX: usize = 20;

/// Cleanup of the provider.
#[derive(Debug)]
pub(crate) struct Cleanup {
    pub(crate) grants: Arc<Grants>,
    pub(crate) sessions: Arc<SessionList>,
    pub(crate) sign_in_log: Arc<SignInLog>,
    pub(crate) unused_clients: Arc<UnusedClients>,
    pub(crate) values: Arc<dyn KeyValue>,
    pub(crate) losable: LosableValues,
    pub(crate) ids: Ids,
}

impl Cleanup {
    /// Cleans up for ever. After an error it goes on in the next round.
    pub(crate) async fn run(self) {
        loop {
            tokio::time::sleep(PAUSE).await;
            if let Err(error) = self.round().await {
                tracing::warn!(%error, "what has expired is kept for now");
            }
        }
    }

    async fn round(&self) -> Result<(), StorageError> {
        sweep(&*self.values, self.ids.now()).await?;
        sweep(&*self.losable, self.ids.now()).await?;
        self.unused_clients.remove_next().await?;
        for _ in 0..BATCHES_MAX {
            let is_deleted = self.grants.delete_ended().await? == 0;
            let is_listed = self.sessions.delete_ended().await? > 0;
            let is_logged = self.sign_in_log.delete_old().await? == 0;
            if is_deleted && !is_listed && is_logged {
                break;
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

/// Deletes every value that has expired at this time, however many are written meanwhile: each proof of a client leaves one.
async fn sweep(values: &dyn KeyValue, now: Timestamp) -> Result<(), StorageError> {
    while values.sweep(now, SWEPT_MAX).await? == SWEPT_MAX {
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        adapters::settings::AuthSettings,
        application::grants::CODE_LIFETIME,
        domain::events::{Authorization, AuthorizationExtensions, ClientId},
        provider::Provider,
    };
    use engine_memory::MemoryEngine;
    use identifiers::AccountId;
    use kernel::{ManualClock, SeededRandomness, Timestamp, Uuid};

    #[tokio::test]
    async fn grants_are_deleted_a_day_after_their_end_and_not_before() {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let ids = Ids::new(clock.clone(), Arc::new(SeededRandomness::new(1)));
        let storage = MemoryEngine::new().service("auth-server");
        let settings = AuthSettings::default();
        let provider = Provider::open(&settings, &storage, &ids).await.unwrap();
        let authorize = async || {
            let authorization = |code_expires| Authorization {
                client: ClientId::parse("app").unwrap(),
                account: AccountId(Uuid::from_u128(1)),
                session: "s".to_owned(),
                scopes: vec!["openid".to_owned()],
                redirect_uri: "https://app.example/back".to_owned(),
                authenticated_at: Timestamp::UNIX_EPOCH,
                code_expires,
                code_challenge: None,
                nonce: None,
                extensions: AuthorizationExtensions::default(),
            };
            provider.grants.authorize(authorization).await.unwrap()
        };
        let count = async || storage.journal.follow(0, 100).await.unwrap().len();
        let cleanup = Cleanup {
            grants: Arc::clone(&provider.grants),
            sessions: Arc::clone(&provider.session_list),
            sign_in_log: Arc::clone(&provider.sessions.log),
            unused_clients: Arc::clone(&provider.unused_clients),
            values: Arc::clone(&storage.key_value),
            losable: storage.losable.clone(),
            ids: ids.clone(),
        };
        let day = Duration::from_hours(24);
        authorize().await;
        // A second later, another one: the last event of a service stays, so that one alone would prove nothing.
        clock.advance(Duration::from_secs(1));
        authorize().await;
        clock.advance(day);
        clock.advance(CODE_LIFETIME.saturating_sub(Duration::from_secs(2)));
        cleanup.round().await.unwrap();
        assert_eq!(count().await, 2, "a second before its end");
        clock.advance(Duration::from_secs(1));
        cleanup.round().await.unwrap();
        assert_eq!(count().await, 1, "the first is deleted, and the second is not");
        clock.advance(Duration::from_hours(48));
        cleanup.round().await.unwrap();
        assert_eq!(count().await, 1, "the last event stays, and is no error");
        authorize().await;
        cleanup.round().await.unwrap();
        assert_eq!(count().await, 1, "until there is a later one");
    }

    #[tokio::test]
    async fn values_are_deleted_when_they_have_expired() {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let ids = Ids::new(clock.clone(), Arc::new(SeededRandomness::new(1)));
        let storage = MemoryEngine::new().service("auth-server");
        let provider = Provider::open(&AuthSettings::default(), &storage, &ids).await.unwrap();
        let values = Arc::clone(&storage.key_value);
        let (grants, sessions) = (Arc::clone(&provider.grants), Arc::clone(&provider.session_list));
        let sign_in_log = Arc::clone(&provider.sessions.log);
        let unused_clients = Arc::clone(&provider.unused_clients);
        let cleanup = Cleanup {
            grants,
            sessions,
            sign_in_log,
            unused_clients,
            values,
            losable: storage.losable.clone(),
            ids: ids.clone(),
        };
        let second = |second| Timestamp::from_second(second).ok();
        for (key, end) in [("a", second(10)), ("b", second(11)), ("c", None)] {
            drop(storage.key_value.put(key, "1".into(), end).await.unwrap());
        }
        clock.advance(Duration::from_secs(10));
        cleanup.round().await.unwrap();
        // What was swept is not there to be swept again.
        assert_eq!(storage.key_value.sweep(Timestamp::MAX, 10).await.unwrap(), 1, "b alone");
        assert!(storage.key_value.value("c", ids.now()).await.unwrap().is_some());
        // More than come in a minute of which every request has a proof.
        for number in 0..25_000 {
            let key = format!("proof-{number}");
            drop(storage.key_value.put(&key, "1".into(), second(11)).await.unwrap());
        }
        clock.advance(Duration::from_secs(1));
        cleanup.round().await.unwrap();
        assert_eq!(storage.key_value.sweep(Timestamp::MAX, 10).await.unwrap(), 0, "in one round");
    }
}
