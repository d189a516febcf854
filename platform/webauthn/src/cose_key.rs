//! Public key of a credential, as a COSE key (RFC 9052, section 7; RFC 9053): the three algorithms that are offered, each with the one
//! form that authenticators write.

use crate::WebauthnError;
use kernel::security_checks::holds;
use minicbor::Decoder;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};

/// COSE algorithms that are offered, the preferred first: ES256, `EdDSA`, RS256.
pub const ALGORITHMS: [i64; 3] = [ES256, EDDSA, RS256];
/// Longest key, in bytes: RSA with 4096 bits and room to spare.
pub const KEY_BYTES_MAX: usize = 1024;
/// Longest signature, in bytes: RSA with 4096 bits.
pub const SIGNATURE_BYTES_MAX: usize = 512;

const ES256: i64 = -7;
const EDDSA: i64 = -8;
const RS256: i64 = -257;

/// Labels of a COSE key. Those from -1 depend on the key type.
const KEY_TYPE: i64 = 1;
const ALGORITHM: i64 = 3;
const CURVE_OR_MODULUS: i64 = -1;
const X_OR_EXPONENT: i64 = -2;
const Y: i64 = -3;

const TYPE_OKP: i64 = 1;
const TYPE_EC2: i64 = 2;
const TYPE_RSA: i64 = 3;
const CURVE_P256: i64 = 1;
const CURVE_ED25519: i64 = 6;

const COORDINATE_BYTES: usize = 32;
const MODULUS_BYTES_MIN: usize = 256;
const MODULUS_BYTES_MAX: usize = 512;
const EXPONENT_BYTES_MAX: usize = 4;
/// Most members of a key.
const MEMBERS_MAX: u64 = 16;

/// Public key of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialKey(Key);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    /// Point of P-256, uncompressed (SEC 1, section 2.3.3).
    Es256(Vec<u8>),
    Ed25519(Vec<u8>),
    Rs256 {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
}

/// Members of a key, as they stand in the map.
#[derive(Default)]
struct Members {
    key_type: Option<i64>,
    algorithm: Option<i64>,
    curve: Option<i64>,
    modulus: Option<Vec<u8>>,
    x_or_exponent: Option<Vec<u8>>,
    y: Option<Vec<u8>>,
}

impl CredentialKey {
    /// Public key of a COSE key that is all of these bytes.
    ///
    /// # Errors
    ///
    /// [`WebauthnError::PublicKey`].
    pub fn parse(cose: &[u8]) -> Result<Self, WebauthnError> {
        let mut decoder = Decoder::new(cose);
        let key = Self::decode(&mut decoder)?;
        (decoder.position() == cose.len()).then_some(key).ok_or(WebauthnError::PublicKey)
    }

    /// Public key at the position of a decoder.
    pub(crate) fn decode(decoder: &mut Decoder<'_>) -> Result<Self, WebauthnError> {
        let begin = decoder.position();
        let members = members(decoder)?;
        if decoder.position() - begin > KEY_BYTES_MAX {
            return Err(WebauthnError::TooLong);
        }
        members.and_then(Members::key).map(Self).ok_or(WebauthnError::PublicKey)
    }

    /// Verifies a signature over a message.
    ///
    /// # Errors
    ///
    /// [`WebauthnError::Signature`].
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), WebauthnError> {
        let verified = match &self.0 {
            Key::Es256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature)
            }
            Key::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
            Key::Rs256 { modulus, exponent } => RsaPublicKeyComponents { n: modulus, e: exponent }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature),
        };
        if !holds("webauthn_signature", verified.is_ok()) {
            return Err(WebauthnError::Signature);
        }
        Ok(())
    }
}

/// Members of the map at the position of a decoder; `None` if a member has another form, or stands there twice.
fn members(decoder: &mut Decoder<'_>) -> Result<Option<Members>, WebauthnError> {
    let failed = |_| WebauthnError::PublicKey;
    let length = decoder.map().map_err(failed)?.filter(|length| *length <= MEMBERS_MAX);
    let mut members = Members::default();
    let mut is_strict = true;
    // `None` is a map of indefinite length, which no authenticator writes.
    for _ in 0..length.ok_or(WebauthnError::PublicKey)? {
        let label = decoder.i64().map_err(failed)?;
        let is_text = decoder.datatype().map_err(failed)? == minicbor::data::Type::Bytes;
        let is_first = match label {
            KEY_TYPE => members.key_type.replace(decoder.i64().map_err(failed)?).is_none(),
            ALGORITHM => members.algorithm.replace(decoder.i64().map_err(failed)?).is_none(),
            CURVE_OR_MODULUS if is_text => {
                let modulus = decoder.bytes().map_err(failed)?.to_vec();
                members.modulus.replace(modulus).is_none()
            }
            CURVE_OR_MODULUS => members.curve.replace(decoder.i64().map_err(failed)?).is_none(),
            X_OR_EXPONENT => {
                let bytes = decoder.bytes().map_err(failed)?.to_vec();
                members.x_or_exponent.replace(bytes).is_none()
            }
            Y => members.y.replace(decoder.bytes().map_err(failed)?.to_vec()).is_none(),
            _ => decoder.skip().map(|()| true).map_err(failed)?,
        };
        is_strict &= is_first;
    }
    Ok(is_strict.then_some(members))
}

impl Members {
    fn key(self) -> Option<Key> {
        let is_coordinate = |bytes: &Vec<u8>| bytes.len() == COORDINATE_BYTES;
        match (self.key_type?, self.algorithm?) {
            (TYPE_EC2, ES256) if self.curve == Some(CURVE_P256) => {
                let x = self.x_or_exponent.filter(is_coordinate)?;
                let y = self.y.filter(is_coordinate)?;
                Some(Key::Es256([&[4], &x[..], &y].concat()))
            }
            (TYPE_OKP, EDDSA) if self.curve == Some(CURVE_ED25519) => {
                self.x_or_exponent.filter(is_coordinate).map(Key::Ed25519)
            }
            (TYPE_RSA, RS256) => {
                let is_plain = |bytes: &[u8]| bytes.first().is_some_and(|first| *first != 0);
                let modulus = self.modulus.filter(|modulus| {
                    (MODULUS_BYTES_MIN..=MODULUS_BYTES_MAX).contains(&modulus.len())
                        && is_plain(modulus)
                })?;
                let exponent = self.x_or_exponent.filter(|exponent| {
                    exponent.len() <= EXPONENT_BYTES_MAX && is_plain(exponent)
                })?;
                Some(Key::Rs256 { modulus, exponent })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minicbor::Encoder;
    use proptest::prelude::*;

    enum Value<'a> {
        Number(i64),
        Bytes(&'a [u8]),
    }

    fn cose(members: &[(i64, Value<'_>)]) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::new());
        encoder.map(members.len() as u64).unwrap();
        for (label, value) in members {
            encoder.i64(*label).unwrap();
            match value {
                Value::Number(number) => encoder.i64(*number).unwrap(),
                Value::Bytes(bytes) => encoder.bytes(bytes).unwrap(),
            };
        }
        encoder.into_writer()
    }

    use Value::{Bytes, Number};

    fn es256(change: Option<(i64, Value<'static>)>) -> Vec<u8> {
        let mut members = vec![
            (KEY_TYPE, Number(TYPE_EC2)),
            (ALGORITHM, Number(ES256)),
            (CURVE_OR_MODULUS, Number(CURVE_P256)),
            (X_OR_EXPONENT, Bytes(&[1; 32])),
            (Y, Bytes(&[2; 32])),
        ];
        if let Some((label, value)) = change {
            members.retain(|(known, _)| *known != label);
            members.push((label, value));
        }
        cose(&members)
    }

    #[test]
    fn a_key_has_the_type_the_curve_and_the_lengths_of_its_algorithm() {
        assert!(CredentialKey::parse(&es256(None)).is_ok());
        assert!(
            CredentialKey::parse(&es256(Some((2, Bytes(b"kid"))))).is_ok(),
            "other members may be there"
        );
        for (label, value) in [
            (KEY_TYPE, Number(TYPE_OKP)),
            (ALGORITHM, Number(-35)),
            (ALGORITHM, Number(EDDSA)),
            (CURVE_OR_MODULUS, Number(2)),
            (CURVE_OR_MODULUS, Bytes(&[1; 256])),
            (X_OR_EXPONENT, Bytes(&[1; 31])),
            (X_OR_EXPONENT, Bytes(&[1; 33])),
            (Y, Number(1)),
        ] {
            assert_eq!(
                CredentialKey::parse(&es256(Some((label, value)))),
                Err(WebauthnError::PublicKey),
                "{label}"
            );
        }
    }

    #[test]
    fn an_rsa_key_has_2048_to_4096_bits() {
        let rsa = |modulus: &[u8], exponent: &[u8]| {
            CredentialKey::parse(&cose(&[
                (KEY_TYPE, Number(TYPE_RSA)),
                (ALGORITHM, Number(RS256)),
                (CURVE_OR_MODULUS, Bytes(modulus)),
                (X_OR_EXPONENT, Bytes(exponent)),
            ]))
            .is_ok()
        };
        assert!(rsa(&[1; 256], &[1, 0, 1]) && rsa(&[1; 512], &[1, 0, 1]));
        assert!(!rsa(&[1; 255], &[1, 0, 1]) && !rsa(&[1; 513], &[1, 0, 1]));
        assert!(!rsa(&[0; 256], &[1, 0, 1]), "padded");
        assert!(!rsa(&[1; 256], &[]) && !rsa(&[1; 256], &[0, 1]) && !rsa(&[1; 256], &[1; 5]));
    }

    #[test]
    fn a_member_stands_there_once_and_nothing_follows() {
        let mut twice = vec![(KEY_TYPE, Number(TYPE_OKP)), (ALGORITHM, Number(EDDSA))];
        twice.extend([(CURVE_OR_MODULUS, Number(CURVE_ED25519)), (X_OR_EXPONENT, Bytes(&[1; 32]))]);
        let once = cose(&twice);
        assert!(CredentialKey::parse(&once).is_ok());
        twice.push((X_OR_EXPONENT, Bytes(&[2; 32])));
        assert_eq!(CredentialKey::parse(&cose(&twice)), Err(WebauthnError::PublicKey));
        assert_eq!(
            CredentialKey::parse(&[&once[..], &[0]].concat()),
            Err(WebauthnError::PublicKey)
        );
        let indefinite = [&[0xbf], &once[1..], &[0xff]].concat();
        assert_eq!(CredentialKey::parse(&indefinite), Err(WebauthnError::PublicKey));
        for end in 0..once.len() {
            assert_eq!(CredentialKey::parse(&once[..end]), Err(WebauthnError::PublicKey), "{end}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_key_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(CredentialKey::parse(&bytes).is_err());
        }

        #[test]
        fn no_signature_is_right_by_chance(signature in proptest::collection::vec(any::<u8>(), 0..80)) {
            let key = CredentialKey::parse(&es256(None)).unwrap();
            prop_assert_eq!(key.verify(b"message", &signature), Err(WebauthnError::Signature));
        }
    }
}
