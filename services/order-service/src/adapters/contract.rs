//! Provider of the order service's contract: what it knows of a customer, and the erasure of it.

use super::{http::address_book, view};
use crate::{
    application::{
        address_books, erase_customer::EraseCustomer, error::OrderError,
        export_customer::ExportCustomer, read_order::ReadOrder,
    },
    domain::{contact_details::check_email, rejection::Rejection},
};
use async_trait::async_trait;
use contracts::{
    order::{
        AddressBook, AddressBooks, CustomerErasure, CustomerOrders, Customers, Order, OrderDetails,
    },
    shared::{AccountId, OrderId},
};
use kernel::{Cursor, Problem, Timestamp};
use rpc::CallError;
use std::fmt;

/// Provider of [`Customers`], over the use cases.
pub(crate) struct CustomersProvider {
    pub(crate) export: ExportCustomer,
    pub(crate) erase: EraseCustomer,
}

#[async_trait]
impl Customers for CustomersProvider {
    async fn export(
        &self,
        email: String,
        after: Option<Cursor>,
    ) -> Result<CustomerOrders, CallError> {
        let email = checked(&email)?;
        let page = self.export.execute(&email, after).await.map_err(Problem::from)?;
        let orders = page.orders.iter().map(view::order).collect();
        Ok(CustomerOrders { orders, next: page.next })
    }

    async fn erase(&self, email: String) -> Result<CustomerErasure, CallError> {
        let email = checked(&email)?;
        let outcome = self.erase.execute(&email).await.map_err(Problem::from)?;
        Ok(CustomerErasure {
            erased: outcome.erased,
            open_obligations: outcome.open.iter().map(u64::to_string).collect(),
            retained_until: outcome.retained_until,
        })
    }
}

impl fmt::Debug for CustomersProvider {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("CustomersProvider")
    }
}

/// Provider of [`AddressBooks`], over the use cases.
#[derive(Debug)]
pub(crate) struct AddressBooksProvider(pub(crate) address_books::AddressBooks);

#[async_trait]
impl AddressBooks for AddressBooksProvider {
    async fn export_addresses(&self, account: AccountId) -> Result<AddressBook, CallError> {
        let book = self.0.book(account).await.map_err(Problem::from)?;
        Ok(address_book::shown(&book))
    }

    async fn erase_addresses(&self, account: AccountId) -> Result<(), CallError> {
        Ok(self.0.erase(account).await.map_err(Problem::from)?)
    }
}

/// Provider of [`OrderDetails`], over the use case.
pub(crate) struct OrderDetailsProvider(pub(crate) ReadOrder);

#[async_trait]
impl OrderDetails for OrderDetailsProvider {
    async fn order_details(
        &self,
        id: OrderId,
        as_of: Option<Timestamp>,
    ) -> Result<Option<Order>, CallError> {
        let found = match as_of {
            Some(instant) => self.0.at(id, instant).await,
            None => self.0.now(id).await,
        };
        match found {
            Ok(found) => Ok(Some(view::order(&found))),
            Err(OrderError::Rejected(Rejection::Unknown)) => Ok(None),
            Err(error) => Err(Problem::from(error).into()),
        }
    }
}

impl fmt::Debug for OrderDetailsProvider {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("OrderDetailsProvider")
    }
}

fn checked(email: &str) -> Result<String, Problem> {
    check_email(email).map_err(|error| Problem::field(error.field, error.message))
}
