//! Delivery to mail servers: a real one (aiosmtpd), and scripted ones that hang, reset, talk for ever or lie.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue should say where")]
#![expect(clippy::disallowed_methods, reason = "scripted servers end with their test")]

mod faults;
mod options;
mod server;

use kernel::{Timestamp, Uuid};
use mail::{MailMessage, SmtpMailer, SmtpOptions};
use std::{path::PathBuf, time::Duration};

/// Message to this recipient.
fn message(to: &str) -> MailMessage {
    MailMessage {
        id: Uuid::from_u128(7),
        date: Timestamp::UNIX_EPOCH,
        from: "no-reply@shop.example".to_owned(),
        from_name: "Läden & Co".to_owned(),
        to: to.to_owned(),
        subject: "Bestellung 1001 ist bestätigt".to_owned(),
        text: "Grüße\n.\n..two dots\n€ 71.20\n".to_owned(),
        html: "<p>Grüße</p>".to_owned(),
        link: None,
    }
}

/// Options of the server at this URL.
fn options(url: &str) -> SmtpOptions {
    SmtpOptions {
        url: url.to_owned(),
        password: String::new(),
        authority_file: PathBuf::new(),
        hello: "shop.example".to_owned(),
        timeout: Duration::from_secs(30),
    }
}

fn mailer(address: &str) -> SmtpMailer {
    SmtpMailer::new(&options(&format!("smtp://{address}"))).unwrap()
}
