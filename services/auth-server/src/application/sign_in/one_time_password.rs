//! One-time passwords of an authenticator app: TOTP (RFC 6238) with the parameters that every app knows, 6 digits of HMAC-SHA-1 for each
//! 30 seconds.

use kernel::{Randomness, Timestamp};
use ring::hmac::{self, HMAC_SHA1_FOR_LEGACY_USE_ONLY};
use std::fmt;
use subtle::ConstantTimeEq;

/// Bytes of a secret, as many as SHA-1 gives (RFC 4226, section 4).
const SECRET_BYTES: usize = 20;
const STEP_SECONDS: i64 = 30;
/// Steps before and after the present one whose codes are taken, because clocks differ.
const DRIFT_STEPS_MAX: i64 = 1;
const DIGITS: usize = 6;

/// Time step, by its number since 1970.
pub(crate) type TimeStep = i64;

/// Secret that the server and an app share.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TotpSecret([u8; SECRET_BYTES]);

impl TotpSecret {
    pub(crate) fn generate(randomness: &dyn Randomness) -> Self {
        let mut secret = [0; SECRET_BYTES];
        randomness.fill(&mut secret);
        Self(secret)
    }

    /// Secret of these bytes.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes, to be sealed.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The secret as a person types it into an app, in groups of four.
    pub(crate) fn to_base32(&self) -> String {
        base32(&self.0)
    }

    /// Address that an app reads from a QR code (Key URI format): the secret, and a name to tell it from others.
    pub(crate) fn to_uri(&self, shop: &str, account: &str) -> String {
        let encoded = |text: &str| percent_encoded(text);
        let (shop, account, secret) = (encoded(shop), encoded(account), self.to_base32());
        format!(
            "otpauth://totp/{shop}:{account}?secret={secret}&issuer={shop}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
        )
    }

    /// Newest step whose code this is, of those that are near. Blanks make no difference. Every near code is compared in constant
    /// time. Whether the step was used before is for the account to decide.
    pub(crate) fn step_of(&self, code: &str, now: Timestamp) -> Option<TimeStep> {
        let code: String = code.chars().filter(|it| !it.is_whitespace()).take(DIGITS + 1).collect();
        let present = now.as_second().div_euclid(STEP_SECONDS);
        let steps = (present - DRIFT_STEPS_MAX)..=(present + DRIFT_STEPS_MAX);
        let mut found = None;
        for step in steps {
            if bool::from(self.code(step).as_bytes().ct_eq(code.as_bytes())) {
                found = Some(step);
            }
        }
        found
    }

    /// Code of a step (RFC 4226, section 5.3).
    pub(crate) fn code(&self, step: TimeStep) -> String {
        let key = hmac::Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let digest = tag.as_ref();
        let offset = usize::from(digest[digest.len() - 1] & 0xf);
        let bytes =
            [digest[offset] & 0x7f, digest[offset + 1], digest[offset + 2], digest[offset + 3]];
        format!("{:0DIGITS$}", u32::from_be_bytes(bytes) % 1_000_000)
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TotpSecret")
    }
}

/// Base32 without padding (RFC 4648, section 6).
pub(crate) fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut bits, mut length) = (0_u32, 0_u32);
    for byte in bytes {
        bits = (bits << 8 | u32::from(*byte)) & 0xfff;
        length += 8;
        while length >= 5 {
            length -= 5;
            text.push(char::from(ALPHABET[(bits >> length & 31) as usize]));
        }
    }
    if length > 0 {
        text.push(char::from(ALPHABET[(bits << (5 - length) & 31) as usize]));
    }
    text
}

/// Percent-encoding of everything but unreserved characters (RFC 3986, section 2.3). A blank is `%20`, because apps show a plus sign.
fn percent_encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::SeededRandomness;

    fn secret() -> TotpSecret {
        TotpSecret(*b"12345678901234567890")
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B: the last six of the eight digits.
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret().code(second / STEP_SECONDS), code);
            assert_eq!(secret().step_of(code, at(second)), Some(second / STEP_SECONDS));
        }
    }

    #[test]
    fn a_clock_may_be_off_by_one_step_and_no_more() {
        let code = secret().code(100);
        let taken = |second: i64| secret().step_of(&code, at(second)) == Some(100);
        assert!(!taken(99 * 30 - 1) && taken(99 * 30), "a step early");
        assert!(taken(102 * 30 - 1) && !taken(102 * 30), "a step late");
    }

    #[test]
    fn a_code_has_six_digits_and_blanks_make_no_difference() {
        let code = secret().code(100);
        let taken = |code: &str| secret().step_of(code, at(3_000)).is_some();
        assert!(taken(&format!(" {} {}\n", &code[..3], &code[3..])));
        for wrong in
            [&code[1..], &format!("{code}0"), &format!("0{code}"), "", "abcdef", "９９９９９９"]
        {
            assert!(!taken(wrong), "{wrong}");
        }
    }

    #[test]
    fn an_app_gets_the_secret_with_the_names_of_shop_and_account() {
        assert_eq!(
            secret().to_uri("Läden & Co", "ada+x@example.com"),
            "otpauth://totp/L%C3%A4den%20%26%20Co:ada%2Bx%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=L%C3%A4den%20%26%20Co&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn base32_is_that_of_the_rfc() {
        // RFC 4648, section 10, without padding.
        for (text, encoded) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(text.as_bytes()), encoded);
        }
    }

    #[test]
    fn a_secret_is_random_and_not_shown() {
        let randomness = SeededRandomness::new(1);
        let [one, other] = [(); 2].map(|()| TotpSecret::generate(&randomness));
        assert_ne!(one, other);
        assert_eq!(TotpSecret::of_bytes(one.expose()), Some(one.clone()));
        assert_eq!(TotpSecret::of_bytes(&[0; 19]), None);
        assert_eq!(format!("{one:?}"), "TotpSecret");
    }
}
