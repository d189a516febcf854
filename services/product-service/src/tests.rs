//! Tests that need more than the part they test.

mod prior_price_vectors;
mod product_decisions;
