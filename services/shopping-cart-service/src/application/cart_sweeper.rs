//! Cart sweeper: deletes carts that expired long ago.
//!
//! It walks once through the events of all carts, in their order, up to those that are old enough, and remembers how far it
//! came. A cart is looked at when its last event is reached: if it became an order it stays, otherwise nobody has changed it
//! since, or it was merged into another, and it is deleted. A cart that was changed later is reached again at that change.

use super::cart_service::{CartService, cart_of};
use crate::domain::cart::{CHANGES_MAX, Cart, CartState};
use journal::{DeleteError, Position, RecordedEvent};
use kernel::Timestamp;
use std::{sync::Arc, time::Duration};
use storage::{KeyValue, StorageError};

/// Pause between two rounds.
const PAUSE: Duration = Duration::from_mins(1);
/// Upper bound of the events of one batch, and of the batches of one round.
const BATCH_EVENTS_MAX: usize = 500;
const ROUND_BATCHES_MAX: usize = 20;
/// Key of the position up to which all events were looked at.
const POSITION: &str = "cart-sweeper-position";

/// Whether nobody needs a cart once it is old. One of a customer that was changed as often as a cart may be stays as those do that were
/// ordered: without the number of the present cart, that is found by way of all earlier ones.
fn is_left_over(cart: &Cart) -> bool {
    match cart.state {
        CartState::Open => cart.owner.is_none() || cart.version < CHANGES_MAX,
        CartState::Merged { has_ended, .. } => has_ended,
        CartState::CheckingOut { .. } | CartState::Ordered { .. } => false,
    }
}

/// Cart sweeper.
#[derive(Debug)]
pub(crate) struct CartSweeper {
    pub(crate) carts: Arc<CartService>,
    pub(crate) values: Arc<dyn KeyValue>,
    /// Time without a change after which a cart is deleted.
    pub(crate) delete_after: Duration,
}

impl CartSweeper {
    /// Sweeps for ever. After an error it goes on in the next round.
    pub(crate) async fn run(self) {
        loop {
            tokio::time::sleep(PAUSE).await;
            for _ in 0..ROUND_BATCHES_MAX {
                match self.sweep_batch().await {
                    Ok(BATCH_EVENTS_MAX) => tokio::task::yield_now().await,
                    Ok(_) => break,
                    Err(error) => {
                        tracing::warn!(%error, "expired carts are kept for now");
                        break;
                    }
                }
            }
        }
    }

    /// Looks at the next events that are old enough; returns how many these were.
    async fn sweep_batch(&self) -> Result<usize, StorageError> {
        let now = self.carts.ids.now();
        let deadline = now.checked_sub(self.delete_after).unwrap_or(Timestamp::MIN);
        let after = self.position(now).await?;
        let journal = self.carts.repository.journal();
        // The last event of the service stays, and with it its cart.
        let end = journal.last_position().await?;
        let events = journal.follow(after, BATCH_EVENTS_MAX).await?;
        let is_old = |event: &&RecordedEvent| event.recorded_at <= deadline && event.position < end;
        let (mut looked_at, mut position) = (0, after);
        for event in events.iter().take_while(is_old) {
            self.look_at(event, deadline).await?;
            (looked_at, position) = (looked_at + 1, event.position);
        }
        if position > after {
            let _commit = self.values.put(POSITION, position.to_string().into(), None).await?;
        }
        Ok(looked_at)
    }

    async fn position(&self, now: Timestamp) -> Result<Position, StorageError> {
        let Some(stored) = self.values.value(POSITION, now).await? else { return Ok(0) };
        let position = std::str::from_utf8(&stored).ok().and_then(|text| text.parse().ok());
        position.ok_or_else(|| StorageError::Corrupt(POSITION.to_owned()))
    }

    /// Deletes the cart of an event that is its last one, unless it is being ordered or was.
    async fn look_at(
        &self,
        event: &RecordedEvent,
        deadline: Timestamp,
    ) -> Result<(), StorageError> {
        let (carts, stream) = (&self.carts.repository, &event.stream);
        let is_cart = cart_of(stream).is_some();
        if !is_cart || !carts.journal().read(stream, event.version, 1).await?.is_empty() {
            return Ok(());
        }
        let loaded = carts.load(stream).await?;
        let is_expired = loaded
            .state
            .as_deref()
            .is_some_and(|cart| cart.updated_at <= deadline && is_left_over(cart));
        if !is_expired {
            return Ok(());
        }
        match carts.delete(stream, loaded.version).await {
            // Changed at this moment: it is reached again at that change. The last event of the service is not looked at.
            Ok(_) | Err(DeleteError::Conflict { .. } | DeleteError::LastEvent) => Ok(()),
            Err(DeleteError::Storage(error)) => Err(error),
        }
    }
}
