//! Outbound HTTP client for addresses that others chose: `http` and `https`, bounded in bytes, time and redirects, and only
//! to public addresses.
//!
//! Protection against server-side request forgery (SSRF): the name is resolved here, each address is checked, and the
//! connection goes to the very address that was checked, so that a second look-up cannot lead elsewhere. Every redirect is
//! checked again.

#![warn(missing_docs)]

mod connection;
mod outgoing;
mod public_address;

pub use public_address::is_public;

use bytes::Bytes;
use connection::Connector;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use outgoing::Outgoing;
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use tokio_rustls::rustls::pki_types::CertificateDer;
use url::Url;

/// Addresses that a fetch may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses only.
    Public,
    /// Public addresses and those of this machine, for tests.
    PublicAndLoopback,
    /// Every address, those of private networks included: only where the operator of the shop wrote the address, or opened them, in
    /// its settings.
    Everywhere,
}

/// What was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Body of the response.
    pub body: Bytes,
    /// Time for which the response says that it may be cached (`Cache-Control`, RFC 9111): zero where it forbids that, none where
    /// it says nothing.
    pub max_age: Option<Duration>,
}

/// Limits of one fetch, over all its redirects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchLimits {
    /// Size of the body, in bytes.
    pub bytes_max: usize,
    /// Time until the last byte.
    pub time_max: Duration,
    /// Redirects that are followed.
    pub redirects_max: usize,
}

/// Reason why a fetch failed. The sentences are for operators, and name nothing of the network behind the shop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Not an absolute `http` or `https` address without credentials.
    #[error("is not an address that can be fetched")]
    InvalidAddress,
    /// Name that cannot be resolved.
    #[error("its host is unknown")]
    UnknownHost,
    /// Address within a private network, on this machine, or otherwise not public.
    #[error("its host is not on the public network")]
    NotPublic,
    /// Server that cannot be reached or broke off.
    #[error("its server cannot be reached")]
    Unreachable,
    /// Certificate that is not trusted, or another failure of TLS.
    #[error("its server has no valid certificate")]
    NotTrusted,
    /// Response other than success.
    #[error("its server answered {0}")]
    Status(u16),
    /// More redirects than are followed, one to an invalid address, or one from `https` to `http`.
    #[error("it redirects too often, or from https to http")]
    Redirects,
    /// Body above its limit.
    #[error("it has more than {max} bytes")]
    TooManyBytes {
        /// The limit.
        max: usize,
    },
    /// Time above its limit.
    #[error("it takes more than {} seconds", max.as_secs())]
    TooSlow {
        /// The limit.
        max: Duration,
    },
}

impl FetchError {
    /// Whether another attempt may succeed.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::UnknownHost | Self::Unreachable | Self::TooSlow { .. } => true,
            Self::Status(status) => *status == 429 || *status >= 500,
            Self::InvalidAddress
            | Self::NotPublic
            | Self::NotTrusted
            | Self::Redirects
            | Self::TooManyBytes { .. } => false,
        }
    }
}

/// Outbound HTTP client.
///
/// ```
/// use outbound::{FetchError, FetchLimits, Fetcher, Reach};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let time_max = Duration::from_secs(5);
/// let limits = FetchLimits { bytes_max: 1 << 20, time_max, redirects_max: 3 };
/// let fetcher = Fetcher::new("example/1.0", "image/*", limits, Reach::Public);
/// let refused = fetcher.get("http://127.0.0.1:8081/records").await;
/// assert_eq!(refused, Err(FetchError::NotPublic));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Fetcher {
    connector: Arc<Connector>,
    user_agent: &'static str,
    accept: &'static str,
    limits: FetchLimits,
    /// Permits of the fetches in flight.
    turns: Option<Arc<Semaphore>>,
}

impl Fetcher {
    /// Client that presents itself as `user_agent` and asks for `accept`.
    pub fn new(
        user_agent: &'static str,
        accept: &'static str,
        limits: FetchLimits,
        reach: Reach,
    ) -> Self {
        let connector = Arc::new(Connector::new(reach, Vec::new()));
        Self { connector, user_agent, accept, limits, turns: None }
    }

    /// The same client, which also trusts certificates issued by this authority (DER). One that cannot be read is not
    /// trusted.
    #[must_use]
    pub fn trusting(self, authority: Vec<u8>) -> Self {
        let authority = CertificateDer::from(authority);
        let connector = Arc::new(Connector::new(self.connector.reach(), vec![authority]));
        Self { connector, ..self }
    }

    /// The same client, with at most so many fetches in flight, its clones included (bulkhead). Others wait for their turn, within the
    /// time of a fetch. What is posted is bounded by who posts it.
    #[must_use]
    pub fn taking_turns(self, fetches_max: usize) -> Self {
        Self { turns: Some(Arc::new(Semaphore::new(fetches_max))), ..self }
    }

    /// Fetches what is at an address.
    ///
    /// # Errors
    ///
    /// [`FetchError`], by variant.
    pub async fn get(&self, address: &str) -> Result<Bytes, FetchError> {
        self.fetch(address).await.map(|fetched| fetched.body)
    }

    /// Fetches what is at an address, with how long it may be cached.
    ///
    /// # Errors
    ///
    /// [`FetchError`], by variant.
    pub async fn fetch(&self, address: &str) -> Result<Fetched, FetchError> {
        let max = self.limits.time_max;
        let fetched = tokio::time::timeout(max, self.follow(address)).await;
        fetched.unwrap_or(Err(FetchError::TooSlow { max }))
    }

    async fn follow(&self, address: &str) -> Result<Fetched, FetchError> {
        let mut url = parse(address)?;
        let _turn = match &self.turns {
            Some(turns) => Some(turns.acquire().await.map_err(|_| FetchError::Unreachable)?),
            None => None,
        };
        for _ in 0..=self.limits.redirects_max {
            match self.connector.exchange(self, &url, &Outgoing::Get).await? {
                Answer::Fetched(fetched) => return Ok(fetched),
                Answer::Redirect(location) => {
                    let next = url.join(&location).map_err(|_| FetchError::Redirects)?;
                    if url.scheme() == "https" && next.scheme() != "https" {
                        return Err(FetchError::Redirects);
                    }
                    url = parse(next.as_str())?;
                }
            }
        }
        Err(FetchError::Redirects)
    }

    async fn read(
        &self,
        response: Response<Incoming>,
        outgoing: &Outgoing,
    ) -> Result<Answer, FetchError> {
        let status = response.status();
        if let Some(location) = redirect(&response) {
            let location = location.to_str().map_err(|_| FetchError::Redirects)?;
            return Ok(Answer::Redirect(location.to_owned()));
        }
        let is_posted = matches!(outgoing, Outgoing::Post { .. });
        if is_posted && matches!(status, StatusCode::OK | StatusCode::NO_CONTENT) {
            return Ok(Answer::Fetched(Fetched { body: Bytes::new(), max_age: None }));
        }
        if status != StatusCode::OK {
            return Err(FetchError::Status(status.as_u16()));
        }
        let max = self.limits.bytes_max;
        let max_age = max_age(response.headers());
        let mut body = response.into_body();
        if body.size_hint().lower() > max as u64 {
            return Err(FetchError::TooManyBytes { max });
        }
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| FetchError::Unreachable)?;
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len() + data.len() > max {
                return Err(FetchError::TooManyBytes { max });
            }
            bytes.extend_from_slice(&data);
        }
        Ok(Answer::Fetched(Fetched { body: bytes.into(), max_age }))
    }
}

/// Answer to one request.
#[derive(Debug)]
enum Answer {
    Fetched(Fetched),
    Redirect(String),
}

/// Freshness lifetime by `Cache-Control` (RFC 9111, section 5.2.2).
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all(header::CACHE_CONTROL).iter();
    let directives = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    let mut seconds = None;
    for directive in directives.map(|it| it.trim().to_ascii_lowercase()) {
        if directive == "no-store" || directive == "no-cache" {
            return Some(Duration::ZERO);
        }
        if let Some(value) = directive.strip_prefix("max-age=") {
            seconds = value.trim_matches('"').parse().ok();
        }
    }
    seconds.map(Duration::from_secs)
}

/// Target of a redirect.
fn redirect(response: &Response<Incoming>) -> Option<&HeaderValue> {
    let followed = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    response.headers().get(header::LOCATION).filter(|_| followed)
}

/// Absolute `http` or `https` address without credentials.
fn parse(address: &str) -> Result<Url, FetchError> {
    let url = Url::parse(address).map_err(|_| FetchError::InvalidAddress)?;
    let fetchable = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none();
    if fetchable { Ok(url) } else { Err(FetchError::InvalidAddress) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_to_cache_is_what_the_server_allows() {
        let of = |lines: &[&'static str]| {
            let name = header::CACHE_CONTROL;
            let lines = lines.iter().map(|line| (name.clone(), HeaderValue::from_static(line)));
            max_age(&lines.collect())
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["public, max-age=300"]), Some(Duration::from_mins(5)));
        assert_eq!(of(&["Max-Age=\"60\"", "public"]), Some(Duration::from_mins(1)));
        assert_eq!(of(&["max-age=300, no-store"]), Some(Duration::ZERO));
        assert_eq!(of(&["no-cache"]), Some(Duration::ZERO));
        assert_eq!(of(&["max-age=-1"]), None);
        assert_eq!(of(&["s-maxage=9"]), None);
    }
}
