//! Browser test harness: a real browser, a real shop, and a page object that looks, clicks and types.
//!
//! The browser is headless Chromium, driven by the Chrome `DevTools` Protocol over a pair of inherited pipes. That takes a
//! few hundred lines: the crates that cover the whole protocol bring a WebSocket stack and a minute of generated code. A
//! pipe also closes with the process that holds it, so neither a browser nor a shop outlives the tests, however they end.
//!
//! Every failure is a panic with a sentence, because the caller is a test.

mod browser;
mod devtools;
mod emulation;
mod environment;
pub mod http;
mod keyboard;
pub mod lighthouse;
mod page;
pub mod process_guard;
mod shop;
mod wait;
pub mod walkthrough;

pub use browser::Browser;
pub use emulation::{Emulation, ForcedColours, JavaScript, Theme};
pub use environment::{axe_core, lighthouse_runs};
pub use page::{Frame, Page, Request, VirtualAuthenticator};
pub use shop::{Preparation, Shop};
