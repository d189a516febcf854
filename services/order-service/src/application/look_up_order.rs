//! Use case: look up an order by its number and the e-mail address it was placed with.

use super::{error::OrderError, failure_limit::FailureLimit};
use crate::{
    domain::order_number::OrderNumbers,
    ports::order_index::{NumberFilter, OrderFilter, OrderIndex},
};
use identifiers::OrderId;
use kernel::{Ids, Problem, codes};
use std::{net::IpAddr, sync::Arc};

/// Use case that looks up the order of a guest.
#[derive(Clone)]
pub(crate) struct LookUpOrder {
    pub(crate) order_index: Arc<dyn OrderIndex>,
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
        self.limit.count(Some(&email), client, self.ids.now()).map_err(OrderError::Refused)?;
        let filter = OrderFilter {
            number: Some(NumberFilter::parse(number, &self.numbers)),
            attempts: true,
            ..OrderFilter::default()
        };
        let page = self.order_index.page(filter).await.map_err(OrderError::Refused)?;
        let found = page.orders.first();
        let known = found.map(|order| order.email.to_lowercase()).unwrap_or_default();
        let is_same = equal_in_constant_time(known.as_bytes(), email.as_bytes());
        let Some(order) = found.filter(|_| is_same) else {
            let title = "there is no order with this number and e-mail address";
            return Err(OrderError::Refused(Problem::of(codes::NOT_FOUND, title)));
        };
        self.limit.succeeded(Some(&email), client);
        Ok(order.id)
    }
}

/// Whether two texts are equal, in a time that depends on the length of the `given` one alone.
fn equal_in_constant_time(known: &[u8], given: &[u8]) -> bool {
    let byte = |index: usize| known.get(index).copied().unwrap_or_default();
    let differences = given
        .iter()
        .enumerate()
        .fold(0_u8, |so_far, (index, given)| so_far | (byte(index) ^ given));
    std::hint::black_box(differences) == 0 && known.len() == given.len() && !given.is_empty()
}
