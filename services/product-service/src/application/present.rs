//! A product in the words of the contract and of the index.

use crate::domain::{
    Product, Reduction, Status, Variant,
    events::{Media, PricePoint, ProductOption},
    prior_price::Policy,
    words,
};
use crate::index::{ListedVariant, Listing};
use contracts::{
    product::{self as contract, ProductStatus},
    shared::{Image, ProductId},
};
use kernel::{Currency, UnitPrice};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

/// Words of a description that can be searched for.
const DESCRIPTION_WORDS_MAX: usize = 500;
/// The names of the option that says in which colours a product comes.
const COLOR_OPTIONS: &[&str] = &["color", "colour"];

/// As lists, filters and searches know it.
pub(crate) fn listing(id: ProductId, product: &Product, policy: Policy) -> Listing {
    let prices = || product.variants.iter().filter_map(|variant| Some((variant, variant.price()?)));
    let lower =
        |one: &UnitPrice, two: &UnitPrice| one.compare(*two).unwrap_or(std::cmp::Ordering::Equal);
    let lowest = prices().min_by(|(_, one), (_, two)| lower(one, two));
    let price = lowest.map_or(UnitPrice::zero(Currency::EUR), |(_, price)| price);
    let cheapest = lowest.map(|(variant, _)| variant);
    Listing {
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
        image: product.media.first().map(image),
        colors: colors(product),
        variants: listed_variants(product),
        tag_words: words::fold(&product.tags.join(" ")),
        description_words: description_words(&product.description),
    }
}

/// With everything but its stock.
pub(super) fn product(id: ProductId, product: &Product, policy: Policy) -> contract::Product {
    let option = |option: &ProductOption| contract::ProductOption {
        name: option.name.clone(),
        values: option.values.clone(),
    };
    let media = |media: &Media| contract::Media { image: image(media), skus: media.skus.clone() };
    let variants = product.variants.iter().filter_map(|it| variant(product, it, policy));
    contract::Product {
        id,
        slug: product.slug.clone(),
        name: product.name.clone(),
        description: product.description.to_string(),
        brand: product.brand.clone(),
        categories: product.categories.to_vec(),
        tags: product.tags.to_vec(),
        options: product.options.iter().map(option).collect(),
        variants: variants.collect(),
        media: product.media.iter().map(media).collect(),
        status: status(product.status()),
        version: product.version,
        created_at: product.created_at(),
        published_at: product.published_at,
    }
}

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

fn listed_variants(product: &Product) -> Vec<ListedVariant> {
    let mut pictures: HashMap<String, &Media> = HashMap::new();
    for media in product.media.iter() {
        for sku in &media.skus {
            pictures.entry(words::sku_key(sku)).or_insert(media);
        }
    }
    let listed = |variant: &Variant| {
        let options = variant.facts.options.iter();
        let picture = pictures.get(&words::sku_key(&variant.sku));
        Some(ListedVariant {
            sku: variant.sku.as_str().into(),
            options: options
                .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
                .collect(),
            price: variant.price()?,
            image: picture.map(|media| Box::new(image(media))),
            weight_grams: variant.facts.weight_grams,
        })
    };
    product.variants.iter().filter_map(|variant| listed(variant)).collect()
}

/// A compare-at price that is not above the price would announce nothing.
fn compare_at_price(variant: &Variant) -> Option<UnitPrice> {
    let price = variant.price()?;
    let above = |it: &UnitPrice| it.compare(price).is_ok_and(std::cmp::Ordering::is_gt);
    variant.facts.compare_at_price.filter(above)
}

/// The colours its variants come in, in the order of the option.
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

fn image(media: &Media) -> Image {
    Image {
        url: media.url.clone(),
        alt: media.alt.clone(),
        width: media.width,
        height: media.height,
    }
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

/// The folded words of a description, each once, without its mark-up.
fn description_words(html: &str) -> String {
    let folded = words::fold(&without_markup(html));
    let mut known = HashSet::new();
    let mut found = String::new();
    for word in words::words(&folded).filter(|word| known.insert(*word)).take(DESCRIPTION_WORDS_MAX)
    {
        // Writing to a string cannot fail.
        let _ = write!(found, "{}{word}", if found.is_empty() { "" } else { " " });
    }
    found
}

/// The text of sanitised HTML; tags and named characters become spaces.
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
