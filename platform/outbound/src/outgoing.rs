//! Outgoing requests: what is sent, and posting.

use crate::{Answer, FetchError, Fetched, Fetcher, parse};
use bytes::Bytes;
use http::{HeaderValue, header};
use http_body_util::Full;
use url::Url;

/// What is sent.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Get,
    Post {
        content_type: &'static str,
        body: Bytes,
    },
    /// Post whose answer is read.
    Ask {
        content_type: &'static str,
        body: Bytes,
        authorization: HeaderValue,
    },
}

impl Fetcher {
    /// Posts a body to an address; success is a response of status 200 or 204, whose body is not read. Redirects are not followed.
    ///
    /// # Errors
    ///
    /// [`FetchError`], by variant.
    pub async fn post(
        &self,
        address: &str,
        content_type: &'static str,
        body: Bytes,
    ) -> Result<(), FetchError> {
        self.posted(address, Outgoing::Post { content_type, body }).await.map(drop)
    }

    /// Posts a body to an address with these credentials, and reads the answer; success is a response of status 200. Redirects are not
    /// followed.
    ///
    /// # Errors
    ///
    /// [`FetchError`], by variant.
    pub async fn ask(
        &self,
        address: &str,
        content_type: &'static str,
        body: Bytes,
        authorization: HeaderValue,
    ) -> Result<Fetched, FetchError> {
        self.posted(address, Outgoing::Ask { content_type, body, authorization }).await
    }

    async fn posted(&self, address: &str, outgoing: Outgoing) -> Result<Fetched, FetchError> {
        let url = parse(address)?;
        let max = self.limits.time_max;
        let posted = tokio::time::timeout(max, self.connector.exchange(self, &url, &outgoing));
        match posted.await.unwrap_or(Err(FetchError::TooSlow { max }))? {
            Answer::Fetched(fetched) => Ok(fetched),
            Answer::Redirect(_) => Err(FetchError::Redirects),
        }
    }

    pub(crate) fn request(
        &self,
        url: &Url,
        outgoing: &Outgoing,
    ) -> Result<http::Request<Full<Bytes>>, FetchError> {
        let host = url.host_str().ok_or(FetchError::InvalidAddress)?;
        let host = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let builder = match outgoing {
            Outgoing::Get => http::Request::get(target(url)),
            Outgoing::Post { content_type, .. } => {
                http::Request::post(target(url)).header(header::CONTENT_TYPE, *content_type)
            }
            Outgoing::Ask { content_type, authorization, .. } => http::Request::post(target(url))
                .header(header::CONTENT_TYPE, *content_type)
                .header(header::AUTHORIZATION, authorization),
        };
        let body = match outgoing {
            Outgoing::Get => Bytes::new(),
            Outgoing::Post { body, .. } | Outgoing::Ask { body, .. } => body.clone(),
        };
        builder
            .header(header::HOST, host)
            .header(header::USER_AGENT, self.user_agent)
            .header(header::ACCEPT, self.accept)
            .header(header::ACCEPT_ENCODING, "identity")
            .header(header::CONNECTION, "close")
            .body(Full::new(body))
            .map_err(|_| FetchError::InvalidAddress)
    }
}

/// Path and query of an address.
fn target(url: &Url) -> &str {
    &url[url::Position::BeforePath..url::Position::AfterQuery]
}
