//! Handles: authorization codes, refresh tokens and one-time links. Each names a subject and a number, and carries the MAC of both
//! (HMAC-SHA-256) under a key of the server. Nothing of a handle is stored, and none can be invented.

use jose::{base64url_decode, base64url_encode};
use kernel::Uuid;
use ring::hmac::{self, HMAC_SHA256};
use std::fmt;

/// Longest text that is taken for a handle, in bytes.
const TEXT_BYTES_MAX: usize = 128;
const SUBJECT_BYTES: usize = 16;
const NUMBER_BYTES: usize = 4;

/// Purpose of a handle: one for another purpose is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Authorization code; its subject is a grant.
    Code,
    /// Refresh token; its subject is a grant, its number the generation.
    RefreshToken,
    /// One-time link; its subject is an account.
    SetUp,
    /// Device on which somebody signed in before; its subject is the account.
    Device,
    /// Link of a sign-up; its subject is the mail.
    SignUp,
    /// Link to another address; its subject is an account.
    EmailChange,
}

/// Key of handles.
pub(crate) struct HandleKey(hmac::Key);

impl HandleKey {
    pub(crate) fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(HMAC_SHA256, key))
    }

    /// Handle of a subject and a number.
    pub(crate) fn issue(&self, purpose: Purpose, subject: Uuid, number: u32) -> String {
        let message = message(purpose, subject, number);
        let tag = hmac::sign(&self.0, &message);
        base64url_encode([&message[1..], tag.as_ref()].concat())
    }

    /// Subject and number of a handle that this server issued. Compared in constant time.
    pub(crate) fn open(&self, purpose: Purpose, text: &str) -> Option<(Uuid, u32)> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let bytes = base64url_decode(text).ok()?;
        let (subject, rest) = bytes.split_first_chunk::<SUBJECT_BYTES>()?;
        let (number, tag) = rest.split_first_chunk::<NUMBER_BYTES>()?;
        let (subject, number) = (Uuid::from_bytes(*subject), u32::from_be_bytes(*number));
        hmac::verify(&self.0, &message(purpose, subject, number), tag).ok()?;
        Some((subject, number))
    }
}

fn message(purpose: Purpose, subject: Uuid, number: u32) -> Vec<u8> {
    [&[purpose as u8][..], subject.as_bytes(), &number.to_be_bytes()].concat()
}

impl fmt::Debug for HandleKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("HandleKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_handle_is_of_its_key_purpose_subject_and_number() {
        let (key, subject) = (HandleKey::new(&[1; 32]), Uuid::from_u128(7));
        let code = key.issue(Purpose::Code, subject, 0);
        assert_eq!(key.open(Purpose::Code, &code), Some((subject, 0)));
        assert_eq!(key.open(Purpose::RefreshToken, &code), None);
        assert_eq!(HandleKey::new(&[2; 32]).open(Purpose::Code, &code), None);
        let token = key.issue(Purpose::RefreshToken, subject, 1);
        assert_eq!(key.open(Purpose::RefreshToken, &token), Some((subject, 1)));
        assert!(token.len() <= TEXT_BYTES_MAX);
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(key.open(Purpose::RefreshToken, &changed), None, "{at}");
            assert_eq!(key.open(Purpose::RefreshToken, &token[..at]), None, "{at}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_a_handle_by_chance(text in "[A-Za-z0-9_-]{0,140}|.{0,40}") {
            prop_assert_eq!(HandleKey::new(&[1; 32]).open(Purpose::Code, &text), None);
        }
    }
}
