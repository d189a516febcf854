//! Passkeys: the relying party's side of Web Authentication (W3C, Level 3), for ES256, `EdDSA` (Ed25519) and RS256.
//!
//! Two ceremonies are verified, registration (section 7.1) and authentication (section 7.2), each from the bytes that a browser
//! sends. Everything is read from strangers: sizes have limits, CBOR and JSON are parsed strictly, the origin is compared byte by
//! byte. User verification is always required, because a passkey stands for both factors. Attestation is not asked for: who made an
//! authenticator is of no interest here. The crate does no I/O, and keeps no state: challenges and credentials are the caller's.
//!
//! ```
//! use webauthn::RelyingParty;
//!
//! let shop = RelyingParty::of_origin("https://shop.example:8443").unwrap();
//! assert_eq!(shop.id(), "shop.example");
//! assert!(RelyingParty::of_origin("http://localhost:8080").is_some());
//! assert!(RelyingParty::of_origin("https://127.0.0.1").is_none(), "passkeys belong to a name");
//! ```

#![warn(missing_docs)]

mod attestation;
mod authenticator_data;
mod client_data;
mod cose_key;
mod relying_party;

pub use attestation::ATTESTATION_BYTES_MAX;
pub use authenticator_data::{AUTHENTICATOR_DATA_BYTES_MAX, CREDENTIAL_ID_BYTES_MAX};
pub use client_data::CLIENT_DATA_BYTES_MAX;
pub use cose_key::{ALGORITHMS, CredentialKey, KEY_BYTES_MAX, SIGNATURE_BYTES_MAX};
pub use relying_party::{
    Authentication, AuthenticationResponse, KnownCredential, NewCredential, RegistrationResponse,
    RelyingParty,
};

/// Bytes of a challenge, at least: it is random, single use, and of one browser.
pub const CHALLENGE_BYTES_MIN: usize = 32;

/// Reason why a response of an authenticator is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebauthnError {
    /// A part is longer than any authenticator sends.
    #[error("a part of the response is too long")]
    TooLong,
    /// The client data is not the JSON that browsers write.
    #[error("the client data cannot be read")]
    ClientData,
    /// The client data belongs to the other ceremony.
    #[error("the response is of another ceremony")]
    Type,
    /// The challenge is another one, or too short to be one.
    #[error("the challenge is another one")]
    Challenge,
    /// The page was of another origin, or in a frame of another origin.
    #[error("the response was made for another origin")]
    Origin,
    /// The authenticator data has another form.
    #[error("the authenticator data cannot be read")]
    AuthenticatorData,
    /// The credential is of another relying party.
    #[error("the credential is of another relying party")]
    RelyingParty,
    /// Nobody touched the authenticator.
    #[error("nobody was present")]
    UserPresence,
    /// The authenticator did not verify who was present.
    #[error("the authenticator did not verify the person")]
    UserVerification,
    /// The flags about backups contradict each other, or what was registered.
    #[error("the flags of the authenticator contradict each other")]
    Flags,
    /// The attestation object has another form, or its statement was not asked for.
    #[error("the attestation cannot be read")]
    Attestation,
    /// The public key has another form, or an algorithm that was not offered.
    #[error("the public key is of no kind that is known")]
    PublicKey,
    /// The signature is not by the key of the credential.
    #[error("the signature is wrong")]
    Signature,
}
