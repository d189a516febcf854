//! Documents: plain records and read models, found by key or by a declared index.

use crate::{Commit, StorageError, Write};
use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A declared set of documents. Declared once, as a `static`, by the service that owns it.
#[derive(Debug, PartialEq, Eq)]
pub struct Collection {
    /// Its name: lower case letters and underscores.
    pub name: &'static str,
    /// How its documents can be found besides by key.
    pub indexes: &'static [Index],
}

/// A declared order of documents: by these fields, then by key. A document without one of the fields is not in it.
#[derive(Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name: lower case letters and underscores.
    pub name: &'static str,
    /// The fields, first the most significant; lower case letters and underscores.
    pub fields: &'static [&'static str],
}

impl Collection {
    /// The index of this name, if it is declared.
    pub fn index(&self, name: &str) -> Option<&'static Index> {
        self.indexes.iter().find(|index| index.name == name)
    }
}

/// What an index compares. A field has one type throughout a collection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FieldValue {
    /// A whole number.
    Integer(i64),
    /// Text, compared byte by byte.
    Text(String),
}

/// A document to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Unique within the collection.
    pub key: String,
    /// The content, as the service encoded it.
    pub body: Bytes,
    /// What the indexes see.
    pub fields: Vec<(&'static str, FieldValue)>,
}

impl Document {
    /// Its place in an index; `None` when it lacks one of the fields.
    pub fn position_in(&self, index: &Index) -> Option<IndexPosition> {
        let value = |name| {
            self.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value.clone())
        };
        let values: Option<Vec<FieldValue>> = index.fields.iter().copied().map(value).collect();
        Some(IndexPosition(values?, self.key.clone()))
    }
}

/// A document as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDocument {
    /// Its key.
    pub key: String,
    /// Its content.
    pub body: Bytes,
}

/// Which way to walk an index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    #[default]
    Ascending,
    /// Largest first.
    Descending,
}

/// A walk along an index. A page that follows is right even when documents come and go in between: it begins
/// after a place, not after a count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Which index of the collection.
    pub index: &'static str,
    /// Values of its first fields, as many as wanted.
    pub equals: Vec<FieldValue>,
    /// Smallest value of the next field, inclusive.
    pub from: Option<FieldValue>,
    /// Largest value of the next field, exclusive.
    pub until: Option<FieldValue>,
    /// Which way.
    pub direction: Direction,
    /// Where the previous page ended.
    pub after: Option<IndexPosition>,
    /// The most documents to return; at least 1, and never more than [`crate::QUERY_DOCUMENTS_MAX`].
    pub limit: usize,
}

impl Query {
    /// All of an index, ascending.
    pub fn all(index: &'static str, limit: usize) -> Self {
        let equals = Vec::new();
        Self {
            index,
            equals,
            from: None,
            until: None,
            direction: Direction::Ascending,
            after: None,
            limit,
        }
    }

    /// The index this walks in `collection`; refuses a walk along an index that is not declared, or along more
    /// fields than it has. Engines call this before they answer.
    pub fn check(&self, collection: &Collection) -> Result<&'static Index, StorageError> {
        let fields = self.equals.len() + usize::from(self.from.is_some() || self.until.is_some());
        match collection.index(self.index) {
            Some(index) if fields <= index.fields.len() => Ok(index),
            _ => Err(StorageError::Unavailable(format!(
                "{} has no index {} of {fields} fields",
                collection.name, self.index
            ))),
        }
    }
}

/// The place of a document in an index: the values of all index fields, and the key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IndexPosition(pub Vec<FieldValue>, pub String);

/// What a query found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentPage {
    /// In index order.
    pub documents: Vec<StoredDocument>,
    /// Where to go on; `None` when there is nothing more.
    pub next: Option<IndexPosition>,
}

/// A service's own documents.
///
/// Reads show only what is flushed. Writes of one call happen together or not at all.
#[async_trait]
pub trait Documents: Send + Sync + std::fmt::Debug {
    /// The document with this key.
    async fn find(
        &self,
        collection: &'static Collection,
        key: &str,
    ) -> Result<Option<StoredDocument>, StorageError>;

    /// The documents an index walk meets.
    async fn query(
        &self,
        collection: &'static Collection,
        query: Query,
    ) -> Result<DocumentPage, StorageError>;

    /// Up to `limit` documents, at most [`crate::QUERY_DOCUMENTS_MAX`], in the order of their keys, those after `after`:
    /// every document of the collection, whatever fields it has.
    async fn scan(
        &self,
        collection: &'static Collection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StorageError>;

    /// Writes all of these together. Returns before the flush.
    async fn write(&self, writes: Vec<Write>) -> Result<Commit, StorageError>;
}
