//! Keys of an outside issuer over HTTPS: its metadata (OpenID Connect Discovery 1.0; RFC 8414) names the address of its key set.

use crate::{IssuerKeys, KeySource, KeySourceError};
use async_trait::async_trait;
use jose::JwkSet;
use outbound::{FetchLimits, Fetched, Fetcher, Reach};
use serde::Deserialize;
use std::time::Duration;
use url::Url;

/// Largest document that is read, in bytes.
const DOCUMENT_BYTES_MAX: usize = 512 * 1024;
/// Longest time that one document may take.
const FETCH_TIME_MAX: Duration = Duration::from_secs(5);

/// Keys of an outside issuer.
#[derive(Clone, Debug)]
pub struct RemoteKeys {
    issuer: String,
    /// Address of the key set, where the issuer has no metadata.
    jwks_uri: Option<String>,
    fetcher: Fetcher,
    /// Whether an address without TLS is fetched.
    allows_http: bool,
}

/// Metadata of an issuer, as far as it is read.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

impl RemoteKeys {
    /// Keys of this issuer. An issuer in a private network may be reached there, and without TLS.
    pub fn new(issuer: &str, jwks_uri: Option<&str>, is_private: bool) -> Self {
        Self {
            issuer: issuer.to_owned(),
            jwks_uri: jwks_uri.map(ToOwned::to_owned),
            fetcher: fetcher(is_private),
            allows_http: is_private,
        }
    }

    async fn document(&self, address: &str) -> Result<Fetched, KeySourceError> {
        if !(self.allows_http || address.starts_with("https:")) {
            return Err(KeySourceError(format!("{address} is not https")));
        }
        let fetched = self.fetcher.fetch(address).await;
        fetched.map_err(|error| KeySourceError(format!("{address}: {error}")))
    }

    async fn discovered(&self) -> Result<String, KeySourceError> {
        let mut refusal =
            KeySourceError(format!("{} is not the address of an issuer", self.issuer));
        for address in metadata_addresses(&self.issuer) {
            let document = match self.document(&address).await {
                Ok(document) => document,
                Err(error) => {
                    refusal = error;
                    continue;
                }
            };
            let metadata = serde_json::from_slice::<Metadata>(&document.body);
            match metadata {
                Ok(metadata) if metadata.issuer == self.issuer => return Ok(metadata.jwks_uri),
                Ok(_) => {
                    refusal =
                        KeySourceError(format!("{address} is the metadata of another issuer"));
                }
                Err(_) => {
                    refusal = KeySourceError(format!("{address} is not the metadata of an issuer"));
                }
            }
        }
        Err(refusal)
    }
}

#[async_trait]
impl KeySource for RemoteKeys {
    async fn fetch(&self) -> Result<IssuerKeys, KeySourceError> {
        let address = match &self.jwks_uri {
            Some(address) => address.clone(),
            None => self.discovered().await?,
        };
        let document = self.document(&address).await?;
        let keys = JwkSet::parse(&document.body);
        let keys =
            keys.map_err(|error| KeySourceError(format!("{address} is no key set: {error}")))?;
        if keys.keys().is_empty() {
            return Err(KeySourceError(format!("{address} has no key that can be used")));
        }
        Ok(IssuerKeys {
            issuer: self.issuer.clone(),
            audience: None,
            keys,
            max_age: document.max_age,
        })
    }
}

/// HTTP client for what an issuer publishes and answers.
pub(crate) fn fetcher(is_private: bool) -> Fetcher {
    let limits =
        FetchLimits { bytes_max: DOCUMENT_BYTES_MAX, time_max: FETCH_TIME_MAX, redirects_max: 0 };
    let reach = if is_private { Reach::Everywhere } else { Reach::Public };
    Fetcher::new("icommerce", "application/json", limits, reach)
}

/// Addresses at which an issuer may have its metadata: below it, as OpenID Connect has it, or between its host and its path, as
/// RFC 8414 has it.
fn metadata_addresses(issuer: &str) -> Vec<String> {
    let Ok(url) = Url::parse(issuer) else { return Vec::new() };
    let below = issuer.strip_suffix('/').unwrap_or(issuer);
    let (origin, path) = (url.origin().ascii_serialization(), url.path().trim_end_matches('/'));
    let mut addresses = vec![
        format!("{below}/.well-known/openid-configuration"),
        format!("{origin}/.well-known/openid-configuration{path}"),
        format!("{origin}/.well-known/oauth-authorization-server{path}"),
    ];
    addresses.dedup();
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_looked_for_where_issuers_have_it() {
        assert_eq!(
            metadata_addresses("https://id.example/realms/shop"),
            [
                "https://id.example/realms/shop/.well-known/openid-configuration",
                "https://id.example/.well-known/openid-configuration/realms/shop",
                "https://id.example/.well-known/oauth-authorization-server/realms/shop",
            ]
        );
        assert_eq!(
            metadata_addresses("https://mitre.example/"),
            [
                "https://mitre.example/.well-known/openid-configuration",
                "https://mitre.example/.well-known/oauth-authorization-server",
            ],
            "one slash at the end goes"
        );
        assert!(metadata_addresses("nonsense").is_empty());
    }

    #[tokio::test]
    async fn without_https_nothing_is_fetched_from_the_public_network() {
        let keys = RemoteKeys::new("http://id.example", None, false);
        let error = keys.fetch().await.unwrap_err();
        assert!(error.0.ends_with("is not https"), "{error}");
        let keys = RemoteKeys::new("https://127.0.0.1:1", None, false);
        let error = keys.fetch().await.unwrap_err();
        assert!(error.0.ends_with("is not on the public network"), "{error}");
    }
}
