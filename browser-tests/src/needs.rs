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

/// How often Lighthouse looks at each page. Once says what is wrong; how fast a page is takes several looks.
pub fn lighthouse_rounds() -> usize {
    variable("TEST_LIGHTHOUSE_ROUNDS").map_or(1, |rounds| rounds.parse().expect("a number"))
}

fn handed_over(name: &str) -> String {
    variable(name)
        .unwrap_or_else(|| panic!("{name} is not set: run `cargo xtask test --only browser-tests`"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the runner of the tests speaks through the environment, and no settings are involved"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
