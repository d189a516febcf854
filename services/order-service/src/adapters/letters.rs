//! Letters as mail, in the languages of the pages.

use crate::ports::letters::{ClaimLetter, Letters};
use async_trait::async_trait;
use kernel::Ids;
use mail::{MailMessage, Mailer};
use std::sync::Arc;
use storage::StorageError;

/// Page of the shop to which the link of a claim leads.
const CLAIM_PAGE: &str = "/account/claim?link=";

/// Letters by mail.
#[derive(Debug)]
pub(crate) struct MailedLetters {
    pub(crate) mailer: Arc<dyn Mailer>,
    pub(crate) ids: Ids,
    /// Name of the shop.
    pub(crate) shop: String,
    /// Address of the shop as browsers know it.
    pub(crate) url: String,
    /// Address from which it writes.
    pub(crate) from: String,
}

/// Texts of a letter; `{number}` and `{shop}` stand for what they say.
struct LetterText {
    subject: &'static str,
    before: &'static str,
    link: &'static str,
    after: &'static str,
}

const ENGLISH: LetterText = LetterText {
    subject: "Add order {number} to your account",
    before: "Somebody, probably you, wants to add order {number} to an account at {shop}. Follow the link in the browser in which you are signed in. It works once, within 24 hours.",
    link: "Add the order",
    after: "If it was not you, do nothing: nobody sees the order without the link.",
};

const GERMAN: LetterText = LetterText {
    subject: "Bestellung {number} deinem Konto hinzufügen",
    before: "Jemand, wahrscheinlich du, möchte die Bestellung {number} einem Konto bei {shop} hinzufügen. Folge dem Link in dem Browser, in dem du angemeldet bist. Er gilt einmal, innerhalb von 24 Stunden.",
    link: "Bestellung hinzufügen",
    after: "Wenn du es nicht warst, musst du nichts tun: Ohne den Link sieht niemand die Bestellung.",
};

#[async_trait]
impl Letters for MailedLetters {
    async fn send_claim(&self, letter: ClaimLetter) -> Result<(), StorageError> {
        let texts = if letter.language == "de" { GERMAN } else { ENGLISH };
        let number = letter.number.to_string();
        let filled = |text: &str| text.replace("{number}", &number).replace("{shop}", &self.shop);
        let link = [&self.url, CLAIM_PAGE, &letter.token].concat();
        let (before, after) = (filled(texts.before), texts.after);
        let message = MailMessage {
            id: letter.id,
            date: self.ids.now(),
            from: self.from.clone(),
            from_name: self.shop.clone(),
            to: letter.to,
            subject: filled(texts.subject),
            text: format!("{before}\n\n{link}\n\n{after}\n"),
            html: format!(
                "<p>{}</p>\n<p><a href=\"{link}\">{}</a></p>\n<p>{after}</p>\n",
                escaped(&before),
                texts.link
            ),
            link: Some(link),
        };
        let sent = self.mailer.send(&message).await;
        sent.map_err(|error| StorageError::Unavailable(error.to_string()))
    }
}

/// Text in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
