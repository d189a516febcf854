//! Test environment: paths of external tools, passed on by `cargo xtask test` in environment variables.

use std::path::PathBuf;

/// Path of the Chromium executable.
pub(crate) fn chromium() -> PathBuf {
    required("TEST_CHROMIUM").into()
}

/// Path of the server program.
pub(crate) fn shop_binary() -> PathBuf {
    required("TEST_PRODUCT").into()
}

/// Source of the axe-core script.
pub fn axe_core() -> String {
    let path = required("TEST_AXE_CORE");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Number of Lighthouse runs per page. One run finds violations; performance figures take the median of several.
pub fn lighthouse_runs() -> usize {
    optional("TEST_LIGHTHOUSE_ROUNDS").map_or(1, |runs| runs.parse().expect("a number"))
}

fn required(name: &str) -> String {
    optional(name)
        .unwrap_or_else(|| panic!("{name} is not set: run `cargo xtask test --only browser-tests`"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test runner passes paths through the environment, and no settings are involved"
)]
fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
