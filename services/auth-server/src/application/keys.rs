//! Keys of the provider: those that sign tokens, kept encrypted and rotated, and those that seal and bind what it hands out.

pub(crate) mod handle;
pub(crate) mod keyring;
pub(crate) mod rotation;
pub(crate) mod seal;
pub(crate) mod store;
