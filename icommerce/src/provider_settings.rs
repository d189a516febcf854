//! Settings of accounts that follow from those of the shop: where customers sign in and the issuer of their tokens from the addresses of the
//! shop edge and of the provider's own listener, and the look of the provider's pages from the storefront.

use crate::{
    error::CliError,
    listeners::ListenerAddress,
    process::ProcessSettings,
    provider_listener::{ISSUER, LISTEN, ProviderListener},
};
use serde::Deserialize;
use settings::{Secret, Settings, ValueOrigin};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What the pages of the provider take over.
#[derive(Deserialize)]
struct StorefrontLook {
    name: String,
    hue: u16,
    url: String,
    contact: StorefrontContact,
}

/// Whom customers reach.
#[derive(Deserialize)]
struct StorefrontContact {
    email: String,
}

/// Mail of the provider, which other services that write to customers take over.
#[derive(Deserialize)]
struct ProviderMail {
    mail_folder: String,
    prints_mail: bool,
    mail_from: String,
}

/// Language of the shop.
#[derive(Deserialize)]
struct StorefrontLanguage {
    language: String,
}

/// Mail of the notifications about orders.
#[derive(Deserialize)]
struct NotificationMail {
    smtp: NotificationSmtp,
    mail_folder: String,
    prints_mail: bool,
    shop_url: String,
}

/// Mail server of the notifications.
#[derive(Deserialize)]
struct NotificationSmtp {
    url: Secret,
}

/// Mail of the letters about orders.
#[derive(Deserialize)]
struct OrderMail {
    mail_folder: String,
    prints_mail: bool,
    shop_url: String,
}

/// Header with the certificates of clients, which the edges believe.
#[derive(Deserialize)]
struct CertificateHeader {
    client_certificate_header: String,
}

/// Addresses at which browsers reach this process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reached {
    /// Of the shop edge.
    pub(crate) shop: Option<ListenerAddress>,
    /// Of the provider's own listener, if it has one.
    pub(crate) provider: Option<ListenerAddress>,
}

/// Settings in which the provider follows the shop, where nothing else was set. Mail is printed where somebody tries the shop on a terminal.
pub(crate) fn with_provider(
    settings: Settings,
    reached: Reached,
    is_tried_on_terminal: bool,
) -> Result<Settings, CliError> {
    let StorefrontLook { name, hue, url, contact } =
        settings.section("storefront").map_err(CliError::usage)?;
    check_address(&settings)?;
    let shop_url = shop_url(&url, reached.shop);
    let issuer = match reached.provider {
        Some(own) => Some(on_this_machine(own)).filter(|issuer| auth_server::is_issuer(issuer)),
        None => shop_url.as_deref().map(issuer_of),
    };
    warn_of_reach(&settings, reached, &url, shop_url.as_deref());
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
    // Who answers a mail of the shop reaches whoever it names.
    if !contact.email.is_empty() {
        let key = "auth-server.mail_from";
        settings = follow(settings, "storefront.contact.email", key, &contact.email)?;
    }
    let edges: CertificateHeader = settings.section("api-gateway").map_err(CliError::usage)?;
    let process: ProcessSettings = settings.top().map_err(CliError::usage)?;
    let asks = ProviderListener::asks_for_certificates(&settings)?;
    let sources = [
        ("api-gateway.client_certificate_header", !edges.client_certificate_header.is_empty()),
        ("tls.client_certificate_hosts", !process.tls.client_certificate_hosts.is_empty()),
        ("auth-server.tls.client_certificate_hosts", asks),
    ];
    for (origin, _) in sources.into_iter().filter(|(_, is_set)| *is_set) {
        let key = "auth-server.accepts_client_certificates";
        settings = follow(settings, origin, key, "true")?;
    }
    settings = with_order_mail(settings, shop_url.as_deref(), &name)?;
    settings = with_notifications(settings, shop_url.as_deref(), &name, &hue)?;
    settings = with_what_takes_mail(settings)?;
    for key in ["api-gateway.shop_url", "auth-server.shop_url"] {
        if let Some(value) = &shop_url {
            settings = follow(settings, "the address of the shop", key, value)?;
        }
    }
    let origin = if reached.provider.is_some() { LISTEN } else { "the address of the shop" };
    match issuer {
        Some(issuer) => follow(settings, origin, ISSUER, &issuer),
        None => Ok(settings),
    }
}

/// Warns of a listener that other machines reach, while the issuer is the address of this one.
fn warn_of_reach(settings: &Settings, reached: Reached, url: &str, shop_url: Option<&str>) {
    let is_beyond =
        |address: Option<ListenerAddress>| address.is_some_and(|it| !it.socket.ip().is_loopback());
    if reached.provider.is_some() {
        if is_beyond(reached.provider) && !is_given(settings, ISSUER) {
            tracing::warn!(
                "programs on other machines cannot use the accounts of this shop: set auth-server.issuer to the https address of auth-server.listen"
            );
        }
        return;
    }
    // A certificate at the edge does not say which of its names people use.
    let is_named = shop_url == Some(url.trim_end_matches('/'));
    let is_https = shop_url.is_some_and(|url| url.starts_with("https:"));
    if is_beyond(reached.shop) && !(is_named && is_https) {
        tracing::warn!(
            "programs on other machines cannot use the accounts of this shop: set storefront.url or auth-server.issuer to its https address"
        );
    }
}

/// Refuses an address of the shop at which nobody can sign in, unless it is said where people do.
pub(crate) fn check_address(settings: &Settings) -> Result<(), CliError> {
    let StorefrontLook { url, .. } = settings.section("storefront").map_err(CliError::usage)?;
    let is_issuer = auth_server::is_issuer(&issuer_of(url.trim_end_matches('/')));
    if url.is_empty() || is_issuer || is_given(settings, ISSUER) {
        return Ok(());
    }
    Err(CliError::usage(format!(
        "`storefront.url` cannot be {url:?}: people sign in there, which takes https beyond this machine; set tls.certificate, or put a proxy with TLS in front of the shop, and write its https address, or leave the setting out"
    )))
}

/// Whether a setting has another origin than its default.
pub(crate) fn is_given(settings: &Settings, key: &str) -> bool {
    let dump = settings.dump().0;
    dump.iter().any(|setting| setting.key == key && setting.origin != ValueOrigin::Default)
}

/// Settings of a shop that is not running, with the issuer under which it was served last: nothing else says at which address a command-line
/// flag had it listen.
pub(crate) fn with_served_issuer(
    settings: Settings,
    process: &ProcessSettings,
    served: Option<&str>,
) -> Result<Settings, CliError> {
    let picks_port = process.listen.parse().is_ok_and(|edge: SocketAddr| edge.port() == 0);
    // The address of the shop edge says nothing about a provider that had a listener of its own.
    let was_below_shop = served.is_none_or(|issuer| issuer.ends_with("/auth"));
    let is_said = match ProviderListener::known_address(&settings, process)? {
        Some(own) => own.socket.port() != 0,
        None => {
            was_below_shop
                && (is_given(&settings, "storefront.url")
                    || (is_given(&settings, "listen") && !picks_port))
        }
    };
    match served.filter(|issuer| !is_said && auth_server::is_issuer(issuer)) {
        Some(issuer) => settings
            .preset("the last start of the shop", &[("auth-server.issuer", issuer)])
            .map_err(CliError::usage),
        None => Ok(settings),
    }
}

/// Issuer of these settings.
pub(crate) fn issuer(settings: &Settings) -> Result<String, CliError> {
    #[derive(Deserialize)]
    struct Provider {
        issuer: String,
    }
    let Provider { issuer } = settings.section("auth-server").map_err(CliError::usage)?;
    Ok(issuer)
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

/// Settings in which mails about orders follow those of the provider, and the look of the pages.
fn with_notifications(
    settings: Settings,
    shop_url: Option<&str>,
    name: &str,
    hue: &str,
) -> Result<Settings, CliError> {
    let mail: ProviderMail = settings.section("auth-server").map_err(CliError::usage)?;
    let StorefrontLanguage { language } =
        settings.section("storefront").map_err(CliError::usage)?;
    let prints = mail.prints_mail.to_string();
    let values = [
        ("auth-server", "notification-service.mail_folder", &*mail.mail_folder),
        ("auth-server", "notification-service.prints_mail", &prints),
        ("auth-server", "notification-service.from", &mail.mail_from),
        ("the address of the shop", "notification-service.shop_url", shop_url.unwrap_or_default()),
        ("storefront.name", "notification-service.shop_name", name),
        ("storefront.hue", "notification-service.hue", hue),
        ("storefront.language", "notification-service.language", &language),
    ];
    let given = values.into_iter().filter(|(_, _, value)| !value.is_empty());
    given.into_iter().try_fold(settings, |settings, (origin, key, value)| {
        settings.preset(origin, &[(key, value)]).map_err(CliError::usage)
    })
}

/// Settings in which the pages of the shop offer what takes mail where it is sent, and nowhere else.
fn with_what_takes_mail(settings: Settings) -> Result<Settings, CliError> {
    let provider: ProviderMail = settings.section("auth-server").map_err(CliError::usage)?;
    let orders: OrderMail = settings.section("order-service").map_err(CliError::usage)?;
    let writes_letters = !orders.mail_folder.is_empty() || orders.prints_mail;
    let told: NotificationMail =
        settings.section("notification-service").map_err(CliError::usage)?;
    let has_channel = !told.smtp.url.is_empty() || !told.mail_folder.is_empty() || told.prints_mail;
    let offers = [
        ("storefront.order_mails", has_channel && !told.shop_url.is_empty()),
        ("storefront.sign_up", !provider.mail_folder.is_empty() || provider.prints_mail),
        ("storefront.order_claims", writes_letters && !orders.shop_url.is_empty()),
    ];
    offers.into_iter().filter(|(_, is_offered)| *is_offered).try_fold(
        settings,
        |settings, (key, _)| {
            settings.preset("the mail of the shop", &[(key, "true")]).map_err(CliError::usage)
        },
    )
}

/// Address at which browsers can keep a session: that of the shop for the public, or this edge. An edge that other machines reach needs
/// https and a name, and so an address that is set; until then the address is that of this machine.
fn shop_url(url: &str, edge: Option<ListenerAddress>) -> Option<String> {
    let public = url.trim_end_matches('/');
    if auth_server::is_issuer(&issuer_of(public)) {
        return Some(public.to_owned());
    }
    Some(on_this_machine(edge?)).filter(|url| auth_server::is_issuer(&issuer_of(url)))
}

/// Address of a listener as browsers on this machine know it.
fn on_this_machine(ListenerAddress { scheme, socket }: ListenerAddress) -> String {
    let ip = match socket.ip() {
        address if address.is_loopback() => address,
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    let socket = SocketAddr::new(ip, socket.port());
    ListenerAddress { scheme, socket }.to_string()
}

/// Issuer of a shop at this address.
fn issuer_of(shop_url: &str) -> String {
    format!("{shop_url}/auth")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::ProcessFlags, process};
    use settings::Flag;

    /// What is reached of a shop with these settings whose provider is below the shop edge.
    fn reached(process: &ProcessSettings) -> Reached {
        Reached { shop: process.shop_address(), provider: None }
    }

    #[test]
    fn the_issuer_is_below_the_address_of_the_shop_and_always_one_that_is_accepted() {
        let of = |url: &str, edge: &str| {
            let edge = edge.parse().ok().map(|socket| ListenerAddress { scheme: "http", socket });
            let shop_url = shop_url(url, edge);
            shop_url.map(|url| issuer_of(&url)).unwrap_or_default()
        };
        assert_eq!(of("https://shop.example", "127.0.0.1:8080"), "https://shop.example/auth");
        assert_eq!(of("https://shop.example/", "127.0.0.1:8080"), "https://shop.example/auth");
        assert_eq!(of("", "127.0.0.1:9090"), "http://127.0.0.1:9090/auth");
        assert_eq!(of("", "[::1]:9090"), "http://[::1]:9090/auth");
        assert_eq!(of("", "0.0.0.0:9090"), "http://127.0.0.1:9090/auth");
        assert_eq!(of("", "[::]:80"), "");
        assert_eq!(of("", ""), "");
    }

    #[test]
    fn an_edge_that_speaks_tls_is_https_to_itself_and_others() {
        let of = |values: &[(&str, &str)]| {
            let settings = given(values);
            let process: ProcessSettings = settings.top().unwrap();
            issuer(&with_provider(settings, reached(&process), false).unwrap()).unwrap()
        };
        let tls = ("tls.certificate", "/run/tls.pem");
        assert_eq!(of(&[tls]), "https://127.0.0.1:8080/auth");
        assert_eq!(of(&[tls, ("listen", "0.0.0.0:443")]), "https://127.0.0.1/auth");
        let named = ("storefront.url", "https://shop.example");
        assert_eq!(of(&[tls, named]), "https://shop.example/auth");
    }

    #[test]
    fn a_listener_of_the_providers_own_is_the_issuer_and_its_pages_know_the_shop() {
        #[derive(Deserialize)]
        struct Shop {
            shop_url: String,
        }
        let of = |values: &[(&str, &str)], own: &str| {
            let settings = given(values);
            let process: ProcessSettings = settings.top().unwrap();
            let socket = own.parse().unwrap();
            let provider = Some(ListenerAddress { scheme: "http", socket });
            let reached = Reached { shop: process.shop_address(), provider };
            let settings = with_provider(settings, reached, false).unwrap();
            let Shop { shop_url } = settings.section("auth-server").unwrap();
            (issuer(&settings).unwrap(), shop_url)
        };
        let shop = "http://127.0.0.1:8080".to_owned();
        let here = "http://127.0.0.1:9000".to_owned();
        assert_eq!(of(&[], "127.0.0.1:9000"), (here.clone(), shop.clone()));
        assert_eq!(of(&[], "0.0.0.0:9000"), (here, shop.clone()), "until its name is set");
        let named = ("auth-server.issuer", "https://id.example");
        assert_eq!(of(&[named], "0.0.0.0:9000"), (named.1.to_owned(), shop));
        let url = ("storefront.url", "https://shop.example");
        assert_eq!(of(&[named, url], "0.0.0.0:9000"), (named.1.to_owned(), url.1.to_owned()));
    }

    #[test]
    fn certificates_are_accepted_where_an_edge_asks_for_them() {
        #[derive(Deserialize)]
        struct Accepts {
            accepts_client_certificates: bool,
        }
        let of = |values: &[(&str, &str)]| {
            let settings = with_provider(given(values), Reached::default(), false).unwrap();
            settings.section::<Accepts>("auth-server").unwrap().accepts_client_certificates
        };
        assert!(!of(&[("tls.certificate", "/run/tls.pem")]));
        assert!(of(&[("tls.client_certificate_hosts", r#"["mtls.shop.example"]"#)]));
        assert!(of(&[("api-gateway.client_certificate_header", "client-cert")]));
        assert!(of(&[("auth-server.tls.client_certificate_hosts", r#"["mtls.id.example"]"#)]));
        let no = ("auth-server.accepts_client_certificates", "false");
        assert!(!of(&[("tls.client_certificate_hosts", r#"["*"]"#), no]));
    }

    fn given(values: &[(&str, &str)]) -> Settings {
        let flags = values.iter().map(|(key, value)| Flag::new("test", *key, *value)).collect();
        process::settings(&ProcessFlags::default(), flags).unwrap()
    }

    #[test]
    fn an_address_at_which_nobody_can_sign_in_is_refused() {
        let check = |values: &[(&str, &str)]| {
            with_provider(given(values), Reached::default(), false).map(drop)
        };
        for url in ["https://shop.example", "http://127.0.0.1:9090", "http://localhost"] {
            assert!(check(&[("storefront.url", url)]).is_ok(), "{url}");
        }
        let http = ("storefront.url", "http://shop.example");
        let refusal = format!("{:?}", check(&[http]).unwrap_err());
        assert!(refusal.contains("storefront.url") && refusal.contains("https"), "{refusal}");
        assert!(check(&[http, ("auth-server.issuer", "https://id.example/auth")]).is_ok());
    }

    #[test]
    fn the_issuer_of_a_stopped_shop_is_that_of_the_settings_or_of_its_last_start() {
        let served = Some("http://127.0.0.1:9443/auth");
        let of = |values: &[(&str, &str)], served| {
            let settings = given(values);
            let process: ProcessSettings = settings.top().unwrap();
            let settings = with_served_issuer(settings, &process, served).unwrap();
            issuer(&with_provider(settings, reached(&process), false).unwrap()).unwrap()
        };
        assert_eq!(of(&[], None), "http://127.0.0.1:8080/auth");
        assert_eq!(of(&[], served), "http://127.0.0.1:9443/auth");
        assert_eq!(of(&[("listen", "127.0.0.1:0")], served), "http://127.0.0.1:9443/auth");
        assert_eq!(of(&[("listen", "127.0.0.1:9090")], served), "http://127.0.0.1:9090/auth");
        let public = [("storefront.url", "https://shop.example")];
        assert_eq!(of(&public, served), "https://shop.example/auth");
        let issuer = [("auth-server.issuer", "https://id.example/auth")];
        assert_eq!(of(&issuer, served), "https://id.example/auth");
        let own = Some("http://127.0.0.1:9000");
        assert_eq!(of(&[], own), "http://127.0.0.1:9000");
        let edge = [("listen", "127.0.0.1:9090")];
        assert_eq!(of(&edge, own), "http://127.0.0.1:9000", "that is another listener");
    }

    #[test]
    fn what_takes_mail_is_offered_where_mail_is_sent() {
        #[derive(Deserialize)]
        struct Offers {
            sign_up: bool,
            order_claims: bool,
            order_mails: bool,
        }
        let of = |values: &[(&str, &str)], terminal| {
            let settings = given(values);
            let process: ProcessSettings = settings.top().unwrap();
            let settings = with_provider(settings, reached(&process), terminal).unwrap();
            let Offers { sign_up, order_claims, order_mails } =
                settings.section("storefront").unwrap();
            (sign_up, order_claims, order_mails)
        };
        assert_eq!(of(&[], false), (false, false, false));
        assert_eq!(of(&[], true), (true, true, true), "the demonstration on a terminal");
        let folder = ("auth-server.mail_folder", "/var/spool/shop");
        assert_eq!(of(&[folder], false), (true, true, true));
        assert_eq!(of(&[("order-service.mail_folder", "/x")], false), (false, true, false));
        let server = ("notification-service.smtp.url", "smtp://mail.example.com");
        assert_eq!(of(&[server], false), (false, false, true));
        assert_eq!(of(&[folder, ("storefront.sign_up", "false")], false), (false, true, true));
    }
}
