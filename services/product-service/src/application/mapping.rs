//! Mapping of a product aggregate to contract messages and to the document of the search index.

use super::shown_pictures;
use crate::domain::{
    Product, Reduction, Status, Variant,
    events::{Media, PricePoint, ProductOption},
    prior_price::Policy,
    text,
};
use crate::index::{ProductDocument, VariantDocument, is_color};
use contracts::{
    product::{self as contract, ProductStatus},
    shared::{ProductId, Sku},
};
use kernel::UnitPrice;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::sync::Arc;

/// Number of different words of a description that are indexed.
const DESCRIPTION_WORDS_MAX: usize = 500;

/// Document for the search index.
pub(crate) fn product_document(
    id: ProductId,
    product: &Product,
    policy: Policy,
) -> ProductDocument {
    let pictures = product.picture_counts();
    let since = product.published_at.unwrap_or_else(|| product.created_at());
    let earliest = product.variants.iter().filter_map(|it| it.prices.first()).map(|it| it.from);
    let first = first_media(product);
    let (variants, withdrawn) = variant_documents(product, policy);
    ProductDocument {
        id,
        version: product.version,
        slug: product.slug.clone(),
        former_slugs: product.former_slugs.clone(),
        name: product.name.clone(),
        brand: product.brand.clone(),
        categories: product.categories.to_vec(),
        status: status(product.status()),
        created_at: product.created_at(),
        published_at: product.published_at,
        since: earliest.min().map_or(since, |earliest| earliest.min(since)),
        featured: product.featured,
        image: first.and_then(|media| shown_pictures::image(product, media)),
        image_skus: first.map(|media| media.skus.clone()).unwrap_or_default(),
        colors: colors(product, &variants),
        variants,
        withdrawn,
        tag_words: text::fold(&product.tags.join(" ")),
        description_words: description_words(&product.description),
        pictures_pending: pictures.pending,
        pictures_stored: pictures.stored,
        pictures_failed: pictures.failed,
    }
}

/// First picture of something that is on sale.
fn first_media(product: &Product) -> Option<&Media> {
    let is_offered = |media: &&Media| {
        media.skus.is_empty() || media.skus.iter().any(|sku| product.variant(sku).is_some())
    };
    let shown = || product.media.iter().filter(|media| shown_pictures::is_shown(product, media));
    shown().find(is_offered).or(shown().next())
}

/// Contract message of a product, without its stock.
pub(super) fn product(id: ProductId, product: &Product, policy: Policy) -> contract::Product {
    let option = |option: &ProductOption| contract::ProductOption {
        name: option.name.clone(),
        values: option.values.clone(),
    };
    let variants = product.variants.iter().filter_map(|it| variant(product, it, policy));
    contract::Product {
        id,
        slug: product.slug.clone(),
        name: product.name.clone(),
        description: shown_pictures::description(product),
        brand: product.brand.clone(),
        categories: product.categories.to_vec(),
        tags: product.tags.to_vec(),
        options: product.options.iter().map(option).collect(),
        variants: variants.collect(),
        withdrawn: product.withdrawn.iter().map(|it| it.sku.clone()).collect(),
        featured: product.featured,
        media: product.media.iter().map(|it| shown_pictures::media(product, it)).collect(),
        status: status(product.status()),
        version: product.version,
        created_at: product.created_at(),
        published_at: product.published_at,
    }
}

/// Contract message of the price history.
pub(super) fn price_history(product: &Product, policy: Policy) -> contract::PriceHistory {
    let past = |point: &PricePoint| contract::PastPrice { from: point.from, price: point.price };
    let variants = product.variants.iter().map(|variant| contract::VariantPriceHistory {
        sku: variant.sku.clone(),
        prices: variant.prices.iter().map(past).collect(),
        reduction: product.reduction(variant, policy).map(reduction),
    });
    contract::PriceHistory { variants: variants.collect() }
}

fn variant(product: &Product, variant: &Variant, policy: Policy) -> Option<contract::Variant> {
    Some(contract::Variant {
        sku: variant.sku.clone(),
        options: variant.facts.options.iter().cloned().collect(),
        price: variant.price()?,
        compare_at_price: compare_at_price(variant),
        reduction: product.reduction(variant, policy).map(reduction),
        in_stock: false,
        only_left: None,
        weight_grams: variant.facts.weight_grams,
        barcode: variant.facts.barcode.clone(),
    })
}

/// Documents of the variants on sale, and of the withdrawn ones.
fn variant_documents(
    product: &Product,
    policy: Policy,
) -> (Vec<VariantDocument>, Vec<VariantDocument>) {
    let mut pictures: HashMap<&Sku, &Media> = HashMap::new();
    let shown = |media: &&Media| shown_pictures::is_shown(product, media);
    for media in product.media.iter().filter(shown) {
        for sku in &media.skus {
            pictures.entry(sku).or_insert(media);
        }
    }
    let common = product.media.iter().filter(shown).find(|media| media.skus.is_empty());
    let of_others = first_media(product).is_some_and(|media| !media.skus.is_empty());
    let document = |variant: &Arc<Variant>| {
        let options = variant.facts.options.iter();
        // A picture of all comes before the first one, if that shows other variants.
        let picture = pictures.get(&variant.sku).copied().or(common.filter(|_| of_others));
        Some(VariantDocument {
            sku: variant.sku.clone(),
            options: options
                .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
                .collect(),
            price: variant.price()?,
            compare_at_price: compare_at_price(variant).map(Box::new),
            reduction: product.reduction(variant, policy).map(reduction).map(Box::new),
            image: picture.and_then(|it| shown_pictures::image(product, it)).map(Box::new),
            weight_grams: variant.facts.weight_grams,
        })
    };
    let documents = |variants: &[Arc<Variant>]| variants.iter().filter_map(document).collect();
    (documents(&product.variants), documents(&product.withdrawn))
}

/// Compare-at price, if it is above the price.
fn compare_at_price(variant: &Variant) -> Option<UnitPrice> {
    let price = variant.price()?;
    let above = |it: &UnitPrice| it.compare(price).is_ok_and(std::cmp::Ordering::is_gt);
    variant.facts.compare_at_price.filter(above)
}

/// Colours of the variants, in the order of the option.
fn colors(product: &Product, variants: &[VariantDocument]) -> Vec<String> {
    let chosen: HashSet<&str> = variants.iter().filter_map(VariantDocument::color).collect();
    let options = product.options.iter().filter(|option| is_color(&option.name));
    let mut listed = HashSet::new();
    let values = options.flat_map(|option| &option.values).map(String::as_str);
    let values = values.filter(|value| chosen.contains(value) && listed.insert(*value));
    values.map(str::to_owned).collect()
}

fn reduction(reduction: Reduction) -> contract::Reduction {
    contract::Reduction {
        prior_price: reduction.prior_price,
        percent: reduction.percent,
        since: reduction.since,
    }
}

fn status(status: Status) -> ProductStatus {
    match status {
        Status::Draft => ProductStatus::Draft,
        Status::Active => ProductStatus::Active,
        Status::Archived => ProductStatus::Archived,
    }
}

/// Folded words of a description, each once, without its markup.
fn description_words(html: &str) -> String {
    let folded = text::fold(&without_markup(html));
    let mut seen = HashSet::new();
    let mut joined = String::new();
    for word in text::tokens(&folded).filter(|word| seen.insert(*word)).take(DESCRIPTION_WORDS_MAX)
    {
        // Writing to a string cannot fail.
        let _ = write!(joined, "{}{word}", if joined.is_empty() { "" } else { " " });
    }
    joined
}

/// Text of sanitised HTML; tags and character references become spaces.
fn without_markup(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find(['<', '&']) {
        text.push_str(&rest[..start]);
        text.push(' ');
        let end = if rest[start..].starts_with('<') { '>' } else { ';' };
        rest = rest[start..].find(end).map_or("", |length| &rest[start + length + 1..]);
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_found_by_its_words_and_not_by_its_markup() {
        let words = description_words("<p class=\"deep\">Crème &amp; <b>Linen</b>, linen</p>");
        assert_eq!(words, "creme linen");
    }
}
