//! Listener of the provider of accounts: whether it has one of its own, where, and what does not go together with it.

use crate::{
    error::CliError,
    listener_tls::{self, given},
    listeners::ListenerAddress,
    modules,
    process::ProcessSettings,
    provider_settings::is_given,
};
use http::Uri;
use runtime::Module;
use serde::Deserialize;
use settings::Settings;
use std::path::PathBuf;
use tls_files::{ClientCertificates, ListenerTls};

/// Setting of the address.
pub(crate) const LISTEN: &str = "auth-server.listen";
/// Setting of the issuer.
pub(crate) const ISSUER: &str = "auth-server.issuer";
/// Address where the service is named and nothing else is said.
const DEFAULT_ADDRESS: &str = "127.0.0.1:9000";
/// Path of an issuer that is below the shop edge.
const MOUNT: &str = "/auth";

/// Settings of the provider about its listener.
#[derive(Debug, Deserialize)]
pub(crate) struct ProviderListener {
    issuer: String,
    listen: String,
    tls: ProviderTls,
}

/// TLS of the listener.
#[derive(Debug, Deserialize)]
struct ProviderTls {
    certificate: PathBuf,
    key: PathBuf,
    client_certificate_hosts: Vec<String>,
}

/// Address of the shop for the public.
#[derive(Deserialize)]
struct PublicShop {
    url: String,
}

impl ProviderListener {
    fn of(settings: &Settings) -> Result<Self, CliError> {
        settings.section(modules::AUTH).map_err(CliError::usage)
    }

    /// Address at which the provider listens in a process with these services, if it has a listener of its own there: the one that is set,
    /// or the default where the service is named and the settings do not say that it is below the shop.
    pub(crate) fn address(
        settings: &Settings,
        process: &ProcessSettings,
        selected: &[&Module],
    ) -> Result<Option<String>, CliError> {
        if !selected.iter().any(|module| module.name == modules::AUTH) {
            return Ok(None);
        }
        let Self { listen, issuer, .. } = Self::of(settings)?;
        if !listen.is_empty() {
            return Ok(Some(listen));
        }
        let is_named = process.services.iter().any(|name| name == modules::AUTH);
        let is_below_shop = if is_given(settings, ISSUER) {
            issuer.ends_with(MOUNT)
        } else {
            !public_shop(settings)?.is_empty()
        };
        Ok((is_named && !is_below_shop).then(|| DEFAULT_ADDRESS.to_owned()))
    }

    /// The same with its scheme, as far as the settings say both.
    pub(crate) fn known_address(
        settings: &Settings,
        process: &ProcessSettings,
    ) -> Result<Option<ListenerAddress>, CliError> {
        let selected = modules::selected(process)?;
        let address = Self::address(settings, process, &selected)?;
        let Some(socket) = address.and_then(|address| address.parse().ok()) else {
            return Ok(None);
        };
        let is_secure = given(&Self::of(settings)?.tls.certificate).is_some();
        Ok(Some(ListenerAddress { scheme: if is_secure { "https" } else { "http" }, socket }))
    }

    /// TLS of the listener, if it has any.
    pub(crate) fn tls(settings: &Settings) -> Result<Option<ListenerTls>, CliError> {
        let ProviderTls { certificate, key, client_certificate_hosts } = Self::of(settings)?.tls;
        let clients = match &*client_certificate_hosts {
            [] => ClientCertificates::NotAsked,
            _ => ClientCertificates::AskedAt(client_certificate_hosts),
        };
        listener_tls::PROVIDER.open(&certificate, &key, clients)
    }

    /// Whether the listener asks clients for certificates.
    pub(crate) fn asks_for_certificates(settings: &Settings) -> Result<bool, CliError> {
        Ok(!Self::of(settings)?.tls.client_certificate_hosts.is_empty())
    }

    /// Refuses settings that do not go together in a process that runs the provider, with a listener of its own or without.
    pub(crate) fn check(settings: &Settings, own: Option<ListenerAddress>) -> Result<(), CliError> {
        let Self { issuer, tls, .. } = Self::of(settings)?;
        let names_issuer = is_given(settings, ISSUER);
        let Some(own) = own else {
            if names_issuer && !issuer.ends_with(MOUNT) {
                let needed = format!(
                    "{issuer} has no path {MOUNT} and so is not below the shop edge: set {LISTEN}, at which the provider listens for it"
                );
                return Err(CliError::usage(needed).about(ISSUER));
            }
            if given(&tls.certificate).is_some() {
                let needed = format!("it has no effect without {LISTEN}");
                return Err(CliError::usage(needed).about("auth-server.tls.certificate"));
            }
            return Ok(());
        };
        let shop = public_shop(settings)?;
        if names_issuer || shop.is_empty() || is_this_machine(&shop) {
            return Ok(());
        }
        let needed = format!(
            "people come to {shop}, and from there to the provider at {own}, whose address for them nothing says: set {ISSUER} to it, such as https://id.example, or to {}{MOUNT} where the shop edge serves it as well",
            shop.trim_end_matches('/')
        );
        Err(CliError::usage(needed).about(LISTEN))
    }
}

fn public_shop(settings: &Settings) -> Result<String, CliError> {
    let PublicShop { url } = settings.section("storefront").map_err(CliError::usage)?;
    Ok(url)
}

/// Whether an address is one that nobody but this machine means.
fn is_this_machine(address: &str) -> bool {
    let host = address.parse::<Uri>().ok().and_then(|uri| uri.host().map(ToOwned::to_owned));
    host.is_some_and(|host| ["127.0.0.1", "[::1]", "localhost"].contains(&&*host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::ProcessFlags, process};
    use settings::Flag;

    fn given(values: &[(&str, &str)]) -> (Settings, ProcessSettings) {
        let flags = values.iter().map(|(key, value)| Flag::new("test", *key, *value)).collect();
        let settings = process::settings(&ProcessFlags::default(), flags).unwrap();
        let process = settings.top().unwrap();
        (settings, process)
    }

    fn address(values: &[(&str, &str)]) -> Option<String> {
        let (settings, process) = given(values);
        let selected = modules::selected(&process).unwrap();
        ProviderListener::address(&settings, &process, &selected).unwrap()
    }

    const ALONE: (&str, &str) = ("services", "auth-server");

    #[test]
    fn the_provider_has_a_listener_where_it_is_named_or_the_listener_is() {
        assert_eq!(address(&[]), None, "started plainly");
        assert_eq!(address(&[(LISTEN, "127.0.0.1:9100")]).as_deref(), Some("127.0.0.1:9100"));
        assert_eq!(address(&[ALONE]).as_deref(), Some(DEFAULT_ADDRESS));
        assert_eq!(address(&[ALONE, (LISTEN, "[::1]:1")]).as_deref(), Some("[::1]:1"));
        let elsewhere = ("services", "order-service");
        assert_eq!(address(&[elsewhere, (LISTEN, "127.0.0.1:9100")]), None);
        let own = (ISSUER, "https://id.example");
        assert_eq!(address(&[ALONE, own]).as_deref(), Some(DEFAULT_ADDRESS));
    }

    #[test]
    fn a_provider_that_the_settings_place_below_the_shop_has_none() {
        let below = (ISSUER, "https://shop.example/auth");
        assert_eq!(address(&[ALONE, below]), None);
        let shop = ("storefront.url", "https://shop.example");
        assert_eq!(address(&[ALONE, shop]), None);
        assert_eq!(
            address(&[ALONE, shop, (ISSUER, "https://id.example")]).as_deref(),
            Some(DEFAULT_ADDRESS)
        );
        assert!(address(&[ALONE, below, (LISTEN, "127.0.0.1:9100")]).is_some());
    }

    #[test]
    fn what_does_not_go_together_is_refused_with_its_key() {
        let own = ListenerAddress { scheme: "http", socket: "127.0.0.1:9000".parse().unwrap() };
        let refused = |values: &[(&str, &str)], own| {
            let checked = ProviderListener::check(&given(values).0, own);
            checked.err().map(|error| error.to_string()).unwrap_or_default()
        };
        let issuer = (ISSUER, "https://id.example");
        assert!(refused(&[issuer], None).starts_with(&format!("{ISSUER}: ")));
        let tls = ("auth-server.tls.certificate", "/run/tls.pem");
        assert!(refused(&[tls], None).starts_with("auth-server.tls.certificate: "));
        let shop = ("storefront.url", "https://shop.example");
        let sentence = refused(&[shop], Some(own));
        assert!(sentence.starts_with(&format!("{LISTEN}: ")), "{sentence}");
        assert!(sentence.contains(ISSUER) && sentence.contains("https://shop.example/auth"));
        for fine in [&[][..], &[issuer], &[shop, issuer], &[("storefront.url", "http://localhost")]]
        {
            assert_eq!(refused(fine, Some(own)), "", "{fine:?}");
        }
        assert_eq!(refused(&[shop], None), "");
        assert_eq!(refused(&[(ISSUER, "https://shop.example/auth")], None), "");
    }
}
