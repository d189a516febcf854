//! Persistence of the search index: a document for each product, written in the commit of its events, and the
//! availability buckets, a projected read model, written with the position in the inventory's feed.

use super::availability::AvailabilityBucket;
use super::document::ProductDocument;
use serde::de::DeserializeOwned;
use storage::{
    Collection, Document, Documents, FieldValue, Index, QUERY_DOCUMENTS_MAX, Query, StorageError,
    Write,
};

pub(crate) static DOCUMENTS: Collection =
    Collection { name: "listings", indexes: &[Index { name: "all", fields: &["created"] }] };
pub(crate) static BUCKETS: Collection =
    Collection { name: "availability", indexes: &[Index { name: "all", fields: &["shelf"] }] };
static SCHEMA_VERSIONS: Collection = Collection { name: "forms", indexes: &[] };

/// Key of the schema version of the product documents.
const SCHEMA_VERSION_KEY: &str = "listings";

/// Collection of the product documents.
pub(crate) fn documents_collection() -> &'static Collection {
    &DOCUMENTS
}

/// Upsert of a product document.
pub(crate) fn put_document(document: &ProductDocument) -> Write {
    let created = FieldValue::Integer(document.created_at.as_microsecond());
    put(&DOCUMENTS, document.id.to_string(), document, vec![("created", created)])
}

/// Upsert of an availability bucket.
pub(crate) fn put_bucket(number: usize, bucket: &AvailabilityBucket) -> Write {
    let field = FieldValue::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    put(&BUCKETS, number.to_string(), bucket, vec![("shelf", field)])
}

/// Upsert of the schema version that the product documents now have.
pub(crate) fn put_schema_version(schema_version: &str) -> Write {
    put(&SCHEMA_VERSIONS, SCHEMA_VERSION_KEY.to_owned(), &schema_version, vec![])
}

/// Schema version of the stored product documents; `None` for a new data folder.
pub(crate) async fn schema_version(
    documents: &dyn Documents,
) -> Result<Option<String>, StorageError> {
    documents
        .find(&SCHEMA_VERSIONS, SCHEMA_VERSION_KEY)
        .await?
        .map(|stored| parse(&stored.body))
        .transpose()
}

/// All stored product documents, oldest product first.
pub(crate) async fn load_documents(
    documents: &dyn Documents,
) -> Result<Vec<ProductDocument>, StorageError> {
    all(documents, &DOCUMENTS).await
}

/// All stored availability buckets.
pub(crate) async fn load_buckets(
    documents: &dyn Documents,
) -> Result<Vec<AvailabilityBucket>, StorageError> {
    all(documents, &BUCKETS).await
}

async fn all<T: DeserializeOwned>(
    documents: &dyn Documents,
    collection: &'static Collection,
) -> Result<Vec<T>, StorageError> {
    let mut query = Query::all("all", QUERY_DOCUMENTS_MAX);
    let mut items = Vec::new();
    loop {
        let page = documents.query(collection, query.clone()).await?;
        for stored in &page.documents {
            items.push(parse(&stored.body)?);
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(items),
        }
    }
}

fn put<T: serde::Serialize>(
    collection: &'static Collection,
    key: String,
    body: &T,
    fields: Vec<(&'static str, FieldValue)>,
) -> Write {
    // Maps with text keys and plain structs are always JSON.
    let body = serde_json::to_vec(body).unwrap_or_default().into();
    Write::Put { collection, document: Document { key, body, fields } }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, StorageError> {
    serde_json::from_slice(body).map_err(|error| StorageError::Corrupt(error.to_string()))
}
