//! Validation of single fields, and of the consistency of a whole product.

use super::draft::{OptionRename, ProductDraft, VariantDraft};
use super::events::{DeclaredStock, Media, ProductOption};
use super::picture_address::PictureAddress;
use super::product::Product;
use super::{Rejection, limits, text};
use identifiers::Sku;
use kernel::Timestamp;
use std::collections::{HashMap, HashSet};

type Validated = Result<(), Rejection>;

/// Path segments under `/products` that no slug may take.
const RESERVED_SLUGS: &[&str] = &["suggestions", "import"];

/// Validation of all fields of a draft.
pub(super) fn draft(draft: &ProductDraft, now: Timestamp) -> Validated {
    // The name comes first because the slug may be derived from it.
    name(&draft.name)?;
    slug(&draft.slug)?;
    description(&draft.description)?;
    draft.brand.iter().try_for_each(|it| brand(it))?;
    categories(&draft.categories)?;
    tags(&draft.tags)?;
    options(&draft.options)?;
    media(&draft.media)?;
    if draft.variants.is_empty() {
        return Err(Rejection::Empty { field: "variants".to_owned() });
    }
    variants(&draft.variants, now)
}

pub(super) fn slug(slug: &str) -> Validated {
    not_blank("slug", slug)?;
    max_characters("slug", slug, limits::SLUG_CHARACTERS_MAX)?;
    let malformed = |reason| Err(Rejection::Malformed { field: "slug".to_owned(), reason });
    if text::slugify(slug) != slug {
        return malformed(
            "is made of lower-case letters and digits, with single hyphens between words",
        );
    }
    if RESERVED_SLUGS.contains(&slug) {
        return malformed("is a reserved word");
    }
    if slug.parse::<kernel::Uuid>().is_ok() {
        return malformed("looks like an identifier");
    }
    Ok(())
}

pub(super) fn name(name: &str) -> Validated {
    not_blank("name", name)?;
    max_characters("name", name, limits::NAME_CHARACTERS_MAX)
}

pub(super) fn description(description: &str) -> Validated {
    at_most("description", "bytes", description.len(), limits::DESCRIPTION_BYTES_MAX)
}

pub(super) fn brand(brand: &str) -> Validated {
    max_characters("brand", brand, limits::WORD_CHARACTERS_MAX)
}

pub(super) fn categories(categories: &[String]) -> Validated {
    at_most("categories", "entries", categories.len(), limits::CATEGORIES_MAX)?;
    let mut known = HashSet::new();
    for (index, path) in categories.iter().enumerate() {
        let field = || format!("categories[{index}]");
        max_characters(field(), path, limits::VALUE_CHARACTERS_MAX)?;
        at_most(field(), "levels", text::levels(path).count(), limits::CATEGORY_LEVELS_MAX)?;
        if text::levels(path).any(|level| text::slugify(level).is_empty()) {
            let reason = "every level of a category has a name with letters or digits";
            return Err(Rejection::Malformed { field: field(), reason });
        }
        if !known.insert(text::path_identity(path)) {
            return Err(Rejection::Duplicate { field: field(), value: path.clone() });
        }
    }
    Ok(())
}

pub(super) fn tags(tags: &[String]) -> Validated {
    at_most("tags", "entries", tags.len(), limits::TAGS_MAX)?;
    for (index, tag) in tags.iter().enumerate() {
        max_characters(format!("tags[{index}]"), tag, limits::WORD_CHARACTERS_MAX)?;
    }
    Ok(())
}

pub(super) fn options(options: &[ProductOption]) -> Validated {
    at_most("options", "entries", options.len(), limits::OPTIONS_MAX)?;
    let mut names = HashSet::new();
    for (index, option) in options.iter().enumerate() {
        let field = |part: &str| format!("options[{index}].{part}");
        not_blank(field("name"), &option.name)?;
        max_characters(field("name"), &option.name, limits::WORD_CHARACTERS_MAX)?;
        if !names.insert(text::fold(&option.name)) {
            return Err(Rejection::Duplicate { field: field("name"), value: option.name.clone() });
        }
        at_most(field("values"), "entries", option.values.len(), limits::OPTION_VALUES_MAX)?;
        let mut values = HashSet::new();
        for (position, value) in option.values.iter().enumerate() {
            let field = || format!("options[{index}].values[{position}]");
            not_blank(field(), value)?;
            max_characters(field(), value, limits::VALUE_CHARACTERS_MAX)?;
            if !values.insert(value.as_str()) {
                return Err(Rejection::Duplicate { field: field(), value: value.clone() });
            }
        }
    }
    Ok(())
}

pub(super) fn renames(renames: &[OptionRename]) -> Validated {
    at_most("renames", "entries", renames.len(), limits::RENAMES_MAX)
}

pub(super) fn withdrawals(skus: &[Sku]) -> Validated {
    at_most("withdraw", "entries", skus.len(), limits::VARIANTS_MAX)
}

pub(super) fn media(media: &[Media]) -> Validated {
    at_most("media", "entries", media.len(), limits::MEDIA_MAX)?;
    for (index, picture) in media.iter().enumerate() {
        let field = |part: &str| format!("media[{index}].image.{part}");
        let url = picture.url.as_str();
        max_characters(field("url"), url, limits::URL_CHARACTERS_MAX)?;
        if PictureAddress::parse(url).is_none() {
            let reason = "is an http or https address, of which the shop keeps a copy, or the path of an uploaded picture";
            return Err(Rejection::Malformed { field: field("url"), reason });
        }
        max_characters(field("alt"), &picture.alt, limits::ALT_CHARACTERS_MAX)?;
    }
    Ok(())
}

pub(super) fn variants(variants: &[VariantDraft], now: Timestamp) -> Validated {
    at_most("variants", "entries", variants.len(), limits::VARIANTS_MAX)?;
    let mut skus = HashSet::new();
    for (index, variant) in variants.iter().enumerate() {
        self::variant(index, variant, now)?;
        if !skus.insert(&variant.sku) {
            let field = format!("variants[{index}].sku");
            return Err(Rejection::Duplicate { field, value: variant.sku.to_string() });
        }
    }
    Ok(())
}

fn variant(index: usize, variant: &VariantDraft, now: Timestamp) -> Validated {
    let field = |part: &str| format!("variants[{index}].{part}");
    let sku = variant.sku.as_str();
    not_blank(field("sku"), sku)?;
    max_characters(field("sku"), sku, limits::SKU_CHARACTERS_MAX)?;
    Sku::parse(sku).map_err(|reason| Rejection::InvalidSku { field: field("sku"), reason })?;
    if let Some(barcode) = &variant.facts.barcode {
        max_characters(field("barcode"), barcode, limits::SKU_CHARACTERS_MAX)?;
    }
    let units_max = limits::STOCK_UNITS_MAX;
    if matches!(variant.stock, Some(DeclaredStock::Units(units)) if !(0..=units_max).contains(&units))
    {
        return Err(Rejection::OutOfRange { field: field("stock"), max: limits::STOCK_UNITS_MAX });
    }
    if variant.facts.weight_grams > limits::WEIGHT_GRAMS_MAX {
        let max = i64::from(limits::WEIGHT_GRAMS_MAX);
        return Err(Rejection::OutOfRange { field: field("weight_grams"), max });
    }
    for (name, value) in &variant.facts.options {
        max_characters(field("options"), name, limits::WORD_CHARACTERS_MAX)?;
        max_characters(field("options"), value, limits::VALUE_CHARACTERS_MAX)?;
    }
    let earlier = &variant.earlier;
    at_most(field("price_history"), "entries", earlier.len(), limits::EARLIER_PRICES_MAX)?;
    let rising = earlier.windows(2).all(|pair| pair[0].from < pair[1].from);
    if !rising || earlier.last().is_some_and(|last| last.from >= now) {
        let reason = "goes from the oldest price to the newest, all of them in the past";
        return Err(Rejection::Malformed { field: field("price_history"), reason });
    }
    Ok(())
}

/// Consistency between the parts of a product. `given` are the variants of the request, after which fields are named.
pub(super) fn consistency(product: &Product, given: &[VariantDraft]) -> Validated {
    at_most("variants", "entries", product.variants.len(), limits::VARIANTS_MAX)?;
    let positions: HashMap<&Sku, usize> =
        given.iter().enumerate().map(|(index, draft)| (&draft.sku, index)).collect();
    let field = |sku: &Sku, part: &str| match positions.get(sku) {
        Some(index) => format!("variants[{index}].{part}"),
        // An existing variant that is not in the request no longer fits.
        None => part.to_owned(),
    };
    single_currency(product, &field)?;
    option_combinations(product, &field)?;
    let all = product.variants.iter().chain(&product.withdrawn);
    let skus: HashSet<&Sku> = all.map(|it| &it.sku).collect();
    for (index, picture) in product.media.iter().enumerate() {
        if let Some(unknown) = picture.skus.iter().find(|sku| !skus.contains(sku)) {
            let field = format!("media[{index}].skus");
            return Err(Rejection::Unlisted { field, value: unknown.to_string(), of: "variants" });
        }
    }
    Ok(())
}

fn single_currency(product: &Product, field: &impl Fn(&Sku, &str) -> String) -> Validated {
    let mut common = None;
    for variant in &product.variants {
        let Some(price) = variant.price() else { continue };
        let common = *common.get_or_insert(price.currency());
        let other = |part, currency: kernel::Currency| Rejection::CurrencyMismatch {
            field: field(&variant.sku, part),
            one: currency.code(),
            other: common.code(),
        };
        if price.currency() != common {
            return Err(other("price", price.currency()));
        }
        let compare_at = variant.facts.compare_at_price;
        if let Some(compare_at) = compare_at.filter(|it| it.currency() != common) {
            return Err(other("compare_at_price", compare_at.currency()));
        }
    }
    Ok(())
}

/// Options of the variants: each has one listed value for each option, and no two have the same combination.
fn option_combinations(product: &Product, field: &impl Fn(&Sku, &str) -> String) -> Validated {
    let listed: HashMap<&str, HashSet<&str>> = product
        .options
        .iter()
        .map(|option| (option.name.as_str(), option.values.iter().map(String::as_str).collect()))
        .collect();
    let mut taken = HashSet::new();
    for variant in &product.variants {
        let chosen = &variant.facts.options;
        let field = || field(&variant.sku, "options");
        for (name, value) in chosen {
            let Some(values) = listed.get(name.as_str()) else {
                return Err(Rejection::Unlisted {
                    field: field(),
                    value: name.clone(),
                    of: "options",
                });
            };
            if !values.contains(value.as_str()) {
                let of = "option values";
                return Err(Rejection::Unlisted { field: field(), value: value.clone(), of });
            }
        }
        if let Some(missing) = product
            .options
            .iter()
            .find(|option| chosen.iter().all(|(name, _)| *name != option.name))
        {
            return Err(Rejection::OptionMissing { field: field(), option: missing.name.clone() });
        }
        if !taken.insert(chosen) {
            let values: Vec<&str> = chosen.iter().map(|(_, value)| value.as_str()).collect();
            return Err(Rejection::Duplicate { field: field(), value: values.join(" / ") });
        }
    }
    Ok(())
}

fn not_blank(field: impl Into<String>, text: &str) -> Validated {
    if text.trim().is_empty() { Err(Rejection::Empty { field: field.into() }) } else { Ok(()) }
}

/// One line of text with a limited number of characters.
fn max_characters(field: impl Into<String>, text: &str, max: usize) -> Validated {
    let field = field.into();
    if text.chars().any(char::is_control) {
        let reason = "is one line of text without control characters";
        return Err(Rejection::Malformed { field, reason });
    }
    // There are never fewer bytes than characters, and their number is known without counting.
    let actual = if text.len() > max { text.chars().count() } else { 0 };
    at_most(field, "characters", actual, max)
}

fn at_most(field: impl Into<String>, unit: &'static str, actual: usize, max: usize) -> Validated {
    if actual > max {
        return Err(Rejection::TooMany { field: field.into(), unit, actual, max });
    }
    Ok(())
}
