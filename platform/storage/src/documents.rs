//! Document store port: plain records and read models, found by key or along a declared index.

use crate::{
    Collection, Commit, ConditionalDocuments, DocumentPage, Query, StorageError, StoredDocument,
    Write,
};
use async_trait::async_trait;

/// Document store of one service.
///
/// Reads show flushed documents only. The writes of one call are atomic: they become visible and durable together, or not
/// at all, and in the order of the list where they concern the same key. Calls take effect in the order in which they were first
/// polled, answered or not.
///
/// The suite that every engine passes is [`documents_conformance!`](crate::documents_conformance).
///
/// # Errors
///
/// All methods answer with these variants of [`StorageError`]:
///
/// * `Unavailable`: the engine is closed, its last flush failed, its queue of unflushed writes is full, or the query names
///   an index that is not declared.
/// * `Full` (`write` only): the disk has reached its reserve.
/// * `TooLarge` (`write` only): a body exceeds [`crate::RECORD_BYTES_MAX`]; nothing of the call is written.
/// * `Corrupt`: the stored document cannot be read.
///
/// ```
/// use engine_memory::MemoryEngine;
/// use storage::{Collection, Document, StorageError, Write};
///
/// static NOTES: Collection = Collection { name: "notes", indexes: &[] };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), StorageError> {
/// let documents = MemoryEngine::new().service("example").documents;
/// let note = Document { key: "one".to_owned(), body: "red".into(), fields: Vec::new() };
/// let commit = documents.write(vec![Write::Put { collection: &NOTES, document: note }]).await?;
/// commit.wait().await.expect("an engine in memory flushes at once");
///
/// let found = documents.find(&NOTES, "one").await?.expect("it is flushed");
/// assert_eq!(found.body, "red");
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Documents: Send + Sync + std::fmt::Debug {
    /// Looks up the document with this key; `None` when there is none.
    async fn find(
        &self,
        collection: &'static Collection,
        key: &str,
    ) -> Result<Option<StoredDocument>, StorageError>;

    /// Returns one page of an index scan.
    async fn query(
        &self,
        collection: &'static Collection,
        query: Query,
    ) -> Result<DocumentPage, StorageError>;

    /// Returns up to `limit` documents, at most [`crate::QUERY_DOCUMENTS_MAX`], whose keys come after `after`, in the order
    /// of their keys: a full scan, which meets every document of the collection whatever fields it has.
    async fn scan(
        &self,
        collection: &'static Collection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StorageError>;

    /// Writes all of these atomically. Returns before the flush; the [`Commit`] waits for it, and so does the running
    /// [durability scope](crate::durability).
    async fn write(&self, writes: Vec<Write>) -> Result<Commit, StorageError>;

    /// Conditional writes of a store apart from the journal, whose data may vanish while it is in use, and which may apply the first
    /// writes of a call alone. `None` for a store in the journal's log: its data are there as long as the process is.
    fn conditional(&self) -> Option<&dyn ConditionalDocuments> {
        None
    }
}
