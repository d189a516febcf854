//! Seed of the demonstration catalogue, through the public import.

use crate::{Catalogue, CatalogueError, Department, Picture, Product, Status, Variant};
use contracts::{
    product::{
        IMPORT_PRODUCTS_MAX, ImportBatch, ImportOutcome, Media, NewProduct, NewVariant, PastPrice,
        ProductClient, ProductOption, ProductStatus,
    },
    shared::{Image, Sku},
};
use kernel::{Currency, Money, MoneyError, Timestamp, UnitPrice};
use std::time::Duration;
use transport::CallError;

/// Views that the storefront draws of each good, by their path segment.
const VIEWS: [&str; 3] = ["object", "crop", "drawing"];
const PICTURE_WIDTH: u32 = 400;
const PICTURE_HEIGHT: u32 = 500;

/// Error that leaves the catalogue unseeded or incomplete.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The catalogue itself is invalid.
    #[error(transparent)]
    CatalogueError(#[from] CatalogueError),
    /// A price is invalid.
    #[error("the demonstration catalogue has an invalid price: {0}")]
    Price(#[from] MoneyError),
    /// The import call failed.
    #[error("the demonstration catalogue could not be imported: {0}")]
    Call(#[from] CallError),
    /// The shop rejected a product.
    #[error("the shop rejected {slug} of the demonstration catalogue: {field}: {message}")]
    Rejected {
        /// The slug of the product.
        slug: String,
        /// The invalid field.
        field: String,
        /// The reason.
        message: String,
    },
}

/// Imports the catalogue with dates relative to `now`, and returns the number of its products. A second import changes
/// nothing.
///
/// # Errors
///
/// [`SeedError`] where the catalogue is invalid, the call fails, or the shop rejects a product; earlier batches stay.
pub async fn seed(products: &ProductClient, now: Timestamp) -> Result<usize, SeedError> {
    let wanted = new_products(now)?;
    for batch in wanted.chunks(IMPORT_PRODUCTS_MAX) {
        let batch = ImportBatch { products: batch.to_vec(), dry_run: false, keep_variants: true };
        let report = products.import(&batch).await?;
        for (product, outcome) in batch.products.into_iter().zip(report.outcomes) {
            if let ImportOutcome::Rejected { field, message, .. } = outcome {
                let slug = product.slug.unwrap_or_default();
                return Err(SeedError::Rejected { slug, field, message });
            }
        }
    }
    Ok(wanted.len())
}

/// Products of the catalogue for the import, the oldest first: the one imported last is the newest in the shop.
///
/// # Errors
///
/// [`SeedError`] where the catalogue or a price in it is invalid.
pub fn new_products(now: Timestamp) -> Result<Vec<NewProduct>, SeedError> {
    let mut catalogue = Catalogue::read()?;
    catalogue.products.sort_by_key(|product| std::cmp::Reverse(product.created_days_ago));
    let departments = &catalogue.departments;
    let products = catalogue.products.iter();
    Ok(products.map(|product| new_product(product, departments, now)).collect::<Result<_, _>>()?)
}

fn new_product(
    product: &Product,
    departments: &[Department],
    now: Timestamp,
) -> Result<NewProduct, MoneyError> {
    let variants = product.variants.iter();
    Ok(NewProduct {
        slug: Some(product.slug.clone()),
        name: product.name.clone(),
        description: description(product),
        brand: Some(product.brand.clone()),
        categories: vec![category_path(product, departments)],
        tags: Vec::new(),
        options: options(product),
        variants: variants.map(|variant| new_variant(variant, now)).collect::<Result<_, _>>()?,
        media: media(product),
        featured: None,
        status: match product.status {
            Status::Draft => ProductStatus::Draft,
            Status::Published => ProductStatus::Active,
            Status::Archived => ProductStatus::Archived,
        },
    })
}

fn new_variant(variant: &Variant, now: Timestamp) -> Result<NewVariant, MoneyError> {
    let price = |cents| UnitPrice::from_money(Money::new(cents, Currency::EUR));
    // The change that led to the current price is included: it holds since that day, not since the seeding.
    let past = variant.prices.iter().filter(|change| change.days_ago > 0);
    let history = past.map(|change| {
        let ago = Duration::from_hours(24) * change.days_ago;
        let from = now.checked_sub(ago).unwrap_or(Timestamp::UNIX_EPOCH);
        Ok(PastPrice { from, price: price(change.price_cents)? })
    });
    Ok(NewVariant {
        sku: variant.sku.clone(),
        options: option_values(variant).map(|(name, value)| (name.to_owned(), value)).collect(),
        price: price(variant.price_cents())?,
        price_history: history.collect::<Result<_, _>>()?,
        compare_at_price: None,
        stock: Some(i64::from(variant.stock)),
        untracked: false,
        weight_grams: variant.weight_g,
        barcode: None,
    })
}

/// Value of each option of a variant, for display.
fn option_values(variant: &Variant) -> impl Iterator<Item = (&'static str, String)> {
    let colour = variant.colour.as_deref().map(capitalise).map(|colour| ("Colour", colour));
    let size = variant.size.clone().map(|size| ("Size", size));
    colour.into_iter().chain(size)
}

fn options(product: &Product) -> Vec<ProductOption> {
    let mut options: Vec<ProductOption> = Vec::new();
    for (name, value) in product.variants.iter().flat_map(option_values) {
        match options.iter_mut().find(|option| option.name == name) {
            Some(option) if option.values.contains(&value) => {}
            Some(option) => option.values.push(value),
            None => options.push(ProductOption { name: name.to_owned(), values: vec![value] }),
        }
    }
    options
}

/// Media of a product: every view in every colour, each with the SKUs that it shows.
fn media(product: &Product) -> Vec<Media> {
    let mut shown: Vec<(&Picture, Vec<Sku>)> = Vec::new();
    for variant in &product.variants {
        let Some(picture) = &variant.picture else { continue };
        match shown.iter_mut().find(|(known, _)| *known == picture) {
            Some((_, skus)) => skus.push(variant.sku.clone()),
            None => shown.push((picture, vec![variant.sku.clone()])),
        }
    }
    let views = shown.into_iter().flat_map(|(picture, skus)| {
        VIEWS.map(|view| {
            let image = Image {
                url: format!("/pictures/{}/{}/{view}.svg", picture.kind, picture.colour),
                alt: alt_text(view, &product.name, &picture.colour),
                width: PICTURE_WIDTH,
                height: PICTURE_HEIGHT,
            };
            Media::new(image, skus.clone())
        })
    });
    views.collect()
}

/// Alternative text of a view, for assistive technology.
fn alt_text(view: &str, name: &str, colour: &str) -> String {
    match view {
        "crop" => format!("{name} in {colour}, close by"),
        "drawing" => format!("{name}, drawn in outline"),
        _ => format!("{name} in {colour}"),
    }
}

fn category_path(product: &Product, departments: &[Department]) -> String {
    let department = departments.iter().find(|it| it.slug == product.department);
    let category =
        department.and_then(|it| it.categories.iter().find(|it| it.slug == product.category));
    let names = [department.map(|it| &*it.name), category.map(|it| &*it.name)];
    names.into_iter().flatten().collect::<Vec<_>>().join(" > ")
}

fn description(product: &Product) -> String {
    format!(
        "<p>{}</p><p>{}.</p>",
        escape_html(&product.description),
        escape_html(&product.material)
    )
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

pub(crate) fn capitalise(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn seeded_products() -> BTreeMap<String, NewProduct> {
        let products = new_products("2026-03-01T12:00:00Z".parse().unwrap()).unwrap();
        products.into_iter().map(|product| (product.slug.clone().unwrap(), product)).collect()
    }

    #[test]
    fn a_product_keeps_its_texts_options_and_category() {
        let planter = &seeded_products()["terracotta-planter"];
        assert_eq!(planter.categories, ["Garden > Pots and planters"]);
        assert_eq!(planter.options[0].name, "Colour");
        assert_eq!(planter.options[0].values, ["Clay", "Chalk"]);
        assert_eq!(planter.options[1].values.len(), 5);
        assert!(planter.description.starts_with("<p>Fired hot enough"), "{}", planter.description);
        assert!(planter.description.ends_with("<p>Terracotta, frost-proof.</p>"));
        assert_eq!(planter.variants[0].options["Size"], "14 cm");
        assert_eq!(planter.variants[0].stock, Some(40));
    }

    #[test]
    fn every_colour_has_three_views_with_alternative_texts() {
        let planter = &seeded_products()["terracotta-planter"];
        let urls: Vec<_> = planter.media.iter().map(|it| &*it.image.url).collect();
        assert_eq!(urls.len(), 6);
        assert_eq!(urls[0], "/pictures/planter/clay/object.svg");
        assert_eq!(urls[5], "/pictures/planter/chalk/drawing.svg");
        assert_eq!(planter.media[1].image.alt, "Terracotta planter in clay, close by");
        assert_eq!(planter.media[0].skus.len(), 5);
        assert!(seeded_products()["warm-bulb-e27-4-w"].media.is_empty());
    }

    #[test]
    fn prices_have_the_dates_they_changed_on() {
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        for product in seeded_products().values() {
            for variant in &product.variants {
                let history = &variant.price_history;
                assert!(history.is_sorted_by(|a, b| a.from < b.from), "{}", variant.sku);
                assert!(history.iter().all(|past| past.from < now), "{}", variant.sku);
                assert_eq!(history.last().unwrap().price, variant.price, "{}", variant.sku);
            }
        }
        let changed = |product: &&NewProduct| product.variants[0].price_history.len() > 1;
        assert!(seeded_products().values().filter(changed).count() >= 13);
    }

    #[test]
    fn products_keep_their_status_and_the_newest_come_last() {
        let statuses = |status| seeded_products().values().filter(|it| it.status == status).count();
        assert_eq!((statuses(ProductStatus::Draft), statuses(ProductStatus::Archived)), (1, 1));
        let products = new_products("2026-03-01T12:00:00Z".parse().unwrap()).unwrap();
        let first_dates = products.iter().map(|it| it.variants[0].price_history[0].from);
        assert!(first_dates.is_sorted());
        let skus = products.iter().flat_map(|it| &it.variants).map(|it| &it.sku);
        assert_eq!(skus.clone().collect::<BTreeSet<_>>().len(), skus.count());
    }
}
