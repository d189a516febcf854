//! Sender constraint of an access token: the key (RFC 9449) or the certificate (RFC 8705) of its client, without which it is worth
//! nothing.

use crate::{DpopVerifier, ProofRefusal, ProvenRequest, TokenError, TokenScheme};
use jose::Claims;
use kernel::security_checks::holds;
use serde_json::Value;

/// Member with the thumbprint of a key.
const KEY: &str = "jkt";
/// Member with the thumbprint of a certificate.
const CERTIFICATE: &str = "x5t#S256";

/// Confirmation that a token names (`cnf`, RFC 7800).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Confirmation {
    /// Thumbprint of the key whose proof has to come along.
    key: Option<String>,
    /// Thumbprint of the certificate of the connection.
    certificate: Option<String>,
}

/// Access token as a request presents it.
#[derive(Clone, Copy, Debug)]
pub struct PresentedToken<'a> {
    /// Scheme of the `Authorization` header.
    pub scheme: TokenScheme,
    /// The token.
    pub token: &'a str,
    /// Proof of possession that came along.
    pub proof: Option<&'a str>,
    /// Method of the request.
    pub method: &'a str,
    /// Address of the request as its client may know it: one of these.
    pub uris: &'a [String],
    /// Thumbprint of the certificate that the client presented.
    pub certificate: Option<&'a str>,
}

impl Confirmation {
    /// What a token has to be presented with. One that names a confirmation of another kind is refused: nobody could check it.
    pub(crate) fn of(claims: &Claims) -> Result<Self, TokenError> {
        let Some(named) = claims.get("cnf") else { return Ok(Self::default()) };
        let members = named.as_object().filter(|it| !it.is_empty()).ok_or(TokenError::Unproven)?;
        let mut confirmation = Self::default();
        for (name, value) in members {
            let value = value.as_str().map(ToOwned::to_owned).ok_or(TokenError::Unproven)?;
            match name.as_str() {
                KEY => confirmation.key = Some(value),
                CERTIFICATE => confirmation.certificate = Some(value),
                _ => return Err(TokenError::Unproven),
            }
        }
        Ok(confirmation)
    }

    /// Accepts a token that comes alone.
    pub(crate) fn check_alone(&self) -> Result<(), TokenError> {
        if holds("access_token_unbound", *self == Self::default()) {
            Ok(())
        } else {
            Err(TokenError::Unproven)
        }
    }

    /// Accepts a token that comes with what it is bound to. `client` is who it was issued to.
    pub(crate) fn check(
        &self,
        presented: &PresentedToken<'_>,
        client: &str,
        proofs: &DpopVerifier,
    ) -> Result<(), TokenError> {
        let is_its_certificate =
            self.certificate.is_none() || self.certificate.as_deref() == presented.certificate;
        if !holds("access_token_certificate", is_its_certificate) {
            return Err(TokenError::Unproven);
        }
        match (presented.scheme, &self.key) {
            (TokenScheme::Bearer, key) => {
                if holds("access_token_scheme", key.is_none()) {
                    Ok(())
                } else {
                    Err(TokenError::NeedsProof)
                }
            }
            // A proof of any key would look as if it protected the token.
            (TokenScheme::Dpop, None) => Err(TokenError::Unproven),
            (TokenScheme::Dpop, Some(key)) => {
                let proof = presented.proof.ok_or(ProofRefusal::Missing)?;
                let request = ProvenRequest {
                    method: presented.method,
                    uris: presented.uris,
                    client,
                    access_token: Some(presented.token),
                };
                let proof = proofs.verify(proof, request)?;
                if holds("access_token_key", proof.thumbprint() == key) {
                    Ok(())
                } else {
                    Err(ProofRefusal::OtherKey.into())
                }
            }
        }
    }
}

/// Confirmation of a token that is bound to this key or certificate (RFC 9449, section 6.1; RFC 8705, section 3.1); none for one that is
/// bound to nothing.
pub fn confirmation(key: Option<&str>, certificate: Option<&str>) -> Option<Value> {
    let members = [(KEY, key), (CERTIFICATE, certificate)].into_iter();
    let members = members.filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
    let members: serde_json::Map<_, _> = members.collect();
    (!members.is_empty()).then(|| members.into())
}
