//! Settings of the registry.

use crate::domain::registry::RegistryPolicy;
use ::settings::{Allowed, InvalidSetting, Secret, SectionSettings};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Duration};
use tls_files::{ClientTls, TlsFileError, TlsFiles};
use url::Url;

/// Settings of the registry.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RegistrySettings {
    /// Whether nothing is evicted while fewer than 85 % of the promised heartbeats arrive.
    pub(crate) self_preservation: bool,
    /// Interval of evictions, in milliseconds.
    pub(crate) eviction_ms: u64,
    /// Lease of an instance that names none, in seconds.
    pub(crate) lease_seconds: u32,
    /// Other registries with the same instances, such as `http://user:password@10.0.0.7:8761/eureka`, or with `https`; the list may name
    /// this one as well.
    pub(crate) peers: Vec<String>,
    /// User whom clients and peers sign in as (HTTP Basic).
    pub(crate) user: String,
    /// Password of the user.
    pub(crate) password: Secret,
    /// File with the password, in place of `password`.
    pub(crate) password_file: PathBuf,
    /// File with a token that clients may send in place of user and password (`Authorization: Bearer`).
    pub(crate) token_file: PathBuf,
    /// TLS of the listener of the registry.
    pub(crate) tls: RegistryTlsSettings,
    /// Instances that may be registered.
    pub(crate) instances_max: u32,
    /// Connections that may watch for changes.
    pub(crate) watchers_max: u32,
}

/// TLS of the listener of the registry.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RegistryTlsSettings {
    /// File with the certificate of the registry, in PEM, and with those between it and its authority; without it, it speaks plain http.
    pub(crate) certificate: PathBuf,
    /// File with the key of that certificate, in PEM and not encrypted; it is in the same file without this.
    pub(crate) key: PathBuf,
    /// File with the authorities, in PEM, of which each client has to have a certificate; without it, none is asked for one.
    pub(crate) authority: PathBuf,
}

impl Default for RegistrySettings {
    fn default() -> Self {
        Self {
            self_preservation: true,
            eviction_ms: 60_000,
            lease_seconds: 90,
            peers: Vec::new(),
            user: String::new(),
            password: Secret::default(),
            password_file: PathBuf::new(),
            token_file: PathBuf::new(),
            tls: RegistryTlsSettings::default(),
            instances_max: 50_000,
            watchers_max: 1_024,
        }
    }
}

impl SectionSettings for RegistrySettings {
    const ALLOWED: &'static [Allowed] = &[
        Allowed::range("eviction_ms", 100, 3_600_000),
        Allowed::range("lease_seconds", 1, 86_400),
        Allowed::range("instances_max", 1, 1_000_000),
        Allowed::range("watchers_max", 0, 100_000),
    ];

    fn check(&self) -> Result<(), InvalidSetting> {
        let has_password = !self.password.is_empty() || !self.password_file.as_os_str().is_empty();
        if self.user.is_empty() == has_password {
            let expected = "expected a user and a password (password_file), or neither";
            return Err(InvalidSetting::new("user", expected));
        }
        let is_peer = |peer: &String| {
            Url::parse(peer)
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        };
        if !self.peers.iter().all(is_peer) {
            let expected = "expected addresses such as http://10.0.0.7:8761/eureka";
            return Err(InvalidSetting::new("peers", expected));
        }
        Ok(())
    }
}

impl RegistrySettings {
    pub(crate) fn policy(&self) -> RegistryPolicy {
        RegistryPolicy {
            is_self_preserving: self.self_preservation,
            instances_max: self.instances_max as usize,
        }
    }

    /// TLS towards peers at `https`, if there is one: with an authority those of its members, with this one's own certificate.
    pub(crate) fn peer_tls(&self) -> Result<Option<ClientTls>, TlsFileError> {
        if !self.peers.iter().any(|peer| peer.starts_with("https:")) {
            return Ok(None);
        }
        let given = |path: &PathBuf| (!path.as_os_str().is_empty()).then(|| path.clone());
        let RegistryTlsSettings { certificate, key, authority } = &self.tls;
        let certificate_authorities = given(authority);
        let own = |path| given(path).filter(|_| certificate_authorities.is_some());
        let (client_certificate, client_key) = (own(certificate), own(key));
        ClientTls::open(TlsFiles { certificate_authorities, client_certificate, client_key })
            .map(Some)
    }

    pub(crate) fn eviction_interval(&self) -> Duration {
        Duration::from_millis(self.eviction_ms)
    }
}
