//! The list of orders: one document per order, written together with it.

use super::view;
use crate::{
    domain::{events::Status, order::Order},
    ports::listing::{Listing, OrderPage, Wanted},
};
use async_trait::async_trait;
use contracts::{order::OrderSummary, shared::OrderId};
use kernel::{Cursor, Problem, Uuid};
use std::sync::Arc;
use storage::{
    Collection, Direction, Document, Documents, FieldValue, Index, IndexPosition, Query,
    StorageError, Write,
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

/// How many rounds a page may take in which everything found is of another status.
const ROUNDS_MAX: usize = 8;

/// The list of orders in the service's documents.
#[derive(Debug)]
pub(crate) struct OrdersList {
    pub(crate) documents: Arc<dyn Documents>,
}

impl OrdersList {
    /// Where the list is kept.
    pub(crate) fn collection() -> &'static Collection {
        &ORDERS
    }
}

#[async_trait]
impl Listing for OrdersList {
    fn writes(&self, id: Uuid, order: &Order) -> Vec<Write> {
        let summary = view::summary(OrderId(id), order);
        // Plain data with text keys; it cannot fail.
        let body = serde_json::to_vec(&summary).unwrap_or_default();
        let number = i64::try_from(order.placed.number).unwrap_or(i64::MAX);
        let fields = vec![
            ("number", FieldValue::Integer(number)),
            ("status", FieldValue::Text(status_word(order.status).to_owned())),
            ("email", FieldValue::Text(order.placed.email.to_lowercase())),
        ];
        let document = Document { key: id.to_string(), body: body.into(), fields };
        vec![Write::Put { collection: &ORDERS, document }]
    }

    async fn page(&self, wanted: Wanted) -> Result<OrderPage, Problem> {
        let Some((index, equals)) = walk(&wanted) else { return Ok(OrderPage::default()) };
        let list = format!("orders/{index}");
        let limit = wanted.limit.get();
        let mut after: Option<IndexPosition> =
            Paging::new(None, wanted.cursor.clone()).position(&list)?;
        let mut orders: Vec<OrderSummary> = Vec::new();
        for _ in 0..ROUNDS_MAX {
            let query = Query {
                equals: equals.clone(),
                direction: Direction::Descending,
                after,
                ..Query::all(index, limit - orders.len())
            };
            let found =
                self.documents.query(&ORDERS, query).await.map_err(|error| unreadable(&error))?;
            for stored in found.documents {
                let summary = serde_json::from_slice(&stored.body)
                    .map_err(|error| unreadable(&StorageError::Corrupt(error.to_string())))?;
                orders.extend(Some(summary).filter(|summary| fits(summary, &wanted)));
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
        let summary: OrderSummary = serde_json::from_slice(&stored.body)
            .map_err(|error| StorageError::Corrupt(error.to_string()))?;
        summary.number.parse().map_err(|_| {
            StorageError::Corrupt(format!(
                "order {} has the number {:?}",
                summary.id, summary.number
            ))
        })
    }
}

/// The narrowest index for what is wanted; `None` when nothing can fit.
fn walk(wanted: &Wanted) -> Option<(&'static str, Vec<FieldValue>)> {
    if let Some(number) = &wanted.number {
        let number: i64 = number.parse().ok()?;
        return Some(("by_number", vec![FieldValue::Integer(number)]));
    }
    if let Some(email) = &wanted.email {
        return Some(("by_email", vec![FieldValue::Text(email.to_lowercase())]));
    }
    match wanted.status {
        Some(status) => Some(("by_status", vec![FieldValue::Text(status_word(status).to_owned())])),
        None => Some(("by_number", vec![])),
    }
}

fn fits(summary: &OrderSummary, wanted: &Wanted) -> bool {
    let email = wanted.email.as_ref();
    wanted.status.is_none_or(|status| super::journal::status(status) == summary.status)
        && email.is_none_or(|email| email.to_lowercase() == summary.email.to_lowercase())
}

/// As it stands in the API and in the index.
pub(crate) fn status_word(status: Status) -> &'static str {
    match status {
        Status::Pending => "pending",
        Status::Confirmed => "confirmed",
        Status::Completed => "completed",
        Status::Cancelled => "cancelled",
    }
}

fn unreadable(error: &StorageError) -> Problem {
    tracing::error!(%error, "the list of orders cannot be read");
    Problem::unavailable("the list of orders")
}
