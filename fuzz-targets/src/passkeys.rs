//! Targets of passkeys: client data, attestation objects, authenticator data, COSE keys and signatures.

use webauthn::{
    AuthenticationResponse, CREDENTIAL_ID_BYTES_MAX, CredentialKey, KEY_BYTES_MAX, KnownCredential,
    RegistrationResponse, RelyingParty,
};

const ORIGIN: &str = "https://shop.example";
const CHALLENGE: [u8; 32] = [7; 32];
/// Bytes of authenticator data without credential and extensions.
const AUTHENTICATOR_DATA_BYTES: usize = 37;
/// Public key of the credential in the corpus, as a COSE key.
const PUBLIC_KEY: &[u8] = include_bytes!("../../fuzz/keys/passkey.cose");

/// Registration: client data, a zero byte, attestation object. A credential that is accepted can be used.
pub fn passkey_registration(bytes: &[u8]) {
    // By itself as well: otherwise the client data would keep most mutations away from the key.
    drop(CredentialKey::parse(bytes));
    let Some((client_data, attestation_object)) = split(bytes) else { return };
    let response = RegistrationResponse { client_data, attestation_object };
    let Ok(credential) = party().verify_registration(&CHALLENGE, &response) else { return };
    assert!((1..=CREDENTIAL_ID_BYTES_MAX).contains(&credential.id.len()));
    assert!(credential.public_key.len() <= KEY_BYTES_MAX);
    assert!(CredentialKey::parse(&credential.public_key).is_ok());
    assert!(credential.is_backup_eligible || !credential.is_backed_up);
    assert!(party().verify_registration(&[8; 32], &response).is_err(), "another challenge");
}

/// Authentication: client data, a zero byte, authenticator data, signature. What is accepted is refused with any byte changed.
pub fn passkey_authentication(bytes: &[u8]) {
    if !is_accepted(bytes) {
        return;
    }
    for at in 0..bytes.len() {
        let mut changed = bytes.to_vec();
        changed[at] ^= 1;
        assert!(!is_accepted(&changed), "byte {at} was changed");
    }
}

fn is_accepted(bytes: &[u8]) -> bool {
    let Some((client_data, rest)) = split(bytes) else { return false };
    let Some((authenticator_data, signature)) = rest.split_at_checked(AUTHENTICATOR_DATA_BYTES)
    else {
        return false;
    };
    let known =
        KnownCredential { public_key: PUBLIC_KEY, sign_count: 1, is_backup_eligible: false };
    let response = AuthenticationResponse { client_data, authenticator_data, signature };
    party().verify_authentication(&CHALLENGE, &known, &response).is_ok()
}

fn party() -> RelyingParty {
    RelyingParty::of_origin(ORIGIN).expect("the origin is one")
}

/// What is before the first zero byte, which no client data has, and what is behind it.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == 0)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}
