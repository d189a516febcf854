//! Addresses of clients: to which their answers go, and which of them belong together.

use super::{ClientMetadata, MetadataRefusal, URIS_MAX};
use crate::domain::{events::GrantType, redirect_uri};

/// Addresses to which answers go.
pub(super) fn redirect_uris(
    metadata: &ClientMetadata,
    is_native: bool,
    grant_types: &[GrantType],
) -> Result<Vec<String>, MetadataRefusal> {
    let refused = MetadataRefusal::RedirectUri;
    let uris = metadata.redirect_uris.clone().unwrap_or_default();
    if uris.is_empty() && grant_types.contains(&GrantType::AuthorizationCode) {
        return Err(refused("the redirect_uris are missing"));
    }
    if uris.len() > URIS_MAX {
        return Err(refused("there are more redirect_uris than are accepted"));
    }
    for uri in &uris {
        if !redirect_uri::can_be_registered(uri) {
            return Err(refused("a redirect_uri cannot be registered"));
        }
        // A page on the network is reached by https; a program on a device by everything else (section 2 of the OpenID document).
        if uri.starts_with("https://") == is_native {
            return Err(refused("a redirect_uri does not fit the application_type"));
        }
    }
    Ok(uris)
}

/// Host of the sector of a pairwise client.
pub(super) fn sector(
    metadata: &ClientMetadata,
    redirect_uris: &[String],
) -> Result<Option<String>, MetadataRefusal> {
    let refused = MetadataRefusal::Metadata;
    let of_list = match metadata.sector_identifier_uri.as_deref() {
        None => None,
        Some(uri) => {
            Some(https_host(uri).ok_or(refused("the sector_identifier_uri is not https"))?)
        }
    };
    match metadata.subject_type.as_deref() {
        None | Some("public") => return Ok(None),
        Some("pairwise") => {}
        Some(_) => return Err(refused("the subject_type is neither public nor pairwise")),
    }
    if of_list.is_some() {
        return Ok(of_list);
    }
    match redirect_uri::sector(redirect_uris) {
        Some(host) => Ok(Some(host.to_owned())),
        None => Err(refused("pairwise subjects of several hosts need a sector_identifier_uri")),
    }
}

/// Host of an address over https.
pub(super) fn https_host(uri: &str) -> Option<String> {
    let url = url::Url::parse(uri).ok().filter(|url| url.scheme() == "https")?;
    url.host_str().map(ToOwned::to_owned)
}
