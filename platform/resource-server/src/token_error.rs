//! Reasons why a token is not accepted.

use crate::ProofRefusal;
use jose::{ClaimError, JoseError};

/// Reason why a token is not accepted. None repeats anything of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a signed token as it is wanted, or its signature is not that of a key of its issuer.
    #[error("the access token is not valid: {0}")]
    Signature(#[from] JoseError),
    /// Of an issuer that is not trusted here.
    #[error("the access token is of an issuer that is not trusted here")]
    Issuer,
    /// A token for another purpose, such as an ID token.
    #[error("the token is not an access token")]
    Type,
    /// Claims that are missing, of a wrong type, of another audience or of another time.
    #[error("the access token is not valid: {0}")]
    Claims(#[from] ClaimError),
    /// Bound to a key or a certificate of its client, without which the request comes; or presented as if it were, and is not.
    #[error(
        "the access token is not presented with the key or the certificate that it is bound to"
    )]
    Unproven,
    /// Bound to a key, and presented as a bearer token.
    #[error("the access token is bound to a key: present it with the scheme DPoP and a proof")]
    NeedsProof,
    /// Bound to a key, and the proof of it does not count.
    #[error("{0}")]
    Proof(#[from] ProofRefusal),
    /// Not active, as its issuer says.
    #[error("the access token is not active")]
    Inactive,
    /// Revoked by its issuer.
    #[error("the access token was revoked")]
    Revoked,
    /// Its issuer cannot be asked at the moment, for its keys or about the token: nothing is known about it.
    #[error("the issuer of the token cannot be asked at the moment")]
    Unavailable,
}
