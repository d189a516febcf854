//! Authenticator app: one-time passwords (RFC 6238) from the key that a page shows.

use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use std::time::SystemTime;

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const STEP_SECONDS: u64 = 30;

/// App with one key.
#[derive(Debug)]
pub(super) struct AuthenticatorApp(Vec<u8>);

impl AuthenticatorApp {
    /// App into which a person typed this key (base32).
    pub(super) fn of_key(key: &str) -> Self {
        let values = key.chars().filter_map(|character| ALPHABET.find(character));
        let bits: Vec<bool> =
            values.flat_map(|value| (0..5).rev().map(move |bit| value >> bit & 1 == 1)).collect();
        let byte = |bits: &[bool]| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        Self(bits.chunks_exact(8).map(byte).collect())
    }

    /// Code that it shows, as many steps later.
    pub(super) fn code(&self, steps: u64) -> String {
        let step = seconds() / STEP_SECONDS + steps;
        let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = sign(&key, &step.to_be_bytes());
        let digest = tag.as_ref();
        let offset = usize::from(digest[digest.len() - 1] & 15);
        let bytes = digest[offset..offset + 4].iter();
        let number = bytes.fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
    }
}

#[expect(clippy::disallowed_methods, reason = "the shop counts the same time")]
fn seconds() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.expect("it is after 1970").as_secs()
}
