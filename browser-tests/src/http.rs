//! A client that counts bytes: it asks once, follows nothing, unpacks nothing.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

const ANSWER_SECONDS_MAX: u64 = 30;

/// An answer as it came over the line.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// Names are in small letters.
    headers: Vec<(String, String)>,
    /// As it was sent, packed or not.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(it, _)| it == name).map_or("", |(_, value)| value)
    }

    /// How often a header was sent.
    pub fn count(&self, name: &str) -> usize {
        self.headers.iter().filter(|(it, _)| it == name).count()
    }

    /// The body of an answer that was not packed.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Asks for `path` at `address`.
pub(crate) fn get(address: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let asked = ask(address, "GET", path, headers, "");
    asked.unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Sends JSON to `path` at `address`.
pub(crate) fn post(address: &str, path: &str, json: &str) -> Answer {
    let headers = [("content-type", "application/json")];
    let asked = ask(address, "POST", path, &headers, json);
    asked.unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn ask(
    address: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(ANSWER_SECONDS_MAX)))?;
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
    parse(&bytes).ok_or_else(|| std::io::Error::other("this is no HTTP answer"))
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let mut answer = Answer { status, headers, body: bytes.get(end + 4..)?.to_vec() };
    if answer.header("transfer-encoding") == "chunked" {
        answer.body = joined(&answer.body)?;
    }
    Some(answer)
}

/// A body that came in pieces, each with its length before it.
fn joined(mut rest: &[u8]) -> Option<Vec<u8>> {
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
    fn an_answer_in_pieces_is_put_together() {
        let answer = parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n").unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "abcde"));
    }

    #[test]
    fn headers_are_found_by_their_small_name() {
        let answer = parse(b"HTTP/1.1 304 Not Modified\r\nETag: W/\"1\"\r\n\r\n").unwrap();
        assert_eq!(
            (answer.status, answer.header("etag"), answer.count("etag")),
            (304, "W/\"1\"", 1)
        );
        assert_eq!(answer.header("cookie"), "");
    }
}
