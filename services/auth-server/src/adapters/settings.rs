//! Settings of the provider.

use crate::application::issuer::Issuer;
use serde::{Deserialize, Serialize};
use settings::{Allowed, InvalidSetting, Secret, SectionSettings};
use std::path::PathBuf;

/// Shortest master key, in bytes.
const MASTER_KEY_BYTES_MIN: usize = 16;
/// Longest name of the shop, in bytes.
const NAME_BYTES_MAX: usize = 500;

/// Settings section `auth-server`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AuthSettings {
    /// Issuer: the address of the provider, such as `https://shop.example/auth`, exactly as clients know it. By default that of the
    /// shop edge.
    pub(crate) issuer: String,
    /// Name of the shop on the pages; that of the storefront by default.
    pub(crate) name: String,
    /// Hue of the brand in degrees, 0 to 359; that of the storefront by default.
    pub(crate) hue: u16,
    /// Master key, under which the other keys are encrypted at rest: at least 16 bytes, best of `openssl rand -hex 32`. Without one,
    /// the shop makes one and keeps it with its data.
    pub(crate) master_key: Secret,
    /// File with the master key.
    pub(crate) master_key_file: PathBuf,
    /// Passwords that are hashed at the same time; each takes a core and 19 MiB.
    pub(crate) hashing_passwords_max: usize,
    /// Passwords that are being hashed or wait for it; one more is refused.
    pub(crate) waiting_passwords_max: usize,
    /// Failed sign-ins with one e-mail address within a quarter of an hour.
    pub(crate) failed_sign_ins_per_account_max: u32,
    /// Failed sign-ins from one address on the network within a quarter of an hour.
    pub(crate) failed_sign_ins_per_address_max: u32,
    /// Accounts, clients and grants that are kept in memory, of each.
    pub(crate) in_memory_max: std::num::NonZeroUsize,
}

impl Default for AuthSettings {
    fn default() -> Self {
        Self {
            issuer: "http://127.0.0.1:8080/auth".to_owned(),
            name: "Shop".to_owned(),
            hue: 165,
            master_key: Secret::default(),
            master_key_file: PathBuf::new(),
            hashing_passwords_max: 2,
            waiting_passwords_max: 64,
            failed_sign_ins_per_account_max: 10,
            failed_sign_ins_per_address_max: 100,
            in_memory_max: std::num::NonZeroUsize::new(20_000).expect("it is not zero"),
        }
    }
}

impl SectionSettings for AuthSettings {
    const ALLOWED: &'static [Allowed] = &[
        Allowed::range("hue", 0, 359),
        Allowed::range("hashing_passwords_max", 1, 256),
        Allowed::range("waiting_passwords_max", 1, 10_000),
        Allowed::range("failed_sign_ins_per_account_max", 1, 1_000_000),
        Allowed::range("failed_sign_ins_per_address_max", 1, 1_000_000),
        Allowed::range("in_memory_max", 1, 10_000_000),
    ];

    fn check(&self) -> Result<(), InvalidSetting> {
        if Issuer::parse(&self.issuer).is_none() {
            let expected = "expected an address such as https://shop.example/auth, without http but on loopback";
            return Err(InvalidSetting::new("issuer", expected));
        }
        if self.name.is_empty() || self.name.len() > NAME_BYTES_MAX {
            return Err(InvalidSetting::new("name", "expected a name of at most 500 bytes"));
        }
        let length = self.master_key.expose().len();
        if !self.master_key.is_empty() && length < MASTER_KEY_BYTES_MIN {
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

    /// Master key, if one is configured.
    pub(crate) fn master_key(&self) -> Result<Option<Vec<u8>>, String> {
        if !self.master_key.is_empty() {
            return Ok(Some(self.master_key.expose().trim().as_bytes().to_vec()));
        }
        let file = &self.master_key_file;
        if file.as_os_str().is_empty() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(file)
            .map_err(|error| format!("auth-server.master_key_file: {}: {error}", file.display()))?;
        let key = text.trim().as_bytes().to_vec();
        if key.len() < MASTER_KEY_BYTES_MIN {
            return Err(format!(
                "auth-server.master_key_file: the key in {} is shorter than {MASTER_KEY_BYTES_MIN} bytes",
                file.display()
            ));
        }
        Ok(Some(key))
    }
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
            AuthSettings { master_key: Secret::new("short"), ..AuthSettings::default() },
        ];
        assert!(wrong.iter().all(|settings| settings.check().is_err()));
    }
}
