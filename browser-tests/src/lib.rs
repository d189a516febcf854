//! A real browser, a real shop, and what a test does with both: look, point, type.
//!
//! The browser is Chromium without a window, spoken to in its own protocol over a pair of pipes it inherits. That takes
//! a few hundred lines: the crates that speak the whole protocol bring a WebSocket stack and a minute of generated code.
//! A pipe also ends with the process that holds it, so neither a browser nor a shop outlives the tests, however they end.
//!
//! Everything here panics with a sentence when something is not as it has to be: it is the test that speaks.

mod browser;
pub mod http;
mod keys;
pub mod lighthouse;
mod look;
mod needs;
mod page;
mod shop;
mod warden;
mod wire;

pub use browser::Browser;
pub use look::{Colours, Look, Scripts, Theme};
pub use needs::{axe_core, lighthouse_rounds};
pub use page::{Page, Request};
pub use shop::Shop;
