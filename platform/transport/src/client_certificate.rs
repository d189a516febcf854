//! Certificate that the client of a request presented (mutual TLS): to the listener of this shop, or to a proxy that it trusts.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use sha2::{Digest, Sha256};
use std::{fmt, sync::Arc};

/// Most certificates of a chain.
const CERTIFICATES_MAX: usize = 5;
/// Largest certificate, in bytes.
const CERTIFICATE_BYTES_MAX: usize = 8 * 1024;

/// Certificate of a client with the intermediate ones that came along, in DER. That the client has the key of it was proven when the
/// connection was opened; nothing else is known of it.
///
/// ```
/// use transport::ClientCertificate;
///
/// let certificate = ClientCertificate::new(vec![b"certificate".to_vec()]).unwrap();
/// assert_eq!(certificate.to_header(), ":Y2VydGlmaWNhdGU=:");
/// assert_eq!(ClientCertificate::of_header(&certificate.to_header()), Some(certificate.clone()));
/// assert_eq!(certificate.thumbprint().len(), 43);
/// assert_eq!(ClientCertificate::of_header(""), None);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate(Arc<[Vec<u8>]>);

impl ClientCertificate {
    /// Certificate with its chain, that of the client first; none if there is none, or too much.
    pub fn new(chain: Vec<Vec<u8>>) -> Option<Self> {
        let is_sized = |it: &Vec<u8>| (1..=CERTIFICATE_BYTES_MAX).contains(&it.len());
        let is_accepted =
            (1..=CERTIFICATES_MAX).contains(&chain.len()) && chain.iter().all(is_sized);
        is_accepted.then(|| Self(chain.into()))
    }

    /// Certificate of the client.
    pub fn der(&self) -> &[u8] {
        &self.0[0]
    }

    /// Intermediate certificates.
    pub fn intermediates(&self) -> &[Vec<u8>] {
        &self.0[1..]
    }

    /// Thumbprint of the certificate (`x5t#S256`, RFC 8705, section 3.1).
    pub fn thumbprint(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(self.der()))
    }

    /// List of byte sequences (RFC 8941), as `Client-Cert` and `Client-Cert-Chain` have them (RFC 9440).
    pub fn to_header(&self) -> String {
        let items = self.0.iter().map(|der| format!(":{}:", BASE64_STANDARD.encode(der)));
        items.collect::<Vec<_>>().join(", ")
    }

    /// Certificate with its chain from such a list.
    pub fn of_header(text: &str) -> Option<Self> {
        let decoded = |item: &str| {
            let item = item.trim().strip_prefix(':')?.strip_suffix(':')?;
            BASE64_STANDARD.decode(item).ok()
        };
        let chain: Option<Vec<_>> =
            text.split(',').take(CERTIFICATES_MAX + 1).map(decoded).collect();
        Self::new(chain?)
    }
}

impl fmt::Debug for ClientCertificate {
    /// The thumbprint alone.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ClientCertificate({})", self.thumbprint())
    }
}
