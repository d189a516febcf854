//! Virtual authenticator: passkeys without a device and without anybody who touches it.

use super::Page;
use serde_json::json;

impl Page {
    /// Gives this page an authenticator that keeps passkeys, verifies its person, and answers at once.
    pub fn add_virtual_authenticator(&self) {
        self.call("WebAuthn.enable", &json!({"enableUI": false}));
        let options = json!({
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": true,
            "hasUserVerification": true,
            "isUserVerified": true,
            "automaticPresenceSimulation": true,
        });
        self.call("WebAuthn.addVirtualAuthenticator", &json!({"options": options}));
    }
}
