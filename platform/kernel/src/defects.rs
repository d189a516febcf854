//! Deliberate defects, to see whether the tests that should catch them do.
//!
//! Without the feature `defects`, which no product is built with, nothing is ever planted: [`planted`] is the constant
//! `false`, and what stands behind it is not compiled into anything.

#[cfg(feature = "defects")]
mod planted {
    use std::cell::Cell;

    thread_local! {
        static PLANTED: Cell<Option<&'static str>> = const { Cell::new(None) };
    }

    /// Plants this defect, and no other, in the running thread.
    pub fn plant(defect: Option<&'static str>) {
        PLANTED.set(defect);
    }

    /// Whether this defect is planted in the running thread.
    pub fn planted(defect: &str) -> bool {
        PLANTED.get() == Some(defect)
    }
}

#[cfg(feature = "defects")]
pub use planted::{plant, planted};

/// Whether this defect is planted: never.
#[cfg(not(feature = "defects"))]
#[inline(always)]
#[must_use]
#[expect(clippy::inline_always, reason = "what stands behind it has to vanish")]
pub const fn planted(_: &str) -> bool {
    false
}
