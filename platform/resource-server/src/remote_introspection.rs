//! Introspection endpoint of an outside issuer, over HTTPS.

use crate::{IntrospectionError, Introspector, remote_keys::fetcher};
use async_trait::async_trait;
use outbound::Fetcher;
use std::fmt;
use transport::basic_credentials;

/// Introspection endpoint, with the credentials of this shop there.
#[derive(Clone)]
pub(crate) struct RemoteIntrospection {
    endpoint: String,
    client_id: String,
    client_secret: String,
    fetcher: Fetcher,
}

impl RemoteIntrospection {
    /// Endpoint at this address, which may be in a private network where `is_private`.
    pub(crate) fn new(
        endpoint: &str,
        (client_id, client_secret): (&str, &str),
        is_private: bool,
    ) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            fetcher: fetcher(is_private),
        }
    }
}

#[async_trait]
impl Introspector for RemoteIntrospection {
    async fn introspect(&self, token: &str) -> Result<Vec<u8>, IntrospectionError> {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("token", token)
            .append_pair("token_type_hint", "access_token")
            .finish();
        let credentials = basic_credentials(&self.client_id, &self.client_secret);
        let content_type = "application/x-www-form-urlencoded";
        let answer = self.fetcher.ask(&self.endpoint, content_type, body.into(), credentials);
        match answer.await {
            Ok(fetched) => Ok(fetched.body.to_vec()),
            Err(error) => Err(IntrospectionError(format!("{}: {error}", self.endpoint))),
        }
    }
}

impl fmt::Debug for RemoteIntrospection {
    /// Without the secret.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RemoteIntrospection")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}
