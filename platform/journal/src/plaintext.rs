//! Plaintext records: what a service stored before its personal data was encrypted.

use crate::{DecodeError, Personal, RecordedEvent};
use bytes::Bytes;
use std::fmt::Debug;
use subject_keys::SubjectKeys;

/// Plaintext records of a service (port): which of its records have personal data that was stored before personal data was encrypted.
/// An engine asks once, when it opens a folder of that time, and encrypts events and leaves everything else out.
pub trait PlaintextRecords: Send + Sync + Debug {
    /// Personal data of an event that is no sealed one; `None` when it has none, as after an erasure.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when the event cannot be decoded.
    fn event(
        &self,
        keys: &SubjectKeys,
        event: &RecordedEvent,
    ) -> Result<Option<Personal<Bytes>>, DecodeError>;

    /// Whether a document has personal data. It is left out, so it has to be one that the service makes again, or has made again.
    fn is_document_personal(&self, collection: &str, body: &[u8]) -> bool;

    /// Whether a value may have personal data. It is left out, so it has to be one that the service can do without.
    fn is_value_personal(&self, key: &str, value: &[u8]) -> bool;
}
