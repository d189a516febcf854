//! TLS towards servers whose files are read again when they change.

use crate::{Reloaded, TlsFileError, TlsFiles};
use std::sync::Arc;
use tokio_rustls::rustls::ClientConfig;

/// TLS of a client whose files are read again when they change: a new connection has what is in them.
#[derive(Clone, Debug)]
pub struct ClientTls(Source);

#[derive(Clone, Debug)]
enum Source {
    Files(Arc<Reloaded<Arc<ClientConfig>>>),
    Fixed(Arc<ClientConfig>),
}

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
        Ok(Self(Source::Files(Arc::new(reloaded))))
    }

    /// Configuration of a new connection.
    pub fn config(&self) -> Arc<ClientConfig> {
        match &self.0 {
            Source::Files(files) => Arc::clone(&files.current()),
            Source::Fixed(config) => Arc::clone(config),
        }
    }
}

impl From<Arc<ClientConfig>> for ClientTls {
    fn from(config: Arc<ClientConfig>) -> Self {
        Self(Source::Fixed(config))
    }
}
