//! Poison messages wait here with their reason, and those of the same subject behind them, so that the rest goes on.

mod routes;
mod store;

pub use routes::parking_routes;

use crate::{HandlerError, Message, consumer::GuardedHandler};
use journal::ServiceStorage;
use kernel::{Ids, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use storage::{StorageError, Write, durability};
use store::Store;

/// The most messages of one consumer that are parked at once; beyond it the feed stands still.
const PARKED_MAX: usize = 10_000;

/// A message that waits for somebody to look at it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Parked {
    /// Identifies it for a replay.
    pub key: String,
    /// Who could not take it in.
    pub group: String,
    /// Why.
    pub reason: String,
    /// Since when.
    #[schemars(with = "String")]
    pub parked_at: Timestamp,
    /// The message.
    pub message: Message,
}

/// How many messages this consumer has parked.
pub(crate) async fn waiting(
    consumer: &str,
    storage: &ServiceStorage,
) -> Result<usize, StorageError> {
    Ok(Store::new(consumer.to_owned(), storage.clone()).all().await?.len())
}

/// One consumer's parked messages.
pub(crate) struct ParkingLot {
    group: &'static str,
    store: Store,
    ids: Ids,
    /// How many messages of each subject wait; `None` until read from the store.
    waiting: Option<BTreeMap<String, usize>>,
}

impl ParkingLot {
    pub(crate) fn new(
        group: &'static str,
        consumer: String,
        storage: ServiceStorage,
        ids: Ids,
    ) -> Self {
        Self { group, store: Store::new(consumer, storage), ids, waiting: None }
    }

    /// Whether messages of this subject have to wait.
    pub(crate) async fn holds(&mut self, subject: &str) -> Result<bool, StorageError> {
        if self.waiting.is_none() {
            let mut waiting = BTreeMap::new();
            for parked in self.store.all().await? {
                *waiting.entry(parked.message.subject).or_default() += 1;
            }
            self.waiting = Some(waiting);
        }
        Ok(self.waiting.as_ref().is_some_and(|waiting| waiting.contains_key(subject)))
    }

    /// The write that parks a message.
    pub(crate) fn park(&mut self, message: &Message, reason: &str) -> Result<Write, StorageError> {
        let waiting = self.waiting.get_or_insert_default();
        if waiting.values().sum::<usize>() >= PARKED_MAX {
            return Err(StorageError::Unavailable(format!(
                "{PARKED_MAX} messages are parked already"
            )));
        }
        *waiting.entry(message.subject.clone()).or_default() += 1;
        self.store.put(&Parked {
            key: self.store.key(message.id),
            group: self.group.to_owned(),
            reason: reason.to_owned(),
            parked_at: self.ids.now(),
            message: message.clone(),
        })
    }

    /// Forgets what it remembers of the store.
    pub(crate) fn forget(&mut self) {
        self.waiting = None;
    }

    /// Hands the messages of subjects that somebody wants replayed to `handler` again, oldest first.
    pub(crate) async fn replay(&mut self, handler: &GuardedHandler) -> Result<(), StorageError> {
        for subject in self.store.wanted().await? {
            self.forget();
            self.replay_subject(handler, &subject).await?;
        }
        Ok(())
    }

    /// One commit for each message, and in order: the first that fails again keeps the rest behind it.
    async fn replay_subject(
        &mut self,
        handler: &GuardedHandler,
        subject: &str,
    ) -> Result<(), StorageError> {
        for parked in self.store.of_subject(subject).await? {
            let (outcome, touched) = durability::scope(handler.handle(&parked.message)).await;
            match outcome {
                Ok(writes) => {
                    let mut writes = handler.coalesce(writes);
                    touched
                        .wait()
                        .await
                        .map_err(|lost| StorageError::Unavailable(lost.to_string()))?;
                    writes.push(Store::delete(parked.key));
                    self.store.write(writes).await?;
                }
                Err(HandlerError::Retry(reason)) => {
                    tracing::warn!(group = self.group, subject, reason, "a replay goes on later");
                    return Ok(());
                }
                Err(HandlerError::Poison(reason)) => {
                    tracing::error!(group = self.group, subject, reason, "a replay failed");
                    let again = self.store.put(&Parked { reason, ..parked })?;
                    return self.store.write(vec![again, self.store.not_wanted(subject)]).await;
                }
            }
        }
        self.store.write(vec![self.store.not_wanted(subject)]).await
    }

    pub(crate) async fn all(&self) -> Result<Vec<Parked>, StorageError> {
        self.store.all().await
    }
}
