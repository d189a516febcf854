//! Demonstration shop: a catalogue of invented home goods, and the seed function that imports it.

mod catalogue;
mod seed;

pub use catalogue::{
    Catalogue, CatalogueError, Category, Department, Picture, PriceChange, Product, Status, Variant,
};
pub use seed::{SeedError, new_products, seed};
