//! Access tokens of a program: from a text, from a file that somebody keeps up to date, or by the client's own credentials
//! (RFC 6749, section 4.4).

use crate::http_transport::HttpTransport;
use bytes::Bytes;
use http::{Method, StatusCode, Uri, header};
use serde::Deserialize;
use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tls_files::ClientTls;
use tokio::{sync::Mutex, time::Instant};
use transport::{TokenResponse, Transport, basic_credentials};

/// Largest file with a token, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;
/// Time before its end at which a token is replaced.
const REPLACED_BEFORE: Duration = Duration::from_mins(1);

/// Source of access tokens. Clones share the token that they got.
#[derive(Clone)]
pub struct TokenSource {
    source: Arc<Source>,
    /// TLS towards an issuer of tokens at `https://`.
    tls: Option<ClientTls>,
}

enum Source {
    /// The token.
    Text(String),
    /// File with the token, read for each use, so that another program may replace it.
    File(PathBuf),
    /// Credentials of a client.
    Client { credentials: ClientCredentials, issued: Mutex<Option<IssuedToken>> },
}

/// Credentials of a client, as `icommerce auth client add --json` prints them.
#[derive(Clone, Deserialize)]
struct ClientCredentials {
    client_id: String,
    client_secret: String,
    token_endpoint: String,
}

struct IssuedToken {
    token: String,
    replace_at: Instant,
}

/// Reason why there is no token, as a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct TokenSourceError {
    sentence: String,
    /// Whether it may be another one in a moment: the issuer of tokens cannot be reached, or is busy.
    pub(crate) is_transient: bool,
}

impl TokenSource {
    /// This token, or these credentials.
    ///
    /// # Errors
    ///
    /// It is neither.
    pub fn of_text(text: &str) -> Result<Self, TokenSourceError> {
        match Content::parse(text)? {
            Content::Token(token) => Ok(Self::of(Source::Text(token))),
            Content::Client(credentials) => Ok(Self::of_client(credentials)),
        }
    }

    /// The token or the credentials in this file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or has neither.
    pub fn of_file(file: &Path) -> Result<Self, TokenSourceError> {
        match read(file)? {
            Content::Token(_) => Ok(Self::of(Source::File(file.to_owned()))),
            Content::Client(credentials) => Ok(Self::of_client(credentials)),
        }
    }

    fn of_client(credentials: ClientCredentials) -> Self {
        Self::of(Source::Client { credentials, issued: Mutex::new(None) })
    }

    fn of(source: Source) -> Self {
        Self { source: Arc::new(source), tls: None }
    }

    /// The same source, which speaks TLS of this kind with an issuer of tokens at `https://`.
    #[must_use]
    pub fn with_tls(self, tls: ClientTls) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// Gets the first token, so that a program without one fails before it begins. An issuer that cannot be reached yet is waited for
    /// with the first request.
    ///
    /// # Errors
    ///
    /// There is no token, and there will be none: a secret is wrong, say.
    pub async fn begin(&self) -> Result<(), TokenSourceError> {
        match self.token().await {
            Err(error) if !error.is_transient => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// A token that counts now, as far as that is known here.
    pub(crate) async fn token(&self) -> Result<String, TokenSourceError> {
        match &*self.source {
            Source::Text(token) => Ok(token.clone()),
            Source::File(file) => match read(file)? {
                Content::Token(token) => Ok(token),
                Content::Client(_) => Err(wrong("the token file has other content than before")),
            },
            Source::Client { credentials, issued } => {
                let mut issued = issued.lock().await;
                if let Some(issued) = issued.as_ref().filter(|it| Instant::now() < it.replace_at) {
                    return Ok(issued.token.clone());
                }
                let token = credentials.issue(self.tls.clone()).await?;
                Ok(issued.insert(token).token.clone())
            }
        }
    }

    /// Forgets a token that was refused; whether another may be had.
    pub(crate) async fn forget(&self, refused: &str) -> bool {
        match &*self.source {
            Source::Text(_) => false,
            Source::File(_) => self.token().await.is_ok_and(|token| token != refused),
            Source::Client { issued, .. } => {
                let mut issued = issued.lock().await;
                if issued.as_ref().is_some_and(|it| it.token == refused) {
                    *issued = None;
                }
                true
            }
        }
    }
}

impl fmt::Debug for TokenSource {
    /// Without tokens and secrets.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match &*self.source {
            Source::Text(_) => "TokenSource(text)",
            Source::File(_) => "TokenSource(file)",
            Source::Client { .. } => "TokenSource(client)",
        })
    }
}

/// Content of a file or a variable.
enum Content {
    Token(String),
    Client(ClientCredentials),
}

impl Content {
    fn parse(text: &str) -> Result<Self, TokenSourceError> {
        let text = text.trim();
        if text.starts_with('{') {
            let credentials = serde_json::from_str(text);
            return credentials.map(Self::Client).map_err(|_| {
                wrong(
                    "the credentials are no JSON with client_id, client_secret and token_endpoint",
                )
            });
        }
        let is_token = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_token { Ok(Self::Token(text.to_owned())) } else { Err(wrong("there is no token")) }
    }
}

fn read(file: &Path) -> Result<Content, TokenSourceError> {
    let named = |what: &dyn fmt::Display| wrong(&format!("{}: {what}", file.display()));
    let size = fs::metadata(file).map_err(|error| named(&error))?.len();
    if size > FILE_BYTES_MAX {
        return Err(named(&"it is too large for a token"));
    }
    let text = fs::read_to_string(file).map_err(|error| named(&error))?;
    Content::parse(&text).map_err(|error| named(&error))
}

fn wrong(sentence: &str) -> TokenSourceError {
    TokenSourceError { sentence: sentence.to_owned(), is_transient: false }
}

impl ClientCredentials {
    async fn issue(&self, tls: Option<ClientTls>) -> Result<IssuedToken, TokenSourceError> {
        let Self { client_id, client_secret, token_endpoint } = self;
        let failed =
            |what: &dyn fmt::Display| wrong(&format!("no token from {token_endpoint}: {what}"));
        let address: Uri = token_endpoint.parse().map_err(|error| failed(&error))?;
        if !matches!(address.scheme_str(), Some("http" | "https")) {
            return Err(failed(&"neither http nor https is spoken there"));
        }
        let request = http::Request::builder()
            .method(Method::POST)
            .uri(address.clone())
            .header(header::AUTHORIZATION, basic_credentials(client_id, client_secret))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from_static(b"grant_type=client_credentials"));
        let request = request.map_err(|error| failed(&error))?;
        let asked_at = Instant::now();
        let transient = |error| TokenSourceError { is_transient: true, ..error };
        let issuer = HttpTransport::new("the issuer of tokens", address, tls);
        let response = issuer.send(request).await;
        let response = response.map_err(|error| transient(failed(&error)))?;
        let status = response.status();
        if status != StatusCode::OK {
            let error = failed(&format!("it answered {status}"));
            let is_busy = status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
            return Err(if is_busy { transient(error) } else { error });
        }
        let answer: TokenResponse = serde_json::from_slice(response.body())
            .map_err(|_| failed(&"the answer is no token"))?;
        let lifetime = Duration::from_secs(answer.expires_in);
        let replace_at = asked_at + lifetime.saturating_sub(REPLACED_BEFORE);
        Ok(IssuedToken { token: answer.access_token, replace_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_may_be_replaced_while_it_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        fs::write(&file, "first\n").unwrap();
        let source = TokenSource::of_file(&file).unwrap();
        assert_eq!(source.token().await.unwrap(), "first");
        assert!(!source.forget("first").await, "there is no other yet");
        fs::write(&file, "second").unwrap();
        assert!(source.forget("first").await);
        assert_eq!(source.token().await.unwrap(), "second");
        fs::remove_file(&file).unwrap();
        assert!(source.token().await.is_err());
    }

    #[test]
    fn what_is_no_token_is_refused_and_nothing_of_it_is_shown() {
        for wrong in ["", " \n", "two words", "{", r#"{"client_id":"a"}"#, "tok\u{e9}n"] {
            assert!(TokenSource::of_text(wrong).is_err(), "{wrong:?}");
        }
        let missing = TokenSource::of_file(Path::new("/nowhere/token")).unwrap_err();
        assert!(missing.to_string().contains("/nowhere/token"), "{missing}");
        let json = r#"{"client_id":"a","client_secret":"hush","token_endpoint":"http://127.0.0.1:1/token"}"#;
        for text in ["hush", json] {
            assert!(!format!("{:?}", TokenSource::of_text(text).unwrap()).contains("hush"));
        }
    }
}
