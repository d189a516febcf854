//! Secret from which order ids are derived. A guest may see an order by its id, so an id must not be computable from a
//! guessable key.

use identifiers::OrderId;
use journal::ServiceStorage;
use kernel::{Ids, Uuid};
use storage::StorageError;

const KEY: &str = "order_id_secret";

/// Loads the secret of this installation, or draws it at the first start.
pub(crate) async fn load_order_id_secret(
    storage: &ServiceStorage,
    ids: &Ids,
) -> Result<Uuid, StorageError> {
    if let Some(stored) = storage.key_value.value(KEY, ids.now()).await? {
        let text = String::from_utf8_lossy(&stored);
        return text.parse().map_err(|_| StorageError::Corrupt(format!("{KEY} is not a UUID")));
    }
    let secret: OrderId = ids.next();
    let commit = storage.key_value.put(KEY, secret.to_string().into(), None).await?;
    commit.wait().await.map_err(|error| StorageError::Unavailable(error.to_string()))?;
    Ok(secret.into())
}
