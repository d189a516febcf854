//! Channel of the settings: the mail server, or else the mail folder and the terminal.

use super::settings::NotificationSettings;
use crate::application::channel::MailChannel;
use mail::{MailFolder, MailTee, MailTerminal, Mailer};
use std::sync::Arc;

/// Channel; none where nobody delivers mail, or links would lead nowhere.
pub(crate) fn channel(settings: &NotificationSettings) -> Result<Option<MailChannel>, String> {
    if settings.shop_url.is_empty() {
        return Ok(None);
    }
    let server = settings.smtp.mailer().ok().flatten();
    let mailer = match server {
        Some(server) => Some(Arc::new(server) as Arc<dyn Mailer>),
        None => without_server(settings)?,
    };
    Ok(mailer.map(|mailer| MailChannel { mailer, from: from(settings) }))
}

fn without_server(settings: &NotificationSettings) -> Result<Option<Arc<dyn Mailer>>, String> {
    let terminal = settings.prints_mail.then(|| MailTerminal::new(std::io::stdout()));
    let terminal = terminal.map(|terminal| Arc::new(terminal) as Arc<dyn Mailer>);
    if settings.mail_folder.as_os_str().is_empty() {
        return Ok(terminal);
    }
    let folder = MailFolder::open(&settings.mail_folder);
    let folder = folder.map_err(|error| format!("notification-service.mail_folder: {error}"))?;
    let folder = Arc::new(folder) as Arc<dyn Mailer>;
    Ok(Some(match terminal {
        None => folder,
        Some(second) => Arc::new(MailTee { first: folder, second }),
    }))
}

/// Address from which the shop writes: that of the settings, or one at the host of the shop.
fn from(settings: &NotificationSettings) -> String {
    if !settings.from.is_empty() {
        return settings.from.clone();
    }
    let host = settings.shop_url.split_once("://").map_or("", |(_, host)| host);
    let host = host.split([':', '/']).next().unwrap_or_default();
    let host = if host.is_empty() || host.starts_with('[') { "localhost" } else { host };
    format!("no-reply@{host}")
}
