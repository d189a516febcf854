//! Changes of an existing product: each difference becomes an event; what is equal leads to none.

use super::draft::{ProductChanges, TargetStatus, VariantDraft};
use super::events::ProductEvent;
use super::product::{Product, Status, Variant};
use super::{Decision, Rejection, create, validation};
use identifiers::Sku;
use kernel::{Timestamp, UnitPrice};
use std::{collections::HashMap, sync::Arc};

/// Decision on several changes at once.
pub(super) fn change(product: &Product, changes: &ProductChanges, now: Timestamp) -> Decision {
    let mut events = detail_changes(product, changes)?;
    if let Some(variants) = &changes.variants {
        validation::variants(variants, now)?;
        events.extend(variant_changes(product, variants, now));
    }
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
    if is_published {
        events.splice(0..0, status_events);
    } else {
        events.extend(status_events);
    }
    if !events.is_empty() {
        let given = changes.variants.as_deref().unwrap_or_default();
        if let Some(changed) = events.iter().fold(Some(product.clone()), Product::evolve) {
            validation::consistency(&changed, given)?;
        }
    }
    Ok(events)
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

fn detail_changes(product: &Product, changes: &ProductChanges) -> Decision {
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
    Ok(events)
}

/// Requested list, if it differs from the current one.
fn changed<T: PartialEq + Clone>(requested: Option<&Vec<T>>, current: &[T]) -> Option<Vec<T>> {
    requested.filter(|requested| requested.as_slice() != current).cloned()
}

fn variant_changes(
    product: &Product,
    drafts: &[VariantDraft],
    now: Timestamp,
) -> Vec<ProductEvent> {
    let known: HashMap<&Sku, &Arc<Variant>> =
        product.variants.iter().map(|variant| (&variant.sku, variant)).collect();
    let mut events = Vec::new();
    let mut new = Vec::new();
    for draft in drafts {
        let Some(variant) = known.get(&draft.sku) else {
            new.push(draft);
            continue;
        };
        if variant.facts != draft.facts {
            let (sku, facts) = (variant.sku.clone(), draft.facts.clone());
            events.push(ProductEvent::VariantChanged { sku, facts });
        }
        events.extend(price_change(variant, draft.price, now));
        if let Some(units) = draft.stock.filter(|units| variant.declared_stock != Some(*units)) {
            events.push(ProductEvent::StockDeclared { sku: variant.sku.clone(), units });
        }
    }
    events.extend(create::variants_added(&new, now));
    events
}

fn price_change(variant: &Variant, price: UnitPrice, now: Timestamp) -> Option<ProductEvent> {
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
