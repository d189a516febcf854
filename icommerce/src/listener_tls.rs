//! TLS of the listeners, and between the processes of a fleet, as the settings name the files.

use crate::{
    error::CliError,
    listeners::ListenerAddress,
    process::{self, EdgeTlsSettings, ProcessSettings},
};
use std::path::{Path, PathBuf};
use tls_files::{
    ClientCertificates, ClientTls, ListenerFiles, ListenerTls, TlsFile, TlsFileError, TlsFiles,
};

/// Settings of the files of one listener.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListenerTlsKeys {
    certificate: &'static str,
    key: &'static str,
    /// Of those that say whom the listener asks for a certificate.
    clients: &'static str,
}

/// Of the shop edge.
const SHOP: ListenerTlsKeys = ListenerTlsKeys {
    certificate: "tls.certificate",
    key: "tls.key",
    clients: "tls.client_certificate_hosts",
};

/// Of the operator edge.
const OPERATOR: ListenerTlsKeys = ListenerTlsKeys {
    certificate: "operator_tls.certificate",
    key: "operator_tls.key",
    clients: "operator_tls.client_certificate_hosts",
};

/// Of the status listener, which asks nobody.
const STATUS: ListenerTlsKeys = ListenerTlsKeys {
    certificate: "status_tls.certificate",
    key: "status_tls.key",
    clients: "status_tls",
};

/// Of the registry.
pub(crate) const REGISTRY: ListenerTlsKeys = ListenerTlsKeys {
    certificate: "registry-service.tls.certificate",
    key: "registry-service.tls.key",
    clients: "registry-service.tls.authority",
};

/// Of the provider of accounts.
pub(crate) const PROVIDER: ListenerTlsKeys = ListenerTlsKeys {
    certificate: "auth-server.tls.certificate",
    key: "auth-server.tls.key",
    clients: "auth-server.tls.client_certificate_hosts",
};

/// Of the service listener, and of the calls to those of other processes.
const FLEET: ListenerTlsKeys = ListenerTlsKeys {
    certificate: "fleet.tls.certificate",
    key: "fleet.tls.key",
    clients: "fleet.tls.authority",
};

/// Mutual TLS of a fleet.
#[derive(Clone, Debug)]
pub(crate) struct FleetTls {
    /// Of the service listener.
    pub(crate) listener: ListenerTls,
    /// Of calls.
    pub(crate) client: ClientTls,
}

impl ListenerTlsKeys {
    /// TLS of a listener with these files; none without a certificate.
    pub(crate) fn open(
        self,
        certificate: &Path,
        key: &Path,
        clients: ClientCertificates,
    ) -> Result<Option<ListenerTls>, CliError> {
        let Some(certificate) = given(certificate) else {
            let vain = given(key).map(|_| self.key);
            let asks = clients != ClientCertificates::NotAsked;
            return match vain.or(asks.then_some(self.clients)) {
                None => Ok(None),
                Some(setting) => {
                    let needed = format!("it has no effect without {}", self.certificate);
                    Err(CliError::usage(needed).about(setting))
                }
            };
        };
        let key = given(key);
        process::warn_of_access(key.as_ref().unwrap_or(&certificate));
        let tls = ListenerTls::open(ListenerFiles { certificate, key, clients });
        tls.map(Some).map_err(|error| self.file_error(&error))
    }

    fn file_error(self, error: &TlsFileError) -> CliError {
        let setting = match error.file {
            TlsFile::Certificate => self.certificate,
            TlsFile::Key => self.key,
            TlsFile::CertificateAuthorities | TlsFile::RevocationList => self.clients,
        };
        CliError::unavailable(error).about(setting)
    }
}

impl EdgeTlsSettings {
    fn open(&self, keys: ListenerTlsKeys) -> Result<Option<ListenerTls>, CliError> {
        let clients = match &*self.client_certificate_hosts {
            [] => ClientCertificates::NotAsked,
            hosts => ClientCertificates::AskedAt(hosts.to_vec()),
        };
        keys.open(&self.certificate, &self.key, clients)
    }

    /// Scheme of the addresses of the edge.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.certificate.as_os_str().is_empty() { "http" } else { "https" }
    }
}

impl ProcessSettings {
    /// Address of the shop edge, as far as it is set.
    pub(crate) fn shop_address(&self) -> Option<ListenerAddress> {
        let socket = self.listen.parse().ok()?;
        Some(ListenerAddress { scheme: self.tls.scheme(), socket })
    }

    /// Address of the operator edge of a shop with these settings.
    pub(crate) fn own_operator(&self) -> String {
        format!("{}://{}", self.operator_tls.scheme(), self.operator_listen)
    }

    /// TLS towards the operator edge of a shop with these settings, if it speaks any: the certificate is known, whatever names it has.
    pub(crate) fn own_operator_tls(&self) -> Result<Option<ClientTls>, CliError> {
        let Some(certificate) = given(&self.operator_tls.certificate) else { return Ok(None) };
        let tls = ClientTls::pinned(&certificate);
        tls.map(Some).map_err(|error| OPERATOR.file_error(&error))
    }

    /// TLS of the shop edge.
    pub(crate) fn shop_tls(&self) -> Result<Option<ListenerTls>, CliError> {
        self.tls.open(SHOP)
    }

    /// TLS of the operator edge.
    pub(crate) fn operator_tls(&self) -> Result<Option<ListenerTls>, CliError> {
        self.operator_tls.open(OPERATOR)
    }

    /// TLS of the status listener.
    pub(crate) fn status_tls(&self) -> Result<Option<ListenerTls>, CliError> {
        let files = &self.status_tls;
        STATUS.open(&files.certificate, &files.key, ClientCertificates::NotAsked)
    }

    /// Mutual TLS of the fleet, if it is set.
    pub(crate) fn fleet_tls(&self) -> Result<Option<FleetTls>, CliError> {
        let files = &self.fleet.tls;
        let Some(authority) = given(&files.authority) else {
            let named = [(&files.certificate, FLEET.certificate), (&files.key, FLEET.key)];
            return match named.into_iter().find(|(file, _)| given(file).is_some()) {
                None => Ok(None),
                Some((_, setting)) => {
                    let needed = format!("it has no effect without {}", FLEET.clients);
                    Err(CliError::usage(needed).about(setting))
                }
            };
        };
        let clients = ClientCertificates::Required(authority.clone());
        let Some(listener) = FLEET.open(&files.certificate, &files.key, clients)? else {
            return Ok(None);
        };
        let client = ClientTls::open(TlsFiles {
            certificate_authorities: Some(authority),
            client_certificate: given(&files.certificate),
            client_key: given(&files.key),
        });
        let client = client.map_err(|error| FLEET.file_error(&error))?;
        Ok(Some(FleetTls { listener, client }))
    }
}

/// File that is set.
pub(crate) fn given(path: &Path) -> Option<PathBuf> {
    (!path.as_os_str().is_empty()).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::ProcessFlags, process};
    use settings::Flag;

    fn with(values: &[(&str, &str)]) -> ProcessSettings {
        let flags = values.iter().map(|(key, value)| Flag::new("test", *key, *value)).collect();
        process::settings(&ProcessFlags::default(), flags).unwrap().top().unwrap()
    }

    #[test]
    fn a_setting_that_has_no_effect_alone_is_refused_by_its_name() {
        let refused = |values: &[(&str, &str)]| {
            let process = with(values);
            let opened = [
                process.shop_tls().err(),
                process.operator_tls().err(),
                process.status_tls().err(),
                process.fleet_tls().err(),
            ];
            opened.into_iter().flatten().map(|error| error.to_string()).collect::<Vec<_>>()
        };
        assert!(refused(&[]).is_empty());
        for (key, value, needed) in [
            ("tls.key", "/a", "tls.certificate"),
            ("tls.client_certificate_hosts", r#"["*"]"#, "tls.certificate"),
            ("operator_tls.key", "/a", "operator_tls.certificate"),
            ("status_tls.key", "/a", "status_tls.certificate"),
            ("fleet.tls.key", "/a", "fleet.tls.authority"),
            ("fleet.tls.certificate", "/a", "fleet.tls.authority"),
            ("fleet.tls.authority", "/a", "fleet.tls.certificate"),
        ] {
            let expected = format!("{key}: it has no effect without {needed}");
            assert_eq!(refused(&[(key, value)]), [expected], "{key}");
        }
        let missing = refused(&[("tls.certificate", "/nothing/here.pem")]);
        assert!(missing[0].starts_with("tls.certificate: /nothing/here.pem: "), "{missing:?}");
    }
}
