//! Mapping of requests to domain types: text is trimmed, HTML sanitised, and omitted fields get their defaults.

use crate::domain::{
    ProductChanges, ProductDraft, TargetStatus, VariantDraft,
    events::{Media, PricePoint, ProductOption, VariantFacts},
    limits,
    picture_address::PictureAddress,
    text,
};
use contracts::product::{self as contract, NewProduct, NewVariant, ProductPatch, ProductStatus};
use kernel::Problem;

/// Largest description before sanitising, in bytes. The limit of the domain applies to the sanitised text.
const RAW_DESCRIPTION_BYTES_MAX: usize = 4 * limits::DESCRIPTION_BYTES_MAX;

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
        status: status(product.status),
    })
}

/// Changes of a patch.
pub(super) fn changes(patch: ProductPatch) -> Result<ProductChanges, Problem> {
    let all = |list: Vec<contract::ProductOption>| list.iter().map(option).collect();
    Ok(ProductChanges {
        slug: patch.slug,
        name: patch.name.as_deref().map(trimmed),
        description: patch.description.as_deref().map(sanitised).transpose()?,
        brand: patch.brand.as_deref().map(trimmed),
        categories: patch.categories.map(|list| list.iter().map(|path| category(path)).collect()),
        tags: patch.tags.as_deref().map(tags),
        options: patch.options.map(all),
        variants: patch.variants.map(|list| list.into_iter().map(variant).collect()),
        media: patch.media.map(|list| list.into_iter().map(media).collect()),
        status: TargetStatus::Unchanged,
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
        url: media.source.unwrap_or(media.image.url),
        alt: trimmed(&media.image.alt),
        width: media.image.width,
        height: media.image.height,
        skus: media.skus,
    }
}

/// Options derived from the variants: the names and values they use, in order of first use.
fn derived_options(variants: &[VariantDraft]) -> Vec<ProductOption> {
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

/// Sanitised HTML, without anything that could run, frame or track.
fn sanitised(html: &str) -> Result<String, Problem> {
    if html.len() > RAW_DESCRIPTION_BYTES_MAX {
        let message =
            format!("has {} bytes; at most {RAW_DESCRIPTION_BYTES_MAX} are allowed", html.len());
        return Err(Problem::field("description", message));
    }
    // Plain text needs no parser.
    if html.contains(['<', '>', '&', '\0']) {
        return Ok(sanitiser().clean(html).to_string());
    }
    Ok(html.to_owned())
}

/// Sanitiser that also takes the address of an image that can be neither shown nor fetched.
fn sanitiser() -> ammonia::Builder<'static> {
    let mut sanitiser = ammonia::Builder::default();
    sanitiser.attribute_filter(|element, attribute, value| {
        let is_kept =
            (element, attribute) != ("img", "src") || PictureAddress::parse(value).is_some();
        is_kept.then(|| value.into())
    });
    sanitiser
}

/// Text without leading and trailing space, and with single spaces inside.
fn trimmed(text: &str) -> String {
    text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").trim().to_owned()
}
