//! Client authentication by certificate (RFC 8705, section 2): one that a trusted authority issued for a registered name
//! (`tls_client_auth`), or one with a registered key (`self_signed_tls_client_auth`).

#[cfg(test)]
mod tests;
mod x509;

use crate::domain::events::{CertificateSubject, SubjectKind};
use jose::JwkSet;
use kernel::{Timestamp, security_checks::holds};
use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tls_files::{Reloaded, TlsFileError, client_authorities};
use tokio_rustls::rustls::{
    CertificateError, Error,
    pki_types::{CertificateDer, UnixTime},
    server::danger::ClientCertVerifier,
};
use transport::ClientCertificate;
use x509::Certificate;

pub(crate) use x509::distinguished_name;

/// Verifier of the certificates of clients.
#[derive(Default)]
pub(crate) struct CertificateVerifier {
    /// Verifier of chains, whose files are read again when they change; none without a trusted authority.
    chains: Option<Reloaded<Chains>>,
}

/// Verifier of chains, of one state of its files.
struct Chains {
    verifier: Arc<dyn ClientCertVerifier>,
    /// Whether it was logged that no list of what was revoked counts any longer.
    warned: AtomicBool,
}

impl CertificateVerifier {
    /// Verifier that trusts the authorities in a file (PEM), but for what the lists in another one have revoked.
    pub(crate) fn of_files(
        authorities: &Path,
        revoked: Option<&Path>,
    ) -> Result<Self, TlsFileError> {
        let (authorities, revoked) = (authorities.to_owned(), revoked.map(Path::to_owned));
        let files = [Some(authorities.clone()), revoked.clone()].into_iter().flatten().collect();
        let chains = Reloaded::open(files, move || {
            let verifier = client_authorities(&authorities, revoked.as_deref())?;
            Ok(Chains { verifier, warned: AtomicBool::new(false) })
        });
        Ok(Self { chains: Some(chains?) })
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
        let trust = self.trust(certificate, now);
        holds("certificate_name", is_named)
            && holds("certificate_authority", trust != Trust::None)
            && holds("certificate_revocation", trust != Trust::Revoked)
    }

    fn trust(&self, certificate: &ClientCertificate, now: Timestamp) -> Trust {
        let Some(chains) = &self.chains else { return Trust::None };
        let intermediates = certificate.intermediates().iter();
        let intermediates: Vec<_> =
            intermediates.map(|der| CertificateDer::from(der.as_slice())).collect();
        let Ok(seconds) = u64::try_from(now.as_second()) else { return Trust::None };
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let end = CertificateDer::from(certificate.der());
        let chains = chains.current();
        match chains.verifier.verify_client_cert(&end, &intermediates, now) {
            Ok(_) => Trust::Full,
            Err(Error::InvalidCertificate(CertificateError::Revoked)) => Trust::Revoked,
            Err(Error::InvalidCertificate(
                CertificateError::ExpiredRevocationList
                | CertificateError::ExpiredRevocationListContext { .. }
                | CertificateError::UnknownRevocationStatus,
            )) => {
                if !chains.warned.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        "the certificate of a client is refused, since auth-server.client_crl_file has no current list of its authority"
                    );
                }
                Trust::Revoked
            }
            Err(_) => Trust::None,
        }
    }
}

/// What the chain of a certificate is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// A trusted authority has signed it, and stands by it.
    Full,
    /// A trusted authority has signed it, and revoked it, or may have.
    Revoked,
    /// No trusted authority has signed it, or for another time or use.
    None,
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
