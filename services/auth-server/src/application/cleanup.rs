//! Cleanup by expiry: sessions, counters and remembered identifiers that have expired, and grants whose last token has ended.

use super::{grants::Grants, tokens::sweep};
use kernel::Ids;
use std::{sync::Arc, time::Duration};
use storage::{KeyValue, StorageError};

/// Pause between two rounds.
const PAUSE: Duration = Duration::from_mins(1);
/// Most batches of one round.
const BATCHES_MAX: usize = 20;

/// Cleanup of the provider.
#[derive(Debug)]
pub(crate) struct Cleanup {
    pub(crate) grants: Arc<Grants>,
    pub(crate) values: Arc<dyn KeyValue>,
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
        for _ in 0..BATCHES_MAX {
            let is_swept = sweep(&*self.values, &self.ids).await? == 0;
            let is_deleted = self.grants.delete_ended().await? == 0;
            if is_swept && is_deleted {
                break;
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        adapters::settings::AuthSettings,
        domain::events::{Authorization, ClientId},
        provider::Provider,
    };
    use engine_memory::MemoryEngine;
    use identifiers::AccountId;
    use kernel::{ManualClock, SeededRandomness, Timestamp, Uuid};

    #[tokio::test]
    async fn grants_and_values_are_deleted_a_day_after_their_end_and_not_before() {
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
            };
            provider.grants.authorize(authorization).await.unwrap()
        };
        authorize().await;
        storage
            .key_value
            .put("x", "1".into(), Some(ids.now()))
            .await
            .unwrap()
            .wait()
            .await
            .unwrap();
        let cleanup = Cleanup {
            grants: Arc::clone(&provider.grants),
            values: Arc::clone(&storage.key_value),
            ids: ids.clone(),
        };
        let count = async || storage.journal.follow(0, 100).await.unwrap().len();
        clock.advance(Duration::from_secs(60 + 86_399));
        cleanup.round().await.unwrap();
        assert_eq!(count().await, 1);
        // Another one: the last event of a service stays.
        authorize().await;
        clock.advance(Duration::from_secs(1));
        cleanup.round().await.unwrap();
        assert_eq!(count().await, 1, "the first is deleted");
        clock.advance(Duration::from_hours(48));
        cleanup.round().await.unwrap();
        assert_eq!(count().await, 1, "the last event stays, and is no error");
        authorize().await;
        cleanup.round().await.unwrap();
        assert_eq!(count().await, 1, "until there is a later one");
    }
}
