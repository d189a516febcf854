//! Use case: look up an order by its number and the e-mail address it was placed with.

use crate::ports::order_index::{OrderFilter, OrderIndex};
use identifiers::OrderId;
use kernel::{Problem, codes};
use std::sync::Arc;

/// Use case that looks up the order of a guest.
#[derive(Clone)]
pub(crate) struct LookUpOrder {
    pub(crate) order_index: Arc<dyn OrderIndex>,
}

impl LookUpOrder {
    /// Id of the order with this number and e-mail address. The problem does not say which of the two is wrong, so that
    /// nobody can find out which orders exist.
    pub(crate) async fn execute(&self, number: &str, email: &str) -> Result<OrderId, Problem> {
        let number = number.trim();
        let number = number.strip_prefix('#').map_or(number, str::trim_start);
        let filter = OrderFilter {
            number: Some(number.to_owned()),
            email: Some(email.trim().to_owned()),
            ..OrderFilter::default()
        };
        let page = self.order_index.page(filter).await?;
        page.orders.first().map(|order| order.id).ok_or_else(|| {
            let title = "there is no order with this number and e-mail address";
            Problem::new(404, codes::NOT_FOUND, title)
        })
    }
}
