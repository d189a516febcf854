//! Settings of the read models that consumers of feeds keep, where they are in an engine of their own.

#[cfg(feature = "mongodb")]
use crate::error::CliError;
use serde::{Deserialize, Serialize};
use settings::Secret;
use std::path::PathBuf;

/// Storage of read models that consumers of feeds keep.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DocumentsSettings {
    /// Engine: `storage`, where everything else is, or `mongodb`, a database of MongoDB.
    pub(crate) engine: DocumentsEngine,
    /// Database, as `mongodb://user:password@host:port/database`, with `?tls=true` for TLS and `?replicaSet=name` for a replica set.
    pub(crate) url: Secret,
    /// File with the database's URL, in place of `url`.
    pub(crate) url_file: PathBuf,
    /// File with the certificates, in PEM, of the authorities that may have signed the server's; those of the public ones without it.
    pub(crate) certificate_authorities: PathBuf,
}

/// Engine of read models that consumers of feeds keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DocumentsEngine {
    /// That of the storage.
    #[default]
    Storage,
    /// Database of `MongoDB`.
    MongoDb,
}

#[cfg(feature = "mongodb")]
impl DocumentsSettings {
    /// URL of the database.
    pub(crate) fn url(&self) -> Result<String, CliError> {
        let url = super::secret_text("storage.documents.url", &self.url, &self.url_file)?;
        if url.is_empty() {
            return Err(CliError::usage(
                "expected a database, such as mongodb://127.0.0.1:27017/shop",
            )
            .about("storage.documents.url"));
        }
        Ok(url)
    }
}
