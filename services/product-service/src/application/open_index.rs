//! Opening the index at the start: read from its documents, or made anew from the journal when they have another form.

use super::{ProductStream, listing, product_of};
use crate::domain::{Product, prior_price::Policy};
use crate::index::{Availability, Index, stored};
use contracts::shared::ProductId;
use journal::{Aggregate, READ_EVENTS_MAX, ServiceStorage};
use std::collections::HashMap;
use storage::{StorageError, Write};

/// Grows whenever a listing gets something it did not have.
const LISTING_FORM: u32 = 1;
/// Listings written together while they are made anew.
const REBUILT_TOGETHER_MAX: usize = 256;

/// The index as it was when the process ended.
pub(crate) async fn open_index(
    storage: &ServiceStorage,
    policy: Policy,
) -> Result<Index, StorageError> {
    let documents = &*storage.documents;
    // Listings tell reductions, which follow from the policy.
    let form = format!("{LISTING_FORM} {policy:?}");
    if stored::form(documents).await?.as_deref() != Some(&form) {
        rebuild(storage, policy).await?;
        wait(storage, vec![stored::write_form(&form)]).await?;
    }
    let shelves = stored::shelves(documents).await?;
    let listings = stored::listings(documents).await?;
    Ok(Index::of(listings, Availability::of(shelves)))
}

/// Makes every listing anew from the events.
async fn rebuild(storage: &ServiceStorage, policy: Policy) -> Result<(), StorageError> {
    let products = products(storage).await?;
    let ids: Vec<&ProductId> = products.keys().collect();
    for ids in ids.chunks(REBUILT_TOGETHER_MAX) {
        let listings = ids.iter().map(|id| listing(**id, &products[id], policy));
        wait(storage, listings.map(|listing| stored::write(&listing)).collect()).await?;
    }
    Ok(())
}

async fn products(storage: &ServiceStorage) -> Result<HashMap<ProductId, Product>, StorageError> {
    let mut products: HashMap<ProductId, Product> = HashMap::new();
    let mut position = 0;
    loop {
        let events = storage.journal.follow(position, READ_EVENTS_MAX).await?;
        for recorded in &events {
            position = recorded.position;
            let Some(id) = product_of(&recorded.stream) else { continue };
            let event = ProductStream::decode(recorded)
                .map_err(|error| StorageError::Corrupt(error.to_string()))?;
            if let Some(product) = Product::evolve(products.remove(&id), &event) {
                products.insert(id, product);
            }
        }
        if events.len() < READ_EVENTS_MAX {
            return Ok(products);
        }
    }
}

async fn wait(storage: &ServiceStorage, writes: Vec<Write>) -> Result<(), StorageError> {
    let commit = storage.documents.write(writes).await?;
    commit.wait().await.map_err(|voided| StorageError::Unavailable(voided.to_string()))
}
