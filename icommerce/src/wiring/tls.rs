//! TLS towards servers, as the settings of each name its files.

use crate::{error::CliError, process};
use std::path::Path;
use tls_files::{TlsFile, TlsFileError, TlsFiles};

/// Settings of TLS towards one server.
#[derive(Clone, Copy, Debug)]
pub(super) struct TlsKeys {
    pub(super) certificate_authorities: &'static str,
    client_certificate: &'static str,
    client_key: &'static str,
}

/// Towards the database.
#[cfg(feature = "postgres")]
pub(super) const STORAGE: TlsKeys = TlsKeys {
    certificate_authorities: "storage.certificate_authorities",
    client_certificate: "storage.client_certificate",
    client_key: "storage.client_key",
};

/// Towards the server of values that may be lost.
#[cfg(feature = "redis")]
pub(super) const KEY_VALUE: TlsKeys = TlsKeys {
    certificate_authorities: "storage.key_value.certificate_authorities",
    client_certificate: "storage.key_value.client_certificate",
    client_key: "storage.key_value.client_key",
};

/// Towards the broker.
#[cfg(any(feature = "kafka", feature = "rabbitmq", feature = "redis"))]
pub(super) const BUS: TlsKeys = TlsKeys {
    certificate_authorities: "bus.certificate_authorities",
    client_certificate: "bus.client_certificate",
    client_key: "bus.client_key",
};

impl TlsKeys {
    /// Error of a file, with the setting that names it.
    pub(super) fn file_error(self, error: &TlsFileError) -> CliError {
        let setting = match error.file {
            TlsFile::CertificateAuthorities | TlsFile::RevocationList => {
                self.certificate_authorities
            }
            TlsFile::Certificate => self.client_certificate,
            TlsFile::Key => self.client_key,
        };
        CliError::unavailable(error).about(setting)
    }

    /// Refuses files that have no effect because TLS is not spoken; `wanted` is what the URL must be like so that it is.
    pub(super) fn check_effect(
        self,
        files: &TlsFiles,
        is_spoken: bool,
        wanted: &str,
    ) -> Result<(), CliError> {
        let named = [
            (&files.certificate_authorities, self.certificate_authorities),
            (&files.client_certificate, self.client_certificate),
            (&files.client_key, self.client_key),
        ];
        let given = named.into_iter().find(|(file, _)| file.is_some() && !is_spoken);
        given.map_or(Ok(()), |(_, setting)| {
            Err(CliError::usage(format!(
                "it has no effect without TLS: give a URL in which {wanted}, or leave the setting out"
            ))
            .about(setting))
        })
    }
}

#[cfg(feature = "postgres")]
pub(super) fn storage_files(settings: &process::StorageSettings) -> TlsFiles {
    files(&settings.certificate_authorities, &settings.client_certificate, &settings.client_key)
}

#[cfg(feature = "redis")]
pub(super) fn key_value_files(settings: &process::KeyValueSettings) -> TlsFiles {
    files(&settings.certificate_authorities, &settings.client_certificate, &settings.client_key)
}

#[cfg(any(feature = "kafka", feature = "rabbitmq", feature = "redis"))]
pub(super) fn bus_files(settings: &process::BusSettings) -> TlsFiles {
    files(&settings.certificate_authorities, &settings.client_certificate, &settings.client_key)
}

fn files(authorities: &Path, certificate: &Path, key: &Path) -> TlsFiles {
    let given = |path: &Path| (!path.as_os_str().is_empty()).then(|| path.to_owned());
    let secret = given(key).or_else(|| given(certificate));
    if let Some(secret) = secret {
        process::warn_of_access(&secret);
    }
    TlsFiles {
        certificate_authorities: given(authorities),
        client_certificate: given(certificate),
        client_key: given(key),
    }
}
