//! Files of TLS: towards servers the certificates of trusted authorities, and a client certificate with its key; of a listener its own
//! certificate with its key, and whom it asks for one. They are read and checked before anything connects or listens, so that an error
//! names the file; a listener and the clients of other processes read them again when they change.

#![warn(missing_docs)]

mod any_certificate;
mod client_authorities;
mod client_tls;
mod listener_tls;
mod other_answer;
mod peer_certificate;
mod pinned_certificate;
mod reloaded;

pub use client_authorities::client_authorities;
pub use client_tls::ClientTls;
pub use listener_tls::{ClientCertificates, ListenerFiles, ListenerTls};
pub use other_answer::{is_tls_alert, other_answer, takes_connections};
pub use peer_certificate::PeerCertificateError;
pub use reloaded::{CHECKED_EVERY, Reloaded};

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};

/// Files of TLS, all of them in PEM.
#[derive(Clone, Debug, Default)]
pub struct TlsFiles {
    /// Certificates of the authorities that may have signed the server's; those of the public ones without it.
    pub certificate_authorities: Option<PathBuf>,
    /// Certificate with which this process shows itself, with those between it and its authority.
    pub client_certificate: Option<PathBuf>,
    /// Key of that certificate; it is in the same file without this.
    pub client_key: Option<PathBuf>,
}

/// What the files have.
#[derive(Clone, Default)]
pub struct TlsContent {
    /// Certificates of the authorities, in PEM.
    pub certificate_authorities: Option<Vec<u8>>,
    /// Certificate of the client, and its key, in PEM.
    pub client: Option<(Vec<u8>, Vec<u8>)>,
}

/// One of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFile {
    /// That of the authorities.
    CertificateAuthorities,
    /// That of the certificate with which this process shows itself.
    Certificate,
    /// That of its key.
    Key,
    /// That of what authorities have revoked.
    RevocationList,
}

/// File that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct TlsFileError {
    /// Which one.
    pub file: TlsFile,
    /// Its path.
    pub path: PathBuf,
    /// The reason.
    pub reason: String,
}

impl TlsFiles {
    /// Whether any is named.
    pub fn is_any(&self) -> bool {
        [&self.certificate_authorities, &self.client_certificate, &self.client_key]
            .into_iter()
            .any(Option::is_some)
    }

    /// Reads the files.
    ///
    /// # Errors
    ///
    /// [`TlsFileError`] for the first that cannot be read, has nothing of the kind in it, or does not fit the others.
    pub fn read(&self) -> Result<TlsContent, TlsFileError> {
        let authorities = self.certificate_authorities.as_deref().map(|path| {
            let content = read(TlsFile::CertificateAuthorities, path)?;
            roots(path, &content).map(|_| content)
        });
        let client = match (&self.client_certificate, &self.client_key) {
            (None, None) => None,
            (Some(certificate), key) => {
                Some(client(certificate, key.as_deref().unwrap_or(certificate))?)
            }
            (None, Some(key)) => {
                let reason = "there is no certificate for this key".to_owned();
                let path = key.clone();
                return Err(TlsFileError { file: TlsFile::Certificate, path, reason });
            }
        };
        Ok(TlsContent { certificate_authorities: authorities.transpose()?, client })
    }

    /// Configuration of a client that reads the files now.
    ///
    /// # Errors
    ///
    /// As for [`TlsFiles::read`].
    pub fn client_config(&self) -> Result<ClientConfig, TlsFileError> {
        let content = self.read()?;
        let trusted = match (&self.certificate_authorities, &content.certificate_authorities) {
            (Some(path), Some(content)) => roots(path, content)?,
            _ => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        };
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has the default protocol versions")
            .with_root_certificates(trusted);
        let (Some((certificate, key)), Some(path)) = (&content.client, &self.client_certificate)
        else {
            return Ok(config.with_no_client_auth());
        };
        let wrong = wrong(TlsFile::Certificate, path);
        let chain = chain(TlsFile::Certificate, path, certificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| wrong(&error))?;
        config.with_client_auth_cert(chain, key).map_err(|error| wrong(&error))
    }
}

impl fmt::Debug for TlsContent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key is secret.
        out.debug_struct("TlsContent").finish_non_exhaustive()
    }
}

impl TlsFileError {
    /// Error of a file, for this reason.
    pub fn new(file: TlsFile, path: &Path, reason: impl fmt::Display) -> Self {
        Self { file, path: path.to_owned(), reason: reason.to_string() }
    }
}

fn wrong(file: TlsFile, path: &Path) -> impl Fn(&dyn fmt::Display) -> TlsFileError {
    move |reason| TlsFileError::new(file, path, reason)
}

fn read(file: TlsFile, path: &Path) -> Result<Vec<u8>, TlsFileError> {
    std::fs::read(path).map_err(|error| wrong(file, path)(&error))
}

/// Certificates of a file, of which there is at least one.
fn chain(
    file: TlsFile,
    path: &Path,
    content: &[u8],
) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let wrong = wrong(file, path);
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(content).collect();
    let certificates = certificates.map_err(|error| wrong(&error))?;
    if certificates.is_empty() {
        return Err(wrong(&"there is no certificate in it"));
    }
    Ok(certificates)
}

/// Certificates that are trusted to have signed others.
fn roots(path: &Path, content: &[u8]) -> Result<RootCertStore, TlsFileError> {
    let file = TlsFile::CertificateAuthorities;
    let mut roots = RootCertStore::empty();
    for certificate in chain(file, path, content)? {
        roots.add(certificate).map_err(|error| wrong(file, path)(&error))?;
    }
    Ok(roots)
}

/// Certificate and key of a client, which belong together.
fn client(certificate: &Path, key: &Path) -> Result<(Vec<u8>, Vec<u8>), TlsFileError> {
    let (chain_pem, key_pem) = (read(TlsFile::Certificate, certificate)?, read(TlsFile::Key, key)?);
    certified_key(certificate, &chain_pem, key, &key_pem)?;
    Ok((chain_pem, key_pem))
}

/// Certificate and key of these texts, which belong together.
fn certified_key(
    certificate: &Path,
    chain_pem: &[u8],
    key: &Path,
    key_pem: &[u8],
) -> Result<CertifiedKey, TlsFileError> {
    let chain = chain(TlsFile::Certificate, certificate, chain_pem)?;
    let wrong = wrong(TlsFile::Key, key);
    let parsed = PrivateKeyDer::from_pem_slice(key_pem)
        .map_err(|_| wrong(&"there is no private key in it that is not encrypted"))?;
    let signing = ring::sign::any_supported_type(&parsed).map_err(|error| wrong(&error))?;
    let certified = CertifiedKey::new(chain, signing);
    match certified.keys_match() {
        Ok(()) => Ok(certified),
        Err(_) => Err(wrong(&"this is not the key of the certificate")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use test_servers::TestAuthority;

    #[test]
    fn each_file_is_read_and_a_wrong_one_is_told() {
        let authority = TestAuthority::create().unwrap();
        let [one, other] = ["one", "other"].map(|name| authority.certify_client(name).unwrap());
        let files = |authorities: &Path, certificate: &Path, key: &Path| TlsFiles {
            certificate_authorities: Some(authorities.to_owned()),
            client_certificate: Some(certificate.to_owned()),
            client_key: Some(key.to_owned()),
        };
        let (ca, missing) = (authority.certificate(), Path::new("/nothing/here.pem"));
        let good = files(&ca, &one.certificate, &one.key);
        let content = good.read().unwrap();
        assert!(content.certificate_authorities.is_some() && content.client.is_some());
        good.client_config().unwrap();
        assert!(!TlsFiles::default().is_any() && good.is_any());
        TlsFiles::default().client_config().unwrap();

        let wrong = |files: TlsFiles| {
            let error = files.read().unwrap_err();
            assert!(files.client_config().is_err());
            assert!(error.to_string().starts_with(&format!("{}: ", error.path.display())));
            error.file
        };
        for (authorities, certificate, key, file) in [
            (missing, &*one.certificate, &*one.key, TlsFile::CertificateAuthorities),
            (&one.key, &one.certificate, &one.key, TlsFile::CertificateAuthorities),
            (&ca, missing, &one.key, TlsFile::Certificate),
            (&ca, &one.key, &one.key, TlsFile::Certificate),
            (&ca, &one.certificate, missing, TlsFile::Key),
            (&ca, &one.certificate, &one.certificate, TlsFile::Key),
            (&ca, &one.certificate, &other.key, TlsFile::Key),
        ] {
            assert_eq!(wrong(files(authorities, certificate, key)), file, "{key:?}");
        }
        let key_alone = TlsFiles { client_certificate: None, ..files(&ca, &ca, &one.key) };
        assert_eq!(wrong(key_alone), TlsFile::Certificate);
    }

    #[test]
    fn one_file_may_have_the_certificate_and_its_key() {
        let authority = TestAuthority::create().unwrap();
        let client = authority.certify_client("one").unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        let parts = [&client.certificate, &client.key].map(|part| std::fs::read(part).unwrap());
        std::fs::write(file.path(), parts.concat()).unwrap();
        let client_certificate = Some(file.path().to_owned());
        let both = TlsFiles { client_certificate, ..TlsFiles::default() };
        assert!(both.client_config().unwrap().client_auth_cert_resolver.has_certs());
    }
}
