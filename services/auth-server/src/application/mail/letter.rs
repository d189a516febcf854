//! Letters: what people are written to, in their language, as plain text and as HTML.

use super::letter_texts::{LetterText, text};
use maud::{DOCTYPE, html};
use serde::{Deserialize, Serialize};

/// Letter by what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Letter {
    /// Link to a new account.
    ConfirmSignUp,
    /// Answer to whoever wants an account and has one.
    AccountExists,
    /// Link to a new password.
    ResetPassword,
    /// Link by which an account takes up another address, which it goes to.
    ConfirmEmailChange,
    Notice(AccountNotice),
}

/// Notice of a change that the owner of an account should know of, even if somebody else made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccountNotice {
    PasswordChanged,
    /// It goes to the earlier address.
    EmailChanged,
    SecondFactorEnabled,
    SecondFactorDisabled,
    RecoveryCodeUsed,
    RecoveryCodesReplaced,
    PasskeyAdded,
    PasskeyRemoved,
}

/// Letter in words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WrittenLetter {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

impl Letter {
    /// The letter of a shop of this name in the language of this tag, with its link if there is one.
    pub(crate) fn write(self, language: &str, shop: &str, link: Option<&str>) -> WrittenLetter {
        let LetterText { subject, before, link: link_text, after } = text(self, language);
        // A name is one line, whatever an operator entered.
        let shop = shop.split_whitespace().collect::<Vec<_>>().join(" ");
        let [before, after] = [before, after].map(|text| text.replace("{shop}", &shop));
        let linked = link.into_iter().map(ToOwned::to_owned);
        let parts =
            std::iter::once(before.clone()).chain(linked).chain([after.clone(), shop.clone()]);
        let text = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n");
        let html = html! {
            (DOCTYPE)
            html lang=(language) {
                body {
                    p { (before) }
                    @if let Some(link) = link { p { a href=(link) { (link_text) } } p { (link) } }
                    @if !after.is_empty() { p { (after) } }
                    p { (shop) }
                }
            }
        };
        WrittenLetter {
            subject: subject.to_owned(),
            text: text + "\n",
            html: html.into_string() + "\n",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::settings::NAME_BYTES_MAX;
    use kernel::{Timestamp, Uuid};
    use mail::MailMessage;

    const LINK: &str = "https://shop.example/auth/set-up?link=a&b=c";
    const ALL: [Letter; 12] = [
        Letter::ConfirmSignUp,
        Letter::AccountExists,
        Letter::ResetPassword,
        Letter::ConfirmEmailChange,
        Letter::Notice(AccountNotice::PasswordChanged),
        Letter::Notice(AccountNotice::EmailChanged),
        Letter::Notice(AccountNotice::SecondFactorEnabled),
        Letter::Notice(AccountNotice::SecondFactorDisabled),
        Letter::Notice(AccountNotice::RecoveryCodeUsed),
        Letter::Notice(AccountNotice::RecoveryCodesReplaced),
        Letter::Notice(AccountNotice::PasskeyAdded),
        Letter::Notice(AccountNotice::PasskeyRemoved),
    ];

    #[test]
    fn a_letter_names_the_shop_and_has_its_link_in_both_forms() {
        for letter in ALL {
            for language in ["en", "de", "fr"] {
                let written = letter.write(language, "Läden\n& <Co>", Some(LINK));
                assert!(written.text.contains(LINK) && written.text.contains("Läden & <Co>"));
                assert!(
                    written.html.contains(&format!(r#"<a href="{}">"#, LINK.replace('&', "&amp;")))
                );
                assert!(written.html.contains("Läden &amp; &lt;Co&gt;"));
                assert!(!written.subject.is_empty() && !written.text.contains('{'), "{letter:?}");
            }
        }
    }

    #[test]
    fn a_letter_of_a_shop_with_the_longest_name_is_a_message() {
        let shop = "&".repeat(NAME_BYTES_MAX);
        for letter in ALL {
            for language in ["en", "de"] {
                let WrittenLetter { subject, text, html } =
                    letter.write(language, &shop, Some(LINK));
                let message = MailMessage {
                    id: Uuid::from_u128(1),
                    date: Timestamp::UNIX_EPOCH,
                    from: "no-reply@shop.example".to_owned(),
                    from_name: shop.clone(),
                    to: "ada@example.com".to_owned(),
                    subject,
                    text,
                    html,
                    link: Some(LINK.to_owned()),
                };
                assert!(message.to_bytes().is_ok(), "{letter:?} in {language}");
            }
        }
    }

    #[test]
    fn a_letter_is_in_the_language_that_was_asked_for_and_else_in_english() {
        let subject = |language| Letter::ResetPassword.write(language, "Shop", None).subject;
        assert_eq!(subject("de"), "Ein neues Passwort setzen");
        assert_eq!((subject("en"), subject("fr")), (subject("en"), subject("en")));
    }
}
