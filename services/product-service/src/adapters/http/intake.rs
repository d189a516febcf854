//! Contract messages as the domain's own types: trimmed, sanitised, with what may be left out filled in.

use crate::domain::{
    Changes, Draft, StatusWish, VariantDraft,
    events::{Media, PricePoint, ProductOption, VariantFacts},
    limits, words,
};
use contracts::product::{self as contract, NewProduct, NewVariant, ProductPatch, ProductStatus};
use kernel::Problem;

/// The largest description that is sanitised, in bytes; mark-up that is taken out does not count against the limit.
const RAW_DESCRIPTION_BYTES_MAX: usize = 4 * limits::DESCRIPTION_BYTES_MAX;

/// A whole product.
pub(super) fn draft(product: NewProduct) -> Result<Draft, Problem> {
    let name = trimmed(&product.name);
    let slug = match product.slug {
        Some(slug) => slug,
        None => slug_of(&name),
    };
    let variants: Vec<VariantDraft> = product.variants.into_iter().map(variant).collect();
    let mut options: Vec<ProductOption> = product.options.iter().map(option).collect();
    if options.is_empty() {
        options = options_of(&variants);
    }
    Ok(Draft {
        slug,
        name,
        description: harmless(&product.description)?,
        brand: product.brand.as_deref().map(trimmed).filter(|brand| !brand.is_empty()),
        categories: product.categories.iter().map(|path| category(path)).collect(),
        tags: tags(&product.tags),
        options,
        variants,
        media: product.media.into_iter().map(media).collect(),
        status: status(product.status),
    })
}

/// Some changes.
pub(super) fn changes(patch: ProductPatch) -> Result<Changes, Problem> {
    let all = |list: Vec<contract::ProductOption>| list.iter().map(option).collect();
    Ok(Changes {
        slug: patch.slug,
        name: patch.name.as_deref().map(trimmed),
        description: patch.description.as_deref().map(harmless).transpose()?,
        brand: patch.brand.as_deref().map(trimmed),
        categories: patch.categories.map(|list| list.iter().map(|path| category(path)).collect()),
        tags: patch.tags.as_deref().map(tags),
        options: patch.options.map(all),
        variants: patch.variants.map(|list| list.into_iter().map(variant).collect()),
        media: patch.media.map(|list| list.into_iter().map(media).collect()),
        status: StatusWish::AsItIs,
    })
}

fn variant(variant: NewVariant) -> VariantDraft {
    let earlier = variant.price_history.into_iter();
    VariantDraft {
        sku: variant.sku,
        price: variant.price,
        earlier: earlier.map(|past| PricePoint { from: past.from, price: past.price }).collect(),
        stock: variant.stock,
        facts: VariantFacts {
            options: variant
                .options
                .iter()
                .map(|(name, value)| (trimmed(name), trimmed(value)))
                .collect(),
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
        url: media.image.url,
        alt: trimmed(&media.image.alt),
        width: media.image.width,
        height: media.image.height,
        skus: media.skus,
    }
}

/// The options that the variants name, with the values they use in the order in which they come.
fn options_of(variants: &[VariantDraft]) -> Vec<ProductOption> {
    let mut options: Vec<ProductOption> = Vec::new();
    for (name, value) in variants.iter().flat_map(|variant| &variant.facts.options) {
        match options.iter_mut().find(|option| option.name == *name) {
            Some(option) if option.values.contains(value) => {}
            Some(option) => option.values.push(value.clone()),
            None => {
                options.push(ProductOption { name: name.clone(), values: vec![value.clone()] });
            }
        }
    }
    options
}

/// The slug that follows from a name, cut at a word where it is too long.
fn slug_of(name: &str) -> String {
    let mut slug = words::slug(name);
    // Room for a number behind it when several products have the same name.
    let room = limits::SLUG_CHARACTERS_MAX - 4;
    if let Some((end, _)) = slug.char_indices().nth(room) {
        let end = slug[..end].rfind('-').unwrap_or(end);
        slug.truncate(end);
    }
    if slug.is_empty() && !name.trim().is_empty() { "product".to_owned() } else { slug }
}

fn category(path: &str) -> String {
    words::levels(path).map(trimmed).collect::<Vec<_>>().join(" > ")
}

fn tags(tags: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(tags.len().min(limits::TAGS_MAX + 1));
    for tag in tags.iter().map(|tag| trimmed(tag)).filter(|tag| !tag.is_empty()) {
        // One more than is taken is enough to be refused; beyond that, comparing would only cost time.
        if kept.len() <= limits::TAGS_MAX && !kept.contains(&tag) {
            kept.push(tag);
        }
    }
    kept
}

fn status(status: ProductStatus) -> StatusWish {
    match status {
        ProductStatus::Draft => StatusWish::AsItIs,
        ProductStatus::Active => StatusWish::Active,
        ProductStatus::Archived => StatusWish::Archived,
    }
}

/// HTML without anything that could run, frame or track.
fn harmless(html: &str) -> Result<String, Problem> {
    if html.len() > RAW_DESCRIPTION_BYTES_MAX {
        let message =
            format!("has {} bytes; at most {RAW_DESCRIPTION_BYTES_MAX} are looked at", html.len());
        return Err(Problem::field("description", message));
    }
    // Plain text needs no parser.
    if html.contains(['<', '>', '&', '\0']) {
        return Ok(ammonia::clean(html));
    }
    Ok(html.to_owned())
}

/// Without space around it, and with single spaces inside.
fn trimmed(text: &str) -> String {
    text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").trim().to_owned()
}
