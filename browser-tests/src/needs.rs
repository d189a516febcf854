//! What the tests need beside themselves, as `cargo xtask test` hands it over.

use std::path::PathBuf;

/// The program to start as the browser.
pub(crate) fn chromium() -> PathBuf {
    handed_over("TEST_CHROMIUM").into()
}

/// The shop's own program.
pub(crate) fn product() -> PathBuf {
    handed_over("TEST_PRODUCT").into()
}

/// The accessibility rules, as a script.
pub fn axe_core() -> String {
    let path = handed_over("TEST_AXE_CORE");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the runner of the tests speaks through the environment, and no settings are involved"
)]
fn handed_over(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run `cargo xtask test --only browser-tests`")
    })
}
