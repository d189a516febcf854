//! What the demonstration shop sells: departments and products, read from the files beside this one.
//!
//! Days count backwards from the day of planting, so that the shop is as fresh next year as today.
//! Prices are in euro cents, with VAT.

mod file;

#[cfg(test)]
mod tests;

/// Everything the shop shows, departments and products in the order of the shelves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    pub departments: Vec<Department>,
    pub products: Vec<Product>,
}

/// A department with the categories below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Department {
    pub slug: String,
    pub name: String,
    /// One line under its heading.
    pub sentence: String,
    pub categories: Vec<Category>,
}

/// A category of a department.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    pub slug: String,
    pub name: String,
}

/// A product with all its variants.
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

/// Whether customers see a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Draft,
    #[default]
    Published,
    Archived,
}

/// One thing that can be put into a cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    pub sku: String,
    /// The slug of its colour, such as `brick`.
    pub colour: Option<String>,
    /// Its size in words, such as `50 × 50 cm`.
    pub size: Option<String>,
    /// What it cost when, oldest first; never empty. The last one holds today.
    pub prices: Vec<PriceChange>,
    pub weight_g: u32,
    pub stock: u32,
    pub picture: Option<Picture>,
}

impl Variant {
    /// Today's price in cents.
    pub fn price_cents(&self) -> i64 {
        self.prices.last().map_or(0, |change| change.price_cents)
    }
}

/// From a certain day on a variant costs this much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceChange {
    pub days_ago: u32,
    pub price_cents: i64,
}

/// Which picture the shop draws: a kind of good in a colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub kind: String,
    pub colour: String,
}

/// A catalogue file is not what it should be.
#[derive(Debug, thiserror::Error)]
#[error("the demonstration catalogue cannot be read: {file}")]
pub struct Unreadable {
    file: &'static str,
    source: file::Fault,
}

impl Catalogue {
    /// Reads the catalogue that is part of this crate.
    pub fn read() -> Result<Self, Unreadable> {
        let mut catalogue = Self { departments: Vec::new(), products: Vec::new() };
        for (name, text) in file::FILES {
            let (department, products) =
                file::read(text).map_err(|source| Unreadable { file: name, source })?;
            catalogue.departments.push(department);
            catalogue.products.extend(products);
        }
        Ok(catalogue)
    }
}
