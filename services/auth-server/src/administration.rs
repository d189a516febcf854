//! Administration: what the command line does with accounts, clients and keys, on storage that no process is serving, or before it does.

mod clients;
mod commands;
mod groups;
mod sessions;
mod users;

pub use clients::{ListedClient, NewClient};
pub use groups::ListedConsent;
pub use sessions::AccountSession;
pub use users::ListedAccount;

use crate::{
    adapters::settings::AuthSettings,
    application::{clients::registration_request::RegistrationRequestError, error::AuthError},
    provider::Provider,
};
use kernel::{Edge, Ids, Origin, Timestamp};
use runtime::{BuildError, OfflineContext};
use std::{fmt, sync::Arc};
use storage::StorageError;

/// Actor of what is changed by the command line, in the audit trail. Who has the data folder is an operator; it is not known which.
const ACTOR: &str = "cli";

/// Reason why something was not done, as a sentence for operators.
#[derive(Debug, thiserror::Error)]
pub enum AdministrationError {
    /// What is asked for makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// What is asked for does not exist, or is not possible now.
    #[error("{0}")]
    Refused(String),
    /// Part of the registration of a client that is refused.
    #[error(transparent)]
    Registration(#[from] RegistrationRequestError),
    /// Use case that did not come to its end.
    #[error(transparent)]
    UseCase(#[from] AuthError),
    /// Storage that cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Administration of accounts, clients and keys.
#[derive(Debug)]
pub struct Administration(Arc<Provider>);

impl Administration {
    /// Administration on the storage of the service, in the name of an operator.
    ///
    /// # Errors
    ///
    /// A setting is wrong, or the storage cannot be used.
    pub async fn open(context: &OfflineContext, ids: &Ids) -> Result<Self, BuildError> {
        let settings: AuthSettings = context.settings()?;
        let origin = Origin::new(Edge::Operator, Some(ACTOR), None, None);
        Provider::open(&settings, &context.storage_from(origin), ids).await.map(Self)
    }

    /// Administration of the running service.
    pub(crate) fn of(provider: Arc<Provider>) -> Self {
        Self(provider)
    }

    /// Rotates the signing keys: new ones are published at once and sign later, or, in an emergency, sign at once in place of the old ones.
    /// Returns from when they sign.
    ///
    /// # Errors
    ///
    /// The storage cannot be used.
    pub async fn rotate_keys(&self, at_once: bool) -> Result<Timestamp, AdministrationError> {
        let signs_from = self.0.key_store.rotate(at_once).await?;
        self.0.keyring.replace(&self.0.key_store.keyring().await?);
        self.0.revision.advance();
        Ok(signs_from)
    }
}

impl AdministrationError {
    fn new(sentence: impl fmt::Display) -> Self {
        Self::Refused(sentence.to_string())
    }

    fn invalid(sentence: impl fmt::Display) -> Self {
        Self::Invalid(sentence.to_string())
    }

    /// Whether whoever asked made a mistake, so that asking again is in vain whatever the shop has.
    pub fn is_invalid(&self) -> bool {
        match self {
            Self::Invalid(_) | Self::Registration(_) => true,
            Self::Refused(_) | Self::UseCase(_) | Self::Storage(_) => false,
        }
    }
}
