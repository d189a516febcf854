//! List of unsettled payments, kept as documents.

use crate::ports::UnsettledPayments;
use async_trait::async_trait;
use bytes::Bytes;
use identifiers::PaymentId;
use std::sync::Arc;
use storage::{
    Collection, Document, Documents, FieldValue, Index, IndexPosition, Query, StorageError,
    StoredDocument, Write,
};

const BY_ID: &str = "by_id";

pub(crate) static UNSETTLED: Collection = Collection {
    name: "unsettled_payments",
    indexes: &[Index { name: BY_ID, fields: &["payment"] }],
};

/// Document adapter of the list of unsettled payments.
#[derive(Debug)]
pub(crate) struct UnsettledDocuments(pub(crate) Arc<dyn Documents>);

impl UnsettledDocuments {
    /// Collection that holds the list.
    pub(crate) fn collection() -> &'static Collection {
        &UNSETTLED
    }
}

#[async_trait]
impl UnsettledPayments for UnsettledDocuments {
    fn add(&self, payment: PaymentId) -> Write {
        let key = payment.to_string();
        let fields = vec![("payment", FieldValue::Text(key.clone()))];
        let document = Document { key, body: Bytes::from_static(b"{}"), fields };
        Write::Put { collection: &UNSETTLED, document }
    }

    fn remove(&self, payment: PaymentId) -> Write {
        Write::Delete { collection: &UNSETTLED, key: payment.to_string() }
    }

    async fn list(
        &self,
        after: Option<PaymentId>,
        limit: usize,
    ) -> Result<Vec<PaymentId>, StorageError> {
        let position =
            |id: PaymentId| IndexPosition(vec![FieldValue::Text(id.to_string())], id.to_string());
        let query = Query { after: after.map(position), ..Query::all(BY_ID, limit) };
        let found = self.0.query(&UNSETTLED, query).await?;
        found.documents.iter().map(payment_of).collect()
    }
}

fn payment_of(stored: &StoredDocument) -> Result<PaymentId, StorageError> {
    let id = stored.key.parse();
    id.map_err(|_| StorageError::Corrupt(format!("{:?} is not the id of a payment", stored.key)))
}
