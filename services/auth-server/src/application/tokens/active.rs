//! Active access token: one that counts at this moment, with what it says.

use crate::domain::{events::ClientId, grant::Grant};
use identifiers::GrantId;
use jose::Claims;

/// Access token that was issued here, has not expired, and was not revoked.
#[derive(Debug)]
pub(crate) struct ActiveToken {
    pub(crate) claims: Claims,
    /// Grant that it ends with, unless a client got it for itself.
    pub(crate) grant: Option<(GrantId, Grant)>,
}

impl ActiveToken {
    /// Client of the token. That of its grant is another one if the token was exchanged.
    pub(crate) fn client(&self) -> Option<ClientId> {
        self.claims.text("client_id").and_then(ClientId::parse)
    }

    /// Thumbprint of the key that the token is bound to (`cnf`, RFC 9449, section 6.1).
    pub(crate) fn dpop_key(&self) -> Option<&str> {
        self.claims.get("cnf")?.get("jkt")?.as_str()
    }

    /// Thumbprint of the certificate that the token is bound to (`cnf`, RFC 8705, section 3.1).
    pub(crate) fn certificate(&self) -> Option<&str> {
        self.claims.get("cnf")?.get("x5t#S256")?.as_str()
    }

    /// Whether the token has a scope.
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        let scopes = self.claims.text("scope").unwrap_or_default();
        scopes.split(' ').any(|granted| granted == scope)
    }
}
