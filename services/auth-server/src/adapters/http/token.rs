//! Token endpoint (RFC 6749, section 3.2).

use super::{
    acting::in_name_of,
    client_credentials::{self, ClientRequest},
    error_response::ErrorResponse,
    proof, respond,
};
use crate::{
    application::{
        authorization::{device_grants::PollRefusal, parameters::Parameters},
        clients::{authentication::AuthenticatedClient, metadata::OPEN_SCOPES},
        grants::{CodeRedemption, Granted},
        keys::seal::digest,
        tokens::{
            binding::Binding,
            rules::{self, token_type},
        },
    },
    domain::{
        client_rules::{self, Presented},
        events::GrantType,
    },
    provider::Provider,
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use jose::DpopProof;
use kernel::security_checks::holds;
use std::{ops::RangeInclusive, sync::Arc};
use transport::{Context, TokenResponse};

/// Characters of a code verifier (RFC 7636, section 4.1).
const VERIFIER_CHARACTERS: RangeInclusive<usize> = 43..=128;
/// Scope of OpenID Connect.
const OPENID: &str = "openid";

/// Exchanges a grant for tokens.
pub(crate) async fn exchange(State(provider): State<Arc<Provider>>, request: Request) -> Response {
    let answer = respond::answer(answer(&provider, request).await);
    proof::with_nonce(&provider, answer)
}

async fn answer(provider: &Provider, request: Request) -> Result<TokenResponse, ErrorResponse> {
    let ClientRequest { client, parameters, headers } =
        client_credentials::authenticated(provider, request).await?;
    let grant_type = GrantType::of_name(parameters.required("grant_type")?);
    let unsupported =
        ErrorResponse::new("unsupported_grant_type", "the grant_type is not supported");
    let grant_type = grant_type.ok_or(unsupported)?;
    if !holds("grant_type_of_client", client.registration().allows(grant_type)) {
        let refused = "the client may not use this grant_type";
        return Err(ErrorResponse::new("unauthorized_client", refused));
    }
    let is_known = |target: &String| target == provider.issuer.origin();
    let mut targets = parameters.all("resource").iter().chain(parameters.all("audience"));
    if !holds("resource", targets.all(is_known)) {
        return Err(ErrorResponse::new("invalid_target", "the resource is not known here"));
    }
    let proof = proof::of_post(provider, &headers, "/token", &client.id).await?;
    let policy = &client.registration().policy;
    let certificate = Context::current_certificate().map(|it| it.thumbprint());
    let presented =
        Presented { has_proof: proof.is_some(), has_certificate: certificate.is_some() };
    let is_bound = client_rules::is_constrained_as_required(policy, presented);
    if !holds("sender_constraint", is_bound) {
        return Err(unbound(policy.requires_certificate && certificate.is_none()));
    }
    let key = proof.as_ref().map(DpopProof::thumbprint);
    let presented = Binding { key, certificate: certificate.as_deref() };
    let binds = client_rules::binds_to_certificate(policy, key.is_some());
    let binding = Binding { certificate: presented.certificate.filter(|_| binds), ..presented };
    let exchange =
        Exchange { provider, client: &client, parameters: &parameters, binding, presented };
    let exchanged = async {
        match grant_type {
            GrantType::AuthorizationCode => exchange.redeem().await,
            GrantType::RefreshToken => exchange.refresh().await,
            GrantType::ClientCredentials => exchange.for_itself(),
            GrantType::DeviceCode => exchange.poll().await,
            GrantType::TokenExchange => exchange.exchange().await,
        }
    };
    in_name_of(&format!("client:{}", client.id.as_str()), exchanged).await
}

/// Refusal of a client that is registered for bound tokens and presents nothing to bind them to.
fn unbound(is_certificate_missing: bool) -> ErrorResponse {
    if is_certificate_missing {
        let needed = "the client is registered for tokens that are bound to its certificate";
        return ErrorResponse::new("invalid_request", needed);
    }
    let needed =
        "the client is registered for tokens that are bound to a key: a DPoP proof is needed";
    ErrorResponse::new("invalid_dpop_proof", needed)
}

/// Request of an authenticated client.
pub(super) struct Exchange<'a> {
    pub(super) provider: &'a Provider,
    pub(super) client: &'a AuthenticatedClient,
    pub(super) parameters: &'a Parameters,
    /// What its tokens are bound to.
    pub(super) binding: Binding<'a>,
    /// What it presents.
    pub(super) presented: Binding<'a>,
}

impl Exchange<'_> {
    async fn redeem(&self) -> Result<TokenResponse, ErrorResponse> {
        let code = self.parameters.required("code")?;
        let challenge = match self.parameters.get("code_verifier") {
            None => None,
            Some(verifier) if holds("code_verifier_form", is_verifier(verifier)) => {
                Some(digest(verifier))
            }
            Some(_) => return Err(ErrorResponse::invalid_grant()),
        };
        let code = CodeRedemption {
            code,
            redirect_uri: self.parameters.get("redirect_uri"),
            challenge: challenge.as_deref(),
            dpop_key: self.binding.key,
            certificate: self.binding.certificate,
            is_poll: false,
        };
        let redeemed = self.provider.grants.redeem(&code, self.client).await?;
        let scopes = redeemed.grant.authorization.scopes.clone();
        let nonce = redeemed.grant.authorization.nonce.clone();
        self.tokens(redeemed, &scopes, nonce.as_deref()).await
    }

    async fn refresh(&self) -> Result<TokenResponse, ErrorResponse> {
        let (grants, token) = (&self.provider.grants, self.parameters.required("refresh_token")?);
        // Before the token is replaced: a request that asks for too much changes nothing.
        let requested = self.parameters.scopes();
        if let (Some(requested), Some((_, stream, _))) =
            (&requested, grants.of_refresh_token(token).await?)
        {
            let granted = stream.0.as_ref().map(|grant| &grant.authorization.scopes[..]);
            let granted = granted.unwrap_or_default();
            let is_granted = |scope: &&str| granted.iter().any(|it| it == scope);
            if !holds("refresh_scope", requested.iter().all(is_granted)) {
                return Err(ErrorResponse::new(
                    "invalid_scope",
                    "the scope is wider than what was granted",
                ));
            }
        }
        let refreshed = grants.refresh(token, self.client, self.presented).await?;
        let granted = refreshed.grant.authorization.scopes.iter();
        let is_wanted = |scope: &&String| {
            requested.as_ref().is_none_or(|requested| requested.contains(&scope.as_str()))
        };
        let scopes: Vec<String> = granted.filter(is_wanted).cloned().collect();
        self.tokens(refreshed, &scopes, None).await
    }

    /// Poll of a device (RFC 8628, section 3.4).
    async fn poll(&self) -> Result<TokenResponse, ErrorResponse> {
        let device_code = self.parameters.required("device_code")?;
        let code = self.provider.devices.poll(device_code, &self.client.id).await?;
        let challenge = digest(device_code);
        let code = CodeRedemption {
            code: &code,
            redirect_uri: None,
            challenge: Some(&challenge),
            dpop_key: self.binding.key,
            certificate: self.binding.certificate,
            is_poll: true,
        };
        let redeemed = self.provider.grants.redeem(&code, self.client).await?;
        let scopes = redeemed.grant.authorization.scopes.clone();
        self.tokens(redeemed, &scopes, None).await
    }

    fn for_itself(&self) -> Result<TokenResponse, ErrorResponse> {
        let registration = self.client.registration();
        if !registration.is_confidential() {
            let refused = "only a client that can prove who it is may act for itself";
            return Err(ErrorResponse::new("unauthorized_client", refused));
        }
        // What concerns a person has no meaning here.
        let is_of_people = |scope: &str| OPEN_SCOPES.contains(&scope);
        let open = registration.scopes.iter().filter(|scope| !is_of_people(scope));
        let scopes: Vec<String> = match self.parameters.scopes() {
            None => open.cloned().collect(),
            Some(requested) => {
                let scopes: Vec<String> =
                    open.filter(|scope| requested.contains(&scope.as_str())).cloned().collect();
                if !holds("client_credentials_scope", scopes.len() >= requested.len()) {
                    let refused = "a scope is not open to this client";
                    return Err(ErrorResponse::new("invalid_scope", refused));
                }
                scopes
            }
        };
        let token = self.provider.tokens.client_token(self.client, &scopes, self.binding)?;
        Ok(self.response(token, &scopes))
    }

    /// Tokens of a grant.
    async fn tokens(
        &self,
        granted: Granted,
        scopes: &[String],
        nonce: Option<&str>,
    ) -> Result<TokenResponse, ErrorResponse> {
        self.provider.unused_clients.note_use(self.client).await?;
        let (issued, registration) = (&self.provider.tokens, self.client.registration());
        let access_token =
            issued.access_token(&granted, registration, scopes, self.binding).await?;
        let mut response = self.response(access_token, scopes);
        response.refresh_token = granted.refresh_token;
        if scopes.iter().any(|scope| scope == OPENID) {
            let access_token = &response.access_token;
            let id_token = issued.id_token(&granted.grant, registration, access_token, nonce);
            response.id_token = Some(id_token.await?);
        }
        Ok(response)
    }

    /// Response with an access token that has the lifetime of the client's.
    pub(super) fn response(&self, access_token: String, scopes: &[String]) -> TokenResponse {
        TokenResponse {
            access_token,
            token_type: token_type(self.binding.key).to_owned(),
            expires_in: rules::lifetime(self.client.registration()).as_secs(),
            // A scope has at least one word (RFC 6749, section 3.3).
            scope: (!scopes.is_empty()).then(|| scopes.join(" ")),
            ..TokenResponse::default()
        }
    }
}

impl From<PollRefusal> for ErrorResponse {
    fn from(refusal: PollRefusal) -> Self {
        let (error, description) = match refusal {
            PollRefusal::Pending => ("authorization_pending", "nobody has decided yet"),
            PollRefusal::SlowDown => ("slow_down", "wait for five seconds more between two polls"),
            PollRefusal::Denied => ("access_denied", "the person did not allow it"),
            PollRefusal::Expired => ("expired_token", "nobody decided in time"),
            PollRefusal::Invalid => return Self::invalid_grant(),
            PollRefusal::Failed(error) => return error.into(),
        };
        Self::new(error, description)
    }
}

fn is_verifier(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    VERIFIER_CHARACTERS.contains(&text.len()) && text.bytes().all(is_plain)
}
