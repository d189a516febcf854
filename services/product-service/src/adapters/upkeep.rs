//! The catalogue while nobody serves it. How much is left of an article is the inventory's to say: what it has said
//! is kept as it is.

use super::settings::ProductSettings;
use crate::application::Listings;
use contracts::inventory::InventoryClient;
use messaging::Following;
use runtime::{BuildError, Premises, Upkeep};

pub(crate) fn upkeep(premises: &Premises) -> Result<Upkeep, BuildError> {
    let settings: ProductSettings = premises.settings()?;
    let policy = settings.prior_price.policy().map_err(BuildError::Other)?;
    let storage = premises.storage.clone();
    Ok(Upkeep {
        read_models: vec![Box::new(Listings { policy })],
        following: vec![Following::new(premises.name, InventoryClient::SERVICE, storage)],
        primary: Some(
            "how much is left is the inventory's to say; what it has said stays as it is",
        ),
        ..Upkeep::default()
    })
}
