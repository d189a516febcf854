//! HTTP/1.1 connection, hand-written so that the load generator costs little beside the server.

use crate::recording::Recording;
use std::io::{self, Write};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The most bytes of a response.
const RESPONSE_BYTES_MAX: usize = 4 << 20;

/// Token that may do everything at the operator edge of a measured shop.
pub(crate) const OPERATOR_TOKEN: &str = "the-token-of-the-operator-of-a-measurement";

/// Edge of a server: its address, and the token for its requests.
#[derive(Clone, Debug)]
pub(crate) struct EdgeAddress {
    pub(crate) address: String,
    token: Option<&'static str>,
}

impl EdgeAddress {
    /// Edge of shoppers, who have no token.
    pub(crate) fn shop(address: String) -> Self {
        Self { address, token: None }
    }

    /// Edge of operators.
    pub(crate) fn operator(address: String) -> Self {
        Self { address, token: Some(OPERATOR_TOKEN) }
    }
}

/// Keep-alive connection.
#[derive(Debug)]
pub(crate) struct HttpConnection {
    stream: TcpStream,
    token: Option<&'static str>,
    request: Vec<u8>,
    response: Vec<u8>,
    recording: Option<Recording>,
}

/// Content types of the bodies of requests.
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Response: status, head and body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HttpResponse<'a> {
    pub(crate) status: u16,
    /// Status line and headers, as they were sent.
    head: &'a [u8],
    pub(crate) body: &'a [u8],
}

impl HttpResponse<'_> {
    /// The first `"id"` in the body.
    pub(crate) fn id(&self) -> Result<String, String> {
        let wrong = || format!("{} {}", self.status, String::from_utf8_lossy(self.body));
        if self.status >= 300 {
            return Err(wrong());
        }
        let text = std::str::from_utf8(self.body).map_err(|_| wrong())?;
        let (_, rest) = text.split_once("\"id\":\"").ok_or_else(wrong)?;
        Ok(rest.split('"').next().unwrap_or_default().to_owned())
    }

    /// Values of the headers with this name.
    pub(crate) fn headers<'name>(
        &self,
        name: &'name str,
    ) -> impl Iterator<Item = &str> + use<'_, 'name> {
        let head = std::str::from_utf8(self.head).unwrap_or_default();
        let fields = head.split("\r\n").filter_map(|line| line.split_once(':'));
        let named = fields.filter(move |(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.trim())
    }

    /// The first `"code"` in the body: the reason for a rejection.
    pub(crate) fn code(&self) -> Option<&str> {
        let (_, rest) = std::str::from_utf8(self.body).ok()?.split_once("\"code\":\"")?;
        rest.split('"').next()
    }

    /// Checks the status.
    pub(crate) fn expect_status(&self, status: u16) -> Result<(), String> {
        if self.status == status {
            return Ok(());
        }
        Err(format!("{} {}", self.status, String::from_utf8_lossy(self.body)))
    }
}

impl HttpConnection {
    /// Connects.
    pub(crate) async fn connect(edge: &EdgeAddress) -> Result<Self, String> {
        let stream = TcpStream::connect(&edge.address).await.map_err(|error| error.to_string())?;
        Ok(Self { token: edge.token, ..Self::over(stream)? })
    }

    /// Connection over a stream, of somebody without a token.
    pub(crate) fn over(stream: TcpStream) -> Result<Self, String> {
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        Ok(Self {
            stream,
            token: None,
            request: Vec::with_capacity(4_096),
            response: Vec::with_capacity(16_384),
            recording: None,
        })
    }

    /// Records every response from now on.
    pub(crate) fn recording(mut self) -> Self {
        self.recording = Some(Recording::default());
        self
    }

    /// The recorded responses; empty if it did not record.
    pub(crate) fn into_recording(self) -> Recording {
        self.recording.unwrap_or_default()
    }

    /// Sends a request and reads the whole response.
    pub(crate) async fn request(
        &mut self,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: &str,
    ) -> Result<HttpResponse<'_>, String> {
        let key = key.map(|key| ("idempotency-key", key));
        self.send(method, path, key.as_slice(), JSON, body).await
    }

    /// Asks for JSON, gzipped, and reads the whole response.
    pub(crate) async fn request_gzipped(&mut self, path: &str) -> Result<HttpResponse<'_>, String> {
        let headers = [("accept", JSON), ("accept-encoding", "gzip")];
        self.send("GET", path, &headers, JSON, "").await
    }

    /// Sends a form with these headers, and reads the whole response.
    pub(crate) async fn submit_form(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        form: &str,
    ) -> Result<HttpResponse<'_>, String> {
        self.send("POST", path, headers, FORM, form).await
    }

    async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        content_type: &str,
        body: &str,
    ) -> Result<HttpResponse<'_>, String> {
        self.write(method, path, headers, content_type, body).map_err(|error| error.to_string())?;
        self.stream.write_all(&self.request).await.map_err(|error| error.to_string())?;
        let (status, head) = self.read_response().await?;
        let (head, body) = self.response.split_at(head);
        if let Some(recording) = &mut self.recording {
            recording.add(method, path, status, body);
        }
        Ok(HttpResponse { status, head, body })
    }

    /// Writes a request into its buffer.
    fn write(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        content_type: &str,
        body: &str,
    ) -> io::Result<()> {
        let request = &mut self.request;
        request.clear();
        write!(request, "{method} {path} HTTP/1.1\r\nhost: localhost\r\n")?;
        if let Some(token) = self.token {
            write!(request, "authorization: Bearer {token}\r\n")?;
        }
        for (name, value) in headers {
            write!(request, "{name}: {value}\r\n")?;
        }
        if !body.is_empty() {
            let length = body.len();
            write!(request, "content-type: {content_type}\r\ncontent-length: {length}\r\n")?;
        }
        write!(request, "\r\n{body}")
    }

    /// Reads a response, and returns its status and the length of its head.
    async fn read_response(&mut self) -> Result<(u16, usize), String> {
        self.response.clear();
        let (head, length, status) = loop {
            self.read_more().await?;
            if let Some(end) = self.response.windows(4).position(|window| window == b"\r\n\r\n") {
                let (status, length) = parse_head(&self.response[..end])?;
                break (end + 4, length, status);
            }
        };
        while self.response.len() < head + length {
            self.read_more().await?;
        }
        self.response.truncate(head + length);
        Ok((status, head))
    }

    async fn read_more(&mut self) -> Result<(), String> {
        if self.response.len() > RESPONSE_BYTES_MAX {
            return Err("a response is too large".to_owned());
        }
        let read =
            self.stream.read_buf(&mut self.response).await.map_err(|error| error.to_string())?;
        if read == 0 { Err("the server closed the connection".to_owned()) } else { Ok(()) }
    }
}

fn parse_head(head: &[u8]) -> Result<(u16, usize), String> {
    let text = std::str::from_utf8(head).map_err(|error| error.to_string())?;
    let mut lines = text.split("\r\n");
    let status =
        lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok());
    match (status, length) {
        (Some(status), Some(length)) => Ok((status, length)),
        // No content has no length either (RFC 9110, section 8.6).
        (Some(204), None) => Ok((204, 0)),
        _ => Err(format!("invalid response head: {text}")),
    }
}
