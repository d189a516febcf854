//! Virtual authenticator: passkeys without a device and without anybody who touches it.

use super::Page;
use serde_json::{Value, json};

/// Virtual authenticator of a page.
#[derive(Debug)]
pub struct VirtualAuthenticator<'a> {
    page: &'a Page,
    id: Value,
}

impl Page {
    /// Gives this page an authenticator that keeps passkeys, verifies its person, and answers at once.
    pub fn add_virtual_authenticator(&self) -> VirtualAuthenticator<'_> {
        self.call("WebAuthn.enable", &json!({"enableUI": false}));
        let options = json!({
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": true,
            "hasUserVerification": true,
            "isUserVerified": true,
            "automaticPresenceSimulation": true,
        });
        let added = self.call("WebAuthn.addVirtualAuthenticator", &json!({"options": options}));
        VirtualAuthenticator { page: self, id: added["authenticatorId"].clone() }
    }
}

impl VirtualAuthenticator<'_> {
    /// Whether the person is verified from now on. Without it every request for a passkey fails.
    pub fn verify_person(&self, is_verified: bool) {
        let parameters = json!({"authenticatorId": self.id, "isUserVerified": is_verified});
        self.page.call("WebAuthn.setUserVerified", &parameters);
    }
}
