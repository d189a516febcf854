//! Authenticating client: sends an access token with each request, and once more with another if it was refused.

use crate::token_source::{TokenSource, TokenSourceError};
use async_trait::async_trait;
use http::{HeaderValue, StatusCode, header};
use kernel::{Problem, codes};
use transport::{Request, Response, Transport, TransportError};

/// Channel whose requests carry a token, if there is a source of tokens.
pub(crate) struct AuthenticatingClient<C> {
    inner: C,
    name: &'static str,
    tokens: Option<TokenSource>,
}

impl<C: Transport> AuthenticatingClient<C> {
    pub(crate) fn new(inner: C, name: &'static str, tokens: Option<TokenSource>) -> Self {
        Self { inner, name, tokens }
    }

    async fn send_with(
        &self,
        mut request: Request,
        token: &str,
    ) -> Result<Response, TransportError> {
        let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {token}")) else {
            return Ok(unauthenticated("the token is none"));
        };
        value.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, value);
        self.inner.send(request).await
    }

    /// Result of a request for which there is no token: final, unless there may be one in a moment.
    fn without_token(&self, error: &TokenSourceError) -> Result<Response, TransportError> {
        if error.is_transient {
            let reason = error.to_string();
            return Err(TransportError::Unreachable { service: self.name, reason });
        }
        Ok(unauthenticated(&error.to_string()))
    }
}

/// Response that a server would give to a request without a token, with the reason why there is none.
fn unauthenticated(reason: &str) -> Response {
    let problem = Problem::of(codes::UNAUTHENTICATED, reason);
    let mut response = Response::new(serde_json::to_vec(&problem).unwrap_or_default().into());
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    response
}

#[async_trait]
impl<C: Transport> Transport for AuthenticatingClient<C> {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let Some(tokens) = &self.tokens else { return self.inner.send(request).await };
        let token = match tokens.token().await {
            Ok(token) => token,
            Err(error) => return self.without_token(&error),
        };
        let response = self.send_with(request.clone(), &token).await?;
        if response.status() != StatusCode::UNAUTHORIZED || !tokens.forget(&token).await {
            return Ok(response);
        }
        match tokens.token().await {
            Ok(token) => self.send_with(request, &token).await,
            Err(error) => self.without_token(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::sync::Mutex;

    /// Server that accepts one token.
    struct Guarded {
        accepted: &'static str,
        seen: Mutex<Vec<String>>,
    }

    #[async_trait]
    impl Transport for &Guarded {
        async fn send(&self, request: Request) -> Result<Response, TransportError> {
            let token = request.headers()[header::AUTHORIZATION].to_str().unwrap().to_owned();
            let mut response = Response::new(Bytes::new());
            if token != format!("Bearer {}", self.accepted) {
                *response.status_mut() = StatusCode::UNAUTHORIZED;
            }
            self.seen.lock().unwrap().push(token);
            Ok(response)
        }
    }

    #[tokio::test]
    async fn a_refused_token_is_replaced_once_where_there_may_be_another() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "old").unwrap();
        let server = Guarded { accepted: "new", seen: Mutex::default() };
        let tokens = TokenSource::of_file(&file).unwrap();
        let client = AuthenticatingClient::new(&server, "shop", Some(tokens));
        let status = async || client.send(Request::new(Bytes::new())).await.unwrap().status();
        assert_eq!(status().await, 401);
        assert_eq!(server.seen.lock().unwrap().len(), 1, "the same token is not sent again");
        std::fs::write(&file, "new").unwrap();
        assert_eq!(status().await, 200);
        let fixed = TokenSource::of_text("old").unwrap();
        let client = AuthenticatingClient::new(&server, "shop", Some(fixed));
        assert_eq!(client.send(Request::new(Bytes::new())).await.unwrap().status(), 401);
    }
    /// Server that is never reached.
    struct Unasked;

    #[async_trait]
    impl Transport for Unasked {
        async fn send(&self, _: Request) -> Result<Response, TransportError> {
            panic!("nothing is sent without a token")
        }
    }

    /// Source of tokens by the credentials of a client, whose issuer answers with this status.
    async fn issuer(status: StatusCode) -> TokenSource {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answer = axum::Router::new().fallback(move || async move { status });
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, answer).await });
        tasks.detach_all();
        credentials(&address.to_string())
    }

    fn credentials(issuer: &str) -> TokenSource {
        let endpoint = format!("http://{issuer}/token");
        let json =
            serde_json::json!({"client_id": "a", "client_secret": "b", "token_endpoint": endpoint});
        TokenSource::of_text(&json.to_string()).unwrap()
    }

    #[tokio::test]
    async fn a_wrong_secret_is_final_and_an_issuer_that_does_not_answer_is_not() {
        let result = async |tokens: &TokenSource| {
            let client = AuthenticatingClient::new(Unasked, "shop", Some(tokens.clone()));
            client.send(Request::new(Bytes::new())).await
        };
        let refused = issuer(StatusCode::UNAUTHORIZED).await;
        let error = refused.begin().await.unwrap_err().to_string();
        assert!(error.contains("it answered 401") && !error.contains("\"b\""), "{error}");
        let response = result(&refused).await.unwrap();
        let problem: Problem = serde_json::from_slice(response.body()).unwrap();
        assert_eq!((response.status().as_u16(), problem.title), (401, error));
        for transient in [issuer(StatusCode::SERVICE_UNAVAILABLE).await, credentials("127.0.0.1:1")]
        {
            assert_eq!(transient.begin().await, Ok(()), "it may answer in a moment");
            assert!(matches!(result(&transient).await, Err(TransportError::Unreachable { .. })));
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "token").unwrap();
        let removed = TokenSource::of_file(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert!(removed.begin().await.is_err());
        assert_eq!(result(&removed).await.unwrap().status().as_u16(), 401);
    }
}
