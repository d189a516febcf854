//! Collection, its secondary indexes, and the documents in it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Collection: a named set of documents of one service, with its secondary indexes. Declared once, as a `static`, by the
/// service that owns it.
///
/// A declaration may gain indexes from one release to the next. An index that is new holds what is written from then on;
/// older documents enter it when they are written again.
///
/// ```
/// use storage::{Collection, Document, FieldValue, Index, IndexPosition};
///
/// static NOTES: Collection = Collection {
///     name: "notes",
///     indexes: &[Index { name: "by_colour_and_size", fields: &["colour", "size"] }],
/// };
///
/// let red = FieldValue::Text("red".to_owned());
/// let note = Document {
///     key: "note-1".to_owned(),
///     body: "{}".into(),
///     fields: vec![("size", FieldValue::Integer(3)), ("colour", red.clone())],
/// };
/// let index = NOTES.index("by_colour_and_size").expect("it is declared");
/// let values = vec![red, FieldValue::Integer(3)];
/// assert_eq!(note.position_in(index), Some(IndexPosition(values, "note-1".to_owned())));
///
/// let without_size = Document { fields: Vec::new(), ..note };
/// assert_eq!(without_size.position_in(index), None, "a document without a field is not indexed");
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Collection {
    /// Name, unique within the service: lower-case letters and underscores.
    pub name: &'static str,
    /// Secondary indexes: the ways to find documents besides their key.
    pub indexes: &'static [Index],
}

/// Secondary index: an order of documents by these fields, then by key. It is sparse: a document that lacks one of the
/// fields is not in it. An index without fields holds every document in the order of the keys.
#[derive(Debug, PartialEq, Eq)]
pub struct Index {
    /// Name, unique within the collection: lower-case letters and underscores.
    pub name: &'static str,
    /// Field names, the most significant first: lower-case letters and underscores.
    pub fields: &'static [&'static str],
}

impl Collection {
    /// The index of this name, if the collection declares it.
    pub fn index(&self, name: &str) -> Option<&'static Index> {
        self.indexes.iter().find(|index| index.name == name)
    }
}

/// Value of an indexed field. A field has one type throughout a collection; where types are mixed nevertheless, all
/// numbers come before all text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FieldValue {
    /// Whole number, compared as a number.
    Integer(i64),
    /// Text, compared byte by byte (UTF-8).
    Text(String),
}

/// Document to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Key, unique within the collection. Any text, the empty one included.
    pub key: String,
    /// Body, as the service encoded it; at most [`crate::RECORD_BYTES_MAX`] bytes. The store does not look into it.
    pub body: Bytes,
    /// Indexed fields, by name. A field that no index of the collection names is not stored.
    pub fields: Vec<(&'static str, FieldValue)>,
}

impl Document {
    /// Position of the document in an index; `None` when it lacks one of the index's fields.
    pub fn position_in(&self, index: &Index) -> Option<IndexPosition> {
        let value = |name| {
            self.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value.clone())
        };
        let values: Option<Vec<FieldValue>> = index.fields.iter().copied().map(value).collect();
        Some(IndexPosition(values?, self.key.clone()))
    }
}

/// Document as the store returns it. The indexed fields are not returned; a service that needs them has them in the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDocument {
    /// Key within the collection.
    pub key: String,
    /// Body, byte for byte as it was written.
    pub body: Bytes,
}

/// Position of a document in an index: the values of all index fields, and the key. It serialises, so that it can travel
/// in a page cursor; a position that a client made up never widens a query.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IndexPosition(pub Vec<FieldValue>, pub String);
