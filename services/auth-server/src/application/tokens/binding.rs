//! Binding of tokens to their client: to a key (RFC 9449), to a certificate (RFC 8705), or to both.

use serde_json::Value;

/// Thumbprints of what tokens are bound to, or of what a client presents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Binding<'a> {
    /// That of a key.
    pub(crate) key: Option<&'a str>,
    /// That of a certificate.
    pub(crate) certificate: Option<&'a str>,
}

impl Binding<'_> {
    /// What the token says of it (`cnf`).
    pub(crate) fn confirmation(&self) -> Option<Value> {
        resource_server::confirmation(self.key, self.certificate)
    }
}
