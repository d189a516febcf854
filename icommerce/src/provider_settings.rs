//! Settings of the provider of accounts and tokens that follow from those of the shop: its issuer from the address of the shop edge, and
//! the look of its pages from the storefront.

use crate::error::CliError;
use serde::Deserialize;
use settings::Settings;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What the pages of the provider take over.
#[derive(Deserialize)]
struct StorefrontLook {
    name: String,
    hue: u16,
    url: String,
}

/// Settings in which the provider follows the shop, where nothing else was set. `edge` is the address of the shop edge. Mail is printed where
/// somebody tries the shop on a terminal.
pub(crate) fn with_provider(
    settings: Settings,
    edge: Option<SocketAddr>,
    is_tried_on_terminal: bool,
) -> Result<Settings, CliError> {
    let StorefrontLook { name, hue, url } =
        settings.section("storefront").map_err(CliError::usage)?;
    let issuer = issuer(&url, edge);
    if edge.is_some_and(|edge| !edge.ip().is_loopback())
        && issuer.as_ref().is_some_and(|issuer| issuer.starts_with("http:"))
    {
        tracing::warn!(
            "programs on other machines cannot use the accounts of this shop: set storefront.url or auth-server.issuer to its https address"
        );
    }
    let hue = hue.to_string();
    let follow = |settings: Settings, origin: &str, key: &str, value: &str| {
        settings.preset(origin, &[(key, value)]).map_err(CliError::usage)
    };
    let mut settings = follow(settings, "storefront.hue", "auth-server.hue", &hue)?;
    if !name.is_empty() {
        settings = follow(settings, "storefront.name", "auth-server.name", &name)?;
    }
    if is_tried_on_terminal {
        settings = follow(settings, "the demonstration", "auth-server.prints_mail", "true")?;
    }
    match issuer {
        Some(issuer) => follow(settings, "the address of the shop", "auth-server.issuer", &issuer),
        None => Ok(settings),
    }
}

/// Issuer of a shop with this address for the public, or with this edge. An edge that other machines reach needs https, and so an
/// address that is set; until then the issuer is that of this machine.
fn issuer(url: &str, edge: Option<SocketAddr>) -> Option<String> {
    let public = format!("{}/auth", url.trim_end_matches('/'));
    if auth_server::is_issuer(&public) {
        return Some(public);
    }
    let edge = edge?;
    let address = match edge.ip() {
        address if address.is_loopback() => address,
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    let local = format!("http://{}/auth", SocketAddr::new(address, edge.port()));
    auth_server::is_issuer(&local).then_some(local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuer_is_below_the_address_of_the_shop_and_always_one_that_is_accepted() {
        let of = |url: &str, edge: &str| issuer(url, edge.parse().ok()).unwrap_or_default();
        assert_eq!(of("https://shop.example", "127.0.0.1:8080"), "https://shop.example/auth");
        assert_eq!(of("https://shop.example/", "127.0.0.1:8080"), "https://shop.example/auth");
        assert_eq!(of("", "127.0.0.1:9090"), "http://127.0.0.1:9090/auth");
        assert_eq!(of("", "[::1]:9090"), "http://[::1]:9090/auth");
        assert_eq!(of("http://shop.example", "0.0.0.0:9090"), "http://127.0.0.1:9090/auth");
        assert_eq!(of("", "[::]:80"), "");
        assert_eq!(of("", ""), "");
    }
}
