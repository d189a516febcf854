//! Scopes in words, in the languages of the pages: what a program may do, as people are asked about it and find it in their account.

use super::texts::{Texts, filled};
use crate::adapters::{scim, uaa};
use contracts::auth::{CUSTOMER_SCOPE, READ_SCOPE, WRITE_SCOPE};
use std::borrow::Cow;

/// Words of one language.
#[derive(Debug)]
pub(crate) struct ScopeTexts {
    openid: &'static str,
    email: &'static str,
    profile: &'static str,
    address: &'static str,
    phone: &'static str,
    offline: &'static str,
    customer: &'static str,
    shop_read: &'static str,
    shop_write: &'static str,
    accounts_read: &'static str,
    accounts_write: &'static str,
    clients_read: &'static str,
    clients_write: &'static str,
    token_check: &'static str,
    /// `{scope}` is one that whoever registered a program made up for it.
    other: &'static str,
}

pub(super) const ENGLISH: ScopeTexts = ScopeTexts {
    openid: "Know who you are in this shop",
    email: "See your e-mail address",
    profile: "See your name and what else you tell about yourself",
    address: "See your postal address",
    phone: "See your telephone number",
    offline: "Keep access while you are away",
    customer: "Use your customer account: see your orders, addresses, cart and wish list, change them, and order in your name",
    shop_read: "See what those who run the shop see",
    shop_write: "Do what those who run the shop do, as far as your role goes",
    accounts_read: "See all accounts of the shop",
    accounts_write: "Create, change and delete accounts of the shop",
    clients_read: "See which programs are registered with the shop",
    clients_write: "Register, change and remove programs of the shop",
    token_check: "Check the access of other programs",
    other: "Use the permission “{scope}”, which this program has in the shop",
};

pub(super) const GERMAN: ScopeTexts = ScopeTexts {
    openid: "Wissen, wer du in diesem Shop bist",
    email: "Deine E-Mail-Adresse sehen",
    profile: "Deinen Namen sehen und was du sonst über dich angibst",
    address: "Deine Postanschrift sehen",
    phone: "Deine Telefonnummer sehen",
    offline: "Zugriff behalten, während du nicht da bist",
    customer: "Dein Kundenkonto benutzen: deine Bestellungen, Adressen, Warenkorb und Wunschliste sehen und ändern und in deinem Namen bestellen",
    shop_read: "Sehen, was die Betreiber des Shops sehen",
    shop_write: "Tun, was die Betreiber des Shops tun, soweit deine Rolle reicht",
    accounts_read: "Alle Konten des Shops sehen",
    accounts_write: "Konten des Shops anlegen, ändern und löschen",
    clients_read: "Sehen, welche Programme beim Shop eingetragen sind",
    clients_write: "Programme des Shops eintragen, ändern und entfernen",
    token_check: "Den Zugriff anderer Programme prüfen",
    other: "Die Berechtigung „{scope}“ benutzen, die dieses Programm im Shop hat",
};

/// Scope in words.
pub(crate) fn in_words(texts: &'static Texts, scope: &str) -> Cow<'static, str> {
    let words = texts.scopes;
    let known = match scope {
        "openid" => words.openid,
        "email" => words.email,
        "profile" => words.profile,
        "address" => words.address,
        "phone" => words.phone,
        "offline_access" => words.offline,
        CUSTOMER_SCOPE => words.customer,
        READ_SCOPE => words.shop_read,
        WRITE_SCOPE => words.shop_write,
        scim::READ_SCOPE => words.accounts_read,
        scim::WRITE_SCOPE => words.accounts_write,
        uaa::CLIENTS_READ_SCOPE => words.clients_read,
        uaa::CLIENTS_WRITE_SCOPE => words.clients_write,
        uaa::RESOURCE_SCOPE => words.token_check,
        other => return filled(words.other, "scope", other).into(),
    };
    known.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::clients::metadata::OPEN_SCOPES;

    /// Every scope that a part of the shop asks for, grants or checks.
    fn all() -> Vec<&'static str> {
        let own = [CUSTOMER_SCOPE, READ_SCOPE, WRITE_SCOPE, uaa::RESOURCE_SCOPE];
        let checked = [scim::READ, scim::WRITE, uaa::CLIENTS_READ, uaa::CLIENTS_WRITE];
        [&OPEN_SCOPES[..], &own].concat().into_iter().chain(checked.concat()).collect()
    }

    #[test]
    fn every_scope_that_can_be_asked_for_is_shown_in_words_of_each_language() {
        for scope in all() {
            let [english, german] = Texts::LANGUAGES.map(|texts| in_words(texts, scope));
            assert_ne!(english, german, "{scope}");
            for words in [english, german] {
                assert!(words.contains(' ') && !words.contains(['{', '“']), "{scope}: {words}");
                let is_word = !scope.contains(['.', '_']);
                assert!(is_word || !words.contains(scope), "{scope}: {words}");
            }
        }
    }

    #[test]
    fn a_scope_that_a_program_brought_along_is_said_to_be_one() {
        let [english, german] = Texts::LANGUAGES.map(|texts| in_words(texts, "stock.count"));
        assert_eq!(english, "Use the permission “stock.count”, which this program has in the shop");
        assert!(german.contains("„stock.count“"), "{german}");
    }
}
