//! Way in for fuzz targets: the parsers of what clients, browsers and provisioning systems send.

use crate::{
    adapters::{
        http::client_credentials::basic,
        scim::{filter::Filter, patch::Patch},
    },
    application::authorization::{claims_request::ClaimsRequest, parameters::Parameters},
    domain::redirect_uri,
};
use serde_json::{Map, Value};

/// Claims request that was accepted, as far as its limits go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadClaimsRequest {
    /// Names of the claims that are asked for in the ID token.
    pub id_token: Vec<String>,
    /// Names of the claims that are asked for from userinfo.
    pub userinfo: Vec<String>,
    /// Classes of authentication one of which is essential.
    pub essential_acr: Vec<String>,
}

/// Form or query, written again; `None` if it is refused.
pub fn form_parameters(bytes: &[u8]) -> Option<String> {
    Parameters::parse(bytes).ok().map(|parameters| parameters.to_form())
}

/// Identifier and secret of an `Authorization` header.
pub fn basic_credentials(line: &str) -> Option<(String, String)> {
    basic(line)
}

/// Parameter `claims`.
pub fn claims_request(text: &str) -> Option<ReadClaimsRequest> {
    let request = ClaimsRequest::parse(text).ok()?;
    Some(ReadClaimsRequest {
        id_token: request.id_token.into_iter().collect(),
        userinfo: request.userinfo.into_iter().collect(),
        essential_acr: request.essential_acr,
    })
}

/// Whether a redirect URI can be registered.
pub fn redirect_uri_can_be_registered(uri: &str) -> bool {
    redirect_uri::can_be_registered(uri)
}

/// Whether the redirect URI of a request is the registered one.
pub fn redirect_uri_matches(registered: &str, requested: &str) -> bool {
    redirect_uri::matches(registered, requested)
}

/// Depth of a SCIM filter, and the number of its comparisons; `None` if it is refused.
pub fn scim_filter_size(text: &str) -> Option<(usize, usize)> {
    Filter::parse(text).ok().as_ref().map(size)
}

/// Whether a resource satisfies a SCIM filter; `None` if the filter is refused.
pub fn scim_filter_matches(text: &str, resource: &Value) -> Option<bool> {
    Filter::parse(text).ok().map(|filter| filter.matches(resource))
}

/// Resource after a SCIM patch; `None` if the patch is refused.
pub fn scim_patch(bytes: &[u8], resource: &Map<String, Value>) -> Option<Map<String, Value>> {
    let patch: Patch = serde_json::from_slice(bytes).ok()?;
    patch.apply(resource.clone()).ok()
}

fn size(filter: &Filter) -> (usize, usize) {
    match filter {
        Filter::And(filters) | Filter::Or(filters) => {
            let sizes = filters.iter().map(size);
            sizes.fold((0, 0), |(depth, sum), (own, comparisons)| {
                (depth.max(own), sum + comparisons)
            })
        }
        Filter::Not(filter) => {
            let (depth, comparisons) = size(filter);
            (depth + 1, comparisons)
        }
        Filter::Within(_, filter) => {
            let (depth, comparisons) = size(filter);
            (depth + 1, comparisons + 1)
        }
        Filter::Present(_) | Filter::Compare(..) => (0, 1),
    }
}
