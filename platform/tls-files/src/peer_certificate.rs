//! Error of a server's certificate, told from what the drivers of the engines report: each wraps the error of TLS in types of its own.

/// Why the certificate of a server is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerCertificateError {
    /// It is of another name than the one that was asked for.
    OtherName,
    /// No known authority has signed it, or it is not valid.
    Untrusted,
}

/// What rustls says before the reason.
const REFUSED: &str = "invalid peer certificate";
/// What it says of another name.
const OTHER_NAME: &str = "not valid for name";

impl PeerCertificateError {
    /// What an error reports about the certificate, if anything.
    pub fn of(reason: &str) -> Option<Self> {
        if !reason.contains(REFUSED) {
            return None;
        }
        Some(if reason.contains(OTHER_NAME) { Self::OtherName } else { Self::Untrusted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_rustls::rustls::{CertificateError, Error, pki_types::ServerName};

    #[test]
    fn the_words_of_the_library_are_known() {
        let of = |error: CertificateError| {
            PeerCertificateError::of(&format!("IO error: {}", Error::InvalidCertificate(error)))
        };
        let expected = ServerName::try_from("127.0.0.1").unwrap();
        let presented = vec!["elsewhere.example".to_owned()];
        let other = CertificateError::NotValidForNameContext { expected, presented };
        assert_eq!(of(other), Some(PeerCertificateError::OtherName));
        assert_eq!(of(CertificateError::UnknownIssuer), Some(PeerCertificateError::Untrusted));
        assert_eq!(of(CertificateError::Expired), Some(PeerCertificateError::Untrusted));
        assert_eq!(PeerCertificateError::of("connection refused"), None);
    }
}
