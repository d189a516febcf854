//! Token exchange at the token endpoint (RFC 8693).

use super::{error_response::ErrorResponse, token::Exchange};
use crate::application::tokens::exchange::{
    ACCESS_TOKEN_TYPE, ExchangeRefusal, ExchangeRequest, ExchangedToken, JWT_TYPE,
};
use transport::TokenResponse;

impl Exchange<'_> {
    /// Exchanges the token of a request. Only access tokens are taken and given.
    pub(super) async fn exchange(&self) -> Result<TokenResponse, ErrorResponse> {
        let parameters = self.parameters;
        let subject_token = parameters.required("subject_token")?;
        let subject_type = parameters.required("subject_token_type")?;
        let actor_token = parameters.get("actor_token");
        let actor_type = parameters.get("actor_token_type");
        let is_taken = |name: &str| [ACCESS_TOKEN_TYPE, JWT_TYPE].contains(&name);
        let is_given = |name: &str| name == ACCESS_TOKEN_TYPE;
        let are_types_supported = is_taken(subject_type)
            && actor_type.is_none_or(is_taken)
            && parameters.get("requested_token_type").is_none_or(is_given);
        if !are_types_supported {
            return Err(ErrorResponse::new("invalid_request", "only access tokens are exchanged"));
        }
        if actor_token.is_some() != actor_type.is_some() {
            let refused = "an actor_token and its type come together";
            return Err(ErrorResponse::new("invalid_request", refused));
        }
        let scopes = parameters.scopes();
        let request = ExchangeRequest {
            client: self.client,
            subject_token,
            actor_token,
            scopes: scopes.as_deref(),
            binding: self.binding,
            presented: self.presented,
        };
        let ExchangedToken { token, scopes, lifetime } =
            self.provider.tokens.exchange(request).await?;
        Ok(TokenResponse {
            expires_in: lifetime.as_secs(),
            issued_token_type: Some(ACCESS_TOKEN_TYPE.to_owned()),
            ..self.response(token, &scopes)
        })
    }
}

impl From<ExchangeRefusal> for ErrorResponse {
    fn from(refusal: ExchangeRefusal) -> Self {
        let (error, description) = match refusal {
            ExchangeRefusal::SubjectToken => (
                "invalid_request",
                "the subject_token is not valid, or not presented as it must be",
            ),
            ExchangeRefusal::ActorToken => {
                ("invalid_request", "the actor_token is not a valid one of this client")
            }
            ExchangeRefusal::Scope => (
                "invalid_scope",
                "the scope is wider than that of the token, or not open to the client",
            ),
            ExchangeRefusal::TooManyActors => {
                ("invalid_request", "more clients act for each other than are accepted")
            }
            ExchangeRefusal::Failed(error) => return error.into(),
        };
        Self::new(error, description)
    }
}
