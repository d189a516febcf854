//! Trail of the signing keys: when they were rotated. The keys themselves are records.

use super::events::KeyEvent;

/// Trail of the signing keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyTrail;

impl KeyTrail {
    /// State with one more event.
    pub(crate) fn apply(_: &KeyEvent) -> Self {
        Self
    }
}
