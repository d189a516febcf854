//! Bringing a change about: decide, claim the names it needs, count the stock it brings, append, tell the index.
//!
//! Nothing is counted before everything is valid, and nothing is appended before everything is counted. Whatever
//! fails in between is right to be repeated.

use super::{Catalogue, CatalogueError, ProductStream, claims::Claim, listing, stream_of};
use crate::domain::{Command, Product, ProductEvent, Rejection, words::sku_key};
use crate::index::{Listing, stored};
use crate::ports::Counted;
use contracts::{inventory::COUNTS_MAX, shared::ProductId};
use journal::ExecuteError;
use kernel::Timestamp;
use parking_lot::Mutex;
use std::collections::HashMap;

/// A change that somebody wants.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) id: ProductId,
    pub(crate) command: Command,
    /// The version the caller has seen, if it matters.
    pub(crate) seen: Option<u64>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Created,
    Updated,
    Unchanged,
}

/// A change that is valid and whose names are held.
#[derive(Debug)]
pub(super) struct Planned {
    wanted: Wanted,
    now: Timestamp,
    pub(super) outcome: Outcome,
    pub(super) counts: Vec<Counted>,
    _claim: Option<Claim>,
}

/// Units available by the key of the SKU, as the inventory counted them.
pub(super) type Available = HashMap<String, i64>;

impl Catalogue {
    /// Brings a change about, from beginning to end.
    pub(crate) async fn bring_about(&self, wanted: Wanted) -> Result<Outcome, CatalogueError> {
        let planned = self.plan(wanted).await?;
        let available = self.count(planned.counts.clone()).await?;
        self.finish(planned, &available).await
    }

    /// Finds out what a change would lead to, and holds the names it needs.
    pub(super) async fn plan(&self, wanted: Wanted) -> Result<Planned, CatalogueError> {
        let now = self.ids.now();
        let loaded = self.products.load(&stream_of(wanted.id)).await?;
        let product = loaded.state.as_deref().and_then(|stream| stream.0.as_ref());
        let events = decide(product, &wanted, now)?;
        let (slug, skus) = new_names(&events);
        let claim = (slug.is_some() || !skus.is_empty())
            .then(|| self.claims.claim(wanted.id, slug, &skus))
            .transpose()?;
        let outcome = match product {
            _ if events.is_empty() => Outcome::Unchanged,
            None => Outcome::Created,
            Some(_) => Outcome::Updated,
        };
        Ok(Planned { now, outcome, counts: counts(&events), _claim: claim, wanted })
    }

    /// Counts the stock of one or several changes.
    pub(super) async fn count(&self, counts: Vec<Counted>) -> Result<Available, CatalogueError> {
        let mut available = Available::new();
        for part in counts.chunks(COUNTS_MAX) {
            let counted = self.stock.count(part.to_vec()).await?;
            available.extend(counted.into_iter().map(|it| (sku_key(&it.sku), it.units)));
        }
        Ok(available)
    }

    /// Appends what was planned, and tells the index.
    pub(super) async fn finish(
        &self,
        planned: Planned,
        available: &Available,
    ) -> Result<Outcome, CatalogueError> {
        let Planned { wanted, now, outcome, counts, _claim } = planned;
        if outcome == Outcome::Unchanged {
            return Ok(outcome);
        }
        // Made for the document, and used again for the index.
        let made: Mutex<Option<Listing>> = Mutex::new(None);
        let writes = |stream: &ProductStream| {
            let listing = stream.0.as_ref().map(|product| listing(wanted.id, product, self.policy));
            let write = listing.as_ref().map(stored::write);
            *made.lock() = listing;
            write.into_iter().collect()
        };
        let decide = |stream: Option<&ProductStream>| {
            decide(stream.and_then(|stream| stream.0.as_ref()), &wanted, now)
        };
        let loaded = self.products.execute(&stream_of(wanted.id), decide, writes).await;
        let loaded = loaded.map_err(|error| match error {
            ExecuteError::Rejected(rejection) => CatalogueError::Rejected(rejection),
            ExecuteError::Storage(error) => CatalogueError::Storage(error),
        })?;
        for counted in &counts {
            if let Some(units) = available.get(&sku_key(&counted.sku)) {
                self.index.put_first_available(&counted.sku, *units);
            }
        }
        if let Some(listing) = made.into_inner() {
            self.index.put(listing, loaded.commit().clone());
        }
        Ok(outcome)
    }
}

fn decide(
    product: Option<&Product>,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<Vec<ProductEvent>, Rejection> {
    match (product, wanted.seen) {
        (Some(product), Some(seen)) if product.version != seen => {
            Err(Rejection::VersionChanged { actual: product.version })
        }
        _ => Product::decide(product, &wanted.command, now),
    }
}

/// The slug and the SKUs that these events bring in.
fn new_names(events: &[ProductEvent]) -> (Option<&str>, Vec<&str>) {
    let (mut slug, mut skus) = (None, Vec::new());
    for event in events {
        match event {
            ProductEvent::Created(created) => slug = Some(created.slug.as_str()),
            ProductEvent::SlugChanged { slug: new } => slug = Some(new.as_str()),
            ProductEvent::VariantsAdded { variants, .. } => {
                skus.extend(variants.iter().map(|variant| variant.sku.as_str()));
            }
            _ => {}
        }
    }
    (slug, skus)
}

/// The stock that these events bring.
fn counts(events: &[ProductEvent]) -> Vec<Counted> {
    let mut counts = Vec::new();
    for event in events {
        match event {
            ProductEvent::StockDeclared { sku, units } => {
                counts.push(Counted { sku: sku.clone(), units: *units });
            }
            ProductEvent::VariantsAdded { variants, .. } => {
                let declared = variants
                    .iter()
                    .filter_map(|it| it.stock.map(|units| Counted { sku: it.sku.clone(), units }));
                counts.extend(declared);
            }
            _ => {}
        }
    }
    counts
}
