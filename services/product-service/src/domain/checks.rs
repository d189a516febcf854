//! What must hold of each field by itself, and of a product as a whole.

use super::draft::{Draft, VariantDraft};
use super::events::{Media, ProductOption};
use super::product::Product;
use super::{Rejection, limits, words};
use kernel::Timestamp;
use std::collections::{HashMap, HashSet};

type Checked = Result<(), Rejection>;

/// Words of the address space under products that no slug may take.
const RESERVED_SLUGS: &[&str] = &["suggestions", "import"];

pub(super) fn draft(draft: &Draft, now: Timestamp) -> Checked {
    // The slug may have been made from the name.
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

pub(super) fn slug(slug: &str) -> Checked {
    present("slug", slug)?;
    characters("slug", slug, limits::SLUG_CHARACTERS_MAX)?;
    let malformed = |reason| Err(Rejection::Malformed { field: "slug".to_owned(), reason });
    if words::slug(slug) != slug {
        return malformed(
            "is made of lower-case letters and digits, with single hyphens between words",
        );
    }
    if RESERVED_SLUGS.contains(&slug) {
        return malformed("is an address of its own");
    }
    if slug.parse::<kernel::Uuid>().is_ok() {
        return malformed("looks like an identifier");
    }
    Ok(())
}

pub(super) fn name(name: &str) -> Checked {
    present("name", name)?;
    characters("name", name, limits::NAME_CHARACTERS_MAX)
}

pub(super) fn description(description: &str) -> Checked {
    at_most("description", "bytes", description.len(), limits::DESCRIPTION_BYTES_MAX)
}

pub(super) fn brand(brand: &str) -> Checked {
    characters("brand", brand, limits::WORD_CHARACTERS_MAX)
}

pub(super) fn categories(categories: &[String]) -> Checked {
    at_most("categories", "entries", categories.len(), limits::CATEGORIES_MAX)?;
    let mut known = HashSet::new();
    for (index, path) in categories.iter().enumerate() {
        let field = || format!("categories[{index}]");
        characters(field(), path, limits::VALUE_CHARACTERS_MAX)?;
        at_most(field(), "levels", words::levels(path).count(), limits::CATEGORY_LEVELS_MAX)?;
        if words::levels(path).any(|level| words::slug(level).is_empty()) {
            let reason = "every level of a category has a name with letters or digits";
            return Err(Rejection::Malformed { field: field(), reason });
        }
        if !known.insert(words::path_slug(path)) {
            return Err(Rejection::Repeated { field: field(), value: path.clone() });
        }
    }
    Ok(())
}

pub(super) fn tags(tags: &[String]) -> Checked {
    at_most("tags", "entries", tags.len(), limits::TAGS_MAX)?;
    for (index, tag) in tags.iter().enumerate() {
        characters(format!("tags[{index}]"), tag, limits::WORD_CHARACTERS_MAX)?;
    }
    Ok(())
}

pub(super) fn options(options: &[ProductOption]) -> Checked {
    at_most("options", "entries", options.len(), limits::OPTIONS_MAX)?;
    let mut names = HashSet::new();
    for (index, option) in options.iter().enumerate() {
        let field = |part: &str| format!("options[{index}].{part}");
        present(field("name"), &option.name)?;
        characters(field("name"), &option.name, limits::WORD_CHARACTERS_MAX)?;
        if !names.insert(words::fold(&option.name)) {
            return Err(Rejection::Repeated { field: field("name"), value: option.name.clone() });
        }
        at_most(field("values"), "entries", option.values.len(), limits::OPTION_VALUES_MAX)?;
        let mut values = HashSet::new();
        for (place, value) in option.values.iter().enumerate() {
            let field = || format!("options[{index}].values[{place}]");
            present(field(), value)?;
            characters(field(), value, limits::VALUE_CHARACTERS_MAX)?;
            if !values.insert(value.as_str()) {
                return Err(Rejection::Repeated { field: field(), value: value.clone() });
            }
        }
    }
    Ok(())
}

pub(super) fn media(media: &[Media]) -> Checked {
    at_most("media", "entries", media.len(), limits::MEDIA_MAX)?;
    for (index, picture) in media.iter().enumerate() {
        let field = |part: &str| format!("media[{index}].image.{part}");
        let url = picture.url.as_str();
        characters(field("url"), url, limits::URL_CHARACTERS_MAX)?;
        let on_this_shop = url.starts_with('/') && !url.starts_with("//");
        let clean = url.chars().all(|letter| !letter.is_control() && !letter.is_whitespace());
        if !(clean && (on_this_shop || url.starts_with("https://"))) {
            let reason = "is an https address or a path on the shop, such as /media/mug.svg";
            return Err(Rejection::Malformed { field: field("url"), reason });
        }
        characters(field("alt"), &picture.alt, limits::ALT_CHARACTERS_MAX)?;
    }
    Ok(())
}

pub(super) fn variants(variants: &[VariantDraft], now: Timestamp) -> Checked {
    at_most("variants", "entries", variants.len(), limits::VARIANTS_MAX)?;
    let mut skus = HashSet::new();
    for (index, variant) in variants.iter().enumerate() {
        self::variant(index, variant, now)?;
        if !skus.insert(words::sku_key(&variant.sku)) {
            let field = format!("variants[{index}].sku");
            return Err(Rejection::Repeated { field, value: variant.sku.clone() });
        }
    }
    Ok(())
}

fn variant(index: usize, variant: &VariantDraft, now: Timestamp) -> Checked {
    let field = |part: &str| format!("variants[{index}].{part}");
    present(field("sku"), &variant.sku)?;
    characters(field("sku"), &variant.sku, limits::SKU_CHARACTERS_MAX)?;
    at_most(field("sku"), "bytes", variant.sku.len(), limits::SKU_BYTES_MAX)?;
    if variant.sku.trim() != variant.sku {
        let reason = "neither begins nor ends with a space";
        return Err(Rejection::Malformed { field: field("sku"), reason });
    }
    if let Some(barcode) = &variant.facts.barcode {
        characters(field("barcode"), barcode, limits::SKU_CHARACTERS_MAX)?;
    }
    if variant.stock.is_some_and(|units| !(0..=limits::STOCK_UNITS_MAX).contains(&units)) {
        return Err(Rejection::OutOfRange { field: field("stock"), max: limits::STOCK_UNITS_MAX });
    }
    if variant.facts.weight_grams > limits::WEIGHT_GRAMS_MAX {
        let max = i64::from(limits::WEIGHT_GRAMS_MAX);
        return Err(Rejection::OutOfRange { field: field("weight_grams"), max });
    }
    for (name, value) in &variant.facts.options {
        characters(field("options"), name, limits::WORD_CHARACTERS_MAX)?;
        characters(field("options"), value, limits::VALUE_CHARACTERS_MAX)?;
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

/// What must hold between the parts of a product. `given` are the variants of the request, by which fields are named.
pub(super) fn whole(product: &Product, given: &[VariantDraft]) -> Checked {
    at_most("variants", "entries", product.variants.len(), limits::VARIANTS_MAX)?;
    let places: HashMap<String, usize> = given
        .iter()
        .enumerate()
        .map(|(index, draft)| (words::sku_key(&draft.sku), index))
        .collect();
    let field = |sku: &str, part: &str| match places.get(&words::sku_key(sku)) {
        Some(index) => format!("variants[{index}].{part}"),
        // A variant that was there before no longer fits.
        None => part.to_owned(),
    };
    one_currency(product, &field)?;
    combinations(product, &field)?;
    let skus: HashSet<String> = product.variants.iter().map(|it| words::sku_key(&it.sku)).collect();
    for (index, picture) in product.media.iter().enumerate() {
        if let Some(unknown) = picture.skus.iter().find(|sku| !skus.contains(&words::sku_key(sku)))
        {
            let field = format!("media[{index}].skus");
            return Err(Rejection::Unlisted { field, value: unknown.clone(), of: "variants" });
        }
    }
    Ok(())
}

fn one_currency(product: &Product, field: &impl Fn(&str, &str) -> String) -> Checked {
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

/// Every variant has one listed value for each option, and no two have the same.
fn combinations(product: &Product, field: &impl Fn(&str, &str) -> String) -> Checked {
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
            return Err(Rejection::Repeated { field: field(), value: values.join(" / ") });
        }
    }
    Ok(())
}

fn present(field: impl Into<String>, text: &str) -> Checked {
    if text.trim().is_empty() { Err(Rejection::Empty { field: field.into() }) } else { Ok(()) }
}

fn characters(field: impl Into<String>, text: &str, max: usize) -> Checked {
    let field = field.into();
    if text.chars().any(char::is_control) {
        let reason = "is one line of text without control characters";
        return Err(Rejection::Malformed { field, reason });
    }
    // Bytes are never fewer than characters, and known at once.
    let actual = if text.len() > max { text.chars().count() } else { 0 };
    at_most(field, "characters", actual, max)
}

fn at_most(field: impl Into<String>, unit: &'static str, actual: usize, max: usize) -> Checked {
    if actual > max {
        return Err(Rejection::TooMany { field: field.into(), unit, actual, max });
    }
    Ok(())
}
