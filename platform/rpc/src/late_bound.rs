//! Late binding: a handle of a provider that may not exist yet, so that services can be built in any order.

use crate::{CallError, Contract};
use std::{
    fmt,
    sync::{Arc, OnceLock},
};

/// Late-bound handle of contract `C`. Before it is bound, calls fail with [`CallError::Unvalue`].
pub struct LateBound<C: ?Sized>(Arc<OnceLock<Arc<C>>>);

impl<C: ?Sized + Contract> LateBound<C> {
    /// Binds the provider; `false` when one is bound already.
    pub(crate) fn bind(&self, provider: Arc<C>) -> bool {
        self.0.set(provider).is_ok()
    }

    /// The provider. What [`crate::contract!`] expands to calls this.
    pub fn provider(&self) -> Result<&Arc<C>, CallError> {
        self.0.get().ok_or_else(|| CallError::Unavailable {
            service: C::SERVICE,
            reason: "it is still being built".to_owned(),
        })
    }
}

impl<C: ?Sized> Default for LateBound<C> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<C: ?Sized> Clone for LateBound<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C: ?Sized> fmt::Debug for LateBound<C> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("LateBound").field("is_bound", &self.0.get().is_some()).finish()
    }
}
