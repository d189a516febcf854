//! Principal: whom a request is made for, as a verified token says.

use std::sync::Arc;

/// Principal: the subject of a verified access token, with what it may do. A person is known by issuer and subject together,
/// since two issuers may have the same subject.
///
/// ```
/// use resource_server::Principal;
///
/// let principal = Principal {
///     issuer: "https://shop.example/auth".to_owned(),
///     subject: "ada".to_owned(),
///     client: Some("back-office".to_owned()),
///     roles: vec!["viewer".to_owned()],
///     scopes: vec!["shop.read".to_owned()],
///     actor: "ada".into(),
/// };
/// assert!(principal.has_role("viewer") && !principal.has_role("admin"));
/// assert!(principal.has_scope("shop.read") && !principal.has_scope("shop"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Issuer of the token (`iss`).
    pub issuer: String,
    /// Subject: the person, or the client that acts for itself (`sub`).
    pub subject: String,
    /// Client that the token was issued to (`client_id`).
    pub client: Option<String>,
    /// Roles of the subject.
    pub roles: Vec<String>,
    /// Scopes of the token: what the client was allowed to do for the subject.
    pub scopes: Vec<String>,
    /// Name of the subject in records and in front of keys, which fits a header. It is made once, when the token is verified.
    pub actor: Arc<str>,
}

impl Principal {
    /// Whether the subject has this role.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }

    /// Whether the token has this scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|own| own == scope)
    }
}
