//! Secret from which the digests of ids are made.

use identifiers::ActivityId;
use kernel::{Ids, Uuid};
use storage::{KeyValue, StorageError};

const DIGEST_KEY: &str = "digest_key";

/// Loads the key of the digests, or draws it at the first start. Where it can be neither read nor stored, the digests of
/// this run have a key of their own: nothing about the audit trail keeps a shop from starting.
pub(crate) async fn load_digest_key(values: &dyn KeyValue, ids: &Ids) -> [u8; 16] {
    let new = *Uuid::from(ids.next::<ActivityId>()).as_bytes();
    match stored_digest_key(values, ids, new).await {
        Ok(key) => key,
        Err(error) => {
            tracing::warn!(%error, "the audit trail cannot keep the key of its digests");
            new
        }
    }
}

async fn stored_digest_key(
    values: &dyn KeyValue,
    ids: &Ids,
    new: [u8; 16],
) -> Result<[u8; 16], StorageError> {
    if let Some(stored) = values.value(DIGEST_KEY, ids.now()).await? {
        let corrupt = |_| StorageError::Corrupt(format!("{DIGEST_KEY} does not have 16 bytes"));
        return <[u8; 16]>::try_from(&stored[..]).map_err(corrupt);
    }
    // Not awaited: what is stored with these digests lies behind it in the same log.
    drop(values.put(DIGEST_KEY, new.to_vec().into(), None).await?);
    Ok(new)
}
