//! Where pictures that are named by an address elsewhere come from.

use async_trait::async_trait;
use bytes::Bytes;
use std::fmt::Debug;

/// Source of pictures elsewhere.
#[async_trait]
pub(crate) trait PictureSource: Send + Sync + Debug {
    /// Fetches the file at an absolute address, within the limits of the source.
    async fn fetch(&self, address: &str) -> Result<Bytes, FetchFailure>;
}

/// Failure to fetch a picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct FetchFailure {
    /// A sentence for operators.
    pub(crate) reason: String,
    /// Whether another attempt may succeed.
    pub(crate) is_temporary: bool,
}
