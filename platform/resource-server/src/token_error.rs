//! Reasons why a token is not accepted.

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
    /// Bound to a key of its client, of which the request gives no proof.
    #[error("the access token is bound to a key, and the request does not prove that it has it")]
    Unproven,
    /// Revoked by its issuer.
    #[error("the access token was revoked")]
    Revoked,
    /// The keys of its issuer cannot be had at the moment: nothing is known about the token.
    #[error("the keys of the token's issuer cannot be had at the moment")]
    Unavailable,
}
