//! Reasons why a token or a key is not accepted.

/// Reason why a token or a key is not accepted. None of them repeats what was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoseError {
    /// Too long to be looked at.
    #[error("it is longer than is accepted")]
    TooLarge,
    /// Not of the three parts of a compact JWS.
    #[error("it is not a signed token of three parts")]
    Structure,
    /// Not base64url as it is wanted.
    #[error("a part of it is not base64url")]
    Encoding,
    /// Not a JSON object, or one with a member that occurs twice.
    #[error("a part of it is not a JSON object, or names something twice")]
    Json,
    /// An algorithm that is not supported, `none` among them.
    #[error("its algorithm is not supported")]
    Algorithm,
    /// An extension that would have to be understood (`crit`, `b64`).
    #[error("it requires an extension")]
    Extension,
    /// A key that is damaged, incomplete, private where a public one is wanted, or too weak.
    #[error("the key is not a public key that can be used")]
    Key,
    /// No key of the set fits the token.
    #[error("no key fits it")]
    UnknownKey,
    /// A signature that is not of this key.
    #[error("the signature is wrong")]
    Signature,
}
