//! Demonstration shop: a catalogue of invented home goods, the seed function that imports it, and the words about the
//! shop itself.

mod catalogue;
mod seed;
mod words;

pub use catalogue::{
    Catalogue, CatalogueError, Category, Department, Picture, PriceChange, Product, Status, Variant,
};
pub use seed::{SeedError, new_products, seed};
pub use words::WORDS;
