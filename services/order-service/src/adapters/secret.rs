//! The secret that order ids are derived with. A guest may see an order by knowing its id, so nobody must be able to
//! compute one from a key that can be guessed.

use journal::ServiceStorage;
use kernel::{Ids, Uuid};
use storage::StorageError;

const KEY: &str = "order_id_secret";

/// The secret of this installation; drawn once, and the same ever after.
pub(crate) async fn order_id_secret(
    storage: &ServiceStorage,
    ids: &Ids,
) -> Result<Uuid, StorageError> {
    if let Some(stored) = storage.key_value.value(KEY, ids.now()).await? {
        let text = String::from_utf8_lossy(&stored);
        return text.parse().map_err(|_| StorageError::Corrupt(format!("{KEY} is no UUID")));
    }
    let secret: contracts::shared::OrderId = ids.next();
    let commit = storage.key_value.put(KEY, secret.to_string().into(), None).await?;
    commit.wait().await.map_err(|error| StorageError::Unavailable(error.to_string()))?;
    Ok(secret.into())
}
