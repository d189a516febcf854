//! Catalogue files: one TOML file for each department, in which a variant inherits the values of its product.

use super::{Category, Department, Picture, PriceChange, Product, Status, Variant};
use contracts::shared::Sku;
use serde::Deserialize;

pub(super) const FILES: [(&str, &str); 6] = [
    ("kitchen.toml", include_str!("kitchen.toml")),
    ("lighting.toml", include_str!("lighting.toml")),
    ("furniture.toml", include_str!("furniture.toml")),
    ("textiles.toml", include_str!("textiles.toml")),
    ("garden.toml", include_str!("garden.toml")),
    ("living.toml", include_str!("living.toml")),
];

/// Error in a catalogue file.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error(transparent)]
    Malformed(#[from] toml::de::Error),
    #[error("{sku} has no price")]
    NoPrice { sku: Sku },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    slug: String,
    tagline: String,
    categories: Vec<Category>,
    products: Vec<ProductEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProductEntry {
    slug: String,
    name: String,
    brand: String,
    category: String,
    #[serde(default)]
    status: Status,
    created_days_ago: u32,
    /// One price since the product was created, or …
    price: Option<Price>,
    /// … a price history.
    #[serde(default)]
    prices: Vec<PriceEntry>,
    weight_g: u32,
    /// Kind of good to draw, in the colour of the variant.
    picture: Option<String>,
    material: String,
    description: String,
    variants: Vec<VariantEntry>,
}

/// Variant; an absent value is that of its product.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VariantEntry {
    sku: Sku,
    colour: Option<String>,
    size: Option<String>,
    price: Option<Price>,
    weight_g: Option<u32>,
    stock: u32,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceEntry {
    days_ago: u32,
    price: Price,
}

/// Price in euros and cents, such as `71.20`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Price {
    cents: i64,
}

impl TryFrom<String> for Price {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = || format!("{text} is not a price like 71.20");
        let (euros, cents) = text.split_once('.').ok_or_else(wrong)?;
        if cents.len() != 2 || euros.is_empty() {
            return Err(wrong());
        }
        let parts = (euros.parse::<u16>(), cents.parse::<u8>());
        let (Ok(euros), Ok(cents)) = parts else { return Err(wrong()) };
        Ok(Self { cents: i64::from(euros) * 100 + i64::from(cents) })
    }
}

/// Parses one department with its products.
pub(super) fn parse(text: &str) -> Result<(Department, Vec<Product>), FileError> {
    let File { name, slug, tagline, categories, products } = toml::from_str(text)?;
    let products =
        products.into_iter().map(|entry| product(entry, &slug)).collect::<Result<_, _>>()?;
    Ok((Department { slug, name, tagline, categories }, products))
}

fn product(mut entry: ProductEntry, department: &str) -> Result<Product, FileError> {
    let variants = std::mem::take(&mut entry.variants);
    let variants = variants
        .into_iter()
        .map(|variant| resolve_variant(variant, &entry))
        .collect::<Result<_, _>>()?;
    Ok(Product {
        slug: entry.slug,
        name: entry.name,
        brand: entry.brand,
        department: department.to_owned(),
        category: entry.category,
        status: entry.status,
        created_days_ago: entry.created_days_ago,
        material: entry.material,
        description: entry.description,
        variants,
    })
}

fn resolve_variant(variant: VariantEntry, product: &ProductEntry) -> Result<Variant, FileError> {
    let since_created = |price: Price| {
        vec![PriceChange { days_ago: product.created_days_ago, price_cents: price.cents }]
    };
    let history = |change: &PriceEntry| PriceChange {
        days_ago: change.days_ago,
        price_cents: change.price.cents,
    };
    let prices = match (variant.price, product.price) {
        (Some(price), _) | (None, Some(price)) => since_created(price),
        (None, None) => product.prices.iter().map(history).collect(),
    };
    if prices.is_empty() {
        return Err(FileError::NoPrice { sku: variant.sku });
    }
    let picture = product
        .picture
        .clone()
        .zip(variant.colour.clone())
        .map(|(kind, colour)| Picture { kind, colour });
    Ok(Variant {
        sku: variant.sku,
        colour: variant.colour,
        size: variant.size,
        prices,
        weight_g: variant.weight_g.unwrap_or(product.weight_g),
        stock: variant.stock,
        picture,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_parsed_to_the_cent() {
        let cents = |text: &str| Price::try_from(text.to_owned()).map(|price| price.cents);
        assert_eq!(cents("71.20"), Ok(7_120));
        assert_eq!(cents("0.05"), Ok(5));
        for wrong in ["71", "71.2", "71.200", ".20", "-1.00", "seven", "1,20", "+1.00 "] {
            assert!(cents(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_variant_without_a_price_is_named_in_the_error() {
        let text = r#"
            name = "Kitchen"
            slug = "kitchen"
            tagline = "For cooking."
            categories = []
            [[products]]
            slug = "mug"
            name = "Mug"
            brand = "Halden"
            category = "mugs"
            created_days_ago = 3
            weight_g = 300
            material = "Stoneware"
            description = "A mug."
            variants = [{ sku = "HAL-MUG", stock = 1 }]
        "#;
        assert_eq!(parse(text).unwrap_err().to_string(), "HAL-MUG has no price");
    }

    #[test]
    fn an_unknown_field_is_rejected() {
        assert!(matches!(
            parse("name = \"Kitchen\"\ncolour = \"red\""),
            Err(FileError::Malformed(_))
        ));
    }
}
