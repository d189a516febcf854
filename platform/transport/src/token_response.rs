//! Response of a token endpoint (RFC 6749, section 5.1): as a server writes it, and as clients read it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Response of a token endpoint. Members that a server leaves out are absent.
///
/// ```
/// use transport::TokenResponse;
///
/// let json = r#"{"access_token":"a.b.c","token_type":"Bearer","expires_in":600,"more":1}"#;
/// let response: TokenResponse = serde_json::from_str(json).unwrap();
/// assert_eq!((&*response.access_token, response.expires_in), ("a.b.c", 600));
/// assert!(!format!("{response:?}").contains("a.b.c"));
/// ```
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct TokenResponse {
    /// Access token.
    pub access_token: String,
    /// How the access token is presented: `Bearer` or `DPoP`.
    #[serde(default)]
    pub token_type: String,
    /// Lifetime of the access token in seconds; none if the server does not say.
    #[serde(default)]
    pub expires_in: u64,
    /// Scopes of the access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Refresh token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// ID token (OpenID Connect Core, section 3.1.3.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// Type of a token that was issued in exchange for another (RFC 8693, section 2.2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<String>,
}

impl fmt::Debug for TokenResponse {
    /// Without the tokens.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { token_type, expires_in, scope, .. } = self;
        let mut shown = out.debug_struct("TokenResponse");
        shown.field("token_type", token_type).field("expires_in", expires_in);
        shown.field("scope", scope).finish_non_exhaustive()
    }
}
