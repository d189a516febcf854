//! Hexadecimal digits (RFC 4648, section 8), as signatures and credentials are written.

use std::fmt::Write;

/// Encodes bytes as lower-case digits.
///
/// ```
/// assert_eq!(kernel::hex::encode(&[0, 0xab]), "00ab");
/// ```
pub fn encode(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(digits, "{byte:02x}").expect("a string takes whatever is written");
    }
    digits
}

/// Decodes digits of either case; `None` when there is an odd number of them, or anything else among them.
pub fn decode(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    (0..digits.len()).step_by(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pairs_of_digits_are_decoded() {
        assert_eq!(decode("00aBff"), Some(vec![0, 0xab, 0xff]));
        assert_eq!(decode(""), Some(Vec::new()));
        for wrong in ["0", "0g", "+f", " f", "0x", "\u{e4}", "00 1"] {
            assert_eq!(decode(wrong), None, "{wrong:?}");
        }
    }
}
