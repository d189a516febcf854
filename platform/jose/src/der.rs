//! DER (X.690), as much of it as RSA private keys (PKCS #1, RFC 8017 A.1.2) and public keys are written in.

use num_bigint::BigUint;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;

/// Sequence of these whole numbers, after the version 0.
pub(crate) fn rsa_private_key(numbers: &[&BigUint]) -> Vec<u8> {
    let mut content = tagged(INTEGER, &[0]);
    for number in numbers {
        let mut bytes = number.to_bytes_be();
        // The first bit is the sign.
        if bytes.first().is_some_and(|first| first & 0x80 != 0) {
            bytes.insert(0, 0);
        }
        content.extend(tagged(INTEGER, &bytes));
    }
    tagged(SEQUENCE, &content)
}

/// Content with its tag and its length.
pub(crate) fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut encoded = vec![tag];
    match (content.len(), u8::try_from(significant.len())) {
        (0..0x80, _) => encoded.push(significant.first().copied().unwrap_or(0)),
        (_, count) => {
            encoded.push(0x80 | count.expect("a length has at most eight bytes"));
            encoded.extend(significant);
        }
    }
    encoded.extend(content);
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_signs_are_written_as_der_wants_them() {
        let number = |value: u32| BigUint::from(value);
        assert_eq!(rsa_private_key(&[]), [0x30, 3, 2, 1, 0]);
        assert_eq!(rsa_private_key(&[&number(0x7f)]), [0x30, 6, 2, 1, 0, 2, 1, 0x7f]);
        assert_eq!(rsa_private_key(&[&number(0x80)]), [0x30, 7, 2, 1, 0, 2, 2, 0, 0x80]);
        assert_eq!(tagged(2, &[1; 0x7f])[..3], [2, 0x7f, 1]);
        assert_eq!(tagged(2, &[1; 0x80])[..4], [2, 0x81, 0x80, 1]);
        assert_eq!(tagged(2, &[1; 0x100])[..5], [2, 0x82, 1, 0, 1]);
    }
}
