//! HMAC signatures of webhooks: only a party that knows the secret can report payments.

use hmac::{Hmac, Mac};
use identifiers::PaymentId;
use kernel::{Ids, hex};
use settings::Secret;
use sha2::Sha256;

/// Secret that is shared with one processor.
#[derive(Clone)]
pub(crate) struct SigningKey(Vec<u8>);

const SCHEME: &str = "sha256=";

impl SigningKey {
    pub(crate) fn new(secret: impl Into<Vec<u8>>) -> Self {
        Self(secret.into())
    }

    /// Key of the configured secret. Without one it is random for each start, so that only the processor within this
    /// process can sign.
    pub(crate) fn configured(secret: &Secret, ids: &Ids) -> Self {
        if !secret.is_empty() {
            return Self::new(secret.expose());
        }
        let random = [ids.next::<PaymentId>(), ids.next::<PaymentId>()];
        Self::new(random.map(|id| id.0.into_bytes()).concat())
    }

    /// Signs the body; returns the value of the header.
    pub(crate) fn sign(&self, body: &[u8]) -> String {
        SCHEME.to_owned() + &hex::encode(&self.mac(body).finalize().into_bytes())
    }

    /// Verifies that `header` is the signature of `body`, in constant time.
    pub(crate) fn verify(&self, body: &[u8], header: &str) -> bool {
        let digits = header.strip_prefix(SCHEME).and_then(hex::decode);
        digits.is_some_and(|signature| self.mac(body).verify_slice(&signature).is_ok())
    }

    fn mac(&self, body: &[u8]) -> Hmac<Sha256> {
        let key = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        key.chain_update(body)
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("SigningKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_valid_for_its_body_and_its_secret_only() {
        let key = SigningKey::new("secret");
        let signature = key.sign(b"body");
        assert!(key.verify(b"body", &signature));
        assert!(key.verify(b"body", &signature.to_uppercase().replace("SHA256", "sha256")));
        assert!(!key.verify(b"bodY", &signature));
        assert!(!SigningKey::new("other").verify(b"body", &signature));
        for broken in ["", "sha256=", "sha256=zz", "sha256=é", &signature[7..], &signature[..70]] {
            assert!(!key.verify(b"body", broken), "{broken}");
        }
    }

    #[test]
    fn the_signature_is_a_standard_hmac() {
        // RFC 4231, test case 2.
        let signature = SigningKey::new("Jefe").sign(b"what do ya want for nothing?");
        let expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(signature, expected);
    }
}
