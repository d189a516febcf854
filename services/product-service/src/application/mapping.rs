//! Mapping of a product aggregate to contract messages and to the document of the search index.

use super::shown_pictures;
use crate::domain::{
    Product, Reduction, Status, Variant,
    events::{Media, PricePoint, ProductOption},
    prior_price::Policy,
    text,
};
use crate::index::{ProductDocument, VariantDocument};
use contracts::{
    product::{self as contract, ProductStatus},
    shared::{ProductId, Sku},
};
use kernel::{Currency, UnitPrice};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

/// Number of different words of a description that are indexed.
const DESCRIPTION_WORDS_MAX: usize = 500;
/// Names of the option that holds the colour.
const COLOR_OPTIONS: &[&str] = &["color", "colour"];

/// Document for the search index.
pub(crate) fn product_document(
    id: ProductId,
    product: &Product,
    policy: Policy,
) -> ProductDocument {
    let pictures = product.picture_counts();
    let prices = || product.variants.iter().filter_map(|variant| Some((variant, variant.price()?)));
    let by_price =
        |one: &UnitPrice, two: &UnitPrice| one.compare(*two).unwrap_or(std::cmp::Ordering::Equal);
    let lowest = prices().min_by(|(_, one), (_, two)| by_price(one, two));
    let price = lowest.map_or(UnitPrice::zero(Currency::EUR), |(_, price)| price);
    let cheapest = lowest.map(|(variant, _)| variant);
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
        price,
        price_varies: prices().any(|(_, other)| other != price),
        compare_at_price: cheapest.and_then(|variant| compare_at_price(variant)),
        reduction: cheapest.and_then(|variant| product.reduction(variant, policy)).map(reduction),
        image: product.media.iter().find_map(|media| shown_pictures::image(product, media)),
        colors: colors(product),
        variants: variant_documents(product),
        tag_words: text::fold(&product.tags.join(" ")),
        description_words: description_words(&product.description),
        pictures_pending: pictures.pending,
        pictures_stored: pictures.stored,
        pictures_failed: pictures.failed,
    }
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

fn variant_documents(product: &Product) -> Vec<VariantDocument> {
    let mut pictures: HashMap<&Sku, &Media> = HashMap::new();
    let shown = |media: &&Media| shown_pictures::image(product, media).is_some();
    for media in product.media.iter().filter(shown) {
        for sku in &media.skus {
            pictures.entry(sku).or_insert(media);
        }
    }
    let document = |variant: &Variant| {
        let options = variant.facts.options.iter();
        let picture = pictures.get(&variant.sku);
        Some(VariantDocument {
            sku: variant.sku.clone(),
            options: options
                .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
                .collect(),
            price: variant.price()?,
            image: picture.and_then(|it| shown_pictures::image(product, it)).map(Box::new),
            weight_grams: variant.facts.weight_grams,
        })
    };
    product.variants.iter().filter_map(|variant| document(variant)).collect()
}

/// Compare-at price, if it is above the price.
fn compare_at_price(variant: &Variant) -> Option<UnitPrice> {
    let price = variant.price()?;
    let above = |it: &UnitPrice| it.compare(price).is_ok_and(std::cmp::Ordering::is_gt);
    variant.facts.compare_at_price.filter(above)
}

/// Colours of the variants, in the order of the option.
fn colors(product: &Product) -> Vec<String> {
    let is_color = |name: &str| COLOR_OPTIONS.iter().any(|it| it.eq_ignore_ascii_case(name));
    let Some(option) = product.options.iter().find(|option| is_color(&option.name)) else {
        return Vec::new();
    };
    let chosen: HashSet<&str> = product
        .variants
        .iter()
        .flat_map(|variant| &variant.facts.options)
        .filter(|(name, _)| *name == option.name)
        .map(|(_, value)| value.as_str())
        .collect();
    option.values.iter().filter(|value| chosen.contains(value.as_str())).cloned().collect()
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
