//! Demonstration catalogue: departments and products, read from the TOML files in this folder.
//!
//! Days count backwards from the day of seeding, so that the shop looks as fresh next year as today. Prices are in euro
//! cents, VAT included.

mod file;

#[cfg(test)]
mod tests;

use contracts::shared::Sku;

/// Demonstration catalogue, with departments and products in display order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    pub departments: Vec<Department>,
    pub products: Vec<Product>,
}

/// Department with its categories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Department {
    pub slug: String,
    pub name: String,
    /// One line for display under its heading.
    pub tagline: String,
    pub categories: Vec<Category>,
}

/// Category of a department.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    pub slug: String,
    pub name: String,
}

/// Product with all its variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    pub slug: String,
    pub name: String,
    pub brand: String,
    /// The slug of its department.
    pub department: String,
    /// The slug of its category.
    pub category: String,
    pub status: Status,
    pub created_days_ago: u32,
    pub material: String,
    pub description: String,
    /// Never empty. Either all variants have a colour or none has; likewise for sizes.
    pub variants: Vec<Variant>,
}

/// Publication status of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Draft,
    #[default]
    Published,
    Archived,
}

/// Variant of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    pub sku: Sku,
    /// The slug of its colour, such as `brick`.
    pub colour: Option<String>,
    /// Size for display, such as `50 × 50 cm`.
    pub size: Option<String>,
    /// Price history, oldest first; never empty. The last price is the current one.
    pub prices: Vec<PriceChange>,
    pub weight_g: u32,
    pub stock: u32,
    pub picture: Option<Picture>,
}

impl Variant {
    /// The current price in cents.
    pub fn price_cents(&self) -> i64 {
        self.prices.last().map_or(0, |change| change.price_cents)
    }
}

/// Price of a variant from a certain day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceChange {
    pub days_ago: u32,
    pub price_cents: i64,
}

/// Picture that the storefront draws: a kind of good in a colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub kind: String,
    pub colour: String,
}

/// Error: a catalogue file is invalid.
#[derive(Debug, thiserror::Error)]
#[error("the demonstration catalogue cannot be read: {file}")]
pub struct CatalogueError {
    file: &'static str,
    source: file::FileError,
}

impl Catalogue {
    /// Parses the catalogue that is embedded in this crate.
    ///
    /// # Errors
    ///
    /// [`CatalogueError`] where a file is not TOML of the right form, or a variant has no price.
    pub fn read() -> Result<Self, CatalogueError> {
        let mut catalogue = Self { departments: Vec::new(), products: Vec::new() };
        for (name, text) in file::FILES {
            let (department, products) =
                file::parse(text).map_err(|source| CatalogueError { file: name, source })?;
            catalogue.departments.push(department);
            catalogue.products.extend(products);
        }
        Ok(catalogue)
    }
}
