//! Settings of accounts that follow from those of the shop: where customers sign in and the issuer of their tokens from the address of the
//! shop edge, and the look of the provider's pages from the storefront.

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

/// Mail of the provider, which other services that write to customers take over.
#[derive(Deserialize)]
struct ProviderMail {
    mail_folder: String,
    prints_mail: bool,
    mail_from: String,
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
    let shop_url = shop_url(&url, edge);
    let issuer = shop_url.as_deref().map(issuer_of);
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
    settings = with_order_mail(settings, shop_url.as_deref(), &name)?;
    for (key, value) in [("auth-server.issuer", issuer), ("api-gateway.shop_url", shop_url)] {
        if let Some(value) = value {
            settings = follow(settings, "the address of the shop", key, &value)?;
        }
    }
    Ok(settings)
}

/// Settings in which the letters of the order service follow those of the provider.
fn with_order_mail(
    settings: Settings,
    shop_url: Option<&str>,
    name: &str,
) -> Result<Settings, CliError> {
    let mail: ProviderMail = settings.section("auth-server").map_err(CliError::usage)?;
    let prints = mail.prints_mail.to_string();
    let values = [
        ("order-service.mail_folder", &*mail.mail_folder),
        ("order-service.prints_mail", &prints),
        ("order-service.mail_from", &mail.mail_from),
        ("order-service.shop_url", shop_url.unwrap_or_default()),
        ("order-service.shop_name", name),
    ];
    let given = values.into_iter().filter(|(_, value)| !value.is_empty());
    // One by one: a value that is given for one of them says nothing about the others.
    given.into_iter().try_fold(settings, |settings, (key, value)| {
        settings.preset("auth-server", &[(key, value)]).map_err(CliError::usage)
    })
}

/// Address at which browsers can keep a session: that of the shop for the public, or this edge. An edge that other machines reach needs
/// https, and so an address that is set; until then the address is that of this machine.
fn shop_url(url: &str, edge: Option<SocketAddr>) -> Option<String> {
    let public = url.trim_end_matches('/');
    if auth_server::is_issuer(&issuer_of(public)) {
        return Some(public.to_owned());
    }
    let edge = edge?;
    let address = match edge.ip() {
        address if address.is_loopback() => address,
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    let local = format!("http://{}", SocketAddr::new(address, edge.port()));
    auth_server::is_issuer(&issuer_of(&local)).then_some(local)
}

/// Issuer of a shop at this address.
fn issuer_of(shop_url: &str) -> String {
    format!("{shop_url}/auth")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuer_is_below_the_address_of_the_shop_and_always_one_that_is_accepted() {
        let of = |url: &str, edge: &str| {
            let shop_url = shop_url(url, edge.parse().ok());
            shop_url.map(|url| issuer_of(&url)).unwrap_or_default()
        };
        assert_eq!(of("https://shop.example", "127.0.0.1:8080"), "https://shop.example/auth");
        assert_eq!(of("https://shop.example/", "127.0.0.1:8080"), "https://shop.example/auth");
        assert_eq!(of("", "127.0.0.1:9090"), "http://127.0.0.1:9090/auth");
        assert_eq!(of("", "[::1]:9090"), "http://[::1]:9090/auth");
        assert_eq!(of("http://shop.example", "0.0.0.0:9090"), "http://127.0.0.1:9090/auth");
        assert_eq!(of("", "[::]:80"), "");
        assert_eq!(of("", ""), "");
    }
}
