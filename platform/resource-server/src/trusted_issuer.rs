//! Trusted issuer: whose tokens are accepted, for which audience, and what their claims mean here.

use crate::{Introspection, KeySource};
use async_trait::async_trait;
use jose::Algorithm;
use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

/// Issuer whose tokens are accepted.
#[derive(Clone, Debug)]
pub struct TrustedIssuer {
    /// Its identifier, as tokens have it (`iss`); without one, the identifier that its keys come with.
    pub name: Option<String>,
    /// Audience that its tokens must have.
    pub audience: Audience,
    /// Algorithms by which it signs.
    pub algorithms: Vec<Algorithm>,
    /// Types of its access tokens.
    pub types: TokenTypes,
    /// Roles that its tokens give.
    pub roles: RoleMapping,
    /// Scopes that its tokens have besides those that they name, for an issuer that knows none of ours.
    pub scopes: Vec<String>,
    /// Longest time for which a token counts after it was issued, whatever it says itself; none for an issuer that keeps to a limit of its
    /// own.
    pub lifetime_max: Option<Duration>,
    /// Name of a subject in records, of its issuer and itself; it has to fit a header.
    pub actor: fn(issuer: &str, subject: &str) -> Arc<str>,
    /// Source of its keys.
    pub keys: Arc<dyn KeySource>,
    /// Whom to ask whether one of its tokens was revoked; without it a token counts until it expires.
    pub status: Option<Arc<dyn TokenStatus>>,
    /// How to ask what a token is worth that cannot be read here.
    pub introspection: Option<Introspection>,
}

/// Audience that a token must have among its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// This one.
    Named(String),
    /// The one that the issuer's keys come with.
    OfIssuer,
    /// None: every token of the issuer is accepted, whomever it was issued for. For issuers that serve this shop alone.
    Any,
}

/// Types of access tokens, by their header (`typ`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenTypes {
    /// `at+jwt` (RFC 9068).
    AccessTokenOnly,
    /// Also `JWT` or none, from issuers that are older than RFC 9068. What marks an ID token among the claims is refused then.
    AlsoUntyped,
}

/// Roles by the claims of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleMapping {
    /// The claim `roles`, as it is: for the shop's own issuer.
    Own,
    /// A role for each of these values of a claim. Without a mapping nothing that an outside issuer says gives a role.
    Claim {
        /// Name of the claim, or its path with dots, such as `realm_access.roles`.
        path: String,
        /// Values that give a role, by role.
        values: BTreeMap<String, Vec<String>>,
    },
}

/// Status of tokens, as their issuer knows it.
#[async_trait]
pub trait TokenStatus: fmt::Debug + Send + Sync {
    /// Whether an access token still counts; none if the issuer cannot be asked.
    async fn is_active(&self, token: &str) -> Option<bool>;

    /// Revision of what the tokens of the issuer depend on: as long as it is the same, what was active is. None where it would take as long
    /// to ask as for the status; then a token is asked for from time to time.
    async fn revision(&self) -> Option<u64> {
        None
    }
}
