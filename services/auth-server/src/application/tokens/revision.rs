//! Revision of what tokens depend on: it changes whenever a grant, session, account or client ends or changes, so that whoever remembers a
//! token in this process asks again at once, and otherwise not.

use std::sync::atomic::{AtomicU64, Ordering};

/// Revision, which begins anew with the process.
#[derive(Debug, Default)]
pub(crate) struct Revision(AtomicU64);

impl Revision {
    /// Notes a change, after it can be seen.
    pub(crate) fn advance(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }

    /// The present revision. What is found out after it was read is of this revision or a later one.
    pub(crate) fn present(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}
