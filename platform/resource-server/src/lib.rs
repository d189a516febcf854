//! OAuth 2 resource server (RFC 6749, section 1.1): validates access tokens (RFC 6750), which are JWTs (RFC 9068) or what their issuer is
//! asked about (RFC 7662), of the shop's own issuer and of any number of outside issuers, and says for whom they were issued. A token may be
//! bound to a key (RFC 9449) or a certificate (RFC 8705) of its client.
//!
//! A token has nothing to say about how it is verified. Its issuer is looked up by its exact name before anything is fetched; keys come
//! from that issuer alone and are cached; the key decides on the algorithm. What was verified once is remembered, by a digest, until
//! the token ends, its key disappears, or its issuer says that it was revoked.
//!
//! ```
//! use jose::{Algorithm, Header, JwkSet, SigningKey};
//! use kernel::{Clock, SystemClock, SystemRandomness};
//! use resource_server::{Audience, FixedKeys, RoleMapping, TokenTypes, TokenVerifier, TrustedIssuer};
//! use std::{collections::BTreeMap, sync::Arc};
//!
//! let key = SigningKey::generate(Algorithm::Es256, &SystemRandomness).unwrap();
//! let keys = JwkSet::new(vec![key.public().clone()]);
//! let groups = BTreeMap::from([("admin".to_owned(), vec!["staff".to_owned()])]);
//! let issuer = TrustedIssuer {
//!     name: Some("https://id.example".to_owned()),
//!     audience: Audience::Named("shop".to_owned()),
//!     algorithms: Algorithm::ALL.to_vec(),
//!     types: TokenTypes::AccessTokenOnly,
//!     roles: RoleMapping::Claim { path: "groups".to_owned(), values: groups },
//!     scopes: Vec::new(),
//!     lifetime_max: None,
//!     actor: |_, subject| subject.into(),
//!     keys: Arc::new(FixedKeys::new("https://id.example", keys)),
//!     status: None,
//!     introspection: None,
//! };
//! let verifier = TokenVerifier::new(vec![issuer], Arc::new(SystemClock));
//!
//! let expires = SystemClock.now().as_second() + 60;
//! let claims = format!(
//!     r#"{{"iss":"https://id.example","sub":"ada","aud":"shop","exp":{expires},"groups":["staff"]}}"#
//! );
//! let token = key.sign(&Header::typed("at+jwt"), claims.as_bytes()).unwrap();
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let principal = verifier.verify(&token).await.unwrap();
//! assert_eq!((&*principal.subject, principal.has_role("admin")), ("ada", true));
//! # });
//! ```

#![warn(missing_docs)]

mod claim_mapping;
mod dpop_verifier;
mod introspection;
mod key_cache;
mod key_source;
mod presented_token;
mod principal;
mod remote_introspection;
mod remote_keys;
mod sender_constraint;
mod settings;
mod token_error;
mod token_verifier;
mod trusted_issuer;
mod verified_tokens;

pub use dpop_verifier::{DpopVerifier, ProofRefusal, ProvenRequest};
pub use introspection::{Introspection, IntrospectionError, Introspector};
pub use key_source::{FixedKeys, IssuerKeys, KeySource, KeySourceError};
pub use presented_token::{
    BearerError, TokenScheme, is_bearer_token, presented_proof, presented_token,
};
pub use principal::Principal;
pub use remote_keys::RemoteKeys;
pub use sender_constraint::{PresentedToken, confirmation};
pub use settings::{AuthSettings, IntrospectionSettings, IssuerSettings, SECTION};
pub use token_error::TokenError;
pub use token_verifier::TokenVerifier;
pub use trusted_issuer::{Audience, RoleMapping, TokenStatus, TokenTypes, TrustedIssuer};
