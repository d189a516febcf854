//! Use case: export what is stored about a customer.

use super::{
    error::OrderError,
    orders::{Orders, VersionedOrder},
};
use crate::ports::order_index::OrderFilter;
use kernel::{Cursor, Problem, codes};
use std::sync::Arc;

/// Name of the list that cursors of exports belong to.
const LIST: &str = "customer_export";

/// Use case that exports the orders of a customer.
#[derive(Clone)]
pub(crate) struct ExportCustomer {
    pub(crate) orders: Arc<Orders>,
}

/// Page of an export.
#[derive(Clone, Debug)]
pub(crate) struct ExportPage {
    pub(crate) orders: Vec<VersionedOrder>,
    pub(crate) next: Option<Cursor>,
}

impl ExportCustomer {
    /// Page of all orders and attempts with this e-mail address that can be read: first those whose erasure is deferred.
    pub(crate) async fn execute(
        &self,
        email: &str,
        after: Option<Cursor>,
    ) -> Result<ExportPage, OrderError> {
        let (index, cursor): (usize, Option<Cursor>) = match after {
            None => (0, None),
            Some(after) => after.decode(LIST).map_err(|error| {
                let problem = Problem::input(codes::INVALID_CURSOR, "after", error.to_string());
                OrderError::Refused(problem)
            })?,
        };
        let customers = self.orders.customers.readable(email);
        let Some(customer) = customers.get(index) else {
            return Ok(ExportPage { orders: Vec::new(), next: None });
        };
        let filter = OrderFilter {
            customers: vec![*customer],
            attempts: true,
            cursor,
            ..OrderFilter::default()
        };
        let page = self.orders.order_index.page(filter).await.map_err(OrderError::Refused)?;
        let mut orders = Vec::new();
        for summary in page.orders {
            orders.extend(self.orders.find(summary.id).await?);
        }
        let next_customer = || (index + 1 < customers.len()).then_some((index + 1, None));
        let next = page.next.map(|next| (index, Some(next))).or_else(next_customer);
        Ok(ExportPage { orders, next: next.map(|next| Cursor::encode(LIST, &next)) })
    }
}
