//! Administration: what the command line does with accounts, clients and keys, on storage that no process is serving, or before it does.

mod clients;
mod groups;
mod users;

pub use clients::{ListedClient, NewClient};
pub use groups::ListedConsent;
pub use users::ListedAccount;

use crate::{adapters::settings::AuthSettings, provider::Provider};
use kernel::{Ids, Timestamp};
use runtime::{BuildError, OfflineContext};
use std::{fmt, sync::Arc};

/// Reason why something was not done, as a sentence for operators.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct AdministrationError(String);

/// Administration of accounts, clients and keys.
#[derive(Debug)]
pub struct Administration(Arc<Provider>);

impl Administration {
    /// Administration on the storage of the service.
    ///
    /// # Errors
    ///
    /// A setting is wrong, or the storage cannot be used.
    pub async fn open(context: &OfflineContext, ids: &Ids) -> Result<Self, BuildError> {
        let settings: AuthSettings = context.settings()?;
        Provider::open(&settings, &context.storage, ids).await.map(Self)
    }

    /// Rotates the signing keys: new ones are published at once and sign later, or, in an emergency, sign at once in place of the old ones.
    /// Returns from when they sign.
    ///
    /// # Errors
    ///
    /// The storage cannot be used.
    pub async fn rotate_keys(&self, at_once: bool) -> Result<Timestamp, AdministrationError> {
        Ok(self.0.key_store.rotate(at_once).await?)
    }
}

/// Every failure is told to operators in its own words.
macro_rules! told {
    ($($error:ty),*) => {
        $(impl From<$error> for AdministrationError {
            fn from(error: $error) -> Self {
                Self(error.to_string())
            }
        })*
    };
}

told!(
    crate::application::error::AuthError,
    storage::StorageError,
    crate::application::client_order::OrderError
);

impl AdministrationError {
    fn new(sentence: impl fmt::Display) -> Self {
        Self(sentence.to_string())
    }
}
