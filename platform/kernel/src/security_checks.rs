//! Security checks with names, and their mutants (mutation testing): each check can be left out, to see that a test fails then.
//!
//! A check asks [`holds`] whether its condition holds. In a release that is the condition itself, and nothing else is compiled. With the
//! feature `mutations`, the check that the environment variable `PLANTED_MUTATION` names always holds. `cargo xtask mutations auth` builds
//! the tests once with that feature and runs, for each name, the test that has to fail.
//!
//! ```
//! let (claimed, expected) = ("https://evil.example", "https://shop.example");
//! assert!(!kernel::security_checks::holds("jwt_issuer", claimed == expected));
//! ```

/// Environment variable with the name of the check that is left out. Read with the feature `mutations` alone.
#[cfg(feature = "mutations")]
const VARIABLE: &str = "PLANTED_MUTATION";

/// Whether the condition of a check holds, or the check is left out.
#[cfg(feature = "mutations")]
#[must_use]
pub fn holds(check: &str, condition: bool) -> bool {
    use std::sync::LazyLock;
    #[expect(
        clippy::disallowed_methods,
        reason = "a test program is told which check to leave out, and no settings are involved"
    )]
    static LEFT_OUT: LazyLock<Option<String>> = LazyLock::new(|| std::env::var(VARIABLE).ok());
    condition || LEFT_OUT.as_deref() == Some(check)
}

/// Whether the condition of a check holds.
#[cfg(not(feature = "mutations"))]
#[inline(always)]
#[must_use]
#[expect(clippy::inline_always, reason = "nothing but the condition may remain")]
pub const fn holds(_check: &str, condition: bool) -> bool {
    condition
}
