//! Options of a mail server: its address, who signs in, and how the connection is encrypted.

use lettre::transport::smtp::{
    authentication::Credentials,
    client::{Certificate, CertificateStore, TlsParameters},
};
use std::{
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use url::Url;

/// Port of submission (RFC 6409).
const SUBMISSION_PORT: u16 = 587;
/// Port of submission with TLS from the first byte (RFC 8314).
const IMPLICIT_TLS_PORT: u16 = 465;

/// Options of a mail server.
#[derive(Clone)]
pub struct SmtpOptions {
    /// Address: `smtp://user@host:587`, encrypted by STARTTLS, or `smtps://user@host`, encrypted from the first byte. At an address of
    /// this machine (loopback) `smtp` is encrypted where the server offers it; anywhere else it is refused without.
    pub url: String,
    /// Password of the user; empty without one.
    pub password: String,
    /// File with certificates of authorities (PEM) that are trusted beside the public ones; empty for none.
    pub authority_file: PathBuf,
    /// Name by which the client greets; empty for the address of the machine.
    pub hello: String,
    /// Time for everything about one message. A message whose answer takes longer is tried again, although it may have been accepted.
    pub timeout: Duration,
}

impl fmt::Debug for SmtpOptions {
    /// Without the address, which may have a password.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SmtpOptions").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// Part of the options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpPart {
    /// The address.
    Url,
    /// The password.
    Password,
    /// The file of authorities.
    AuthorityFile,
}

/// Options that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct SmtpOptionsError {
    /// The part that is wrong.
    pub part: SmtpPart,
    /// The reason, without secrets.
    pub reason: String,
}

/// How a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    /// From the first byte.
    Implicit,
    /// By STARTTLS, or not used at all.
    Required,
    /// By STARTTLS, where the server offers it.
    Offered,
}

/// Mail server.
#[derive(Clone)]
pub(super) struct MailServer {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) encryption: Encryption,
    pub(super) tls: TlsParameters,
    pub(super) credentials: Option<Credentials>,
}

impl MailServer {
    pub(super) fn of(options: &SmtpOptions) -> Result<Self, SmtpOptionsError> {
        let wrong = |reason: &str| of_part(SmtpPart::Url, reason.to_owned());
        let url = Url::parse(&options.url).map_err(|_| wrong("it is no address"))?;
        let (is_implicit, default_port) = match url.scheme() {
            "smtp" => (false, SUBMISSION_PORT),
            "smtps" => (true, IMPLICIT_TLS_PORT),
            _ => return Err(wrong("it begins neither with smtp:// nor with smtps://")),
        };
        if url.password().is_some() {
            return Err(wrong("it has a password, which belongs into the setting for it"));
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it has more than a host and a port"));
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("it has no host"))?;
        let host = host.trim_matches(['[', ']']).to_owned();
        let encryption = match (is_implicit, is_loopback(&host)) {
            (true, _) => Encryption::Implicit,
            (false, true) => Encryption::Offered,
            (false, false) => Encryption::Required,
        };
        Ok(Self {
            port: url.port().unwrap_or(default_port),
            encryption,
            tls: tls(&host, &options.authority_file)?,
            credentials: credentials(&url, &options.password)?,
            host,
        })
    }
}

/// Who signs in, if anybody does.
fn credentials(url: &Url, password: &str) -> Result<Option<Credentials>, SmtpOptionsError> {
    let user = percent_decoded(url.username());
    match (user.is_empty(), password.is_empty()) {
        (true, true) => Ok(None),
        (false, false) => Ok(Some(Credentials::new(user, password.to_owned()))),
        (false, true) => {
            let reason = "there is none, but the address names a user".to_owned();
            Err(of_part(SmtpPart::Password, reason))
        }
        (true, false) => {
            let reason = "it names no user, but there is a password".to_owned();
            Err(of_part(SmtpPart::Url, reason))
        }
    }
}

fn tls(host: &str, authority_file: &Path) -> Result<TlsParameters, SmtpOptionsError> {
    let wrong = |reason: String| of_part(SmtpPart::AuthorityFile, reason);
    let mut parameters =
        TlsParameters::builder(host.to_owned()).certificate_store(CertificateStore::WebpkiRoots);
    if !authority_file.as_os_str().is_empty() {
        let named =
            |error: &dyn fmt::Display| wrong(format!("{}: {error}", authority_file.display()));
        let pem = std::fs::read(authority_file).map_err(|error| named(&error))?;
        let authority = Certificate::from_pem(&pem).map_err(|error| named(&error))?;
        parameters = parameters.add_root_certificate(authority);
    }
    parameters.build().map_err(|error| wrong(error.to_string()))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// User of a URL, whose special characters are percent-encoded.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.first_chunk::<2>().and_then(|it| std::str::from_utf8(it).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let code = code.filter(|_| *first == b'%');
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn of_part(part: SmtpPart, reason: String) -> SmtpOptionsError {
    SmtpOptionsError { part, reason }
}
