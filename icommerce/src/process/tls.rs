//! Settings of TLS: of the listeners, and between the processes of a fleet.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// TLS of an edge.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EdgeTlsSettings {
    /// File with the certificate of the edge, in PEM, and with those between it and its authority; without it, the edge speaks plain http.
    /// This file and the next are read again when they change.
    pub(crate) certificate: PathBuf,
    /// File with the key of that certificate, in PEM and not encrypted; it is in the same file without this.
    pub(crate) key: PathBuf,
    /// Server names (SNI) at which clients are asked for a certificate of their own (RFC 8705), such as `mtls.shop.example`; `*` for any. A
    /// browser that is asked asks its user. Any certificate is taken; what it is worth follows from `auth-server.client_ca_file` and
    /// from the keys that clients have registered.
    pub(crate) client_certificate_hosts: Vec<String>,
}

/// TLS of a listener that asks nobody for a certificate.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StatusTlsSettings {
    /// File with the certificate of the listener, in PEM, and with those between it and its authority; without it, it speaks plain http.
    pub(crate) certificate: PathBuf,
    /// File with the key of that certificate, in PEM and not encrypted; it is in the same file without this.
    pub(crate) key: PathBuf,
}

/// Mutual TLS between the processes of a fleet. Whoever has a certificate of the authority is a member, so that it should certify nothing
/// else.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FleetTlsSettings {
    /// File with the certificate of this process, in PEM, with which it shows itself as a server and as a client.
    pub(crate) certificate: PathBuf,
    /// File with the key of that certificate, in PEM and not encrypted; it is in the same file without this.
    pub(crate) key: PathBuf,
    /// File with the certificates, in PEM, of the authority that signs those of the members.
    pub(crate) authority: PathBuf,
}
