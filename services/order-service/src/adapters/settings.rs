//! Settings of the order service.

use super::letters::MailedLetters;
use crate::{
    application::{
        checkout_input::CapturePolicy, failure_limit::FailureLimits, unpaid_orders::UnpaidLimits,
    },
    domain::{order_number::Numbering, retention::Retention},
    ports::letters::Letters,
};
use kernel::Ids;
use mail::{MailFolder, MailTee, MailTerminal, Mailer};
use serde::{Deserialize, Serialize};
use settings::{Allowed, InvalidSetting, SectionSettings};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// Settings of the order service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OrderSettings {
    /// Lifetime of the hold of a pending order, in minutes.
    pub(crate) hold_minutes: u32,
    /// Time that an order waits for its payment before it is cancelled, in minutes.
    pub(crate) payment_wait_minutes: u32,
    /// Time at which the payment of an order is captured: `at_confirmation` or `at_fulfilment`. An order keeps the policy
    /// that was set when its checkout began.
    pub(crate) capture: CapturePolicy,
    /// Days that an order with prepayment waits for its money, and holds its stock, before it is cancelled; 1 to 60.
    pub(crate) prepayment_hold_days: u32,
    /// Limit of the orders of one visitor, and of one address, that hold stock while they wait for their payment; at least 1.
    pub(crate) unpaid_orders_max: usize,
    /// Limit of the share of a SKU's units on hand that orders which wait for their payment may hold, in per cent; 1 to 100.
    pub(crate) unpaid_share_percent_max: u32,
    /// Units of a SKU that orders which wait for their payment may hold, however few are on hand.
    pub(crate) unpaid_units_min: u32,
    /// How orders are numbered: `scrambled`, so that a number does not tell the next one, or `sequential`. Orders keep the
    /// numbers they were given.
    pub(crate) number: NumberSetting,
    /// Limit of failed look-ups with one e-mail address within a quarter of an hour; at least 1.
    pub(crate) lookups_per_email_max: u32,
    /// Limit of failed look-ups from one address within a quarter of an hour; at least 1.
    pub(crate) lookups_per_address_max: u32,
    /// Limit of checkouts from one address that are refused, by the bank or by the shop, within a quarter of an hour; at
    /// least 1.
    pub(crate) failed_checkouts_per_address_max: u32,
    /// Upper bound of the memory of cached orders, in bytes.
    pub(crate) orders_in_memory_bytes_max: usize,
    /// Calendar years after that of an order for which its contact details are kept, encrypted and unread, once the customer was erased:
    /// as long as the law asks for invoices; 0 to 100.
    pub(crate) retention_years: u16,
    /// Countries in which that is otherwise, by the billing address: `DE=8`.
    pub(crate) retention_years_by_country: Vec<String>,
    /// Limit of requests for the link by which a guest's order is claimed, with one e-mail address within a quarter of an hour; at
    /// least 1. From one address on the network there may be three times as many.
    pub(crate) claims_per_email_max: u32,
    /// Limit of such requests of one account within a quarter of an hour, whatever e-mail addresses they name; at least 1.
    pub(crate) claims_per_account_max: u32,
    /// Folder into which mail is written; empty for none. By default that of `auth-server.mail_folder`, as the next three.
    pub(crate) mail_folder: PathBuf,
    /// Whether mail is printed on the terminal as well.
    pub(crate) prints_mail: bool,
    /// Address from which mail is sent; by default `no-reply` at the host of the shop.
    pub(crate) mail_from: String,
    /// Name of the shop in mail.
    pub(crate) shop_name: String,
    /// Address of the shop as browsers know it, for links in mail.
    pub(crate) shop_url: String,
}

/// How orders are numbered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NumberSetting {
    Sequential,
    #[default]
    Scrambled,
}

impl From<NumberSetting> for Numbering {
    fn from(setting: NumberSetting) -> Self {
        match setting {
            NumberSetting::Sequential => Self::Sequential,
            NumberSetting::Scrambled => Self::Scrambled,
        }
    }
}

impl SectionSettings for OrderSettings {
    const ALLOWED: &'static [Allowed] = &[
        Allowed::range("hold_minutes", 1, 31 * 24 * 60),
        Allowed::range("payment_wait_minutes", 1, 31 * 24 * 60),
        Allowed::range("prepayment_hold_days", 1, 60),
        Allowed::range("unpaid_orders_max", 1, 100_000),
        Allowed::range("unpaid_share_percent_max", 1, 100),
        Allowed::range("unpaid_units_min", 0, 1_000_000),
        Allowed::range("lookups_per_email_max", 1, 10_000),
        Allowed::range("lookups_per_address_max", 1, 10_000),
        Allowed::range("failed_checkouts_per_address_max", 1, 1_000_000),
        Allowed::range("orders_in_memory_bytes_max", 1_024, 1 << 40),
        Allowed::range("retention_years", 0, 100),
        Allowed::range("claims_per_email_max", 1, 10_000),
        Allowed::range("claims_per_account_max", 1, 10_000),
    ];

    fn check(&self) -> Result<(), InvalidSetting> {
        let is_valid = self.retention_years_by_country.iter().all(|it| retention_of(it).is_some());
        let expected = "expected a country and a number of years from 0 to 100, such as DE=8";
        if is_valid {
            Ok(())
        } else {
            Err(InvalidSetting::new("retention_years_by_country", expected))
        }
    }
}

impl Default for OrderSettings {
    fn default() -> Self {
        Self {
            hold_minutes: 15,
            payment_wait_minutes: 60,
            capture: CapturePolicy::default(),
            prepayment_hold_days: 7,
            unpaid_orders_max: 30,
            unpaid_share_percent_max: 50,
            unpaid_units_min: 20,
            number: NumberSetting::default(),
            lookups_per_email_max: 10,
            lookups_per_address_max: 30,
            failed_checkouts_per_address_max: 300,
            orders_in_memory_bytes_max: 32 << 20,
            retention_years: 10,
            retention_years_by_country: Vec::new(),
            claims_per_email_max: 5,
            claims_per_account_max: 10,
            mail_folder: PathBuf::new(),
            prints_mail: false,
            mail_from: String::new(),
            shop_name: "Shop".to_owned(),
            shop_url: String::new(),
        }
    }
}

impl OrderSettings {
    /// Retention of contact details.
    pub(crate) fn retention(&self) -> Retention {
        let by_country = self.retention_years_by_country.iter();
        Retention {
            years: self.retention_years,
            years_by_country: by_country.filter_map(|it| retention_of(it)).collect(),
        }
    }

    /// Lifetime of the hold of a checkout.
    pub(crate) fn hold(&self) -> Duration {
        Duration::from_mins(self.hold_minutes.into())
    }

    /// Time that an order waits for its payment.
    pub(crate) fn payment_wait(&self) -> Duration {
        Duration::from_mins(self.payment_wait_minutes.into())
    }

    pub(crate) fn unpaid_limits(&self) -> UnpaidLimits {
        UnpaidLimits {
            orders_max: self.unpaid_orders_max,
            share_percent_max: self.unpaid_share_percent_max,
            units_min: self.unpaid_units_min,
        }
    }

    pub(crate) fn lookup_limits(&self) -> FailureLimits {
        FailureLimits {
            attempts: "look-ups",
            per_email_max: self.lookups_per_email_max,
            per_address_max: self.lookups_per_address_max,
            // Nobody is signed in.
            per_account_max: u32::MAX,
        }
    }

    pub(crate) fn claim_limits(&self) -> FailureLimits {
        FailureLimits {
            attempts: "requests for a link",
            per_email_max: self.claims_per_email_max,
            per_address_max: self.claims_per_email_max.saturating_mul(3),
            per_account_max: self.claims_per_account_max,
        }
    }

    /// Letters by mail; none where nobody delivers it, or links would lead nowhere.
    pub(crate) fn letters(&self, ids: &Ids) -> Result<Option<Arc<dyn Letters>>, String> {
        let terminal = self.prints_mail.then(|| MailTerminal::new(std::io::stdout()));
        let terminal = terminal.map(|terminal| Arc::new(terminal) as Arc<dyn Mailer>);
        let mailer = if self.mail_folder.as_os_str().is_empty() {
            terminal
        } else {
            let folder = MailFolder::open(&self.mail_folder);
            let folder = folder.map_err(|error| format!("order-service.mail_folder: {error}"))?;
            let folder = Arc::new(folder) as Arc<dyn Mailer>;
            Some(match terminal {
                None => folder,
                Some(second) => Arc::new(MailTee { first: folder, second }) as Arc<dyn Mailer>,
            })
        };
        let Some(mailer) = mailer.filter(|_| !self.shop_url.is_empty()) else { return Ok(None) };
        let host = self.shop_url.split_once("://").map_or("", |(_, host)| host);
        let host = host.split(':').next().filter(|host| !host.is_empty() && !host.starts_with('['));
        let from = match &*self.mail_from {
            "" => format!("no-reply@{}", host.unwrap_or("localhost")),
            from => from.to_owned(),
        };
        let (ids, shop, url) = (ids.clone(), self.shop_name.clone(), self.shop_url.clone());
        Ok(Some(Arc::new(MailedLetters { mailer, ids, shop, url, from })))
    }

    pub(crate) fn failed_checkout_limits(&self) -> FailureLimits {
        FailureLimits {
            attempts: "checkouts",
            // Whoever tries cards invents e-mail addresses; a shopper uses one for many orders.
            per_email_max: u32::MAX,
            per_address_max: self.failed_checkouts_per_address_max,
            // A customer is refused no more often than a guest.
            per_account_max: u32::MAX,
        }
    }
}

/// Country and years, from `DE=8`.
fn retention_of(text: &str) -> Option<(String, u16)> {
    let (country, years) = text.split_once('=')?;
    let years: u16 = years.trim().parse().ok().filter(|years| *years <= 100)?;
    let country = country.trim();
    let is_code = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
    is_code.then(|| (country.to_owned(), years))
}
