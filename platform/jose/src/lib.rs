//! JOSE (JSON Object Signing and Encryption): compact JWS (RFC 7515), JWK and its thumbprint (RFC 7517, 7638), and the claims of
//! JWT (RFC 7519), for ES256, ES384, `EdDSA` (Ed25519), PS256 and RS256; and DPoP proofs (RFC 9449).
//!
//! Everything here is read from strangers, so the parser is strict: base64url without padding and without spare bits, members
//! that occur once, sizes with a limit. A token has nothing to say about how it is verified: the key decides on the algorithm, and
//! there is neither `none` nor a symmetric algorithm (RFC 8725). Nothing is fetched.
//!
//! ```
//! use jose::{Algorithm, Header, Jws, SigningKey};
//!
//! let key = SigningKey::generate(Algorithm::Es256, &kernel::SystemRandomness).unwrap();
//! let token = key.sign(&Header::typed("at+jwt"), br#"{"sub":"ada"}"#).unwrap();
//!
//! let jws = Jws::parse(&token).unwrap();
//! assert_eq!(jws.header().typ.as_deref(), Some("at+jwt"));
//! let payload = jws.verify(&key.public().verifying_key()).unwrap();
//! assert_eq!(payload, br#"{"sub":"ada"}"#);
//! ```

#![warn(missing_docs)]

mod algorithm;
mod base64url;
mod claims;
mod der;
mod dpop;
mod error;
mod jwk;
mod jwk_set;
mod jws;
mod rsa;
mod signing_key;
mod spki;
mod strict_json;

pub use algorithm::Algorithm;
pub use base64url::{decode as base64url_decode, encode as base64url_encode};
pub use claims::{ClaimError, Claims, Expected};
pub use dpop::{
    DpopError, DpopProof, ExpectedProof, PROOF_AGE_SECONDS_MAX, PROOF_AHEAD_SECONDS_MAX,
    ReplayCache, ReplayCacheFull,
};
pub use error::JoseError;
pub use jwk::{Jwk, VerifyingKey};
pub use jwk_set::{JwkSet, KEYS_MAX};
pub use jws::{Header, Jws, KID_BYTES_MAX, TOKEN_BYTES_MAX};
pub use signing_key::SigningKey;
