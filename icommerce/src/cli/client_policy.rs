//! Arguments of `auth client add` for the extensions of the protocol.

use clap::Args;

/// What the extensions of the protocol ask of a client.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct ClientPolicyFlags {
    /// The FAPI 2.0 Security Profile applies: keys, pushed requests, tokens bound to a key
    #[arg(long, conflicts_with_all = ["public", "without_pkce"])]
    pub(crate) fapi: bool,
    /// Access tokens are always bound to a key of the client (DPoP)
    #[arg(long)]
    pub(crate) dpop: bool,
    /// Access tokens are always bound to the certificate that the client presents (mutual TLS)
    #[arg(long)]
    pub(crate) certificate_bound: bool,
    /// Name of the certificate by which the client proves who it is
    #[arg(
        long,
        value_name = "subject_dn|san_dns|san_uri|san_ip|san_email=VALUE",
        conflicts_with = "public"
    )]
    pub(crate) certificate: Option<String>,
    /// The client proves who it is by a self-signed certificate with one of its keys
    #[arg(long, conflicts_with_all = ["public", "certificate"])]
    pub(crate) self_signed_certificate: bool,
    /// Authorization requests must be pushed (PAR)
    #[arg(long)]
    pub(crate) pushed_requests: bool,
    /// Authorization requests must be signed (JAR)
    #[arg(long)]
    pub(crate) signed_requests: bool,
    /// Address at which the client publishes its keys
    #[arg(long, value_name = "URI", conflicts_with_all = ["public", "keys"])]
    pub(crate) jwks_uri: Option<String>,
    /// Address of a request object; may be given several times
    #[arg(long = "request-uri", value_name = "URI")]
    pub(crate) request_uris: Vec<String>,
    /// The client knows people by identifiers of its own
    #[arg(long)]
    pub(crate) pairwise: bool,
    /// Lifetime of access tokens; 600 by default
    #[arg(long, value_name = "SECONDS")]
    pub(crate) access_token_seconds: Option<u32>,
    /// Algorithm of signed userinfo; plain JSON by default
    #[arg(long, value_name = "ALGORITHM", value_parser = ["RS256", "ES256", "EdDSA"])]
    pub(crate) userinfo_algorithm: Option<String>,
    /// Algorithm of signed authorization responses (JARM); that of ID tokens by default
    #[arg(long, value_name = "ALGORITHM", value_parser = ["RS256", "ES256", "EdDSA"])]
    pub(crate) response_algorithm: Option<String>,
    /// Address that is told when a session ends
    #[arg(long, value_name = "URI")]
    pub(crate) back_channel_logout: Option<String>,
}
