//! Settings of the notification service.

use crate::application::{
    letter::{Language, ShopLook},
    sender::SendPolicy,
};
use mail::{SmtpMailer, SmtpOptions, SmtpPart};
use serde::{Deserialize, Serialize};
use settings::{Allowed, InvalidSetting, Secret, SectionSettings};
use std::{path::PathBuf, time::Duration};

/// Longest address from which mail is sent, in bytes (RFC 5321, section 4.5.3.1).
const FROM_BYTES_MAX: usize = 254;

/// Settings of the notification service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NotificationSettings {
    /// Mail server; without one, mail goes into the folder.
    pub(crate) smtp: SmtpSettings,
    /// Address from which mail is sent; by default that of `auth-server.mail_from`, or `no-reply` at the host of the shop.
    pub(crate) from: String,
    /// Folder into which mail is written where there is no mail server; empty for none. By default that of `auth-server.mail_folder`.
    pub(crate) mail_folder: PathBuf,
    /// Whether mail is printed on the terminal as well, where there is no mail server.
    pub(crate) prints_mail: bool,
    /// Name of the shop in mail.
    pub(crate) shop_name: String,
    /// Address of the shop as browsers know it, for links in mail.
    pub(crate) shop_url: String,
    /// Hue of the brand in degrees; by default that of `storefront.hue`.
    pub(crate) hue: u16,
    /// Language of mails about orders that do not say theirs (`en`, `de`); by default that of `storefront.language`.
    pub(crate) language: String,
    /// Hours within which an event is told. What is older when it is first seen is told to nobody, as when the service starts in a shop
    /// with a history.
    pub(crate) tell_hours: u32,
    /// Hours after which a notification that cannot be delivered is given up.
    pub(crate) give_up_hours: u32,
    /// Days for which notifications are kept that have ended.
    pub(crate) keep_days: u32,
    /// Notifications that are on their way at once.
    pub(crate) at_once_max: usize,
    /// Mails a second.
    pub(crate) mails_per_second_max: u32,
}

/// Mail server.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SmtpSettings {
    /// Its address: `smtp://user@host:587` (STARTTLS) or `smtps://user@host` (TLS from the first byte).
    pub(crate) url: Secret,
    /// Password of the user.
    pub(crate) password: Secret,
    /// File with the password, in place of `password`.
    pub(crate) password_file: PathBuf,
    /// File with certificates of authorities (PEM) that are trusted beside the public ones.
    pub(crate) authority_file: PathBuf,
    /// Name by which the shop greets the server; empty for its address.
    pub(crate) hello: String,
    /// Seconds for one mail. One whose answer takes longer is sent again, although it may have been accepted.
    pub(crate) timeout_seconds: u32,
}

impl Default for SmtpSettings {
    fn default() -> Self {
        Self {
            url: Secret::default(),
            password: Secret::default(),
            password_file: PathBuf::new(),
            authority_file: PathBuf::new(),
            hello: String::new(),
            timeout_seconds: 120,
        }
    }
}

impl Default for NotificationSettings {
    fn default() -> Self {
        Self {
            smtp: SmtpSettings::default(),
            from: String::new(),
            mail_folder: PathBuf::new(),
            prints_mail: false,
            shop_name: "Shop".to_owned(),
            shop_url: String::new(),
            hue: 165,
            language: "en".to_owned(),
            tell_hours: 24,
            give_up_hours: 72,
            keep_days: 90,
            at_once_max: 8,
            mails_per_second_max: 10,
        }
    }
}

impl SectionSettings for NotificationSettings {
    // What is kept outlives what is told: a feed that is read once more finds what it has told already.
    const ALLOWED: &'static [Allowed] = &[
        Allowed::range("hue", 0, 359),
        Allowed::range("tell_hours", 1, 7 * 24),
        Allowed::range("give_up_hours", 1, 14 * 24),
        Allowed::range("keep_days", 8, 3_650),
        Allowed::range("at_once_max", 1, 100),
        Allowed::range("mails_per_second_max", 1, 1_000),
        Allowed::range("smtp.timeout_seconds", 1, 600),
    ];

    fn check(&self) -> Result<(), InvalidSetting> {
        if Language::from_tag(&self.language).is_none() {
            return Err(InvalidSetting::new("language", "expected en or de"));
        }
        let has_control = self.from.chars().any(|it| it.is_control() || it.is_whitespace());
        let is_address = self.from.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@')
        });
        if !self.from.is_empty() && (has_control || !is_address || self.from.len() > FROM_BYTES_MAX)
        {
            return Err(InvalidSetting::new(
                "from",
                "expected an address such as shop@example.com",
            ));
        }
        self.smtp.mailer().map(drop)
    }
}

impl SmtpSettings {
    /// Client of the mail server, if one is set.
    pub(crate) fn mailer(&self) -> Result<Option<SmtpMailer>, InvalidSetting> {
        if self.url.is_empty() {
            return Ok(None);
        }
        let options = SmtpOptions {
            url: self.url.expose().to_owned(),
            password: self.password()?,
            authority_file: self.authority_file.clone(),
            hello: self.hello.clone(),
            timeout: self.timeout(),
        };
        let mailer = SmtpMailer::new(&options).map_err(|error| {
            let (path, expected) = match error.part {
                SmtpPart::Url => {
                    ("smtp.url", "expected an address such as smtp://user@mail.example.com:587")
                }
                SmtpPart::Password => ("smtp.password_file", "expected the file with the password"),
                SmtpPart::AuthorityFile => {
                    ("smtp.authority_file", "expected a file with certificates in PEM")
                }
            };
            InvalidSetting::new(path, format!("{expected}; {}", error.reason))
        })?;
        Ok(Some(mailer))
    }

    fn password(&self) -> Result<String, InvalidSetting> {
        if !self.password.is_empty() || self.password_file.as_os_str().is_empty() {
            return Ok(self.password.expose().to_owned());
        }
        let text = std::fs::read_to_string(&self.password_file);
        let text = text.map_err(|error| {
            InvalidSetting::new(
                "smtp.password_file",
                format!("expected a file with the password; {error}"),
            )
        })?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }

    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.into())
    }
}

impl NotificationSettings {
    /// How old an event may be that is told.
    pub(crate) fn tell_within(&self) -> Duration {
        Duration::from_hours(self.tell_hours.into())
    }

    pub(crate) fn policy(&self) -> SendPolicy {
        SendPolicy {
            at_once_max: self.at_once_max,
            per_second_max: self.mails_per_second_max,
            mail_time_max: self.smtp.timeout(),
            give_up_after: Duration::from_hours(self.give_up_hours.into()),
            keep: Duration::from_hours(24 * u64::from(self.keep_days)),
        }
    }

    pub(crate) fn look(&self) -> ShopLook {
        ShopLook {
            name: self.shop_name.clone(),
            url: self.shop_url.trim_end_matches('/').to_owned(),
            hue: self.hue,
            language: Language::from_tag(&self.language).unwrap_or_default(),
        }
    }
}
