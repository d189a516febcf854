//! Authenticating client: sends an access token with each request, and once more with another if it was refused.

use crate::token_source::TokenSource;
use async_trait::async_trait;
use http::{HeaderValue, StatusCode, header};
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
        let value = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut value = value.map_err(|_| self.unreachable("the token is none".to_owned()))?;
        value.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, value);
        self.inner.send(request).await
    }

    fn unreachable(&self, reason: String) -> TransportError {
        TransportError::Unreachable { service: self.name, reason }
    }
}

#[async_trait]
impl<C: Transport> Transport for AuthenticatingClient<C> {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let Some(tokens) = &self.tokens else { return self.inner.send(request).await };
        let token = tokens.token().await.map_err(|error| self.unreachable(error.to_string()))?;
        let response = self.send_with(request.clone(), &token).await?;
        if response.status() != StatusCode::UNAUTHORIZED || !tokens.forget(&token).await {
            return Ok(response);
        }
        let token = tokens.token().await.map_err(|error| self.unreachable(error.to_string()))?;
        self.send_with(request, &token).await
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
}
