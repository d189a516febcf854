//! State of a sign-in under way, sealed into a cookie: what an answer must have to belong to it.

use crate::seal::Seal;
use jose::base64url_encode;
use kernel::{Randomness, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Time within which a sign-in is finished, in seconds: who has no account yet gets one in it, by a mail.
pub(crate) const SECONDS_MAX: u32 = 3_600;
/// Random bytes of state, nonce and code verifier.
const RANDOM_BYTES: usize = 32;
/// Longest address within the site to which people return, in bytes.
const RETURN_BYTES_MAX: usize = 1_024;

/// State of a sign-in under way.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SignInState {
    state: String,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
    pub(crate) return_to: String,
    expires: i64,
}

impl SignInState {
    pub(crate) fn new(return_to: &str, now: Timestamp, randomness: &dyn Randomness) -> Self {
        let random = || {
            let mut bytes = [0; RANDOM_BYTES];
            randomness.fill(&mut bytes);
            base64url_encode(bytes)
        };
        Self {
            state: random(),
            nonce: random(),
            verifier: random(),
            return_to: path_within(return_to).to_owned(),
            expires: now.as_second() + i64::from(SECONDS_MAX),
        }
    }

    pub(crate) fn state(&self) -> &str {
        &self.state
    }

    /// Code challenge (RFC 7636, S256).
    pub(crate) fn challenge(&self) -> String {
        base64url_encode(Sha256::digest(&self.verifier))
    }

    pub(crate) fn seal(&self, seal: &Seal, randomness: &dyn Randomness) -> String {
        seal.seal(self, randomness)
    }

    /// State that was sealed, if it is not too old and an answer names it.
    pub(crate) fn open(seal: &Seal, sealed: &str, answered: &str, now: Timestamp) -> Option<Self> {
        let state: Self = seal.open(sealed)?;
        let is_same = bool::from(state.state.as_bytes().ct_eq(answered.as_bytes()));
        (is_same && now.as_second() < state.expires).then_some(state)
    }
}

/// Path within the site, for whatever was asked for: nobody is sent to another one (open redirector).
fn path_within(path: &str) -> &str {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    let is_within = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= RETURN_BYTES_MAX
        && path.bytes().all(is_plain);
    if is_within { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::SeededRandomness;

    #[test]
    fn people_return_to_a_path_of_the_site_and_nowhere_else() {
        for path in ["/", "/orders?page=2#a", "/a//b"] {
            assert_eq!(path_within(path), path);
        }
        let long = ["/", &"a".repeat(RETURN_BYTES_MAX)].concat();
        for other in [
            "",
            "orders",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a b",
            "/\t/evil",
            "/\r\nx: y",
            "/ä",
            &long,
        ] {
            assert_eq!(path_within(other), "/", "{other:?}");
        }
    }

    #[test]
    fn an_answer_belongs_to_one_state_for_an_hour() {
        let randomness = SeededRandomness::new(1);
        let at = |second| Timestamp::from_second(second).unwrap();
        let seal = Seal::new(b"secret", "sign-in");
        let state = SignInState::new("/", at(0), &randomness);
        let sealed = state.seal(&seal, &randomness);
        let opened =
            |answered: &str, second| SignInState::open(&seal, &sealed, answered, at(second));
        assert_eq!(opened(state.state(), 3_599).unwrap().verifier, state.verifier);
        assert!(opened(state.state(), 3_600).is_none());
        assert!(opened("", 1).is_none() && opened(&state.state()[1..], 1).is_none());
        let other = SignInState::new("/", at(0), &randomness);
        assert!(opened(other.state(), 1).is_none());
        assert_ne!((state.state(), &state.nonce), (other.state(), &other.nonce));
    }
}
