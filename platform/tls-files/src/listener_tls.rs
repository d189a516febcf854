//! TLS of a listener: its certificate, and whom it asks for one.

use crate::{
    Reloaded, TlsFile, TlsFileError, any_certificate::AnyCertificate, certified_key,
    client_authorities, read,
};
use std::{fmt, path::PathBuf, sync::Arc};
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    server::{NoServerSessionStorage, danger::ClientCertVerifier},
    sign::SingleCertAndKey,
};

/// Protocol that listeners speak, by the name under which it is negotiated (ALPN, RFC 7301).
const PROTOCOL: &[u8] = b"http/1.1";
/// Any server name.
const ANY_NAME: &str = "*";

/// Files of TLS of a listener, all of them in PEM.
#[derive(Clone, Debug)]
pub struct ListenerFiles {
    /// Certificate of the listener, with those between it and its authority.
    pub certificate: PathBuf,
    /// Key of that certificate; it is in the same file without this.
    pub key: Option<PathBuf>,
    /// Whom it asks for a certificate.
    pub clients: ClientCertificates,
}

/// Whom a listener asks for a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientCertificates {
    /// Nobody.
    NotAsked,
    /// Clients that ask for one of these server names (SNI), or for any where one of them is `*`. They may have none, and whatever they
    /// show is taken, as long as they have its key: others decide what it is worth.
    AskedAt(Vec<String>),
    /// Everybody. Who has none that one of the authorities in this file has signed is refused.
    Required(PathBuf),
}

/// TLS of a listener, whose files are read again when they change.
#[derive(Clone, Debug)]
pub struct ListenerTls {
    configs: Arc<Reloaded<Configs>>,
    asked_at: Arc<[String]>,
}

/// Configurations of one state of the files.
struct Configs {
    plain: Arc<ServerConfig>,
    /// That which asks for certificates.
    asking: Arc<ServerConfig>,
}

impl ListenerTls {
    /// TLS with these files.
    ///
    /// # Errors
    ///
    /// [`TlsFileError`] for the first file that cannot be read, has nothing of the kind in it, or does not fit the others.
    pub fn open(files: ListenerFiles) -> Result<Self, TlsFileError> {
        let key = files.key.clone().unwrap_or_else(|| files.certificate.clone());
        let (mut watched, asked_at) = (
            vec![files.certificate.clone(), key.clone()],
            match &files.clients {
                ClientCertificates::NotAsked => Vec::new(),
                ClientCertificates::AskedAt(names) => names.clone(),
                ClientCertificates::Required(_) => vec![ANY_NAME.to_owned()],
            },
        );
        if let ClientCertificates::Required(authorities) = &files.clients {
            watched.push(authorities.clone());
        }
        let configs = Reloaded::open(watched, move || Configs::read(&files, &key))?;
        Ok(Self { configs: Arc::new(configs), asked_at: asked_at.into() })
    }

    /// Configuration of a new connection, whose client asks for this server name.
    pub fn config(&self, server_name: Option<&str>) -> Arc<ServerConfig> {
        let is_asked = self.asked_at.iter().any(|name| {
            name == ANY_NAME || server_name.is_some_and(|asked| asked.eq_ignore_ascii_case(name))
        });
        let configs = self.configs.current();
        Arc::clone(if is_asked { &configs.asking } else { &configs.plain })
    }
}

impl Configs {
    fn read(files: &ListenerFiles, key: &std::path::Path) -> Result<Self, TlsFileError> {
        let certificate = &*files.certificate;
        let chain_pem = read(TlsFile::Certificate, certificate)?;
        let key_pem = read(TlsFile::Key, key)?;
        let certified = Arc::new(certified_key(certificate, &chain_pem, key, &key_pem)?);
        let provider = Arc::new(ring::default_provider());
        let verifier: Arc<dyn ClientCertVerifier> = match &files.clients {
            ClientCertificates::NotAsked | ClientCertificates::AskedAt(_) => {
                Arc::new(AnyCertificate(Arc::clone(&provider)))
            }
            ClientCertificates::Required(path) => client_authorities(path, None)?,
        };
        let resolver = Arc::new(SingleCertAndKey::from(certified));
        let config = |verifier: Option<Arc<dyn ClientCertVerifier>>| {
            let builder = builder(&provider);
            let mut config = match verifier {
                Some(verifier) => builder.with_client_cert_verifier(verifier),
                None => builder.with_no_client_auth(),
            }
            .with_cert_resolver(resolver.clone());
            config.alpn_protocols = vec![PROTOCOL.to_vec()];
            config
        };
        let mut asking = config(Some(verifier));
        // A session that is resumed repeats what was found of a certificate earlier. Each connection is to show it anew.
        asking.session_storage = Arc::new(NoServerSessionStorage {});
        asking.send_tls13_tickets = 0;
        Ok(Self { plain: Arc::new(config(None)), asking: Arc::new(asking) })
    }
}

fn builder(
    provider: &Arc<CryptoProvider>,
) -> tokio_rustls::rustls::ConfigBuilder<ServerConfig, tokio_rustls::rustls::WantsVerifier> {
    ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .expect("ring has the default protocol versions")
}

impl fmt::Debug for Configs {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key is secret.
        out.debug_struct("Configs").finish_non_exhaustive()
    }
}
