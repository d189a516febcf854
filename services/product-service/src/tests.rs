//! Unit tests of the domain and the search index.

mod fixtures;
mod keyset_pagination;
mod picture_decisions;
mod prior_price_vectors;
mod product_decisions;
mod rendered_pages;
mod search_results;
mod variant_conditions;
mod variant_decisions;
