//! Order index: one document per order, written in the same commit as its events.

use super::view;
use crate::{
    domain::{events::OrderStatus, order::Order},
    ports::order_index::{OrderFilter, OrderIndex, OrderPage, StatusFilter},
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

static ORDERS: Collection = Collection {
    name: "orders",
    indexes: &[
        Index { name: "by_number", fields: &[SEQUENCE] },
        Index { name: "by_status", fields: &["status", SEQUENCE] },
        Index { name: "by_email", fields: &["email", SEQUENCE] },
    ],
};

/// Limit of index queries for one page, when most documents are filtered out.
const SCAN_ROUNDS_MAX: usize = 8;

/// Order index in the service's documents.
#[derive(Debug)]
pub(crate) struct DocumentOrderIndex {
    pub(crate) documents: Arc<dyn Documents>,
}

impl DocumentOrderIndex {
    /// Collection that holds the index.
    pub(crate) fn collection() -> &'static Collection {
        &ORDERS
    }
}

#[async_trait]
impl OrderIndex for DocumentOrderIndex {
    fn writes(&self, id: OrderId, order: &Order) -> Vec<Write> {
        let status = if order.is_attempt() {
            StatusFilter::Attempted
        } else {
            StatusFilter::Order(order.status())
        };
        let sequence = order.placed.sequence();
        let entry = NewEntry { summary: view::summary(id, order), sequence };
        let body = kernel::json::to_vec(&entry).expect("plain data with text keys can be encoded");
        let fields = vec![
            (SEQUENCE, FieldValue::Integer(integer(sequence))),
            ("status", FieldValue::Text(status_name(status).to_owned())),
            ("email", FieldValue::Text(order.placed.email.to_lowercase())),
        ];
        let document = Document { key: prefixed_id("", id), body: body.into(), fields };
        vec![Write::Put { collection: &ORDERS, document }]
    }

    async fn page(&self, filter: OrderFilter) -> Result<OrderPage, Problem> {
        let (index, equals) = choose_index(&filter);
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
            let found = self.documents.query(&ORDERS, query).await?;
            for stored in found.documents {
                let summary: OrderSummary = read(&stored)?;
                orders.extend(Some(summary).filter(|summary| matches(summary, &filter)));
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

/// Narrowest index for the filter.
fn choose_index(filter: &OrderFilter) -> (&'static str, Vec<FieldValue>) {
    if let Some(number) = filter.number {
        return ("by_number", vec![FieldValue::Integer(integer(number.sequence))]);
    }
    if let Some(email) = &filter.email {
        return ("by_email", vec![FieldValue::Text(email.to_lowercase())]);
    }
    match filter.status {
        Some(status) => ("by_status", vec![FieldValue::Text(status_name(status).to_owned())]),
        None => ("by_number", vec![]),
    }
}

fn matches(summary: &OrderSummary, filter: &OrderFilter) -> bool {
    let is_of_status = match filter.status {
        None => filter.attempts || !summary.attempt,
        Some(StatusFilter::Attempted) => summary.attempt,
        Some(StatusFilter::Order(status)) => {
            !summary.attempt && super::journal::status(status) == summary.status
        }
    };
    let (email, number) = (filter.email.as_ref(), filter.number.as_ref());
    is_of_status
        && email.is_none_or(|email| email.to_lowercase() == summary.email.to_lowercase())
        && number.is_none_or(|filter| summary.number == filter.number.to_string())
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

/// Body of a new document: the order in a list, and its place in the sequence.
#[derive(Debug, Serialize)]
struct NewEntry {
    #[serde(flatten)]
    summary: OrderSummary,
    sequence: u64,
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
