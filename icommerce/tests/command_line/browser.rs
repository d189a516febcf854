//! Browser of these tests: it keeps cookies and fills in the form of a sign-in.

use crate::{program::icommerce, tls_client::TlsClient};
use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::Stdio,
};

const PASSWORD: &str = "correct horse battery staple";

/// Browser: cookies of a host belong to all its ports.
#[derive(Default)]
pub(crate) struct Browser {
    pub(crate) cookies: BTreeMap<String, String>,
    /// With it, the edges speak TLS.
    pub(crate) tls: Option<TlsClient>,
}

/// Response of a page.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) location: String,
    pub(crate) body: String,
}

/// Adds an operator with the role `viewer` to a shop that is stopped.
pub(crate) fn add_operator(data: &Path) {
    let mut add = icommerce(data);
    add.args(["auth", "user", "add", "ada@example.com", "--role", "viewer", "--password-stdin"]);
    let mut add = add.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    add.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    assert!(add.wait().unwrap().success());
}

impl Browser {
    pub(crate) fn get(&mut self, url: &str) -> Page {
        self.send("GET", url, "")
    }

    pub(crate) fn post(&mut self, url: &str, form: &str) -> Page {
        self.send("POST", url, form)
    }

    fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    fn send(&mut self, method: &str, url: &str, form: &str) -> Page {
        let scheme = self.scheme();
        let address = url.strip_prefix(&format!("{scheme}://"));
        let address = address.unwrap_or_else(|| panic!("{url}"));
        let (host, path) = address.split_at(address.find('/').unwrap());
        self.send_to(host, (method, host, path), form)
    }

    /// A page at an address that the browser takes for that of another host.
    pub(crate) fn get_as(&mut self, host: &str, url: &str) -> Page {
        let address = url.trim_start_matches("http://");
        let (connected, path) = address.split_at(address.find('/').unwrap());
        self.send_to(connected, ("GET", host, path), "")
    }

    fn send_to(&mut self, connected: &str, request: (&str, &str, &str), form: &str) -> Page {
        let (scheme, (_, host, _)) = (self.scheme(), request);
        let response = self.response(connected, request, form);
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut location = String::new();
        for line in head.lines().skip(1) {
            let (name, value) = line.split_once(": ").unwrap();
            match name.to_ascii_lowercase().as_str() {
                "location" => value.clone_into(&mut location),
                // The way to the provider after a form.
                "refresh" => value.trim_start_matches("0; url=").clone_into(&mut location),
                "set-cookie" => self.keep(value),
                _ => {}
            }
        }
        if location.starts_with('/') {
            location = format!("{scheme}://{host}{location}");
        }
        Page { status, location, body: body.to_owned() }
    }

    fn response(
        &self,
        connected: &str,
        (method, host, path): (&str, &str, &str),
        form: &str,
    ) -> String {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let headers = format!(
            "cookie: {}\r\nsec-fetch-site: same-origin\r\ncontent-type: application/x-www-form-urlencoded\r\n",
            cookies.join("; ")
        );
        if let Some(tls) = &self.tls {
            return tls.request(host, &format!("{method} {path}"), &headers, form).unwrap().text;
        }
        let mut stream = TcpStream::connect(connected).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{form}",
            form.len()
        )
        .unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    }

    fn keep(&mut self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        if self.tls.is_some() {
            assert!(name.starts_with("__Host-") && attributes.contains("Secure"), "{cookie}");
        }
        if attributes.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Chooses the password of an account at the one-time link for it.
    pub(crate) fn choose_password(&mut self, link: &str) {
        let page = self.get(link);
        let (_, form) = page.body.split_once(r#"name="form" value=""#).unwrap();
        let form = form.split('"').next().unwrap();
        let password = PASSWORD.replace(' ', "+");
        let (address, _) = link.split_once('?').unwrap();
        let done = self.post(address, &format!("form={form}&password={password}"));
        assert_eq!(done.status, 200, "{}", done.body);
    }

    /// Signs in at the operator edge of a shop with the provider below its shop edge; where it leads.
    pub(crate) fn sign_in(&mut self, operator: &str, shop: &str) -> Page {
        let scheme = self.scheme();
        let (operator, issuer) =
            (format!("{scheme}://{operator}"), format!("{scheme}://{shop}/auth"));
        self.sign_in_at(&operator, "/api/v1/orders", &issuer)
    }

    /// Signs in at an edge by the provider with this issuer, to return to a path; where it leads.
    pub(crate) fn sign_in_at(&mut self, edge: &str, path: &str, issuer: &str) -> Page {
        let begun = self.get(&format!("{edge}/sign-in?return_to={path}"));
        assert!(begun.location.starts_with(&format!("{issuer}/authorize?")), "{}", begun.location);
        let page = self.get(&begun.location);
        let (_, form) = page.body.split_once(r#"name="form" value=""#).unwrap();
        let form = form.split('"').next().unwrap();
        let password = PASSWORD.replace(' ', "+");
        let fields = format!("form={form}&email=ada%40example.com&password={password}");
        let answer = self.post(&format!("{issuer}/sign-in"), &fields);
        assert!(
            answer.location.starts_with(&format!("{edge}/sign-in/callback?")),
            "{}",
            answer.body
        );
        self.get(&answer.location)
    }
}
