//! The demonstration shop: a catalogue of home goods of our own invention, ready to be planted.

mod catalogue;
mod planting;

pub use catalogue::{
    Catalogue, Category, Department, Picture, PriceChange, Product, Status, Unreadable, Variant,
};
pub use planting::{NotPlanted, new_products, plant};
