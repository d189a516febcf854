//! The demonstration catalogue.
