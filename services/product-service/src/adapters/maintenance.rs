//! The catalogue while nobody serves it. How much is left of an article is the inventory's to say: what it has said
//! is kept as it is.

use super::settings::ProductSettings;
use crate::application::Listings;
use contracts::inventory::InventoryClient;
use messaging::Subscription;
use runtime::{BuildError, Maintenance, OfflineContext};

pub(crate) fn maintenance(offline: &OfflineContext) -> Result<Maintenance, BuildError> {
    let settings: ProductSettings = offline.settings()?;
    let policy = settings.prior_price.policy().map_err(BuildError::Other)?;
    let storage = offline.storage.clone();
    Ok(Maintenance {
        read_models: vec![Box::new(Listings { policy })],
        subscriptions: vec![Subscription::new(offline.name, InventoryClient::SERVICE, storage)],
        primary: Some(
            "how much is left is the inventory's to say; what it has said stays as it is",
        ),
        ..Maintenance::default()
    })
}
