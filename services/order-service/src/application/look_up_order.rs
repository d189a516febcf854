//! Use case: look up an order by its number and the e-mail address it was placed with.

use super::{
    error::OrderError,
    failure_limit::{Attempt, FailureLimit},
    orders::Orders,
};
use crate::{
    domain::order_number::OrderNumbers,
    ports::order_index::{NumberFilter, OrderFilter},
};
use identifiers::OrderId;
use kernel::{Ids, Problem, codes};
use std::{net::IpAddr, sync::Arc};

/// Use case that looks up the order of a guest.
#[derive(Clone)]
pub(crate) struct LookUpOrder {
    pub(crate) orders: Arc<Orders>,
    pub(crate) numbers: OrderNumbers,
    pub(crate) limit: Arc<FailureLimit>,
    pub(crate) ids: Ids,
}

impl LookUpOrder {
    /// Id of the order with this number and e-mail address. The problem does not say which of the two is wrong, and takes
    /// the same work to find, so that nobody can find out which orders exist; and only so many may be tried.
    pub(crate) async fn execute(
        &self,
        number: &str,
        email: &str,
        client: Option<IpAddr>,
    ) -> Result<OrderId, OrderError> {
        let email = email.trim().to_lowercase();
        let attempt = Attempt { email: Some(&email), client, account: None };
        self.limit.count(attempt, self.ids.now()).map_err(OrderError::Refused)?;
        let filter = OrderFilter {
            customers: self.orders.customers.readable(&email),
            number: Some(NumberFilter::parse(number, &self.numbers)),
            attempts: true,
            ..OrderFilter::default()
        };
        let page = self.orders.order_index.page(filter).await.map_err(OrderError::Refused)?;
        let Some(order) = page.orders.first() else {
            let title = "there is no order with this number and e-mail address";
            return Err(OrderError::Refused(Problem::of(codes::NOT_FOUND, title)));
        };
        self.limit.succeeded(attempt);
        Ok(order.id)
    }
}
