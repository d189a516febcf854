//! Source of the keys of an issuer.

use async_trait::async_trait;
use jose::JwkSet;
use std::{fmt, time::Duration};

/// Keys of an issuer, with how long they may be used.
#[derive(Clone, Debug)]
pub struct IssuerKeys {
    /// Identifier of the issuer (`iss`).
    pub issuer: String,
    /// Audience of its tokens for this shop, if it knows it.
    pub audience: Option<String>,
    /// The keys.
    pub keys: JwkSet,
    /// How long they may be cached, as far as the source says.
    pub max_age: Option<Duration>,
}

/// Reason why the keys cannot be had, as a sentence for operators.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeySourceError(pub String);

/// Source of the keys of one issuer.
#[async_trait]
pub trait KeySource: fmt::Debug + Send + Sync {
    /// The present keys.
    ///
    /// # Errors
    ///
    /// [`KeySourceError`].
    async fn fetch(&self) -> Result<IssuerKeys, KeySourceError>;
}

/// Keys that never change.
#[derive(Clone, Debug)]
pub struct FixedKeys(IssuerKeys);

impl FixedKeys {
    /// These keys of this issuer.
    pub fn new(issuer: &str, keys: JwkSet) -> Self {
        Self(IssuerKeys { issuer: issuer.to_owned(), audience: None, keys, max_age: None })
    }
}

#[async_trait]
impl KeySource for FixedKeys {
    async fn fetch(&self) -> Result<IssuerKeys, KeySourceError> {
        Ok(self.0.clone())
    }
}
