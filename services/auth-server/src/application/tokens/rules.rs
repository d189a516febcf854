//! Rules of tokens that follow from their client: algorithms, hashes, types and lifetimes.

use crate::domain::{
    client_rules,
    events::{ClientPolicy, Registration, TokenAlgorithm},
};
use jose::{Algorithm, base64url_encode};
use sha2::{Digest, Sha256, Sha384, Sha512};
use std::time::Duration;

/// Lifetime of an ID token, and of an access token unless its client is registered for another.
pub(crate) const LIFETIME: Duration = Duration::from_mins(10);

/// Class of an authentication by one means (`acr`), as the metadata announces it.
pub(crate) const PASSWORD_ONLY: &str = "1";

/// Algorithm of the signed authorization responses of a client: what it chose, else that of its ID tokens.
pub(crate) fn response_algorithm(client: &Registration) -> TokenAlgorithm {
    let own = client.policy.response_algorithm.or(client.id_token_algorithm);
    own.unwrap_or_else(|| client_rules::default_algorithm(&client.policy))
}

/// Algorithms of what a client signs, unless it is registered for a single one.
pub(crate) fn accepted_algorithms(policy: &ClientPolicy) -> &'static [Algorithm] {
    if client_rules::accepts_rs256(policy) { &Algorithm::ALL } else { &Algorithm::STRONG }
}

/// Algorithm of the ID tokens of a client.
pub(crate) fn id_token_algorithm(client: &Registration) -> Algorithm {
    let default = || client_rules::default_algorithm(&client.policy);
    algorithm_of(client.id_token_algorithm.unwrap_or_else(default))
}

/// Algorithm of this name.
pub(crate) fn algorithm_of(algorithm: TokenAlgorithm) -> Algorithm {
    match algorithm {
        TokenAlgorithm::Rs256 => Algorithm::Rs256,
        TokenAlgorithm::Es256 => Algorithm::Es256,
        TokenAlgorithm::EdDsa => Algorithm::EdDsa,
    }
}

/// Left half of the hash of an access token (`at_hash`), by the hash function of the algorithm; that of Ed25519 is SHA-512.
pub(crate) fn at_hash(algorithm: Algorithm, access_token: &str) -> String {
    let hash = match algorithm {
        Algorithm::EdDsa => Sha512::digest(access_token).to_vec(),
        Algorithm::Es384 => Sha384::digest(access_token).to_vec(),
        Algorithm::Es256 | Algorithm::Ps256 | Algorithm::Rs256 => {
            Sha256::digest(access_token).to_vec()
        }
    };
    base64url_encode(&hash[..hash.len() / 2])
}

/// Lifetime of the access tokens of a client.
pub(crate) fn lifetime(client: &Registration) -> Duration {
    let own = client.policy.access_token_seconds;
    own.map_or(LIFETIME, |seconds| Duration::from_secs(seconds.into()))
}

/// Type of an access token that is bound to a key, or to none.
pub(crate) fn token_type(key: Option<&str>) -> &'static str {
    if key.is_some() { "DPoP" } else { "Bearer" }
}
