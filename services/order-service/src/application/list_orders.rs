//! Lists orders, and the sagas over them that have not ended.

use super::refusal::OrderError;
use crate::ports::listing::{Listing, OrderPage, Wanted};
use kernel::{Problem, Uuid};
use saga::{RetryError, SagaState, SagaSummary as ListedSaga, Sagas};
use std::sync::Arc;

/// Lists orders and sagas.
#[derive(Clone)]
pub(crate) struct ListOrders {
    pub(crate) listing: Arc<dyn Listing>,
    pub(crate) sagas: Vec<Arc<dyn Sagas>>,
}

impl ListOrders {
    /// A page of orders, newest first.
    pub(crate) async fn orders(&self, wanted: Wanted) -> Result<OrderPage, Problem> {
        self.listing.page(wanted).await
    }

    /// The unfinished sagas, oldest first, after the one at `after`.
    pub(crate) fn sagas(
        &self,
        state: Option<SagaState>,
        after: Option<SagaPlace>,
    ) -> Vec<ListedSaga> {
        let mut all: Vec<ListedSaga> = self.sagas.iter().flat_map(|sagas| sagas.list()).collect();
        all.retain(|saga| {
            let of_state = state.is_none_or(|state| saga.status.state == state);
            of_state && after.as_ref().is_none_or(|after| place(saga) > *after)
        });
        all.sort_by_key(place);
        all
    }

    /// Tries a saga that failed again, now.
    pub(crate) async fn retry(&self, id: Uuid) -> Result<ListedSaga, OrderError> {
        for sagas in &self.sagas {
            match sagas.retry(id).await {
                Err(RetryError::Unknown) => {}
                other => return Ok(other?),
            }
        }
        Err(RetryError::Unknown.into())
    }
}

/// Where a saga stands in the list.
pub(crate) type SagaPlace = (kernel::Timestamp, Uuid);

/// Where this saga stands in the list.
pub(crate) fn place(saga: &ListedSaga) -> SagaPlace {
    (saga.begun_at, saga.id)
}
