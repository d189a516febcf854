//! Imports a catalogue from a file through the public API.

mod columns;
mod price;
mod product;
mod reading;
mod row;
mod words;
