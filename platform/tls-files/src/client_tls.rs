//! TLS towards servers whose files are read again when they change.

use crate::{
    Reloaded, TlsFile, TlsFileError, TlsFiles, chain, pinned_certificate::PinnedCertificate, read,
};
use std::{path::Path, sync::Arc};
use tokio_rustls::rustls::{ClientConfig, crypto::ring};

/// TLS of a client whose files are read again when they change: a new connection has what is in them.
#[derive(Clone, Debug)]
pub struct ClientTls(Arc<Reloaded<Arc<ClientConfig>>>);

impl ClientTls {
    /// TLS with these files.
    ///
    /// # Errors
    ///
    /// As for [`TlsFiles::read`].
    pub fn open(files: TlsFiles) -> Result<Self, TlsFileError> {
        let watched =
            [&files.certificate_authorities, &files.client_certificate, &files.client_key];
        let watched = watched.into_iter().flatten().cloned().collect();
        let reloaded = Reloaded::open(watched, move || files.client_config().map(Arc::new))?;
        Ok(Self(Arc::new(reloaded)))
    }

    /// TLS towards the server that shows itself with the first certificate in this file, under whatever name it is reached: the listener
    /// of this very shop, whose files are at hand.
    ///
    /// # Errors
    ///
    /// [`TlsFileError`] if the file cannot be read, or has no certificate in it.
    pub fn pinned(file: &Path) -> Result<Self, TlsFileError> {
        let (watched, file) = (vec![file.to_owned()], file.to_owned());
        let reloaded = Reloaded::open(watched, move || {
            let content = read(TlsFile::Certificate, &file)?;
            let certificate = chain(TlsFile::Certificate, &file, &content)?.swap_remove(0);
            let provider = Arc::new(ring::default_provider());
            let verifier = PinnedCertificate { certificate, provider: Arc::clone(&provider) };
            let config = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .expect("ring has the default protocol versions")
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(verifier))
                .with_no_client_auth();
            Ok(Arc::new(config))
        })?;
        Ok(Self(Arc::new(reloaded)))
    }

    /// Configuration of a new connection.
    pub fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.0.current())
    }
}
