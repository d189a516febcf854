//! base64url without padding (RFC 7515, section 2; RFC 4648, section 5).

use crate::JoseError;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

/// Encodes bytes.
///
/// ```
/// assert_eq!(jose::base64url_encode(&[3, 236, 255, 224, 193]), "A-z_4ME");
/// ```
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes text, of which there is exactly one for the same bytes: padding, other characters and spare bits that are set are
/// refused.
///
/// # Errors
///
/// [`JoseError::Encoding`].
pub fn decode(text: &str) -> Result<Vec<u8>, JoseError> {
    BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| JoseError::Encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_one_text() {
        assert_eq!(decode("A-z_4ME").unwrap(), [3, 236, 255, 224, 193]);
        assert_eq!(decode("").unwrap(), [0; 0]);
        for wrong in
            ["A-z_4ME=", "A-z_4MF", "A+z_4ME", "A-z/4ME", "A", "A-z_4M E", "A-z_4ME\n", "ä"]
        {
            assert!(decode(wrong).is_err(), "{wrong:?}");
        }
    }
}
