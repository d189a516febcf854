//! Client authentication by certificate (RFC 8705, section 2): one that a trusted authority issued for a registered name
//! (`tls_client_auth`), or one with a registered key (`self_signed_tls_client_auth`).

mod x509;

use crate::domain::events::{CertificateSubject, SubjectKind};
use base64::{Engine, prelude::BASE64_STANDARD};
use jose::JwkSet;
use kernel::{Timestamp, security_checks::holds};
use std::{fmt, path::Path, sync::Arc, time::Duration};
use tokio_rustls::rustls::{
    RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, UnixTime},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use transport::ClientCertificate;
use x509::Certificate;

pub(crate) use x509::distinguished_name;

/// Marks of a certificate in PEM (RFC 7468).
const PEM_BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const PEM_END: &str = "-----END CERTIFICATE-----";

/// Verifier of the certificates of clients.
#[derive(Default)]
pub(crate) struct CertificateVerifier {
    /// Verifier of chains; none without a trusted authority.
    chains: Option<Arc<dyn ClientCertVerifier>>,
}

impl CertificateVerifier {
    /// Verifier that trusts the authorities in a file (PEM).
    pub(crate) fn of_file(file: &Path) -> Result<Self, String> {
        let pem = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
        Self::of_pem(&pem)
    }

    /// Verifier that trusts the authorities in a text (PEM).
    pub(crate) fn of_pem(pem: &str) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        for part in pem.split(PEM_BEGIN).skip(1) {
            let base64 = part.split(PEM_END).next().unwrap_or_default();
            let base64: String = base64.split_ascii_whitespace().collect();
            let der = BASE64_STANDARD.decode(base64).map_err(|error| error.to_string())?;
            roots.add(CertificateDer::from(der)).map_err(|error| error.to_string())?;
        }
        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let chains = verifier.build().map_err(|error| error.to_string())?;
        Ok(Self { chains: Some(chains) })
    }

    /// Whether a certificate is one of this name, and of a trusted authority.
    pub(crate) fn is_of_name(
        &self,
        certificate: &ClientCertificate,
        subject: &CertificateSubject,
        now: Timestamp,
    ) -> bool {
        let parsed = Certificate::parse(certificate.der());
        let is_named = parsed.is_some_and(|it| it.has_name(subject));
        holds("certificate_name", is_named)
            && holds("certificate_authority", self.is_trusted(certificate, now))
    }

    fn is_trusted(&self, certificate: &ClientCertificate, now: Timestamp) -> bool {
        let Some(chains) = &self.chains else { return false };
        let intermediates = certificate.intermediates().iter();
        let intermediates: Vec<_> =
            intermediates.map(|der| CertificateDer::from(der.as_slice())).collect();
        let Ok(seconds) = u64::try_from(now.as_second()) else { return false };
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let end = CertificateDer::from(certificate.der());
        chains.verify_client_cert(&end, &intermediates, now).is_ok()
    }
}

/// Whether a certificate has one of these keys. Who signed it, and until when it is valid, makes no difference (section 2.2).
pub(crate) fn has_key_of(certificate: &ClientCertificate, keys: &JwkSet) -> bool {
    let Some(parsed) = Certificate::parse(certificate.der()) else { return false };
    let has_key = keys.keys().iter().any(|key| key.to_spki() == parsed.public_key);
    holds("certificate_key", has_key)
}

impl fmt::Debug for CertificateVerifier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("CertificateVerifier")
    }
}

impl Certificate<'_> {
    /// Whether the certificate has a name.
    fn has_name(&self, subject: &CertificateSubject) -> bool {
        let value = subject.value.as_str();
        match subject.kind {
            SubjectKind::DistinguishedName => {
                distinguished_name(value).is_some_and(|name| self.subject.as_ref() == Some(&name))
            }
            SubjectKind::DnsName => self.dns_names.iter().any(|it| it.eq_ignore_ascii_case(value)),
            SubjectKind::Uri => self.uris.contains(&value),
            SubjectKind::Email => self.emails.contains(&value),
            SubjectKind::IpAddress => {
                value.parse().is_ok_and(|address| self.addresses.contains(&address))
            }
        }
    }
}
