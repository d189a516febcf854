//! Products, variants, categories, media, and prices with their history.

mod domain;
#[cfg(test)]
mod tests;
