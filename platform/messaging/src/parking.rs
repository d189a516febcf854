//! Parking of poison messages (dead letters): a message that cannot be handled is parked with its reason, and later ones of
//! its subject behind it, so that other subjects continue in order.

mod routes;
mod store;

pub use routes::parking_routes;
pub use store::COLLECTIONS;

use crate::{
    CloudEvent, FeedEvent, HandlerError, Message, bus::Partition, handler::GuardedHandler,
};
use journal::ServiceStorage;
use kernel::{Ids, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use storage::{StorageError, Write, durability};
use store::ParkingStore;

/// Maximum number of parked messages of one consumer; beyond it the consumer stops.
const PARKED_MAX: usize = 10_000;

/// Parked message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Parked {
    /// Key for a replay.
    pub key: String,
    /// Consumer group that could not handle it.
    pub group: String,
    /// Error of the handler.
    pub reason: String,
    /// When it was parked.
    #[schemars(with = "String")]
    pub parked_at: Timestamp,
    /// The message.
    pub message: CloudEvent,
}

/// The number of parked messages of a consumer.
pub(crate) async fn waiting(
    consumer: &str,
    storage: &ServiceStorage,
) -> Result<usize, StorageError> {
    Ok(ParkingStore::new(consumer.to_owned(), storage.clone()).all().await?.len())
}

/// The writes that delete the parked messages of a consumer, and the requests to replay them.
pub(crate) async fn forget(
    consumer: &str,
    storage: &ServiceStorage,
) -> Result<Vec<Write>, StorageError> {
    let store = ParkingStore::new(consumer.to_owned(), storage.clone());
    let requests = store.replay_requests().await?;
    let mut writes: Vec<Write> =
        requests.iter().map(|subject| store.delete_replay_request(subject)).collect();
    let parked = store.all().await?;
    writes.extend(parked.into_iter().map(|parked| ParkingStore::delete(parked.key)));
    Ok(writes)
}

/// Parked messages of one consumer, in one partition.
pub(crate) struct ParkingLot {
    group: &'static str,
    partition: Partition,
    store: ParkingStore,
    ids: Ids,
    /// Number of parked messages by subject; `None` until read from the store.
    waiting: Option<BTreeMap<String, usize>>,
}

impl ParkingLot {
    pub(crate) fn new(
        group: &'static str,
        (consumer, partition): (String, Partition),
        storage: ServiceStorage,
        ids: Ids,
    ) -> Self {
        let store = ParkingStore::new(consumer, storage);
        Self { group, partition, store, ids, waiting: None }
    }

    /// Whether this subject has parked messages, so that further ones have to be parked.
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
    pub(crate) fn park(
        &mut self,
        message: CloudEvent,
        reason: &str,
    ) -> Result<Write, StorageError> {
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
            message,
        })
    }

    /// Drops the cached numbers.
    pub(crate) fn forget(&mut self) {
        self.waiting = None;
    }

    /// Replays the subjects with a replay request, oldest message first.
    pub(crate) async fn replay<E: FeedEvent>(
        &mut self,
        handler: &GuardedHandler<E>,
    ) -> Result<(), StorageError> {
        if self.waiting.as_ref().is_some_and(BTreeMap::is_empty) {
            // Nobody else parks messages of this partition: a store behind a network need not be asked before each batch.
            return Ok(());
        }
        let mut requests = self.store.replay_requests().await?;
        requests.retain(|subject| self.partition.contains(subject));
        for subject in requests {
            self.forget();
            self.replay_subject(handler, &subject).await?;
        }
        Ok(())
    }

    /// Replays a subject in order, one commit per message; the first that fails again keeps the rest parked.
    async fn replay_subject<E: FeedEvent>(
        &mut self,
        handler: &GuardedHandler<E>,
        subject: &str,
    ) -> Result<(), StorageError> {
        for parked in self.store.of_subject(subject).await? {
            let handle = async {
                let message = Message::from_cloud_event(&parked.message)
                    .map_err(|error| HandlerError::Poison(error.to_string()))?;
                handler.handle(&message).await
            };
            let (outcome, dependencies) = durability::scope(handle).await;
            match outcome {
                Ok(writes) => {
                    let mut writes = handler.coalesce(writes);
                    dependencies
                        .wait()
                        .await
                        .map_err(|lost| StorageError::Unavailable(lost.to_string()))?;
                    writes.push(ParkingStore::delete(parked.key));
                    self.store.write(writes).await?;
                }
                Err(HandlerError::Retry(reason)) => {
                    tracing::warn!(
                        group = self.group,
                        subject,
                        reason,
                        "a replay will be continued"
                    );
                    return Ok(());
                }
                Err(HandlerError::Poison(reason)) => {
                    tracing::error!(group = self.group, subject, reason, "a replay failed");
                    let again = self.store.put(&Parked { reason, ..parked })?;
                    return self
                        .store
                        .write(vec![again, self.store.delete_replay_request(subject)])
                        .await;
                }
            }
        }
        self.store.write(vec![self.store.delete_replay_request(subject)]).await
    }

    pub(crate) async fn all(&self) -> Result<Vec<Parked>, StorageError> {
        self.store.all().await
    }
}
