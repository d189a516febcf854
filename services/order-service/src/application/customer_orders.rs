//! Orders of a customer under several pseudonyms, as one list.

use super::{error::OrderError, orders::Orders};
use crate::{
    domain::events::Customer,
    ports::order_index::{OrderFilter, OrderPage},
};
use kernel::{Cursor, PageLimit, Problem, codes};

/// Name of the list that cursors of it belong to.
const LIST: &str = "customer_orders";

impl Orders {
    /// Page of the orders under these pseudonyms, each of which followed the one before: newest first, because nothing is placed under a
    /// pseudonym once there is a later one.
    pub(super) async fn of_customer(
        &self,
        pseudonyms: &[Customer],
        filter: OrderFilter,
    ) -> Result<OrderPage, OrderError> {
        let after = filter.cursor.clone().map(|cursor| cursor.decode(LIST)).transpose();
        let after: Option<(Customer, Option<Cursor>)> = after.map_err(|error| {
            OrderError::Refused(Problem::input(codes::INVALID_CURSOR, "cursor", error.to_string()))
        })?;
        let (from, cursor) = after.unzip();
        let mut cursor = cursor.flatten();
        let limit = filter.limit.get();
        let mut page = OrderPage::default();
        let later = |customer: &&Customer| from.is_some_and(|from| from != **customer);
        for customer in pseudonyms.iter().rev().skip_while(later) {
            let Some(limit) = PageLimit::new(limit - page.orders.len()) else {
                page.next = Some(Cursor::encode(LIST, &(*customer, None::<Cursor>)));
                break;
            };
            let customers = vec![*customer];
            let filter = OrderFilter { customers, limit, cursor: cursor.take(), ..filter.clone() };
            let found = self.order_index.page(filter).await.map_err(OrderError::Refused)?;
            page.orders.extend(found.orders);
            if let Some(next) = found.next {
                page.next = Some(Cursor::encode(LIST, &(*customer, Some(next))));
                break;
            }
        }
        Ok(page)
    }
}
