//! Order index: one document per order, written in the same commit as its events.

use super::view;
use crate::{
    domain::{
        events::{Customer, OrderStatus, Placed},
        order::Order,
    },
    ports::{
        customers::Customers,
        order_index::{OrderFilter, OrderIndex, OrderPage, StatusFilter},
    },
};
use async_trait::async_trait;
use contracts::order::OrderSummary;
use identifiers::OrderId;
use kernel::{Cursor, Problem, prefixed_id};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::sync::Arc;
use storage::{
    Collection, Direction, Document, Documents, FieldValue, Index, IndexPosition, Query,
    StorageError, StoredDocument, Write,
};
use web::Paging;

/// Field with the place in the sequence of orders: of old, it was the number.
const SEQUENCE: &str = "number";

/// Field with the pseudonym of the customer: of old, it was the e-mail address.
const CUSTOMER: &str = "email";

pub(crate) static ORDERS: Collection = Collection {
    name: "orders",
    indexes: &[
        Index { name: "by_number", fields: &[SEQUENCE] },
        Index { name: "by_status", fields: &["status", SEQUENCE] },
        Index { name: "by_email", fields: &[CUSTOMER, SEQUENCE] },
    ],
};

/// Field with the account of the customer.
const ACCOUNT: &str = "account";

/// Orders of customers with an account, a collection of their own: most orders are those of guests, and cost nothing here.
pub(crate) static ACCOUNT_ORDERS: Collection = Collection {
    name: "account_orders",
    indexes: &[Index { name: "by_account", fields: &[ACCOUNT, SEQUENCE] }],
};

/// Limit of index queries for one page, when most documents are filtered out.
const SCAN_ROUNDS_MAX: usize = 8;

/// Order index in the service's documents.
#[derive(Debug)]
pub(crate) struct DocumentOrderIndex {
    pub(crate) documents: Arc<dyn Documents>,
    pub(crate) customers: Arc<dyn Customers>,
}

impl DocumentOrderIndex {
    /// Collection that holds the index.
    pub(crate) fn collection() -> &'static Collection {
        &ORDERS
    }

    /// Collection of the orders with an account.
    pub(crate) fn account_collection() -> &'static Collection {
        &ACCOUNT_ORDERS
    }

    /// Write that updates the collection of orders with an account, if it concerns this order: the account of a customer who was erased
    /// is not known any more.
    pub(crate) fn account_write(id: OrderId, order: &Order) -> Option<Write> {
        let placed = &order.placed;
        let key = prefixed_id("", id);
        if placed.is_erased() {
            return Some(Write::Delete { collection: &ACCOUNT_ORDERS, key });
        }
        let account = placed.account?;
        let body = kernel::json::to_vec(&view::summary(id, order));
        let fields = vec![
            (ACCOUNT, FieldValue::Text(account.to_string())),
            (SEQUENCE, FieldValue::Integer(integer(placed.sequence()))),
        ];
        let body = body.expect("plain data with text keys can be encoded").into();
        let document = Document { key, body, fields };
        Some(Write::Put { collection: &ACCOUNT_ORDERS, document })
    }

    /// Write that updates the collection of all orders.
    pub(crate) fn order_write(&self, id: OrderId, order: &Order) -> Write {
        let status = if order.is_attempt() {
            StatusFilter::Attempted
        } else {
            StatusFilter::Order(order.status())
        };
        let sequence = order.placed.sequence();
        let customer = self.customer(&order.placed);
        let (summary, erased) = (view::summary(id, order), order.customer_erased);
        let entry = NewEntry { summary, sequence, customer: &customer, erased };
        let body = kernel::json::to_vec(&entry).expect("plain data with text keys can be encoded");
        let fields = vec![
            (SEQUENCE, FieldValue::Integer(integer(sequence))),
            ("status", FieldValue::Text(status_name(status).to_owned())),
            (CUSTOMER, FieldValue::Text(customer)),
        ];
        let document = Document { key: prefixed_id("", id), body: body.into(), fields };
        Write::Put { collection: &ORDERS, document }
    }

    /// Pseudonym of the customer of an order; none for one that was erased before there were pseudonyms.
    fn customer(&self, placed: &Placed) -> String {
        let first = || (!placed.is_erased()).then(|| self.customers.first(&placed.email));
        placed.customer.or_else(first).map(pseudonym).unwrap_or_default()
    }
}

#[async_trait]
impl OrderIndex for DocumentOrderIndex {
    fn writes(&self, id: OrderId, order: &Order) -> Vec<Write> {
        let mut writes = vec![self.order_write(id, order)];
        writes.extend(Self::account_write(id, order));
        writes
    }

    async fn page(&self, filter: OrderFilter) -> Result<OrderPage, Problem> {
        let (collection, index, equals) = choose_index(&filter);
        let list = format!("orders/{index}");
        let limit = filter.limit.get();
        let mut after: Option<IndexPosition> =
            Paging::new(None, filter.cursor.clone()).position(&list)?;
        let mut orders: Vec<OrderSummary> = Vec::new();
        for _ in 0..SCAN_ROUNDS_MAX {
            let query = Query {
                equals: equals.clone(),
                direction: Direction::Descending,
                after,
                ..Query::all(index, limit - orders.len())
            };
            let found = self.documents.query(collection, query).await?;
            for stored in found.documents {
                let summary: OrderSummary = read(&stored)?;
                if matches(&summary, &filter) && is_of_customer(&stored, &filter)? {
                    orders.push(summary);
                }
            }
            after = found.next;
            if after.is_none() || orders.len() == limit {
                break;
            }
        }
        let next = after.map(|after| Cursor::encode(&list, &after));
        Ok(OrderPage { orders, next })
    }

    async fn highest_sequence(&self) -> Result<u64, StorageError> {
        let query = Query { direction: Direction::Descending, ..Query::all("by_number", 1) };
        let found = self.documents.query(&ORDERS, query).await?;
        let Some(stored) = found.documents.first() else { return Ok(0) };
        let (summary, StoredSequence { sequence }): (OrderSummary, _) =
            (read(stored)?, read(stored)?);
        // Numbers were the sequence once.
        sequence.or_else(|| summary.number.parse().ok()).ok_or_else(|| {
            StorageError::Corrupt(format!(
                "order {} has the number {:?}",
                summary.id, summary.number
            ))
        })
    }
}

/// Narrowest index for the filter, and its collection.
fn choose_index(filter: &OrderFilter) -> (&'static Collection, &'static str, Vec<FieldValue>) {
    if let Some(account) = filter.account {
        return (&ACCOUNT_ORDERS, "by_account", vec![FieldValue::Text(account.to_string())]);
    }
    let (index, equals) = if let Some(number) = filter.number {
        ("by_number", vec![FieldValue::Integer(integer(number.sequence))])
    } else if let Some(customer) = filter.customers.last() {
        ("by_email", vec![FieldValue::Text(pseudonym(*customer))])
    } else if let Some(status) = filter.status {
        ("by_status", vec![FieldValue::Text(status_name(status).to_owned())])
    } else {
        ("by_number", vec![])
    };
    (&ORDERS, index, equals)
}

fn matches(summary: &OrderSummary, filter: &OrderFilter) -> bool {
    let is_of_status = match filter.status {
        None => filter.attempts || !summary.attempt,
        Some(StatusFilter::Attempted) => summary.attempt,
        Some(StatusFilter::Order(status)) => {
            !summary.attempt && super::journal::status(status) == summary.status
        }
    };
    let number = filter.number.as_ref();
    is_of_status && number.is_none_or(|filter| summary.number == filter.number.to_string())
}

/// Whether an order is of a customer of the filter. The time it takes does not tell how alike two pseudonyms are, since those are
/// keyed hashes.
fn is_of_customer(stored: &StoredDocument, filter: &OrderFilter) -> Result<bool, StorageError> {
    if filter.customers.is_empty() && !filter.unerased {
        return Ok(true);
    }
    let StoredCustomer { customer, erased } = read(stored)?;
    let wanted = &filter.customers;
    let is_wanted = wanted.is_empty() || wanted.iter().any(|it| pseudonym(*it) == customer);
    Ok(is_wanted && !(filter.unerased && erased))
}

/// Pseudonym as it is in the index.
fn pseudonym(Customer(number): Customer) -> String {
    format!("{number:016x}")
}

/// Name of the status in the API and in the index.
pub(crate) fn status_name(status: StatusFilter) -> &'static str {
    match status {
        StatusFilter::Attempted => "attempted",
        StatusFilter::Order(OrderStatus::Pending) => "pending",
        StatusFilter::Order(OrderStatus::Confirmed) => "confirmed",
        StatusFilter::Order(OrderStatus::Completed) => "completed",
        StatusFilter::Order(OrderStatus::Cancelled) => "cancelled",
    }
}

/// Integer of the index; a number beyond its range is in no order.
fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Body of a new document: the order in a list without its contact details, its place in the sequence, and whose it is.
#[derive(Debug, Serialize)]
struct NewEntry<'a> {
    #[serde(flatten)]
    summary: OrderSummary,
    sequence: u64,
    customer: &'a str,
    erased: bool,
}

/// Pseudonym of the customer of a stored document, and whether the erasure was recorded.
#[derive(Debug, Deserialize)]
struct StoredCustomer {
    #[serde(default)]
    customer: String,
    #[serde(default)]
    erased: bool,
}

/// Place in the sequence of a stored document; older ones do not have it.
#[derive(Debug, Deserialize)]
struct StoredSequence {
    #[serde(default)]
    sequence: Option<u64>,
}

fn read<T: DeserializeOwned>(stored: &StoredDocument) -> Result<T, StorageError> {
    serde_json::from_slice(&stored.body).map_err(|error| StorageError::Corrupt(error.to_string()))
}
