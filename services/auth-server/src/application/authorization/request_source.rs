//! Source of an authorization request: the parameters themselves, what the client pushed beforehand (PAR), or a request object that it
//! signed (JAR), sent along or found at an address that it registered.

use super::{
    parameters::Parameters,
    pushed_requests::{PushedRequests, URN},
    request::{AuthorizationRefusal, refusal},
    request_object::{self, RequestObjectRefusal, Signer},
};
use crate::{
    application::{
        attempt_limit::AttemptLimit,
        clients::{Clients, keys::ClientKeys},
        error::AuthError,
        issuer::Issuer,
    },
    domain::{client::Client, events::ClientId},
};
use jose::Jws;
use kernel::Ids;
use outbound::Fetcher;
use std::sync::Arc;

/// How a request came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// By a browser.
    Browser,
    /// From the client itself, which pushes it.
    Client,
}

/// Request whose parameters are known.
#[derive(Debug)]
pub(crate) struct SourcedRequest {
    pub(crate) parameters: Parameters,
    pub(crate) channel: Channel,
    /// Reference of the request if it was pushed.
    pub(crate) pushed: Option<String>,
    /// Whether the client signed it.
    pub(crate) is_signed: bool,
}

/// Sources of requests.
#[derive(Debug)]
pub(crate) struct RequestSources {
    pub(crate) clients: Arc<Clients>,
    pub(crate) keys: Arc<ClientKeys>,
    pub(crate) pushed: Arc<PushedRequests>,
    pub(crate) fetcher: Fetcher,
    /// Fetches, by address on the network of who sends the request.
    pub(crate) fetches: AttemptLimit,
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) ids: Ids,
}

impl RequestSources {
    /// Request with its parameters, wherever they are; or why they cannot be had. It comes from this address on the network.
    pub(crate) async fn resolve(
        &self,
        parameters: Parameters,
        channel: Channel,
        network: &str,
    ) -> Result<Result<SourcedRequest, AuthorizationRefusal>, AuthError> {
        let plain =
            |parameters| SourcedRequest { parameters, channel, pushed: None, is_signed: false };
        if !(parameters.has("request") || parameters.has("request_uri")) {
            return Ok(Ok(plain(parameters)));
        }
        let id = parameters.get("client_id").and_then(ClientId::parse);
        let client = match &id {
            Some(id) => self.clients.find(id).await?,
            None => None,
        };
        // Who is unknown is told so by the validation.
        let (Some(id), Some(client)) = (id, client) else { return Ok(Ok(plain(parameters))) };
        let resolved = match (parameters.get("request"), parameters.get("request_uri")) {
            (Some(_), Some(_)) => Err(refusal(
                "invalid_request",
                "the parameters request and request_uri exclude each other",
            )),
            (Some(object), None) => self.signed(&id, &client, object).await,
            (None, Some(uri)) if uri.starts_with(URN) => return self.pushed(&id, uri).await,
            (None, Some(uri)) => match self.fetched(&client, uri, network).await? {
                Ok(object) => self.signed(&id, &client, &object).await,
                Err(refusal) => Err(refusal),
            },
            (None, None) => return Ok(Ok(plain(parameters))),
        };
        Ok(resolved.map(|parameters| SourcedRequest { is_signed: true, ..plain(parameters) }))
    }

    async fn pushed(
        &self,
        client: &ClientId,
        uri: &str,
    ) -> Result<Result<SourcedRequest, AuthorizationRefusal>, AuthError> {
        const UNKNOWN: AuthorizationRefusal =
            refusal("invalid_request_uri", "the request_uri is not known, or no longer");
        let Some(found) = self.pushed.find(uri, client).await? else { return Ok(Err(UNKNOWN)) };
        Ok(Ok(SourcedRequest {
            parameters: found.parameters,
            channel: Channel::Browser,
            pushed: Some(found.reference),
            is_signed: found.is_signed,
        }))
    }

    /// Request object at an address of the client. Nothing is fetched that was not registered, and not too often for one network.
    async fn fetched(
        &self,
        client: &Client,
        uri: &str,
        network: &str,
    ) -> Result<Result<String, AuthorizationRefusal>, AuthError> {
        let address = uri.split('#').next().unwrap_or_default();
        let registered = client.registration().map(|it| &it.policy.request_uris);
        let is_registered = registered.is_some_and(|registered| {
            registered.iter().any(|it| it.split('#').next() == Some(address))
        });
        if !is_registered {
            return Ok(Err(refusal("invalid_request_uri", "the request_uri is not registered")));
        }
        if !self.fetches.begin(network).await? {
            let too_often = "too many requests of this network are fetched";
            return Ok(Err(refusal("temporarily_unavailable", too_often)));
        }
        let body = self.fetcher.get(address).await.ok();
        let object = body.and_then(|body| String::from_utf8(body.to_vec()).ok());
        let object = object.map(|object| object.trim().to_owned());
        let missing = refusal("invalid_request_uri", "there is no request object at the address");
        Ok(object.ok_or(missing))
    }

    /// Parameters of a request object.
    async fn signed(
        &self,
        id: &ClientId,
        client: &Client,
        object: &str,
    ) -> Result<Parameters, AuthorizationRefusal> {
        let kid = Jws::parse(object).ok().and_then(|jws| jws.header().kid.clone());
        let keys = self.keys.of(id, client, kid.as_deref()).await.unwrap_or_default();
        let Some(registration) = client.registration() else {
            return Err(refusal("invalid_request_object", "the client is not registered"));
        };
        let signer = Signer { client: id, registration, keys: &keys };
        let now = self.ids.now();
        request_object::parameters_of(object, signer, &self.issuer, now).map_err(|refused| {
            match refused {
                RequestObjectRefusal::Unsupported => {
                    refusal("request_not_supported", "request objects must be signed")
                }
                RequestObjectRefusal::Invalid(description) => {
                    refusal("invalid_request_object", description)
                }
            }
        })
    }
}
