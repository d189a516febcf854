//! Public keys as `SubjectPublicKeyInfo` (RFC 5280, section 4.1.2.7), in PEM (RFC 7468), for programs that read no JWK.

use crate::{
    der::{self, BIT_STRING, INTEGER, NULL, OBJECT_IDENTIFIER, SEQUENCE},
    jwk::PublicKey,
};
use base64::{Engine, prelude::BASE64_STANDARD};

/// `rsaEncryption` (RFC 3279, section 2.3.1).
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// `id-ecPublicKey` and `secp256r1` (RFC 5480, section 2.1.1).
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// `secp384r1` (RFC 5480, section 2.1.1.1).
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
/// `id-Ed25519` (RFC 8410, section 3).
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
/// Characters of a line.
const LINE_CHARACTERS: usize = 64;

/// Text of a key.
pub(crate) fn pem(key: &PublicKey) -> String {
    let text = BASE64_STANDARD.encode(encoded(key));
    let mut pem = "-----BEGIN PUBLIC KEY-----\n".to_owned();
    let mut rest = &*text;
    while !rest.is_empty() {
        let (line, next) = rest.split_at(rest.len().min(LINE_CHARACTERS));
        pem.push_str(line);
        pem.push('\n');
        rest = next;
    }
    pem + "-----END PUBLIC KEY-----\n"
}

/// Key in DER.
pub(crate) fn encoded(key: &PublicKey) -> Vec<u8> {
    let identifier = |bytes: &[u8]| der::tagged(OBJECT_IDENTIFIER, bytes);
    let (algorithm, key) = match key {
        PublicKey::P256 { x, y } => {
            ([identifier(EC_PUBLIC_KEY), identifier(P256)].concat(), [&[4][..], x, y].concat())
        }
        PublicKey::P384 { x, y } => {
            ([identifier(EC_PUBLIC_KEY), identifier(P384)].concat(), [&[4][..], x, y].concat())
        }
        PublicKey::Ed25519(key) => (identifier(ED25519), key.clone()),
        PublicKey::Rsa { modulus, exponent } => {
            let numbers = [modulus, exponent].map(|number| {
                // The first bit is the sign.
                let is_negative = number.first().is_some_and(|first| first & 0x80 != 0);
                let sign: &[u8] = if is_negative { &[0] } else { &[] };
                der::tagged(INTEGER, &[sign, number].concat())
            });
            let algorithm = [identifier(RSA), der::tagged(NULL, &[])].concat();
            (algorithm, der::tagged(SEQUENCE, &numbers.concat()))
        }
    };
    // No bit of the last byte is left out.
    let key = der::tagged(BIT_STRING, &[&[0][..], &key].concat());
    der::tagged(SEQUENCE, &[der::tagged(SEQUENCE, &algorithm), key].concat())
}

#[cfg(test)]
mod tests {
    use crate::Jwk;

    #[test]
    fn a_key_is_written_as_others_write_it() {
        let ed25519 =
            r#"{"kty":"OKP","crv":"Ed25519","x":"Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"}"#;
        // That of Ed25519 is in RFC 8410, section 10.1; the others are from OpenSSL.
        for (jwk, expected) in [
            (ed25519, include_str!("../tests/keys/ed25519.pem")),
            (include_str!("../tests/keys/p256.json"), include_str!("../tests/keys/p256.pem")),
            (include_str!("../tests/keys/rsa.json"), include_str!("../tests/keys/rsa.pem")),
        ] {
            assert_eq!(Jwk::parse(jwk.as_bytes()).unwrap().to_pem(), expected);
        }
    }
}
