//! Order index: one document per order, written in the same commit as its events.

use super::view;
use crate::{
    domain::{events::OrderStatus, order::Order},
    ports::order_index::{OrderFilter, OrderIndex, OrderPage},
};
use async_trait::async_trait;
use contracts::order::OrderSummary;
use identifiers::OrderId;
use kernel::{Cursor, Problem};
use std::sync::Arc;
use storage::{
    Collection, Direction, Document, Documents, FieldValue, Index, IndexPosition, Query,
    StorageError, StoredDocument, Write,
};
use web::Paging;

static ORDERS: Collection = Collection {
    name: "orders",
    indexes: &[
        Index { name: "by_number", fields: &["number"] },
        Index { name: "by_status", fields: &["status", "number"] },
        Index { name: "by_email", fields: &["email", "number"] },
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
        let summary = view::summary(id, order);
        let body = serde_json::to_vec(&summary).expect("plain data with text keys can be encoded");
        let number = i64::try_from(order.placed.number).unwrap_or(i64::MAX);
        let fields = vec![
            ("number", FieldValue::Integer(number)),
            ("status", FieldValue::Text(status_name(order.status()).to_owned())),
            ("email", FieldValue::Text(order.placed.email.to_lowercase())),
        ];
        let document = Document { key: id.to_string(), body: body.into(), fields };
        vec![Write::Put { collection: &ORDERS, document }]
    }

    async fn page(&self, filter: OrderFilter) -> Result<OrderPage, Problem> {
        let Some((index, equals)) = choose_index(&filter) else { return Ok(OrderPage::default()) };
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
                let summary = summary_of(&stored)?;
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

    async fn highest_number(&self) -> Result<u64, StorageError> {
        let query = Query { direction: Direction::Descending, ..Query::all("by_number", 1) };
        let found = self.documents.query(&ORDERS, query).await?;
        let Some(stored) = found.documents.first() else { return Ok(0) };
        let summary = summary_of(stored)?;
        summary.number.parse().map_err(|_| {
            StorageError::Corrupt(format!(
                "order {} has the number {:?}",
                summary.id, summary.number
            ))
        })
    }
}

/// Narrowest index for the filter; `None` when nothing can match.
fn choose_index(filter: &OrderFilter) -> Option<(&'static str, Vec<FieldValue>)> {
    if let Some(number) = &filter.number {
        let number: i64 = number.parse().ok()?;
        return Some(("by_number", vec![FieldValue::Integer(number)]));
    }
    if let Some(email) = &filter.email {
        return Some(("by_email", vec![FieldValue::Text(email.to_lowercase())]));
    }
    match filter.status {
        Some(status) => Some(("by_status", vec![FieldValue::Text(status_name(status).to_owned())])),
        None => Some(("by_number", vec![])),
    }
}

fn matches(summary: &OrderSummary, filter: &OrderFilter) -> bool {
    let email = filter.email.as_ref();
    filter.status.is_none_or(|status| super::journal::status(status) == summary.status)
        && email.is_none_or(|email| email.to_lowercase() == summary.email.to_lowercase())
}

/// Name of the status in the API and in the index.
pub(crate) fn status_name(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "pending",
        OrderStatus::Confirmed => "confirmed",
        OrderStatus::Completed => "completed",
        OrderStatus::Cancelled => "cancelled",
    }
}

fn summary_of(stored: &StoredDocument) -> Result<OrderSummary, StorageError> {
    serde_json::from_slice(&stored.body).map_err(|error| StorageError::Corrupt(error.to_string()))
}
