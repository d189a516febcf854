//! Recovery codes: for whoever lost the authenticator app. Each works once. What is kept is a keyed digest of each, by its number; which
//! of them were used is for the account to know.

use super::one_time_password::base32;
use crate::domain::account::RECOVERY_CODES;
use identifiers::AccountId;
use kernel::{Randomness, Uuid};
use ring::hmac;
use subtle::ConstantTimeEq;

/// Random bytes of a code: 80 bits.
const CODE_BYTES: usize = 10;
/// Characters of a group, as a code is written.
const GROUP_CHARACTERS: usize = 4;

/// New codes, as they are shown, once.
pub(crate) fn generate(randomness: &dyn Randomness) -> Vec<String> {
    let code = |_| {
        let mut bytes = [0; CODE_BYTES];
        randomness.fill(&mut bytes);
        grouped(&base32(&bytes))
    };
    (0..RECOVERY_CODES).map(code).collect()
}

/// Digest of a code of an account. Blanks, hyphens and capital letters make no difference.
pub(crate) fn digest(key: &hmac::Key, account: AccountId, code: &str) -> String {
    let plain = code.chars().filter(char::is_ascii_alphanumeric).map(|it| it.to_ascii_uppercase());
    let message = [Uuid::from(account).as_bytes(), plain.collect::<String>().as_bytes()].concat();
    jose::base64url_encode(hmac::sign(key, &message).as_ref())
}

/// Number of the code with this digest. All are compared, each in constant time.
pub(crate) fn number_of(digests: &[String], digest: &str) -> Option<u8> {
    let mut found = None;
    for (number, known) in (0..RECOVERY_CODES).zip(digests) {
        if bool::from(known.as_bytes().ct_eq(digest.as_bytes())) {
            found = Some(number);
        }
    }
    found
}

fn grouped(text: &str) -> String {
    let groups: Vec<&str> = (0..text.len())
        .step_by(GROUP_CHARACTERS)
        .filter_map(|at| text.get(at..(at + GROUP_CHARACTERS).min(text.len())))
        .collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::SeededRandomness;
    use ring::hmac::HMAC_SHA256;

    const ADA: AccountId = AccountId(Uuid::from_u128(1));
    const BOB: AccountId = AccountId(Uuid::from_u128(2));

    #[test]
    fn a_code_is_found_by_its_digest_however_it_is_typed() {
        let key = hmac::Key::new(HMAC_SHA256, &[1; 32]);
        let codes = generate(&SeededRandomness::new(1));
        let digests: Vec<_> = codes.iter().map(|code| digest(&key, ADA, code)).collect();
        let number = |account, code: &str| number_of(&digests, &digest(&key, account, code));
        for (at, code) in (0..RECOVERY_CODES).zip(&codes) {
            assert_eq!((code.len(), code.split('-').count()), (19, 4), "{code}");
            assert_eq!(number(ADA, code), Some(at));
            assert_eq!(
                number(ADA, &format!(" {} ", code.replace('-', "").to_lowercase())),
                Some(at)
            );
            assert_eq!(number(BOB, code), None, "of another account");
            assert_eq!(number(ADA, &code[1..]), None);
        }
        assert_eq!((number(ADA, ""), codes.len()), (None, 10));
        let other = hmac::Key::new(HMAC_SHA256, &[2; 32]);
        assert_eq!(number_of(&digests, &digest(&other, ADA, &codes[0])), None);
    }

    #[test]
    fn no_two_codes_are_the_same() {
        let randomness = SeededRandomness::new(1);
        let codes: std::collections::BTreeSet<_> =
            (0..20).flat_map(|_| generate(&randomness)).collect();
        assert_eq!(codes.len(), 200);
    }
}
