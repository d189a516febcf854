//! Settings of the provider.

use crate::application::{
    accounts::breached_passwords::BreachedPasswords,
    clients::{certificates::CertificateVerifier, registration::RegistrationAccess},
    issuer::Issuer,
    keys::seal::digest,
};
use identifiers::Email;
use mail::{MailFolder, MailTee, MailTerminal, Mailer};
use outbound::{FetchLimits, Fetcher, Reach};
use serde::{Deserialize, Serialize};
use settings::{Allowed, InvalidSetting, MASTER_KEY_BYTES_MIN, Secret, SectionSettings};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tls_files::TlsFile;

/// Longest name of the shop, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = 500;

/// Largest body that is fetched from a client, in bytes.
const FETCHED_BYTES_MAX: usize = 512 * 1024;
/// Most fetches from clients at the same time.
const FETCHES_MAX: usize = 16;
/// Longest fetch from a client.
const FETCH_TIME_MAX: Duration = Duration::from_secs(5);

/// Settings section `auth-server`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting")]
pub(crate) struct AuthSettings {
    /// Issuer: the address of the provider, such as `https://shop.example/auth`, exactly as clients know it. By default that of the
    /// shop edge with `/auth`, or that of the provider's own listener, without a path.
    pub(crate) issuer: String,
    /// Address of a listener of the provider's own. Empty for none, where the provider is below `/auth` of the shop edge alone; but
    /// where `services` names it and neither `issuer` ends in `/auth` nor `storefront.url` is set, it is 127.0.0.1:9000.
    pub(crate) listen: String,
    /// TLS of that listener.
    pub(crate) tls: ProviderTlsSettings,
    /// Address of the shop, to which the pages of a provider at a listener of its own lead back; that of the shop edge, or `storefront.url`,
    /// by default.
    pub(crate) shop_url: String,
    /// Name of the shop on the pages; that of the storefront by default.
    pub(crate) name: String,
    /// Hue of the brand in degrees, 0 to 359; that of the storefront by default.
    pub(crate) hue: u16,
    /// Master key, under which the other keys are encrypted at rest: at least 16 bytes, best of `openssl rand -hex 32`. Without one,
    /// the shop makes one and keeps it with its data.
    pub(crate) master_key: Secret,
    /// File with the master key.
    pub(crate) master_key_file: PathBuf,
    /// Days for which a signing key signs, before a new one takes over; 0 for as long as nobody rotates the keys.
    pub(crate) key_rotation_days: u32,
    /// Passwords that are hashed at the same time; each takes a core and 19 MiB.
    pub(crate) hashing_passwords_max: usize,
    /// Passwords that are being hashed or wait for it; one more is refused.
    pub(crate) waiting_passwords_max: usize,
    /// Failed sign-ins with one e-mail address within a quarter of an hour.
    pub(crate) failed_sign_ins_per_account_max: u32,
    /// Failed sign-ins from one address on the network within a quarter of an hour.
    pub(crate) failed_sign_ins_per_address_max: u32,
    /// Links for a sign-up or a new password that are asked for from one address on the network within a quarter of an hour.
    pub(crate) mailed_links_per_address_max: u32,
    /// Authorization requests that clients without a secret push from one address on the network within a quarter of an hour.
    pub(crate) pushed_requests_per_address_max: u32,
    /// Requests that are fetched from the addresses of their clients (`request_uri`) for one address on the network within a quarter of an
    /// hour.
    pub(crate) fetched_requests_per_address_max: u32,
    /// Devices that begin to wait for a decision, from one address on the network within a quarter of an hour.
    pub(crate) device_requests_per_address_max: u32,
    /// Wrong codes of devices that are entered from one address on the network within a quarter of an hour.
    pub(crate) wrong_device_codes_per_address_max: u32,
    /// Who may register clients by themselves: `closed`, `token` (who has the initial access token) or `open`.
    pub(crate) client_registration: ClientRegistrationSetting,
    /// Initial access token of client registration: at least 16 bytes.
    pub(crate) client_registration_token: Secret,
    /// Most clients that registered themselves.
    pub(crate) registered_clients_max: u32,
    /// Clients that register themselves from one address on the network within a quarter of an hour.
    pub(crate) client_registrations_per_address_max: u32,
    /// Whether what clients register the addresses of (keys, request objects, logout) may lie in private networks.
    pub(crate) fetch_private_addresses: bool,
    /// File with the certificate (DER) of an authority that is trusted there, beside those that browsers trust.
    pub(crate) fetch_authority_file: PathBuf,
    /// Whether proofs of possession (DPoP) need a nonce of this server, so that none can be made beforehand. Clients ask once more
    /// for each of their first requests.
    pub(crate) requires_dpop_nonces: bool,
    /// Whether clients can present certificates (mutual TLS), to the shop edge, to the provider's own listener, or to a proxy that passes
    /// them on. By default it is so where `client_certificate_hosts` of one of the two names any, or
    /// `api-gateway.client_certificate_header` a header.
    pub(crate) accepts_client_certificates: bool,
    /// File with the authorities (PEM) whose certificates prove who a client is (`tls_client_auth`). It is read again when it changes.
    pub(crate) client_ca_file: PathBuf,
    /// File with the lists of certificates that these authorities have revoked (CRL, in PEM), one of each authority; without it, it is
    /// not looked at whether one was. It is read again when it changes, and what has no current list is refused.
    pub(crate) client_crl_file: PathBuf,
    /// Origin at which clients are asked for their certificates, such as `https://mtls.shop.example`, where it is another one than that of
    /// the issuer: a browser that is asked asks its user.
    pub(crate) mtls_origin: String,
    /// Folder into which mail to people is written, a file (`.eml`) each, for another program to send. Without one, nobody can sign up or
    /// reset a password by themselves.
    pub(crate) mail_folder: PathBuf,
    /// Whether mail to people is printed on standard output, a line each with its link: for a demonstration.
    pub(crate) prints_mail: bool,
    /// Address from which the shop writes; by default `storefront.contact.email`, and without one `no-reply` at the host of the issuer.
    pub(crate) mail_from: String,
    /// File with passwords that nobody may choose, beside the commonest, which are built in: words, a line each, or SHA-1 digests in
    /// hexadecimal digits and ascending order, as lists of breached passwords have them.
    pub(crate) breached_passwords_file: PathBuf,
    /// Accounts, clients and grants that are kept in memory, of each.
    pub(crate) in_memory_max: std::num::NonZeroUsize,
}

/// TLS of the provider's own listener.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ProviderTlsSettings {
    /// File with the certificate of the listener, in PEM, and with those between it and its authority; without it, it speaks plain http.
    /// This file and the next are read again when they change.
    pub(crate) certificate: PathBuf,
    /// File with the key of that certificate, in PEM and not encrypted; it is in the same file without this.
    pub(crate) key: PathBuf,
    /// Server names (SNI) at which clients are asked for a certificate of their own (RFC 8705), such as `mtls.id.example`; `*` for any. Any
    /// certificate is taken; what it is worth follows from `client_ca_file` and from the keys that clients have registered.
    pub(crate) client_certificate_hosts: Vec<String>,
}

/// Who may register clients by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClientRegistrationSetting {
    Closed,
    Token,
    Open,
}

impl Default for AuthSettings {
    fn default() -> Self {
        Self {
            issuer: "http://127.0.0.1:8080/auth".to_owned(),
            listen: String::new(),
            tls: ProviderTlsSettings::default(),
            shop_url: String::new(),
            name: "Shop".to_owned(),
            hue: 165,
            master_key: Secret::default(),
            master_key_file: PathBuf::new(),
            key_rotation_days: 90,
            hashing_passwords_max: 2,
            waiting_passwords_max: 64,
            failed_sign_ins_per_account_max: 10,
            failed_sign_ins_per_address_max: 100,
            mailed_links_per_address_max: 30,
            pushed_requests_per_address_max: 1_000,
            fetched_requests_per_address_max: 300,
            device_requests_per_address_max: 100,
            wrong_device_codes_per_address_max: 10,
            client_registration: ClientRegistrationSetting::Closed,
            client_registration_token: Secret::default(),
            registered_clients_max: 1_000,
            client_registrations_per_address_max: 20,
            fetch_private_addresses: false,
            fetch_authority_file: PathBuf::new(),
            requires_dpop_nonces: false,
            accepts_client_certificates: false,
            client_ca_file: PathBuf::new(),
            client_crl_file: PathBuf::new(),
            mtls_origin: String::new(),
            mail_folder: PathBuf::new(),
            prints_mail: false,
            mail_from: String::new(),
            breached_passwords_file: PathBuf::new(),
            in_memory_max: std::num::NonZeroUsize::new(20_000).expect("it is not zero"),
        }
    }
}

impl SectionSettings for AuthSettings {
    const ALLOWED: &'static [Allowed] = &[
        Allowed::range("hue", 0, 359),
        Allowed::range("key_rotation_days", 0, 3_650),
        Allowed::range("hashing_passwords_max", 1, 256),
        Allowed::range("waiting_passwords_max", 1, 10_000),
        Allowed::range("failed_sign_ins_per_account_max", 1, 1_000_000),
        Allowed::range("failed_sign_ins_per_address_max", 1, 1_000_000),
        Allowed::range("mailed_links_per_address_max", 1, 1_000_000),
        Allowed::range("fetched_requests_per_address_max", 1, 1_000_000),
        Allowed::range("device_requests_per_address_max", 1, 1_000_000),
        Allowed::range("wrong_device_codes_per_address_max", 1, 1_000),
        Allowed::range("registered_clients_max", 1, 1_000_000),
        Allowed::range("client_registrations_per_address_max", 1, 1_000_000),
        Allowed::range("pushed_requests_per_address_max", 1, 1_000_000),
        Allowed::range("in_memory_max", 1, 10_000_000),
    ];

    fn check(&self) -> Result<(), InvalidSetting> {
        if Issuer::parse(&self.issuer).is_none() {
            let expected = "expected an address such as https://shop.example/auth or https://id.example, without http but on loopback";
            return Err(InvalidSetting::new("issuer", expected));
        }
        for (path, origin) in [("mtls_origin", &self.mtls_origin), ("shop_url", &self.shop_url)] {
            if !origin.is_empty() && !is_origin(origin) {
                let expected = "expected an origin such as https://shop.example, without http but on loopback, or nothing";
                return Err(InvalidSetting::new(path, expected));
            }
        }
        if !self.listen.is_empty() && self.listen.parse::<SocketAddr>().is_err() {
            let expected = "expected an address and port, such as 127.0.0.1:9000, or nothing";
            return Err(InvalidSetting::new("listen", expected));
        }
        let has_authority = !self.client_ca_file.as_os_str().is_empty();
        if !self.client_crl_file.as_os_str().is_empty() && !has_authority {
            let expected = "expected nothing without client_ca_file";
            return Err(InvalidSetting::new("client_crl_file", expected));
        }
        if self.name.is_empty() || self.name.len() > NAME_BYTES_MAX {
            return Err(InvalidSetting::new("name", "expected a name of at most 500 bytes"));
        }
        let token = self.client_registration_token.expose();
        let needs_token = self.client_registration == ClientRegistrationSetting::Token;
        if needs_token && token.len() < MASTER_KEY_BYTES_MIN {
            let expected = "expected at least 16 bytes where client_registration is token";
            return Err(InvalidSetting::new("client_registration_token", expected));
        }
        if !self.mail_from.is_empty() && Email::parse(&self.mail_from).is_err() {
            let expected = "expected an e-mail address such as no-reply@shop.example, or nothing";
            return Err(InvalidSetting::new("mail_from", expected));
        }
        if settings::master_key(&self.master_key, Path::new("")).is_err() {
            return Err(InvalidSetting::new("master_key", "expected at least 16 bytes"));
        }
        Ok(())
    }
}

impl AuthSettings {
    /// Issuer.
    pub(crate) fn issuer(&self) -> Result<Issuer, String> {
        Issuer::parse(&self.issuer).ok_or_else(|| "auth-server.issuer is no issuer".to_owned())
    }

    /// Who may register clients by themselves.
    pub(crate) fn registration_access(&self) -> RegistrationAccess {
        match self.client_registration {
            ClientRegistrationSetting::Closed => RegistrationAccess::Closed,
            ClientRegistrationSetting::Open => RegistrationAccess::Open,
            ClientRegistrationSetting::Token => {
                RegistrationAccess::Token(digest(self.client_registration_token.expose()))
            }
        }
    }

    /// Client that fetches from the addresses of clients.
    pub(crate) fn fetcher(&self) -> Result<Fetcher, String> {
        let reach = if self.fetch_private_addresses { Reach::Everywhere } else { Reach::Public };
        let limits = FetchLimits {
            bytes_max: FETCHED_BYTES_MAX,
            time_max: FETCH_TIME_MAX,
            redirects_max: 0,
        };
        let fetcher = Fetcher::new("icommerce-auth/1.0", "*/*", limits, reach);
        let fetcher = fetcher.taking_turns(FETCHES_MAX);
        let file = &self.fetch_authority_file;
        if file.as_os_str().is_empty() {
            return Ok(fetcher);
        }
        let authority = std::fs::read(file).map_err(|error| {
            format!("auth-server.fetch_authority_file: {}: {error}", file.display())
        })?;
        Ok(fetcher.trusting(authority))
    }

    /// Verifier of the certificates of clients.
    pub(crate) fn client_certificates(&self) -> Result<CertificateVerifier, String> {
        if self.client_ca_file.as_os_str().is_empty() {
            return Ok(CertificateVerifier::default());
        }
        let revoked = Some(&*self.client_crl_file).filter(|file| !file.as_os_str().is_empty());
        CertificateVerifier::of_files(&self.client_ca_file, revoked).map_err(|error| {
            let setting = match error.file {
                TlsFile::RevocationList => "client_crl_file",
                TlsFile::CertificateAuthorities | TlsFile::Certificate | TlsFile::Key => {
                    "client_ca_file"
                }
            };
            format!("auth-server.{setting}: {error}")
        })
    }

    /// Delivery of mail, if there is any.
    pub(crate) fn mailer(&self) -> Result<Option<Arc<dyn Mailer>>, String> {
        let terminal = self.prints_mail.then(|| Arc::new(MailTerminal::new(std::io::stdout())));
        if self.mail_folder.as_os_str().is_empty() {
            return Ok(terminal.map(|terminal| terminal as Arc<dyn Mailer>));
        }
        let folder = MailFolder::open(&self.mail_folder);
        let folder = folder.map_err(|error| format!("auth-server.mail_folder: {error}"))?;
        Ok(Some(match terminal {
            None => Arc::new(folder),
            Some(terminal) => Arc::new(MailTee { first: Arc::new(folder), second: terminal }),
        }))
    }

    /// Address from which the shop writes.
    pub(crate) fn mail_from(&self, issuer: &Issuer) -> String {
        if self.mail_from.is_empty() {
            format!("no-reply@{}", issuer.name().unwrap_or("localhost"))
        } else {
            self.mail_from.clone()
        }
    }

    /// Passwords that nobody may choose.
    pub(crate) fn breached_passwords(&self) -> Result<BreachedPasswords, String> {
        let file = &self.breached_passwords_file;
        if file.as_os_str().is_empty() {
            return Ok(BreachedPasswords::built_in());
        }
        let named =
            |error| format!("auth-server.breached_passwords_file: {}: {error}", file.display());
        BreachedPasswords::with_file(file).map_err(named)
    }

    /// Time for which a signing key signs, if keys are rotated by age.
    pub(crate) fn key_rotation(&self) -> Option<Duration> {
        let hours = u64::from(self.key_rotation_days) * 24;
        (hours > 0).then(|| Duration::from_hours(hours))
    }

    /// Master key, if one is configured.
    pub(crate) fn master_key(&self) -> Result<Option<Vec<u8>>, String> {
        let key = settings::master_key(&self.master_key, &self.master_key_file)
            .map_err(|error| format!("auth-server.{error}"))?;
        Ok(key.map(|key| key.expose().as_bytes().to_vec()))
    }
}

/// Whether this is an origin to which a browser may carry a session, written in the one way in which it is understood.
fn is_origin(address: &str) -> bool {
    Issuer::parse(address).is_some_and(|origin| origin.mount().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_allowed_and_wrong_values_are_not() {
        assert!(AuthSettings::default().check().is_ok());
        let wrong = [
            AuthSettings {
                issuer: "http://shop.example/auth".to_owned(),
                ..AuthSettings::default()
            },
            AuthSettings { name: String::new(), ..AuthSettings::default() },
            AuthSettings { listen: "localhost".to_owned(), ..AuthSettings::default() },
            AuthSettings { shop_url: "http://shop.example".to_owned(), ..AuthSettings::default() },
            AuthSettings {
                mtls_origin: "https://id.example/auth".to_owned(),
                ..AuthSettings::default()
            },
            AuthSettings { master_key: Secret::new("short"), ..AuthSettings::default() },
        ];
        assert!(wrong.iter().all(|settings| settings.check().is_err()));
    }
}
