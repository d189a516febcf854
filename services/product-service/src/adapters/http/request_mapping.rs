//! Mapping of requests to domain types: text is trimmed, HTML sanitised, and omitted fields get their defaults.

use super::description::sanitised;
use crate::domain::{
    DeclaredStock, FieldChange, MissingVariants, OptionRename, ProductChanges, ProductDraft,
    TargetStatus, VariantChanges, VariantDraft,
    events::{Media, PricePoint, ProductOption, VariantFacts},
    limits, text,
};
use contracts::product::{
    self as contract, NewProduct, NewVariant, ProductPatch, ProductStatus, VariantPatch,
};
use kernel::Problem;
use std::collections::{BTreeMap, HashSet};

/// Draft of a new or imported product.
pub(super) fn draft(product: NewProduct) -> Result<ProductDraft, Problem> {
    let name = trimmed(&product.name);
    let slug = match product.slug {
        Some(slug) => slug,
        None => derived_slug(&name),
    };
    let variants: Vec<VariantDraft> = product.variants.into_iter().map(variant).collect();
    let mut options: Vec<ProductOption> = product.options.iter().map(option).collect();
    if options.is_empty() {
        options = derived_options(&variants);
    }
    Ok(ProductDraft {
        slug,
        name,
        description: sanitised(&product.description)?,
        brand: product.brand.as_deref().map(trimmed).filter(|brand| !brand.is_empty()),
        categories: product.categories.iter().map(|path| category(path)).collect(),
        tags: tags(&product.tags),
        options,
        variants,
        media: product.media.into_iter().map(media).collect(),
        featured: product.featured,
        status: status(product.status),
    })
}

/// Changes of a patch.
pub(super) fn changes(patch: ProductPatch) -> Result<ProductChanges, Problem> {
    let all = |list: Vec<contract::ProductOption>| list.iter().map(option).collect();
    let rename = |rename: contract::OptionRename| OptionRename {
        option: trimmed(&rename.option),
        value: rename.value.as_deref().map(trimmed),
        to: trimmed(&rename.to),
    };
    Ok(ProductChanges {
        renames: patch.renames.into_iter().map(rename).collect(),
        slug: patch.slug,
        name: patch.name.as_deref().map(trimmed),
        description: patch.description.as_deref().map(sanitised).transpose()?,
        brand: patch.brand.as_deref().map(trimmed),
        categories: patch.categories.map(|list| list.iter().map(|path| category(path)).collect()),
        tags: patch.tags.as_deref().map(tags),
        options: patch.options.map(all),
        variants: patch.variants.map(|list| list.into_iter().map(variant).collect()),
        missing: MissingVariants::Kept,
        withdraw: patch.withdraw,
        featured: field_change(patch.featured),
        media: patch.media.map(|list| list.into_iter().map(media).collect()),
        status: TargetStatus::Unchanged,
    })
}

/// Changes of a variant's patch.
pub(super) fn variant_changes(patch: VariantPatch) -> VariantChanges {
    let barcode = |it: Option<String>| it.as_deref().map(trimmed).filter(|it| !it.is_empty());
    VariantChanges {
        sku: patch.sku,
        options: patch.options.as_ref().map(option_values),
        price: patch.price,
        compare_at_price: field_change(patch.compare_at_price),
        stock: declared_stock(patch.stock, patch.untracked),
        weight_grams: patch.weight_grams,
        barcode: field_change(patch.barcode.map(barcode)),
    }
}

fn declared_stock(units: Option<i64>, untracked: bool) -> Option<DeclaredStock> {
    if untracked { Some(DeclaredStock::UNTRACKED) } else { units.map(DeclaredStock::Units) }
}

/// Change of a field that `null` clears.
#[expect(clippy::option_option, reason = "absent, null and a value are three cases")]
fn field_change<T>(value: Option<Option<T>>) -> FieldChange<T> {
    match value {
        None => FieldChange::Unchanged,
        Some(None) => FieldChange::Cleared,
        Some(Some(value)) => FieldChange::Set(value),
    }
}

fn option_values(options: &BTreeMap<String, String>) -> Vec<(String, String)> {
    options.iter().map(|(name, value)| (trimmed(name), trimmed(value))).collect()
}

/// Draft of a variant.
pub(super) fn variant(variant: NewVariant) -> VariantDraft {
    let earlier = variant.price_history.into_iter();
    VariantDraft {
        sku: variant.sku,
        price: variant.price,
        earlier: earlier.map(|past| PricePoint { from: past.from, price: past.price }).collect(),
        stock: declared_stock(variant.stock, variant.untracked),
        facts: VariantFacts {
            options: option_values(&variant.options),
            compare_at_price: variant.compare_at_price,
            weight_grams: variant.weight_grams,
            barcode: variant.barcode.as_deref().map(trimmed).filter(|barcode| !barcode.is_empty()),
        },
    }
}

fn option(option: &contract::ProductOption) -> ProductOption {
    let values = option.values.iter().map(|value| trimmed(value)).collect();
    ProductOption { name: trimmed(&option.name), values }
}

fn media(media: contract::Media) -> Media {
    Media {
        url: media.source.unwrap_or(media.image.url),
        alt: trimmed(&media.image.alt),
        width: media.image.width,
        height: media.image.height,
        skus: media.skus,
    }
}

/// Options derived from the variants: the names and values they use, in order of first use. One name more than allowed
/// is enough to be refused.
fn derived_options(variants: &[VariantDraft]) -> Vec<ProductOption> {
    let mut options: Vec<(ProductOption, HashSet<&str>)> = Vec::new();
    for (name, value) in variants.iter().flat_map(|variant| &variant.facts.options) {
        let known = options.iter().position(|(option, _)| option.name == *name);
        let at = match known {
            Some(at) => at,
            None if options.len() > limits::OPTIONS_MAX => continue,
            None => {
                let option = ProductOption { name: name.clone(), values: Vec::new() };
                options.push((option, HashSet::new()));
                options.len() - 1
            }
        };
        let (option, values) = &mut options[at];
        if values.insert(value) {
            option.values.push(value.clone());
        }
    }
    options.into_iter().map(|(option, _)| option).collect()
}

/// Slug derived from a name, shortened at a word boundary if it is too long.
fn derived_slug(name: &str) -> String {
    let mut slug = text::slugify(name);
    // Leaves room for a numeric suffix when several products have the same name.
    let length_max = limits::SLUG_CHARACTERS_MAX - 4;
    if let Some((end, _)) = slug.char_indices().nth(length_max) {
        let end = slug[..end].rfind('-').unwrap_or(end);
        slug.truncate(end);
    }
    if slug.is_empty() && !name.trim().is_empty() { "product".to_owned() } else { slug }
}

fn category(path: &str) -> String {
    text::levels(path).map(trimmed).collect::<Vec<_>>().join(" > ")
}

fn tags(tags: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(tags.len().min(limits::TAGS_MAX + 1));
    for tag in tags.iter().map(|tag| trimmed(tag)).filter(|tag| !tag.is_empty()) {
        // One more than the limit is enough to be refused; comparing further ones would only cost time.
        if kept.len() <= limits::TAGS_MAX && !kept.contains(&tag) {
            kept.push(tag);
        }
    }
    kept
}

fn status(status: ProductStatus) -> TargetStatus {
    match status {
        ProductStatus::Draft => TargetStatus::Unchanged,
        ProductStatus::Active => TargetStatus::Active,
        ProductStatus::Archived => TargetStatus::Archived,
    }
}

/// Text without leading and trailing space, and with single spaces inside.
fn trimmed(text: &str) -> String {
    text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").trim().to_owned()
}
