//! Use case: export what is stored about a customer.

use super::{
    error::OrderError,
    orders::{Orders, VersionedOrder},
};
use crate::ports::order_index::OrderFilter;
use kernel::Cursor;
use std::sync::Arc;

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
    /// Page of all orders and attempts with this e-mail address that can be read, newest first.
    pub(crate) async fn execute(
        &self,
        email: &str,
        after: Option<Cursor>,
    ) -> Result<ExportPage, OrderError> {
        let pseudonyms = self.orders.customers.readable(email);
        let filter = OrderFilter { attempts: true, cursor: after, ..OrderFilter::default() };
        let page = self.orders.of_customer(&pseudonyms, filter).await?;
        let mut orders = Vec::new();
        for summary in page.orders {
            orders.extend(self.orders.find(summary.id).await?);
        }
        Ok(ExportPage { orders, next: page.next })
    }
}
