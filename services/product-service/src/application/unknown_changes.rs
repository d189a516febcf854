//! Changes whose outcome is not known: the store did not answer, and may have stored them nevertheless. What the search index shows of
//! their products is read again; a repetition of the change would find nothing to change.

use super::{Catalogue, product_document, stream_of};
use contracts::shared::ProductId;
use std::{sync::Arc, time::Duration};
use storage::StorageError;
use tokio::time::sleep;

/// Pause before a product is read again that could not be read.
const REREAD_PAUSE: Duration = Duration::from_secs(1);

impl Catalogue {
    /// Brings the products of changes with an unknown outcome into the index as they are stored, for ever.
    pub(crate) async fn reread_unknown_changes(self: Arc<Self>) {
        loop {
            let id = self.unknown_changes.next().await;
            while let Err(error) = self.reread(id).await {
                tracing::debug!(product = %id, %error, "a product is read again later");
                sleep(REREAD_PAUSE).await;
            }
        }
    }

    /// The index takes nothing that is older than what it has.
    async fn reread(&self, id: ProductId) -> Result<(), StorageError> {
        let loaded = self.products.load(&stream_of(id)).await?;
        if let Some(product) = loaded.state.as_deref().and_then(|stream| stream.0.as_ref()) {
            let document = product_document(id, product, self.policy);
            let is_pending = document.pictures_pending > 0;
            self.index.put(document, loaded.commit().clone());
            if is_pending {
                self.pictures.push(id);
            }
        }
        Ok(())
    }
}
