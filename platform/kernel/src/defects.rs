//! Planted defects (mutation testing): switches by which the simulation checks that its invariants catch a bug.
//!
//! Without the feature `defects`, which no release has, nothing is ever planted: [`planted`] is the constant `false`, and
//! the code behind it is not compiled.
//!
//! A service asks in decorators of its ports, its contract or its routes (`adapters/defects.rs`), which exist only with its
//! own feature `defects`; never in its domain or its use cases.

#[cfg(feature = "defects")]
mod planted {
    use std::cell::Cell;

    thread_local! {
        static PLANTED: Cell<Option<&'static str>> = const { Cell::new(None) };
    }

    /// Plants this defect, and no other, in the current thread.
    pub fn plant(defect: Option<&'static str>) {
        PLANTED.set(defect);
    }

    /// Whether this defect is planted in the current thread.
    pub fn planted(defect: &str) -> bool {
        PLANTED.get() == Some(defect)
    }
}

#[cfg(feature = "defects")]
pub use planted::{plant, planted};

/// Whether this defect is planted: never, in a build without the feature `defects`.
#[cfg(not(feature = "defects"))]
#[inline(always)]
#[must_use]
#[expect(clippy::inline_always, reason = "the code behind it has to vanish")]
pub const fn planted(_: &str) -> bool {
    false
}
