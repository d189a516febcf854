//! Execution of a change: decide, claim the unique names, count the declared stock, append the events, update the
//! search index.
//!
//! Nothing is counted before everything is valid, and nothing is appended before everything is counted. A change that
//! fails in between can be repeated.

use super::{
    Catalogue, CatalogueError, ProductStream, name_claims::NameClaim, product_document, stream_of,
};
use crate::domain::{DeclaredStock, Product, ProductCommand, ProductEvent, Rejection};
use crate::index::{ProductDocument, persistence};
use crate::ports::StockDeclaration;
use contracts::{
    inventory::{COUNTS_MAX, HOLD_LINES_MAX},
    shared::{ProductId, Sku},
};
use journal::ExecuteError;
use kernel::Timestamp;
use parking_lot::Mutex;
use std::collections::HashMap;

/// Request to change a product.
#[derive(Debug)]
pub(crate) struct ChangeRequest {
    pub(crate) id: ProductId,
    pub(crate) command: ProductCommand,
    /// Version that the caller expects (`If-Match`); `None` accepts any.
    pub(crate) if_match: Option<u64>,
}

/// Outcome of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeOutcome {
    Created,
    Updated,
    Unchanged,
}

/// Valid change whose unique names are claimed.
#[derive(Debug)]
pub(super) struct PlannedChange {
    request: ChangeRequest,
    now: Timestamp,
    pub(super) outcome: ChangeOutcome,
    pub(super) counts: Vec<StockDeclaration>,
    /// Changes to the set of variants.
    pub(super) variants: VariantSetChanges,
    _claim: Option<NameClaim>,
}

/// Changes to the set of a product's variants, by SKU.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct VariantSetChanges {
    pub(crate) added: Vec<Sku>,
    pub(crate) withdrawn: Vec<Sku>,
    /// Corrected SKUs: before and now.
    pub(crate) renamed: Vec<(Sku, Sku)>,
}

/// Units available by SKU, as the inventory counted them.
pub(super) type AvailableUnits = HashMap<Sku, i64>;

impl Catalogue {
    /// Execution of a change, from plan to commit.
    pub(crate) async fn execute(
        &self,
        request: ChangeRequest,
    ) -> Result<ChangeOutcome, CatalogueError> {
        let planned = self.plan(request).await?;
        let available = self.count_stock(planned.counts.clone()).await?;
        self.commit(planned, &available).await
    }

    /// Plan of a change: its outcome, the stock to count, and a claim on the unique names it adds.
    pub(super) async fn plan(
        &self,
        request: ChangeRequest,
    ) -> Result<PlannedChange, CatalogueError> {
        let now = self.ids.now();
        let request = self.with_uploaded_pictures(request).await?;
        let loaded = self.products.load(&stream_of(request.id)).await?;
        let product = loaded.state.as_deref().and_then(|stream| stream.0.as_ref());
        let events = decide(product, &request, now)?;
        let (slug, skus) = added_names(&events);
        let claim = (slug.is_some() || !skus.is_empty())
            .then(|| self.claims.claim(request.id, slug, &skus))
            .transpose()?;
        let outcome = match product {
            _ if events.is_empty() => ChangeOutcome::Unchanged,
            None => ChangeOutcome::Created,
            Some(_) => ChangeOutcome::Updated,
        };
        let (counts, variants) = (self.stock_counts(&events).await?, variant_set_changes(&events));
        Ok(PlannedChange { now, outcome, counts, variants, _claim: claim, request })
    }

    /// Stock count for one or several changes.
    pub(super) async fn count_stock(
        &self,
        counts: Vec<StockDeclaration>,
    ) -> Result<AvailableUnits, CatalogueError> {
        let mut available = AvailableUnits::new();
        for chunk in counts.chunks(COUNTS_MAX) {
            let counted = self.stock.count(chunk.to_vec()).await?;
            available.extend(counted.into_iter().map(|it| (it.sku, it.available)));
        }
        Ok(available)
    }

    /// Commit of a planned change: append to the journal, then update of the search index.
    pub(super) async fn commit(
        &self,
        planned: PlannedChange,
        available: &AvailableUnits,
    ) -> Result<ChangeOutcome, CatalogueError> {
        let PlannedChange { request, now, outcome, counts, variants: _, _claim } = planned;
        if outcome == ChangeOutcome::Unchanged {
            return Ok(outcome);
        }
        // Built for the document store, and used again for the search index.
        let indexed: Mutex<Option<ProductDocument>> = Mutex::new(None);
        let writes = |stream: &ProductStream| {
            let document =
                stream.0.as_ref().map(|product| product_document(request.id, product, self.policy));
            let write = document.as_ref().map(persistence::put_document);
            *indexed.lock() = document;
            write.into_iter().collect()
        };
        let decide = |stream: Option<&ProductStream>| {
            decide(stream.and_then(|stream| stream.0.as_ref()), &request, now)
        };
        let loaded = self.products.execute(&stream_of(request.id), decide, writes).await;
        if matches!(loaded, Err(ExecuteError::Storage(_))) {
            self.unknown_changes.push(request.id);
        }
        let loaded = loaded.map_err(ExecuteError::into_error::<CatalogueError>)?;
        for counted in &counts {
            if let Some(units) = available.get(&counted.sku) {
                self.index.put_first_available(&counted.sku, *units);
            }
        }
        if let Some(document) = indexed.into_inner() {
            let is_pending = document.pictures_pending > 0;
            self.index.put(document, loaded.commit().clone());
            if is_pending {
                self.pictures.push(request.id);
            }
        }
        Ok(outcome)
    }
}

impl Catalogue {
    /// Stock counts that these events declare. A corrected SKU that was never counted starts with the units available
    /// of the old one; those that are held stay with it, for the orders that hold them. How many are available, only
    /// the inventory knows: it publishes no more than that there are enough.
    async fn stock_counts(
        &self,
        events: &[ProductEvent],
    ) -> Result<Vec<StockDeclaration>, CatalogueError> {
        let mut counts = Vec::new();
        let mut carried = Vec::new();
        let mut declare =
            |sku: &Sku, stock| counts.push(StockDeclaration { sku: sku.clone(), stock });
        for event in events {
            match event {
                ProductEvent::StockDeclared { sku, units } => declare(sku, *units),
                ProductEvent::VariantsAdded { variants, .. } => {
                    let declared = variants.iter().filter_map(|it| Some((&it.sku, it.stock?)));
                    declared.for_each(|(sku, stock)| declare(sku, stock));
                }
                ProductEvent::VariantRenamed { from, to, stock } if from != to => {
                    let is_counted = |sku| self.index.available(sku).is_some();
                    match stock {
                        Some(stock) => declare(to, *stock),
                        None if is_counted(from) && !is_counted(to) => {
                            carried.push((from.clone(), to.clone()));
                        }
                        None => {}
                    }
                }
                _ => {}
            }
        }
        for renames in carried.chunks(HOLD_LINES_MAX) {
            let from = renames.iter().map(|(from, _)| from.clone()).collect();
            let current = self.stock.current(from).await?;
            counts.extend(renames.iter().zip(current).map(|((_, to), current)| {
                let units = DeclaredStock::Units(current.available);
                let stock = if current.is_untracked { DeclaredStock::UNTRACKED } else { units };
                StockDeclaration { sku: to.clone(), stock }
            }));
        }
        Ok(counts)
    }
}

fn decide(
    product: Option<&Product>,
    request: &ChangeRequest,
    now: Timestamp,
) -> Result<Vec<ProductEvent>, Rejection> {
    match (product, request.if_match) {
        (Some(product), Some(expected)) if product.version != expected => {
            Err(Rejection::VersionChanged { actual: product.version })
        }
        _ => Product::decide(product, &request.command, now),
    }
}

/// Slug and SKUs that these events add.
fn added_names(events: &[ProductEvent]) -> (Option<&str>, Vec<&Sku>) {
    let (mut slug, mut skus) = (None, Vec::new());
    for event in events {
        match event {
            ProductEvent::Created(created) => slug = Some(created.slug.as_str()),
            ProductEvent::SlugChanged { slug: new } => slug = Some(new.as_str()),
            ProductEvent::VariantsAdded { variants, .. } => {
                skus.extend(variants.iter().map(|variant| &variant.sku));
            }
            ProductEvent::VariantsRestored { skus: restored, .. } => skus.extend(restored),
            ProductEvent::VariantRenamed { to, .. } => skus.push(to),
            _ => {}
        }
    }
    (slug, skus)
}

/// Changes that these events make to the set of variants.
fn variant_set_changes(events: &[ProductEvent]) -> VariantSetChanges {
    let mut changes = VariantSetChanges::default();
    for event in events {
        match event {
            ProductEvent::VariantsAdded { variants, .. } => {
                changes.added.extend(variants.iter().map(|variant| variant.sku.clone()));
            }
            ProductEvent::VariantsRestored { skus, .. } => changes.added.extend_from_slice(skus),
            ProductEvent::VariantsWithdrawn { skus, .. } => {
                changes.withdrawn.extend_from_slice(skus);
            }
            ProductEvent::VariantRenamed { from, to, .. } => {
                changes.renamed.push((from.clone(), to.clone()));
            }
            _ => {}
        }
    }
    changes
}
