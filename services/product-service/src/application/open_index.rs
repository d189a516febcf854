//! Opening the index at the start: read from its documents, which are made anew from the journal first when they have
//! another form.

use super::{ProductStream, listing, product_of, streams::PREFIX};
use crate::domain::{Product, prior_price::Policy};
use crate::index::{Availability, Index, stored};
use async_trait::async_trait;
use journal::{
    Aggregate, Position, RecordedEvent, ServiceStorage,
    maintenance::{Grain, ReadModel, refold},
};
use storage::{Collection, StorageError, Write};

/// Grows whenever a listing gets something it did not have.
const LISTING_FORM: u32 = 1;

/// The index as it was when the process ended.
pub(crate) async fn open_index(
    storage: &ServiceStorage,
    policy: Policy,
) -> Result<Index, StorageError> {
    let documents = &*storage.documents;
    let listings = Listings { policy };
    if stored::form(documents).await?.as_deref() != Some(&listings.form()) {
        refold(storage, &[Box::new(listings)], &|_| ()).await?;
    }
    let shelves = stored::shelves(documents).await?;
    let listings = stored::listings(documents).await?;
    Ok(Index::of(listings, Availability::of(shelves)))
}

/// The listings of all products, made from the events of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listings {
    pub(crate) policy: Policy,
}

impl Listings {
    /// Listings tell reductions, which follow from the policy.
    fn form(self) -> String {
        format!("{LISTING_FORM} {:?}", self.policy)
    }
}

#[async_trait]
impl ReadModel for Listings {
    fn collection(&self) -> &'static Collection {
        stored::listings_collection()
    }

    fn grain(&self) -> Grain {
        Grain::Stream(PREFIX)
    }

    fn writes(&self, events: &[RecordedEvent]) -> Result<Vec<Write>, StorageError> {
        let mut product: Option<Product> = None;
        for recorded in events {
            let event = ProductStream::decode(recorded)
                .map_err(|error| StorageError::Corrupt(error.to_string()))?;
            product = Product::evolve(product, &event);
        }
        let id = events.first().and_then(|event| product_of(&event.stream));
        let listed = id.zip(product).map(|(id, product)| listing(id, &product, self.policy));
        Ok(listed.as_ref().map(stored::write).into_iter().collect())
    }

    fn marks(&self, _: Position) -> Vec<Write> {
        vec![stored::write_form(&self.form())]
    }
}
