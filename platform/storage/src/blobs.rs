//! Blob store port: whole files by name, for content that is too large for records.

use crate::StorageError;
use async_trait::async_trait;
use bytes::Bytes;

/// Size limit of one blob, in bytes (64 MiB).
pub const BLOB_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Length limit of a blob's name, in bytes.
pub const BLOB_NAME_BYTES_MAX: usize = 128;

/// Blob store of one service: files in named folders.
///
/// In contrast to documents, a blob is durable when `put` returns, and belongs to no commit: write it before the record
/// that refers to it. A crash can leave a blob that nothing refers to, never a record without its blob. A blob is there
/// whole or not at all.
///
/// A name has 3 to [`BLOB_NAME_BYTES_MAX`] bytes, lower-case letters, digits, `-` and `.`, and begins with two letters or
/// digits; a digest is a good one.
///
/// The suite that every engine passes is [`blobs_conformance!`](crate::blobs_conformance).
///
/// # Errors
///
/// All methods answer with these variants of [`StorageError`]:
///
/// * `Unavailable`: the engine is closed or its disk failed, or the name is not one.
/// * `Full` (`put`): the disk has reached its reserve.
/// * `TooLarge` (`put`): the content exceeds [`BLOB_BYTES_MAX`].
///
/// ```
/// use engine_memory::MemoryEngine;
/// use storage::StorageError;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), StorageError> {
/// let blobs = MemoryEngine::new().service("example").blobs;
/// blobs.put("letters", "c0ffee", "Dear reader".into()).await?;
/// assert_eq!(blobs.blob("letters", "c0ffee").await?.as_deref(), Some(&b"Dear reader"[..]));
/// assert_eq!(blobs.blob("parcels", "c0ffee").await?, None);
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Blobs: Send + Sync + std::fmt::Debug {
    /// Looks up a blob; `None` when there is none.
    async fn blob(&self, folder: &'static str, name: &str) -> Result<Option<Bytes>, StorageError>;

    /// Stores a blob, in place of an older one with the same name, and waits until it is durable.
    async fn put(
        &self,
        folder: &'static str,
        name: &str,
        content: Bytes,
    ) -> Result<(), StorageError>;

    /// Removes a blob. Removing one that does not exist is no error.
    async fn remove(&self, folder: &'static str, name: &str) -> Result<(), StorageError>;

    /// Returns up to `limit` entries of a folder whose names come after `after`, in the order of their names.
    async fn list(
        &self,
        folder: &'static str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<BlobEntry>, StorageError>;
}

/// Entry of a folder of blobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobEntry {
    /// Name of the blob.
    pub name: String,
    /// Its size, in bytes.
    pub bytes: u64,
}

/// Validates the name of a blob. Engines call this first in every method.
///
/// # Errors
///
/// [`StorageError::Unavailable`] when it is not a name.
pub fn check_blob_name(name: &str) -> Result<(), StorageError> {
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    let valid = (3..=BLOB_NAME_BYTES_MAX).contains(&bytes.len())
        && bytes[..2].iter().all(plain)
        && bytes.iter().all(|byte| plain(byte) || matches!(byte, b'-' | b'.'));
    if valid { Ok(()) } else { Err(StorageError::Unavailable("not the name of a blob".to_owned())) }
}
