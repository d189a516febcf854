//! Offline maintenance of the catalogue: its read model can be rebuilt from the journal. The availability cannot; it
//! comes from the inventory service: beside the journal it is left as it is, elsewhere the feed is read again.

use super::settings::ProductSettings;
use crate::application::ProductDocumentsReadModel;
use contracts::inventory;
use messaging::Subscription;
use runtime::{BuildError, Maintenance, OfflineContext};

/// Maintenance tasks of the product service.
pub(crate) fn maintenance(offline: &OfflineContext) -> Result<Maintenance, BuildError> {
    let settings: ProductSettings = offline.settings()?;
    let policy = settings.prior_price.policy();
    let storage = offline.storage.projected();
    Ok(Maintenance {
        read_models: vec![Box::new(ProductDocumentsReadModel { policy })],
        subscriptions: vec![Subscription::new(offline.name, inventory::SERVICE, storage)],
        primary: Some(
            "availability comes from the inventory service; beside the journal it is kept as it is",
        ),
        ..Maintenance::default()
    })
}
