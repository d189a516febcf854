//! Tests that need more than the part they test.

mod index_answers;
mod index_pages;
mod listings;
mod prior_price_vectors;
mod product_decisions;
