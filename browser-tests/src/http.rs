//! Minimal HTTP client for measuring responses: no redirects, no decompression, no reuse of connections.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

/// Read timeout.
const RESPONSE_SECONDS_MAX: u64 = 30;

/// A response as it was sent.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    /// Names in lower case, with their values.
    headers: Vec<(String, String)>,
    /// The body as it was sent, compressed or not.
    pub body: Vec<u8>,
}

impl Response {
    /// The value of a header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(it, _)| it == name).map_or("", |(_, value)| value)
    }

    /// The number of headers with this name.
    pub fn header_count(&self, name: &str) -> usize {
        self.headers.iter().filter(|(it, _)| it == name).count()
    }

    /// The body of an uncompressed response, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends a GET request.
pub(crate) fn get(address: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    let response = send(address, "GET", path, headers, "");
    response.unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Sends a POST request with a JSON body.
pub(crate) fn post(address: &str, path: &str, json: &str) -> Response {
    post_as("application/json", address, path, json)
}

/// Sends a POST request with the fields of a form, which are encoded already.
pub fn post_form(address: &str, path: &str, fields: &str) -> Response {
    post_as("application/x-www-form-urlencoded", address, path, fields)
}

fn post_as(content_type: &str, address: &str, path: &str, body: &str) -> Response {
    let response = send(address, "POST", path, &[("content-type", content_type)], body);
    response.unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn send(
    address: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<Response> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(RESPONSE_SECONDS_MAX)))?;
    write!(stream, "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n")?;
    if !body.is_empty() {
        write!(stream, "content-length: {}\r\n", body.len())?;
    }
    for (name, value) in headers {
        write!(stream, "{name}: {value}\r\n")?;
    }
    write!(stream, "\r\n{body}")?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    parse(&bytes).ok_or_else(|| std::io::Error::other("not an HTTP response"))
}

fn parse(bytes: &[u8]) -> Option<Response> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let mut response = Response { status, headers, body: bytes.get(end + 4..)?.to_vec() };
    if response.header("transfer-encoding") == "chunked" {
        response.body = decode_chunked(&response.body)?;
    }
    Some(response)
}

/// Decodes a body in chunked transfer encoding.
fn decode_chunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(rest.get(..end)?).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = rest.get(end + 2..)?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunked_response_is_decoded() {
        let response = parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n").unwrap();
        assert_eq!((response.status, response.text().as_str()), (200, "abcde"));
    }

    #[test]
    fn headers_are_found_by_their_name_in_lower_case() {
        let response = parse(b"HTTP/1.1 304 Not Modified\r\nETag: W/\"1\"\r\n\r\n").unwrap();
        assert_eq!(
            (response.status, response.header("etag"), response.header_count("etag")),
            (304, "W/\"1\"", 1)
        );
        assert_eq!(response.header("cookie"), "");
    }
}
