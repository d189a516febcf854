//! Contract of the auth server: what resource servers and relying parties of the shop need of its issuer, and the roles and scopes by
//! which it is decided who may do what.

pub mod administration;
mod persons;

pub use persons::{
    People, PersonAccount, PersonConsent, PersonGrant, PersonHistory, PersonPasskey,
    PersonSecondFactor, PersonSession, PersonSignIn,
};

use rpc::contract;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{fmt, time::Duration};
use transport::{CallError, Channel, Client};

/// The service's name in the module table.
pub const SERVICE: &str = "auth-server";

/// Scope of tokens that may read what operators see.
pub const READ_SCOPE: &str = "shop.read";
/// Scope of tokens that may do what operators do.
pub const WRITE_SCOPE: &str = "shop.write";
/// Scope of tokens that may do in the shop what the customer may who is signed in.
pub const CUSTOMER_SCOPE: &str = "shop.account";

/// Time after which a session ends that nobody uses: of the auth server, and of whoever signs people in by it. Its pages say so.
pub const SESSION_IDLE_MAX: Duration = Duration::from_hours(8);
/// Time after which every session ends.
pub const SESSION_LIFETIME_MAX: Duration = Duration::from_hours(24);

/// Role of somebody who runs the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sees everything but the audit trail, and changes nothing.
    Viewer,
    /// Products, pictures and prices.
    Merchandiser,
    /// Stock and shipments.
    Fulfilment,
    /// Payments and refunds.
    Finance,
    /// Everything.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] =
        [Self::Viewer, Self::Merchandiser, Self::Fulfilment, Self::Finance, Self::Admin];

    /// Name of the role, in tokens and settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Merchandiser => "merchandiser",
            Self::Fulfilment => "fulfilment",
            Self::Finance => "finance",
            Self::Admin => "admin",
        }
    }

    /// Role of this name.
    ///
    /// ```
    /// use contracts::auth::Role;
    ///
    /// assert_eq!(Role::parse("finance"), Some(Role::Finance));
    /// assert_eq!(Role::parse("Finance"), None);
    /// ```
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Keys of the issuer, as its key set has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerKeySet {
    /// Identifier of the issuer (`iss`).
    pub issuer: String,
    /// Audience of the access tokens for the shop's API (`aud`).
    pub audience: String,
    /// Key set (RFC 7517).
    pub keys: Value,
}

/// Relying party of the shop itself: a part of it that signs people in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelyingPartyOrder {
    /// Identifier (`client_id`).
    pub id: String,
    /// Name that people read; empty for that of the shop.
    pub name: String,
    /// Addresses to which answers go.
    pub redirect_uris: Vec<String>,
    /// Addresses to which people go on after they signed out.
    pub post_logout_redirect_uris: Vec<String>,
    /// Scopes that it may ask for.
    pub scopes: Vec<String>,
}

/// Relying party as the issuer knows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelyingPartyRegistration {
    /// Identifier of the issuer (`iss`).
    pub issuer: String,
    /// Secret with which the relying party authenticates (`client_secret_basic`).
    pub secret: String,
}

impl fmt::Debug for RelyingPartyRegistration {
    /// Without the secret.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { issuer, .. } = self;
        out.debug_struct("RelyingPartyRegistration").field("issuer", issuer).finish_non_exhaustive()
    }
}

/// Who the customer is who is signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountProfile {
    /// E-mail address; absent where the account has none.
    pub email: Option<String>,
}

/// HTTP client of what the auth server has in the shop's public API.
#[derive(Clone, Debug)]
pub struct AccountClient(Client);

impl AccountClient {
    /// The service's name in the module table.
    pub const SERVICE: &'static str = SERVICE;

    /// A client over this channel.
    pub fn new(transport: Channel) -> Self {
        Self(Client::new(Self::SERVICE, transport))
    }

    /// The profile of the customer who is signed in. Refused with `unauthenticated`.
    pub async fn profile(&self) -> Result<AccountProfile, CallError> {
        self.0.get("/api/v1/account/profile").send().await
    }
}

contract! {
    /// Contract of the issuer of the shop's tokens.
    pub trait TokenIssuer in (SERVICE) {
        /// The keys by which its tokens are verified now.
        idempotent fn keys() -> IssuerKeySet;

        /// Whether an access token counts now: it has not expired, and neither it nor the grant, session, account or client that it
        /// depends on has ended.
        idempotent fn is_active(token: String) -> bool;

        /// Revision of what tokens depend on: as long as it is the same, a token that was active is, until it expires. It begins anew
        /// with the process of the issuer.
        idempotent fn revision() -> u64;

        /// Registers a relying party of the shop, or brings its registration up to date. The secret is the same each time. Refused
        /// with `invalid_field`, and with `forbidden` if somebody else registered a client of this identifier.
        idempotent fn register_relying_party(order: RelyingPartyOrder) -> RelyingPartyRegistration;
    }
}
