//! Use case: list orders, and the sagas over them that have not ended.

use super::{error::OrderError, orders::Orders};
use crate::domain::order_number::OrderNumbers;
use crate::ports::order_index::{OrderFilter, OrderPage};
use identifiers::SagaId;
use kernel::Timestamp;
use saga::{RetryError, SagaState, SagaSummary, Sagas};
use std::sync::Arc;

/// Use case that lists orders and sagas.
#[derive(Clone)]
pub(crate) struct ListOrders {
    pub(crate) orders: Arc<Orders>,
    pub(crate) numbers: OrderNumbers,
    pub(crate) sagas: Vec<Arc<dyn Sagas>>,
}

impl ListOrders {
    /// Page of orders, newest first; with an e-mail address, of that customer.
    pub(crate) async fn orders(
        &self,
        email: Option<&str>,
        filter: OrderFilter,
    ) -> Result<OrderPage, OrderError> {
        let page = match email {
            Some(email) => {
                let pseudonyms = self.orders.customers.readable(email);
                self.orders.of_customer(&pseudonyms, filter).await?
            }
            None => self.orders.order_index.page(filter).await.map_err(OrderError::Refused)?,
        };
        self.with_contact(page).await
    }

    /// Page of the orders of an account, newest first.
    pub(crate) async fn of_account(&self, filter: OrderFilter) -> Result<OrderPage, OrderError> {
        let page = self.orders.order_index.page(filter).await.map_err(OrderError::Refused)?;
        self.with_contact(page).await
    }

    /// Page with the contact details, which the index does not know.
    async fn with_contact(&self, mut page: OrderPage) -> Result<OrderPage, OrderError> {
        for summary in &mut page.orders {
            let Some(found) = self.orders.find(summary.id).await? else { continue };
            let placed = &found.order.placed;
            summary.email.clone_from(&placed.email);
            summary.name.clone_from(&placed.shipping_address.name);
        }
        Ok(page)
    }

    /// Unfinished sagas, oldest first, after the position `after`.
    pub(crate) fn sagas(
        &self,
        state: Option<SagaState>,
        after: Option<SagaPosition>,
    ) -> Vec<SagaSummary> {
        let mut all: Vec<SagaSummary> = self.sagas.iter().flat_map(|sagas| sagas.list()).collect();
        all.retain(|saga| {
            let of_state = state.is_none_or(|state| saga.status.state == state);
            of_state && after.as_ref().is_none_or(|after| saga_position(saga) > *after)
        });
        all.sort_by_key(saga_position);
        all
    }

    /// Retries a stuck saga now.
    pub(crate) async fn retry(&self, id: SagaId) -> Result<SagaSummary, OrderError> {
        for sagas in &self.sagas {
            match sagas.retry(id.into()).await {
                Err(RetryError::Unknown) => {}
                other => return Ok(other?),
            }
        }
        Err(RetryError::Unknown.into())
    }
}

/// Position of a saga in the list: its start and its id.
pub(crate) type SagaPosition = (Timestamp, SagaId);

/// Position of this saga in the list.
pub(crate) fn saga_position(saga: &SagaSummary) -> SagaPosition {
    (saga.started_at, SagaId(saga.id))
}
