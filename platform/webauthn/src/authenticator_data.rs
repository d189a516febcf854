//! Authenticator data: what the authenticator says about itself and the person (section 6.1).

use crate::{CredentialKey, WebauthnError};
use minicbor::Decoder;

/// Longest authenticator data, in bytes.
pub const AUTHENTICATOR_DATA_BYTES_MAX: usize = 8 * 1024;
/// Longest identifier of a credential, in bytes (section 4).
pub const CREDENTIAL_ID_BYTES_MAX: usize = 1023;

const RP_ID_HASH_BYTES: usize = 32;
const COUNTER_BYTES: usize = 4;
const AAGUID_BYTES: usize = 16;
const LENGTH_BYTES: usize = 2;

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const ATTESTED_CREDENTIAL: u8 = 1 << 6;
const EXTENSIONS: u8 = 1 << 7;

/// Authenticator data.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AuthenticatorData<'a> {
    pub(crate) rp_id_hash: [u8; RP_ID_HASH_BYTES],
    flags: u8,
    pub(crate) sign_count: u32,
    /// The new credential, in a registration.
    pub(crate) credential: Option<AttestedCredential<'a>>,
}

/// Credential that an authenticator made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AttestedCredential<'a> {
    /// Model of the authenticator; all zero when it is not told.
    pub(crate) aaguid: [u8; AAGUID_BYTES],
    pub(crate) id: &'a [u8],
    pub(crate) key: CredentialKey,
    /// The key as it was encoded.
    pub(crate) cose: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, WebauthnError> {
        if bytes.len() > AUTHENTICATOR_DATA_BYTES_MAX {
            return Err(WebauthnError::TooLong);
        }
        let parts = split(bytes).ok_or(WebauthnError::AuthenticatorData)?;
        let (rp_id_hash, flags, sign_count, mut rest) = parts;
        let mut credential = None;
        if flags & ATTESTED_CREDENTIAL != 0 {
            let (attested, after) = attested(rest)?;
            (credential, rest) = (Some(attested), after);
        }
        if flags & EXTENSIONS != 0 {
            rest = after_map(rest).ok_or(WebauthnError::AuthenticatorData)?;
        }
        if !rest.is_empty() {
            return Err(WebauthnError::AuthenticatorData);
        }
        let data = Self { rp_id_hash, flags, sign_count, credential };
        if data.is_backed_up() && !data.is_backup_eligible() {
            return Err(WebauthnError::Flags);
        }
        Ok(data)
    }

    pub(crate) fn is_user_present(&self) -> bool {
        self.flags & USER_PRESENT != 0
    }

    pub(crate) fn is_user_verified(&self) -> bool {
        self.flags & USER_VERIFIED != 0
    }

    pub(crate) fn is_backup_eligible(&self) -> bool {
        self.flags & BACKUP_ELIGIBLE != 0
    }

    pub(crate) fn is_backed_up(&self) -> bool {
        self.flags & BACKED_UP != 0
    }
}

/// Digest, flags, counter, and what follows.
fn split(bytes: &[u8]) -> Option<([u8; RP_ID_HASH_BYTES], u8, u32, &[u8])> {
    let (rp_id_hash, rest) = bytes.split_first_chunk::<RP_ID_HASH_BYTES>()?;
    let (flags, rest) = rest.split_first()?;
    let (counter, rest) = rest.split_first_chunk::<COUNTER_BYTES>()?;
    Some((*rp_id_hash, *flags, u32::from_be_bytes(*counter), rest))
}

/// Attested credential data (section 6.5.1), and what follows it.
fn attested(bytes: &[u8]) -> Result<(AttestedCredential<'_>, &[u8]), WebauthnError> {
    let failed = WebauthnError::AuthenticatorData;
    let (aaguid, rest) = bytes.split_first_chunk::<AAGUID_BYTES>().ok_or(failed)?;
    let (length, rest) = rest.split_first_chunk::<LENGTH_BYTES>().ok_or(failed)?;
    let length = usize::from(u16::from_be_bytes(*length));
    if length == 0 || length > CREDENTIAL_ID_BYTES_MAX {
        return Err(failed);
    }
    let (id, rest) = rest.split_at_checked(length).ok_or(failed)?;
    let mut decoder = Decoder::new(rest);
    let key = CredentialKey::decode(&mut decoder)?;
    let (cose, rest) = rest.split_at_checked(decoder.position()).ok_or(failed)?;
    Ok((AttestedCredential { aaguid: *aaguid, id, key, cose }, rest))
}

/// What follows a map of CBOR, whose members are of no interest: no extension is asked for.
fn after_map(bytes: &[u8]) -> Option<&[u8]> {
    let mut decoder = Decoder::new(bytes);
    decoder.probe().map().ok()??;
    decoder.skip().ok()?;
    bytes.get(decoder.position()..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn data(flags: u8, rest: &[u8]) -> Vec<u8> {
        [&[9; 32][..], &[flags], &7_u32.to_be_bytes(), rest].concat()
    }

    #[test]
    fn the_flags_say_what_follows_and_nothing_else_does() {
        let parsed = |flags, rest: &[u8]| AuthenticatorData::parse(&data(flags, rest)).map(drop);
        let failed = Err(WebauthnError::AuthenticatorData);
        let bytes = data(USER_PRESENT | USER_VERIFIED, &[]);
        let read = AuthenticatorData::parse(&bytes).unwrap();
        assert!(read.is_user_present() && read.is_user_verified() && !read.is_backed_up());
        assert_eq!((read.sign_count, read.rp_id_hash), (7, [9; 32]));
        assert_eq!(parsed(USER_PRESENT, &[0]), failed);
        assert_eq!(parsed(EXTENSIONS, &[0xa0]), Ok(()));
        assert_eq!(parsed(EXTENSIONS, &[0xa0, 0]), failed);
        assert_eq!(parsed(EXTENSIONS, &[]), failed);
        assert_eq!(parsed(EXTENSIONS, &[0x80]), failed, "a list is no map");
        assert_eq!(parsed(ATTESTED_CREDENTIAL, &[]), failed);
        assert_eq!(parsed(BACKED_UP, &[]), Err(WebauthnError::Flags));
        assert_eq!(parsed(BACKED_UP | BACKUP_ELIGIBLE, &[]), Ok(()));
        for end in 0..37 {
            assert_eq!(AuthenticatorData::parse(&bytes[..end]).map(drop), failed, "{end}");
        }
    }

    #[test]
    fn an_identifier_of_a_credential_has_1_to_1023_bytes() {
        let parsed = |length: u16| {
            let id = vec![1; usize::from(length)];
            let rest = [&[0; 16][..], &length.to_be_bytes(), &id, &[0xa0]].concat();
            AuthenticatorData::parse(&data(ATTESTED_CREDENTIAL, &rest)).map(drop)
        };
        for wrong in [0, 1024] {
            assert_eq!(parsed(wrong), Err(WebauthnError::AuthenticatorData));
        }
        for right in [1, 1023] {
            assert_eq!(parsed(right), Err(WebauthnError::PublicKey), "an empty map is no key");
        }
    }

    #[test]
    fn what_is_longer_than_authenticators_write_is_not_read() {
        let long = data(EXTENSIONS, &vec![0; AUTHENTICATOR_DATA_BYTES_MAX]);
        assert_eq!(AuthenticatorData::parse(&long), Err(WebauthnError::TooLong));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(read) = AuthenticatorData::parse(&bytes) {
                prop_assert!(bytes.len() >= 37 && read.credential.is_none());
            }
        }
    }
}
