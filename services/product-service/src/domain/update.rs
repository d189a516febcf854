//! Changes of an existing product: each difference becomes an event; what is equal leads to none.

use super::draft::{ProductChanges, TargetStatus};
use super::events::ProductEvent;
use super::product::{Product, Status, Variant};
use super::{Decision, Rejection, validation, variants};
use identifiers::Sku;
use kernel::{Timestamp, UnitPrice};
use std::collections::HashSet;

/// Change in progress: the events so far, and the product as it is after them.
pub(super) struct Change {
    pub(super) product: Product,
    pub(super) events: Vec<ProductEvent>,
}

impl Change {
    pub(super) fn of(product: &Product) -> Self {
        Self { product: product.clone(), events: Vec::new() }
    }

    pub(super) fn push(&mut self, event: ProductEvent) {
        self.product.evolve_by(&event);
        self.events.push(event);
    }
}

/// Decision on several changes at once.
pub(super) fn change(product: &Product, changes: &ProductChanges, now: Timestamp) -> Decision {
    let mut change = Change::of(product);
    variants::rename_options(&mut change, &changes.renames)?;
    let renamed = change.product.clone();
    detail_changes(&mut change, changes)?;
    if let Some(drafts) = &changes.variants {
        validation::variants(drafts, now)?;
        variants::change_all(&mut change, &renamed, drafts, &changes.missing, now);
    }
    variants::withdraw(&mut change, &listed_skus(product, &changes.withdraw)?, now)?;
    if changes.options.is_none() && (changes.variants.is_some() || !changes.withdraw.is_empty()) {
        variants::fit_options(&mut change, &renamed);
    }
    let Change { product: after, mut events } = change;
    let status_events = match changes.status {
        TargetStatus::Unchanged => Vec::new(),
        TargetStatus::Active => publish(product, now),
        TargetStatus::Archived => archive(product, now),
    };
    let is_published =
        status_events.iter().any(|event| matches!(event, ProductEvent::Published { .. }));
    if product.status() == Status::Archived && !events.is_empty() && !is_published {
        return Err(Rejection::Archived);
    }
    if !events.is_empty() {
        let given = changes.variants.as_deref().unwrap_or_default();
        validation::consistency(&after, given)?;
    }
    if is_published {
        events.splice(0..0, status_events);
    } else {
        events.extend(status_events);
    }
    Ok(events)
}

/// Those of the SKUs that are on sale, each once; withdrawn ones are left out, unknown ones are rejected.
fn listed_skus(product: &Product, skus: &[Sku]) -> Result<Vec<Sku>, Rejection> {
    validation::withdrawals(skus)?;
    let on_sale: HashSet<&Sku> = product.variants.iter().map(|it| &it.sku).collect();
    let withdrawn: HashSet<&Sku> = product.withdrawn.iter().map(|it| &it.sku).collect();
    let mut listed = HashSet::new();
    for (index, sku) in skus.iter().enumerate() {
        if on_sale.contains(sku) {
            listed.insert(sku);
        } else if !withdrawn.contains(sku) {
            let (field, value) = (format!("withdraw[{index}]"), sku.to_string());
            return Err(Rejection::Unlisted { field, value, of: "variants" });
        }
    }
    Ok(product
        .variants
        .iter()
        .map(|it| &it.sku)
        .filter(|sku| listed.contains(sku))
        .cloned()
        .collect())
}

/// Decision on a new price of one variant.
pub(super) fn set_price(
    product: &Product,
    sku: &Sku,
    price: UnitPrice,
    now: Timestamp,
) -> Decision {
    let Some(variant) = product.variant(sku) else {
        return Err(Rejection::UnknownVariant { sku: sku.clone() });
    };
    let Some(event) = price_change(variant, price, now) else { return Ok(vec![]) };
    if product.status() == Status::Archived {
        return Err(Rejection::Archived);
    }
    let others = product.variants.iter().filter(|other| other.sku != *sku);
    let currencies = others.filter_map(|other| other.price()).map(UnitPrice::currency);
    if let Some(other) = currencies.into_iter().find(|currency| *currency != price.currency()) {
        let (field, one) = ("currency".to_owned(), price.currency().code());
        return Err(Rejection::CurrencyMismatch { field, one, other: other.code() });
    }
    Ok(vec![event])
}

/// Decision to put the product on sale.
pub(super) fn publish(product: &Product, now: Timestamp) -> Vec<ProductEvent> {
    match product.status() {
        Status::Active => vec![],
        Status::Draft | Status::Archived => vec![ProductEvent::Published { at: now }],
    }
}

/// Decision to take the product off sale.
pub(super) fn archive(product: &Product, now: Timestamp) -> Vec<ProductEvent> {
    match product.status() {
        Status::Archived => vec![],
        Status::Draft | Status::Active => vec![ProductEvent::Archived { at: now }],
    }
}

fn detail_changes(change: &mut Change, changes: &ProductChanges) -> Result<(), Rejection> {
    let product = &change.product;
    let mut events = Vec::new();
    if let Some(slug) = &changes.slug
        && *slug != product.slug
    {
        validation::slug(slug)?;
        events.push(ProductEvent::SlugChanged { slug: slug.clone() });
    }
    let name = changes.name.clone().filter(|name| *name != product.name);
    let description = changes.description.clone().filter(|it| **it != *product.description);
    let old_brand = product.brand.as_deref().unwrap_or_default();
    let brand = changes.brand.clone().filter(|brand| brand != old_brand);
    name.iter().try_for_each(|it| validation::name(it))?;
    description.iter().try_for_each(|it| validation::description(it))?;
    brand.iter().try_for_each(|it| validation::brand(it))?;
    if name.is_some() || description.is_some() || brand.is_some() {
        events.push(ProductEvent::DetailsChanged { name, description, brand });
    }
    if let Some(categories) = changed(changes.categories.as_ref(), &product.categories) {
        validation::categories(&categories)?;
        events.push(ProductEvent::CategoriesChanged { categories });
    }
    if let Some(tags) = changed(changes.tags.as_ref(), &product.tags) {
        validation::tags(&tags)?;
        events.push(ProductEvent::TagsChanged { tags });
    }
    if let Some(options) = changed(changes.options.as_ref(), &product.options) {
        validation::options(&options)?;
        events.push(ProductEvent::OptionsChanged { options });
    }
    if let Some(media) = changed(changes.media.as_ref(), &product.media) {
        validation::media(&media)?;
        events.push(ProductEvent::MediaChanged { media });
    }
    let rank = changes.featured.of(product.featured.as_ref());
    if rank != product.featured {
        events.push(ProductEvent::FeaturedChanged { rank });
    }
    for event in events {
        change.push(event);
    }
    Ok(())
}

/// Requested list, if it differs from the current one.
fn changed<T: PartialEq + Clone>(requested: Option<&Vec<T>>, current: &[T]) -> Option<Vec<T>> {
    requested.filter(|requested| requested.as_slice() != current).cloned()
}

/// Event of a new price, if it differs from the current one.
pub(super) fn price_change(
    variant: &Variant,
    price: UnitPrice,
    now: Timestamp,
) -> Option<ProductEvent> {
    let last = variant.prices.last()?;
    // Prices stay in order even if the clock has been set back.
    let from = now.max(last.from);
    (last.price != price).then(|| ProductEvent::PriceChanged {
        sku: variant.sku.clone(),
        from,
        old: last.price,
        price,
    })
}
