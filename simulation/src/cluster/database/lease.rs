//! Lease on the services of a database, over a connection of its own.

use super::{Asker, Purpose, SimulatedDatabase};
use async_trait::async_trait;
use std::{sync::Arc, time::Duration};
use storage::{Lease, LeaseEpoch, LeaseState, StorageError};

/// How long the database may take to answer, as in the real engine.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// Lease as a process has it.
#[derive(Clone, Debug)]
pub(crate) struct SimulatedLease {
    database: Arc<SimulatedDatabase>,
    process: usize,
}

impl SimulatedLease {
    pub(in crate::cluster) fn new(database: Arc<SimulatedDatabase>, process: usize) -> Self {
        Self { database, process }
    }

    /// Does this at the database.
    async fn ask<T>(
        &self,
        operation: impl AsyncFnOnce(&SimulatedDatabase) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let asker = Asker { process: self.process, purpose: Purpose::Lease };
        let answered = tokio::time::timeout(ANSWER_MAX, async {
            self.database.travel(asker).await?;
            let answer = operation(&self.database).await;
            self.database.travel(asker).await?;
            answer
        });
        let late = || StorageError::Unavailable("no answer in time".to_owned());
        answered.await.unwrap_or_else(|_| Err(late()))
    }
}

#[async_trait]
impl Lease for SimulatedLease {
    async fn state(&self) -> Result<LeaseState, StorageError> {
        self.ask(async |database| database.lease.state().await).await
    }

    async fn take(
        &self,
        seen: &LeaseState,
        owner: &str,
    ) -> Result<Option<LeaseEpoch>, StorageError> {
        self.ask(async |database| {
            let before = database.lease.state().await?;
            let taken = database.lease.take(seen, owner).await?;
            if taken.is_some() {
                if before.owner().is_none_or(|before| before == owner) {
                    database.state.lock().renewed = None;
                }
                database.taken(owner);
            }
            Ok(taken)
        })
        .await
    }

    async fn renew(&self, epoch: &LeaseEpoch) -> Result<bool, StorageError> {
        self.ask(async |database| {
            let renewed = database.lease.renew(epoch).await?;
            if renewed {
                database.state.lock().renewed = Some(tokio::time::Instant::now());
            }
            Ok(renewed)
        })
        .await
    }

    async fn release(&self, epoch: &LeaseEpoch) -> Result<(), StorageError> {
        self.ask(async |database| database.lease.release(epoch).await).await
    }
}
