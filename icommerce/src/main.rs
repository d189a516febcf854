//! The binary of the shop.

fn main() {}
