//! Authorization request (RFC 6749, section 4.1.1; OpenID Connect Core, section 3.1.2): what a client may ask, and how it is answered.

use super::response_target::ResponseTarget;
use crate::domain::events::ClientId;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a request wants to be asked again, or not at all (`prompt`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the parameter")]
pub(crate) struct Prompt {
    pub(crate) none: bool,
    pub(crate) login: bool,
    pub(crate) consent: bool,
    /// A new account is wanted (Initiating User Registration via OpenID Connect 1.0).
    #[serde(default)]
    pub(crate) create: bool,
}

/// Valid authorization request.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client: ClientId,
    /// Since when the client is registered as it is: the request is valid for that registration.
    pub(crate) client_changed_at: Timestamp,
    pub(crate) target: ResponseTarget,
    pub(crate) scopes: Vec<String>,
    pub(crate) code_challenge: Option<String>,
    pub(crate) nonce: Option<String>,
    /// Thumbprint of the key to which the code is bound (`dpop_jkt`).
    pub(crate) dpop_key: Option<String>,
    pub(crate) prompt: Prompt,
    /// Claims that are asked for by name in the ID token.
    pub(crate) id_token_claims: Vec<String>,
    /// Reference of the request if it was pushed.
    pub(crate) pushed: Option<String>,
    /// Device that is told the answer, in place of a browser that takes it along.
    pub(crate) device: Option<DeviceTarget>,
    /// Seconds since the last sign-in after which another is wanted.
    pub(crate) max_age: Option<i64>,
    /// Who is wanted, if it matters.
    pub(crate) wanted: Option<WantedPerson>,
    pub(crate) login_hint: Option<String>,
    /// Languages that the client wants for the pages.
    pub(crate) ui_locales: Option<String>,
}

/// Device that waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeviceTarget {
    /// Digest of its device code.
    pub(crate) digest: String,
    pub(crate) expires: Timestamp,
}

/// Person whom a client wants to hear of (`id_token_hint`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WantedPerson {
    /// The one with this identifier.
    Subject(String),
    /// Nobody: the hint is no token of this provider.
    Nobody,
}

impl fmt::Debug for AuthorizationRequest {
    /// The client alone: the rest is the business of the person and the client.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AuthorizationRequest")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// Reason why a request is answered on a page of the provider, because it is not known where else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UntrustedRequest {
    /// No client, or none that is known.
    Client,
    /// No address, or none that is registered.
    RedirectUri,
    /// Parameters that nobody can read.
    Parameters,
}

/// Refusal that the client is told (RFC 6749, section 4.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AuthorizationRefusal {
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
}

/// Result of the validation.
#[derive(Debug)]
pub(crate) enum Validated {
    Request(Box<AuthorizationRequest>),
    Refused(ResponseTarget, AuthorizationRefusal),
    Untrusted(UntrustedRequest),
}

impl AuthorizationRequest {
    /// The same request of somebody who has an account by now.
    pub(crate) fn with_account(mut self) -> Self {
        self.prompt.create = false;
        self
    }
}

pub(crate) const fn refusal(
    error: &'static str,
    description: &'static str,
) -> AuthorizationRefusal {
    AuthorizationRefusal { error, description }
}
