//! Listener of the provider itself: the paths there, which follow from the issuer, and those within the fleet.
//!
//! Within the fleet everything is below `/auth`. An issuer without a path has everything at the root of its origin, and so has the
//! listener; with an issuer that ends in `/auth`, such as that of a shop behind the same proxy, the listener has the same paths as the
//! fleet.

use crate::application::issuer::{Issuer, MOUNT};
use axum::{
    body::Body,
    http::{Request, Uri, uri::PathAndQuery},
};
use transport::RequestHandler;

/// Metadata of RFC 8414, whose address has the path of the issuer at its end.
const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";

/// The provider as it is at a listener of its own with this issuer; none if that is no issuer.
pub fn at_own_listener(provider: RequestHandler, issuer: &str) -> Option<RequestHandler> {
    let issuer = Issuer::parse(issuer)?;
    let is_at_root = issuer.mount().is_empty();
    Some(RequestHandler::new(move |mut request: Request<Body>, context| {
        if is_at_root && let Some(uri) = within_fleet(request.uri()) {
            *request.uri_mut() = uri;
        }
        provider.handle(request, context)
    }))
}

/// Address within the fleet of what is at the root of the listener.
fn within_fleet(uri: &Uri) -> Option<Uri> {
    let path = match uri.path() {
        AUTHORIZATION_SERVER => [AUTHORIZATION_SERVER, MOUNT].concat(),
        path => [MOUNT, path].concat(),
    };
    let path = match uri.query() {
        Some(query) => [&path, "?", query].concat(),
        None => path,
    };
    Some(PathAndQuery::try_from(path).ok()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_at_the_root_of_the_listener_is_below_the_mount_within_the_fleet() {
        for (outside, inside) in [
            ("/", "/auth/"),
            ("/token", "/auth/token"),
            ("/authorize?client_id=a&scope=b%20c", "/auth/authorize?client_id=a&scope=b%20c"),
            ("/.well-known/openid-configuration", "/auth/.well-known/openid-configuration"),
            (
                "/.well-known/oauth-authorization-server",
                "/.well-known/oauth-authorization-server/auth",
            ),
            // Nothing is there twice.
            ("/auth/token", "/auth/auth/token"),
            (
                "/.well-known/oauth-authorization-server/auth",
                "/auth/.well-known/oauth-authorization-server/auth",
            ),
        ] {
            let uri = outside.parse().unwrap();
            assert_eq!(within_fleet(&uri).unwrap().to_string(), inside);
        }
    }
}
