//! The index's documents: a listing for each product, written in the commit of its events, and shelves of what is
//! left, written in the commit of the inventory's messages.

use super::availability::Shelf;
use super::listing::Listing;
use serde::de::DeserializeOwned;
use storage::{
    Collection, Document, Documents, FieldValue, Index, QUERY_DOCUMENTS_MAX, Query, StorageError,
    Write,
};

static LISTINGS: Collection =
    Collection { name: "listings", indexes: &[Index { name: "all", fields: &["created"] }] };
static SHELVES: Collection =
    Collection { name: "availability", indexes: &[Index { name: "all", fields: &["shelf"] }] };
static FORMS: Collection = Collection { name: "forms", indexes: &[] };

/// Which form the listings have.
const FORM_KEY: &str = "listings";

/// Where listings are kept.
pub(crate) fn listings_collection() -> &'static Collection {
    &LISTINGS
}

/// Stores a listing.
pub(crate) fn write(listing: &Listing) -> Write {
    let created = FieldValue::Integer(listing.created_at.as_microsecond());
    put(&LISTINGS, listing.id.to_string(), listing, vec![("created", created)])
}

/// Stores a shelf.
pub(crate) fn write_shelf(number: usize, shelf: &Shelf) -> Write {
    let field = FieldValue::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    put(&SHELVES, number.to_string(), shelf, vec![("shelf", field)])
}

/// Remembers in which form the listings are.
pub(crate) fn write_form(form: &str) -> Write {
    put(&FORMS, FORM_KEY.to_owned(), &form, vec![])
}

pub(crate) async fn form(documents: &dyn Documents) -> Result<Option<String>, StorageError> {
    documents.find(&FORMS, FORM_KEY).await?.map(|stored| parse(&stored.body)).transpose()
}

pub(crate) async fn listings(documents: &dyn Documents) -> Result<Vec<Listing>, StorageError> {
    all(documents, &LISTINGS).await
}

pub(crate) async fn shelves(documents: &dyn Documents) -> Result<Vec<Shelf>, StorageError> {
    all(documents, &SHELVES).await
}

async fn all<T: DeserializeOwned>(
    documents: &dyn Documents,
    collection: &'static Collection,
) -> Result<Vec<T>, StorageError> {
    let mut query = Query::all("all", QUERY_DOCUMENTS_MAX);
    let mut items = Vec::new();
    loop {
        let found = documents.query(collection, query.clone()).await?;
        for stored in &found.documents {
            items.push(parse(&stored.body)?);
        }
        match found.next {
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
