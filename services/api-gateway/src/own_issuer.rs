//! The shop's own issuer, as its contract tells: in one process without HTTP.

use async_trait::async_trait;
use contracts::auth::TokenIssuer;
use jose::{Algorithm, JwkSet};
use resource_server::{
    Audience, IssuerKeys, KeySource, KeySourceError, RoleMapping, TokenStatus, TokenTypes,
    TrustedIssuer,
};
use runtime::{BuildContext, BuildError};
use std::{sync::Arc, time::Duration};

/// Time for which its keys are used: a new one is published two hours before it signs, and one that became known is dropped soon.
const MAX_AGE: Duration = Duration::from_mins(1);

/// The shop's own issuer.
#[derive(Clone, Debug)]
struct OwnIssuer {
    issuer: Arc<dyn TokenIssuer>,
    /// Whether it runs in this process, where its revision costs a look into memory.
    is_local: bool,
}

/// The shop's own issuer, as one that is trusted, whose subjects are named like this.
pub(crate) fn trusted(
    context: &BuildContext,
    actor: fn(issuer: &str, subject: &str) -> Arc<str>,
) -> Result<TrustedIssuer, BuildError> {
    let issuer = context.contract::<dyn TokenIssuer>()?;
    let own = Arc::new(OwnIssuer { issuer, is_local: context.is_local::<dyn TokenIssuer>() });
    Ok(TrustedIssuer {
        name: None,
        audience: Audience::OfIssuer,
        algorithms: vec![Algorithm::Es256],
        types: TokenTypes::AccessTokenOnly,
        roles: RoleMapping::Own,
        scopes: Vec::new(),
        // A day at most, by the settings of each client.
        lifetime_max: None,
        actor,
        keys: Arc::<OwnIssuer>::clone(&own),
        status: Some(own),
        introspection: None,
    })
}

#[async_trait]
impl KeySource for OwnIssuer {
    async fn fetch(&self) -> Result<IssuerKeys, KeySourceError> {
        let set = self.issuer.keys().await.map_err(|error| KeySourceError(error.to_string()))?;
        let keys = JwkSet::parse(set.keys.to_string().as_bytes());
        let keys = keys.map_err(|error| KeySourceError(error.to_string()))?;
        Ok(IssuerKeys {
            issuer: set.issuer,
            audience: Some(set.audience),
            keys,
            max_age: Some(MAX_AGE),
        })
    }
}

#[async_trait]
impl TokenStatus for OwnIssuer {
    async fn is_active(&self, token: &str) -> Option<bool> {
        match self.issuer.is_active(token.to_owned()).await {
            Ok(is_active) => Some(is_active),
            Err(error) => {
                tracing::warn!(%error, "the auth server cannot say whether a token was revoked");
                None
            }
        }
    }

    async fn revision(&self) -> Option<u64> {
        if self.is_local { self.issuer.revision().await.ok() } else { None }
    }
}
