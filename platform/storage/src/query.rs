//! Query along an index, one page at a time (keyset pagination).

use crate::{Collection, FieldValue, Index, IndexPosition, StorageError, StoredDocument};

/// Scan direction along an index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Smallest value first.
    #[default]
    Ascending,
    /// Largest value first.
    Descending,
}

/// Query: a range scan along one index, one page at a time.
///
/// Pages use keyset pagination: a page begins after the position where the previous one ended, not after a count. So pages
/// neither repeat nor omit documents that nobody changes, even when others are written or deleted in between.
///
/// ```
/// use engine_memory::MemoryEngine;
/// use storage::{Collection, Document, FieldValue, Index, Query, StorageError, Write};
///
/// static NOTES: Collection = Collection {
///     name: "notes",
///     indexes: &[Index { name: "by_colour_and_size", fields: &["colour", "size"] }],
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), StorageError> {
/// let documents = MemoryEngine::new().service("example").documents;
/// let red = FieldValue::Text("red".to_owned());
/// let note = |size| Write::Put {
///     collection: &NOTES,
///     document: Document {
///         key: format!("note-{size}"),
///         body: "{}".into(),
///         fields: vec![("colour", red.clone()), ("size", FieldValue::Integer(size))],
///     },
/// };
/// let commit = documents.write((1..=5).map(note).collect()).await?;
/// commit.wait().await.expect("an engine in memory flushes at once");
///
/// // Red notes of size 2 or more, two to a page.
/// let mut query = Query {
///     equals: vec![red],
///     from: Some(FieldValue::Integer(2)),
///     ..Query::all("by_colour_and_size", 2)
/// };
/// let mut keys = Vec::new();
/// loop {
///     let page = documents.query(&NOTES, query.clone()).await?;
///     keys.extend(page.documents.into_iter().map(|document| document.key));
///     let Some(position) = page.next else { break };
///     query.after = Some(position);
/// }
/// assert_eq!(keys, ["note-2", "note-3", "note-4", "note-5"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Name of the index.
    pub index: &'static str,
    /// Values that the first fields of the index must equal; as many as there are fields, or fewer, or none.
    pub equals: Vec<FieldValue>,
    /// Lower bound of the field that follows those of `equals`, inclusive.
    pub from: Option<FieldValue>,
    /// Upper bound of the field that follows those of `equals`, exclusive.
    pub until: Option<FieldValue>,
    /// Scan direction.
    pub direction: Direction,
    /// Position where the previous page ended ([`DocumentPage::next`]); `None` for the first page.
    pub after: Option<IndexPosition>,
    /// Page size in documents: at least 1, and never more than [`crate::QUERY_DOCUMENTS_MAX`].
    pub limit: usize,
}

impl Query {
    /// Query for all documents of an index, in ascending order, `limit` to a page.
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

    /// Resolves the index that the query names. Engines call this before they answer.
    ///
    /// # Errors
    ///
    /// [`StorageError::Unavailable`] when the collection does not declare the index, or when the query restricts more
    /// fields than the index has: a defect of the caller, whatever is stored.
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

/// Page of documents that a [`Query`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentPage {
    /// Documents, in the order of the index and in the query's direction.
    pub documents: Vec<StoredDocument>,
    /// Position to put into [`Query::after`] for the next page; `None` on the last page.
    pub next: Option<IndexPosition>,
}
