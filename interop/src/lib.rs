//! Interoperability tests: programs of other languages against a real shop. The programs are in a folder for each language or library,
//! the tests that build and run them in `tests/`.
//!
//! Every failure is a panic with a sentence, because the caller is a test.

mod outside_issuer;
mod programs;
mod shop_with_account;

pub use outside_issuer::{OutsideTokens, assert_roles_decide};
pub use programs::{assert_passed, last_json, node_modules, prerequisite, run, serve, work_folder};
pub use shop_with_account::{EMAIL, PASSWORD, ShopWithAccount, client};
