//! Relying party: the two ceremonies, in the order of the specification.

use crate::{
    CredentialKey, WebauthnError,
    attestation::{AttestationObject, Statement},
    authenticator_data::AuthenticatorData,
    client_data::{self, Ceremony},
    cose_key::SIGNATURE_BYTES_MAX,
};
use kernel::security_checks::holds;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::{Host, Url};

/// Relying party: the name to which passkeys belong, and the one origin whose pages may use them here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    id: String,
    origin: String,
}

/// Response of a browser to `navigator.credentials.create`.
#[derive(Clone, Copy, Debug)]
pub struct RegistrationResponse<'a> {
    /// `response.clientDataJSON`.
    pub client_data: &'a [u8],
    /// `response.attestationObject`.
    pub attestation_object: &'a [u8],
}

/// Response of a browser to `navigator.credentials.get`.
#[derive(Clone, Copy, Debug)]
pub struct AuthenticationResponse<'a> {
    /// `response.clientDataJSON`.
    pub client_data: &'a [u8],
    /// `response.authenticatorData`.
    pub authenticator_data: &'a [u8],
    /// `response.signature`.
    pub signature: &'a [u8],
}

/// Credential that was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCredential {
    /// Identifier.
    pub id: Vec<u8>,
    /// Public key, as a COSE key.
    pub public_key: Vec<u8>,
    /// Counter of signatures; 0 of an authenticator that counts none.
    pub sign_count: u32,
    /// Whether the credential may be copied to other devices (a synced passkey).
    pub is_backup_eligible: bool,
    /// Whether it has been.
    pub is_backed_up: bool,
    /// Model of the authenticator; all zero when it is not told.
    pub aaguid: [u8; 16],
}

/// What is known of a credential.
#[derive(Clone, Copy, Debug)]
pub struct KnownCredential<'a> {
    /// Public key, as a COSE key.
    pub public_key: &'a [u8],
    /// Counter of the last signature.
    pub sign_count: u32,
    /// Whether it may be copied to other devices, which never changes.
    pub is_backup_eligible: bool,
}

/// Authentication that was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// Counter of this signature, to be kept.
    pub sign_count: u32,
    /// Whether the credential has been copied to other devices.
    pub is_backed_up: bool,
    /// Whether the counter did not grow: two authenticators may have the key, one of them by theft (section 6.1.1).
    pub is_counter_regressed: bool,
}

impl RelyingParty {
    /// Relying party of an origin such as `https://shop.example`. `None` for an address on the network, to which no passkey belongs, and
    /// for an origin without protection, where browsers offer none; `localhost` is protected.
    pub fn of_origin(origin: &str) -> Option<Self> {
        let url = Url::parse(origin).ok()?;
        let Some(Host::Domain(id)) = url.host() else { return None };
        let is_local = id == "localhost" || id.ends_with(".localhost");
        let is_protected = url.scheme() == "https" || (url.scheme() == "http" && is_local);
        let is_canonical = url.origin().ascii_serialization() == origin;
        (is_protected && is_canonical)
            .then(|| Self { id: id.to_owned(), origin: origin.to_owned() })
    }

    /// Identifier (`rp.id`): the name of the host.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Verifies a registration (section 7.1) that was asked for with this challenge. That no account has the credential yet is for the
    /// caller to check.
    ///
    /// # Errors
    ///
    /// [`WebauthnError`].
    pub fn verify_registration(
        &self,
        challenge: &[u8],
        response: &RegistrationResponse<'_>,
    ) -> Result<NewCredential, WebauthnError> {
        let RegistrationResponse { client_data, attestation_object } = response;
        client_data::check(client_data, Ceremony::Registration, challenge, &self.origin)?;
        let object = AttestationObject::parse(attestation_object)?;
        let data = AuthenticatorData::parse(object.authenticator_data)?;
        self.check_data(&data)?;
        let credential = data.credential.as_ref().ok_or(WebauthnError::AuthenticatorData)?;
        if let Statement::Itself { signature } = object.statement {
            credential.key.verify(&signed(object.authenticator_data, client_data), signature)?;
        }
        Ok(NewCredential {
            id: credential.id.to_vec(),
            public_key: credential.cose.to_vec(),
            sign_count: data.sign_count,
            is_backup_eligible: data.is_backup_eligible(),
            is_backed_up: data.is_backed_up(),
            aaguid: credential.aaguid,
        })
    }

    /// Verifies an authentication (section 7.2) that was asked for with this challenge, by the credential whose identifier the browser
    /// sent.
    ///
    /// # Errors
    ///
    /// [`WebauthnError`].
    pub fn verify_authentication(
        &self,
        challenge: &[u8],
        credential: &KnownCredential<'_>,
        response: &AuthenticationResponse<'_>,
    ) -> Result<Authentication, WebauthnError> {
        let AuthenticationResponse { client_data, authenticator_data, signature } = response;
        client_data::check(client_data, Ceremony::Authentication, challenge, &self.origin)?;
        let data = AuthenticatorData::parse(authenticator_data)?;
        self.check_data(&data)?;
        let is_unchanged = data.is_backup_eligible() == credential.is_backup_eligible;
        if !holds("webauthn_backup_flag", is_unchanged) {
            return Err(WebauthnError::Flags);
        }
        if signature.len() > SIGNATURE_BYTES_MAX {
            return Err(WebauthnError::TooLong);
        }
        let key = CredentialKey::parse(credential.public_key)?;
        key.verify(&signed(authenticator_data, client_data), signature)?;
        let counts = data.sign_count != 0 || credential.sign_count != 0;
        Ok(Authentication {
            sign_count: data.sign_count,
            is_backed_up: data.is_backed_up(),
            is_counter_regressed: counts && data.sign_count <= credential.sign_count,
        })
    }

    /// The credential is of this relying party, and the authenticator verified a person who was present.
    fn check_data(&self, data: &AuthenticatorData<'_>) -> Result<(), WebauthnError> {
        let own: [u8; 32] = Sha256::digest(&self.id).into();
        if !holds("webauthn_relying_party", bool::from(own.ct_eq(&data.rp_id_hash))) {
            return Err(WebauthnError::RelyingParty);
        }
        if !holds("webauthn_user_presence", data.is_user_present()) {
            return Err(WebauthnError::UserPresence);
        }
        if !holds("webauthn_user_verification", data.is_user_verified()) {
            return Err(WebauthnError::UserVerification);
        }
        Ok(())
    }
}

/// What an authenticator signs.
fn signed(authenticator_data: &[u8], client_data: &[u8]) -> Vec<u8> {
    [authenticator_data, &Sha256::digest(client_data)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_belong_to_a_name_on_a_protected_origin() {
        let id = |origin: &str| RelyingParty::of_origin(origin).map(|party| party.id);
        assert_eq!(id("https://shop.example").as_deref(), Some("shop.example"));
        assert_eq!(id("https://shop.example:8443").as_deref(), Some("shop.example"));
        assert_eq!(id("http://localhost:8080").as_deref(), Some("localhost"));
        for none in [
            "http://shop.example",
            "https://192.0.2.1",
            "http://127.0.0.1:8080",
            "https://[2001:db8::1]",
            "https://shop.example/",
            "https://Shop.example",
            "https://shop.example:443",
            "ftp://localhost",
            "localhost",
            "",
        ] {
            assert_eq!(id(none), None, "{none}");
        }
    }
}
