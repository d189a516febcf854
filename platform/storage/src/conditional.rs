//! Compare-and-swap of a document after other writes, for a store whose data may vanish while it is in use.

use crate::{
    Collection, Commit, Document, Documents, RECORD_BYTES_MAX, StorageError, StoredDocument, Write,
    check_size,
};
use async_trait::async_trait;
use bytes::Bytes;

/// Compare-and-swap: puts a document in the place of the one with its key, if that is still the expected one.
///
/// ```
/// use storage::{Collection, CompareAndSwap, Document};
///
/// static PLACES: Collection = Collection { name: "places", indexes: &[] };
///
/// let document = Document { key: "reader".to_owned(), body: "7".into(), fields: Vec::new() };
/// let first = CompareAndSwap { collection: &PLACES, expected: None, document };
/// assert!(first.is_met(None), "put if absent");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompareAndSwap {
    /// Collection that the document belongs to.
    pub collection: &'static Collection,
    /// Body that is expected under the document's key; `None` expects no document (put-if-absent). Then no other writes go with it: whether
    /// they were lost before the swap could not be told, as the document is missing in either case.
    pub expected: Option<Bytes>,
    /// Document to store.
    pub document: Document,
}

impl CompareAndSwap {
    /// Validates the size limit, and that only a swap that expects a document comes with writes. Engines call this before they accept
    /// one.
    ///
    /// # Errors
    ///
    /// [`StorageError::TooLarge`] when the body exceeds [`RECORD_BYTES_MAX`], `Unavailable` for writes with a put-if-absent.
    pub fn check(&self, writes: &[Write]) -> Result<(), StorageError> {
        if self.expected.is_none() && !writes.is_empty() {
            let reason = "a put-if-absent comes without other writes";
            return Err(StorageError::Unavailable(reason.to_owned()));
        }
        check_size(self.document.body.len(), RECORD_BYTES_MAX)
    }

    /// Whether the document that was found under the key, if any, is the expected one.
    pub fn is_met(&self, found: Option<&StoredDocument>) -> bool {
        found.map(|found| &found.body) == self.expected.as_ref()
    }
}

/// Document store with conditional writes.
///
/// It is for a store that is apart from the journal: such a server may lose its data and answer on as if nothing had
/// happened. A consumer that stored a position there again would skip over what is lost.
///
/// The suite that every such engine passes is
/// [`conditional_documents_conformance!`](crate::conditional_documents_conformance).
#[async_trait]
pub trait ConditionalDocuments: Documents {
    /// Writes all of these, and the document of the swap last, if its condition is met; `None` when it is not, and then nothing of the
    /// call is applied.
    ///
    /// The swap itself is atomic: it never replaces another document than the expected one. An engine that applies a call in parts
    /// (see [`Documents::conditional`]) checks the condition before the first write and again in the swap. Where the document vanishes in
    /// between, the answer is `None` as well, and the writes before the swap stay, as after a crash.
    ///
    /// # Errors
    ///
    /// Those of [`Documents::write`] and [`CompareAndSwap::check`]. After `Unavailable` the call may be applied.
    async fn write_and_swap(
        &self,
        writes: Vec<Write>,
        swap: CompareAndSwap,
    ) -> Result<Option<Commit>, StorageError>;
}
