//! Outgoing requests: what is sent, and posting.

use crate::{Answer, FetchError, Fetcher, parse};
use bytes::Bytes;
use http::header;
use http_body_util::Full;
use url::Url;

/// What is sent.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Get,
    Post { content_type: &'static str, body: Bytes },
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
        let url = parse(address)?;
        let max = self.limits.time_max;
        let outgoing = Outgoing::Post { content_type, body };
        let posted = tokio::time::timeout(max, self.connector.exchange(self, &url, &outgoing));
        match posted.await.unwrap_or(Err(FetchError::TooSlow { max }))? {
            Answer::Fetched(_) => Ok(()),
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
        };
        let body = match outgoing {
            Outgoing::Get => Bytes::new(),
            Outgoing::Post { body, .. } => body.clone(),
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
