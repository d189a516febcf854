//! Texts of the pages, in the languages of the shop.

use super::{
    account_texts::{self, AccountTexts},
    scopes::{self, ScopeTexts},
};
use http::{HeaderMap, header};

/// Texts of one language.
#[derive(Debug)]
pub(crate) struct Texts {
    pub(crate) tag: &'static str,
    /// Texts of the pages of accounts.
    pub(crate) account: &'static AccountTexts,
    /// Scopes in words.
    pub(crate) scopes: &'static ScopeTexts,
    pub(crate) email: &'static str,
    pub(crate) password: &'static str,
    pub(crate) sign_in: &'static str,
    /// `{client}` is the program that asks.
    pub(crate) to_continue: &'static str,
    pub(crate) wrong_credentials: &'static str,
    pub(crate) too_many_attempts: &'static str,
    pub(crate) busy: &'static str,
    pub(crate) allow: &'static str,
    pub(crate) deny: &'static str,
    pub(crate) consent_title: &'static str,
    /// `{account}` is the address of the person, `{host}` where the answer goes.
    pub(crate) consent_intro: &'static str,
    pub(crate) client_policy: &'static str,
    pub(crate) client_terms: &'static str,
    pub(crate) device_title: &'static str,
    pub(crate) device_text: &'static str,
    pub(crate) device_code: &'static str,
    pub(crate) unknown_device_code: &'static str,
    /// Where the answer goes, in place of a host.
    pub(crate) your_device: &'static str,
    pub(crate) device_allowed: &'static str,
    pub(crate) device_allowed_text: &'static str,
    pub(crate) device_denied: &'static str,
    pub(crate) device_denied_text: &'static str,
    pub(crate) continue_to: &'static str,
    pub(crate) sign_out: &'static str,
    pub(crate) sign_out_question: &'static str,
    pub(crate) signed_out: &'static str,
    pub(crate) signed_out_text: &'static str,
    pub(crate) set_up: &'static str,
    pub(crate) reset: &'static str,
    pub(crate) set_up_text: &'static str,
    pub(crate) password_hint: &'static str,
    pub(crate) set_password: &'static str,
    pub(crate) set_up_done: &'static str,
    pub(crate) set_up_done_text: &'static str,
    pub(crate) wrong_email: &'static str,
    pub(crate) password_too_short: &'static str,
    pub(crate) password_too_long: &'static str,
    pub(crate) password_too_simple: &'static str,
    pub(crate) address_taken: &'static str,
    pub(crate) error_title: &'static str,
    pub(crate) unknown_client: &'static str,
    pub(crate) unknown_redirect: &'static str,
    pub(crate) request_refused: &'static str,
    /// Link to the client, of an error page.
    pub(crate) back_to_host: &'static str,
    pub(crate) unreadable: &'static str,
    pub(crate) form_expired: &'static str,
    pub(crate) form_too_large: &'static str,
    pub(crate) too_many_consents: &'static str,
    pub(crate) link_invalid: &'static str,
    pub(crate) logout_refused: &'static str,
    pub(crate) unavailable: &'static str,
    pub(crate) not_found: &'static str,
    pub(crate) to_shop: &'static str,
}

const ENGLISH: Texts = Texts {
    tag: "en",
    account: &account_texts::ENGLISH,
    scopes: &scopes::ENGLISH,
    email: "E-mail address",
    password: "Password",
    sign_in: "Sign in",
    to_continue: "To continue to {client}",
    wrong_credentials: "The e-mail address or the password is not right. Check both and try again.",
    too_many_attempts: "There were too many attempts. Wait 15 minutes, then try again.",
    busy: "Many people are signing in. Try again in a few seconds.",
    allow: "Allow",
    deny: "Do not allow",
    consent_title: "{client} asks for access",
    consent_intro: "You are signed in as {account}. The answer goes to {host}.",
    client_policy: "How it treats what it learns",
    client_terms: "Its terms of service",
    device_title: "Connect a device",
    device_text: "Enter the code that the device shows. Only enter one that you asked for yourself.",
    device_code: "Code",
    unknown_device_code: "This code is not known, or no longer. Check it, or start again on the device.",
    your_device: "the device that shows your code",
    device_allowed: "The device is connected",
    device_allowed_text: "Go back to it; it goes on by itself in a few seconds.",
    device_denied: "The device is not connected",
    device_denied_text: "It was told that you did not allow it.",
    continue_to: "Continue",
    sign_out: "Sign out",
    sign_out_question: "Do you want to sign out?",
    signed_out: "You are signed out",
    signed_out_text: "To use your account again, sign in.",
    set_up: "Set up your account",
    reset: "Set a new password",
    set_up_text: "Choose a password. This link works once.",
    password_hint: "At least 15 characters; several words are a good choice.",
    set_password: "Set password",
    set_up_done: "Your password is set",
    set_up_done_text: "You can sign in with it now.",
    wrong_email: "Enter an e-mail address like name@example.com.",
    password_too_short: "The password is too short. Use at least 15 characters.",
    password_too_long: "The password is too long. Use at most 128 characters.",
    password_too_simple: "The password is too easy to guess. Do not use your address or one character only.",
    address_taken: "Another account has this e-mail address.",
    error_title: "This request cannot be answered",
    unknown_client: "The program that sent you here is not known to this shop. Nothing was shared with it.",
    request_refused: "The program that sent you here asks for something that cannot be answered now. It registered itself, and this shop does not vouch for it. Nothing was shared with it.",
    back_to_host: "On to {host}",
    unknown_redirect: "The program that sent you here gave an address that is not registered for it. Nothing was shared with it.",
    unreadable: "The program that sent you here sent a request that cannot be read. Go back to it and try again.",
    form_expired: "This form is no longer valid. Go back to where you came from and try again.",
    form_too_large: "What you entered is too long.",
    too_many_consents: "Your account has allowed access to as many programs as it can remember. Take one back in your account first.",
    link_invalid: "This link is not valid, or was used. Ask for a new one.",
    logout_refused: "You were sent here with an address that is not registered for signing out.",
    unavailable: "Something broke on our side. Try again in a few seconds.",
    not_found: "This page is gone.",
    to_shop: "To the shop",
};

const GERMAN: Texts = Texts {
    tag: "de",
    account: &account_texts::GERMAN,
    scopes: &scopes::GERMAN,
    email: "E-Mail-Adresse",
    password: "Passwort",
    sign_in: "Anmelden",
    to_continue: "Weiter zu {client}",
    wrong_credentials: "Die E-Mail-Adresse oder das Passwort stimmt nicht. Prüfe beides und versuche es noch einmal.",
    too_many_attempts: "Es waren zu viele Versuche. Warte 15 Minuten und versuche es dann noch einmal.",
    busy: "Gerade melden sich viele an. Versuche es in einigen Sekunden noch einmal.",
    allow: "Erlauben",
    deny: "Nicht erlauben",
    consent_title: "{client} bittet um Zugriff",
    consent_intro: "Du bist als {account} angemeldet. Die Antwort geht an {host}.",
    client_policy: "Wie es mit dem umgeht, was es erfährt",
    client_terms: "Seine Nutzungsbedingungen",
    device_title: "Ein Gerät verbinden",
    device_text: "Gib den Code ein, den das Gerät zeigt. Gib nur einen ein, den du selbst angefordert hast.",
    device_code: "Code",
    unknown_device_code: "Dieser Code ist nicht bekannt oder gilt nicht mehr. Prüfe ihn, oder beginne auf dem Gerät von vorn.",
    your_device: "das Gerät, das deinen Code zeigt",
    device_allowed: "Das Gerät ist verbunden",
    device_allowed_text: "Geh zu ihm zurück; in einigen Sekunden geht es von selbst weiter.",
    device_denied: "Das Gerät ist nicht verbunden",
    device_denied_text: "Ihm wurde gesagt, dass du es nicht erlaubst.",
    continue_to: "Weiter",
    sign_out: "Abmelden",
    sign_out_question: "Möchtest du dich abmelden?",
    signed_out: "Du bist abgemeldet",
    signed_out_text: "Um dein Konto wieder zu benutzen, melde dich an.",
    set_up: "Dein Konto einrichten",
    reset: "Neues Passwort setzen",
    set_up_text: "Wähle ein Passwort. Dieser Link gilt einmal.",
    password_hint: "Mindestens 15 Zeichen; mehrere Wörter sind eine gute Wahl.",
    set_password: "Passwort setzen",
    set_up_done: "Dein Passwort ist gesetzt",
    set_up_done_text: "Du kannst dich jetzt damit anmelden.",
    wrong_email: "Gib eine E-Mail-Adresse wie name@example.com ein.",
    password_too_short: "Das Passwort ist zu kurz. Nimm mindestens 15 Zeichen.",
    password_too_long: "Das Passwort ist zu lang. Nimm höchstens 128 Zeichen.",
    password_too_simple: "Das Passwort ist zu leicht zu erraten. Nimm nicht deine Adresse oder nur ein Zeichen.",
    address_taken: "Ein anderes Konto hat diese E-Mail-Adresse.",
    error_title: "Diese Anfrage lässt sich nicht beantworten",
    unknown_client: "Das Programm, das dich hierher geschickt hat, ist in diesem Shop nicht bekannt. Es hat nichts erfahren.",
    request_refused: "Das Programm, das dich hierher geschickt hat, bittet um etwas, das jetzt nicht beantwortet werden kann. Es hat sich selbst eingetragen, und dieser Shop steht nicht dafür ein. Es hat nichts erfahren.",
    back_to_host: "Weiter zu {host}",
    unknown_redirect: "Das Programm, das dich hierher geschickt hat, nannte eine Adresse, die dafür nicht eingetragen ist. Es hat nichts erfahren.",
    unreadable: "Das Programm, das dich hierher geschickt hat, sandte eine Anfrage, die nicht zu lesen ist. Geh dorthin zurück und versuche es noch einmal.",
    form_expired: "Dieses Formular gilt nicht mehr. Geh dorthin zurück, woher du kamst, und versuche es noch einmal.",
    form_too_large: "Deine Eingabe ist zu lang.",
    too_many_consents: "Du hast so vielen Programmen Zugriff erlaubt, wie sich dein Konto merken kann. Nimm in deinem Konto zuerst eine Erlaubnis zurück.",
    link_invalid: "Dieser Link gilt nicht oder wurde schon benutzt. Fordere einen neuen an.",
    logout_refused: "Du kamst mit einer Adresse hierher, die nicht für das Abmelden eingetragen ist.",
    unavailable: "Bei uns ging etwas schief. Versuche es in einigen Sekunden noch einmal.",
    not_found: "Diese Seite gibt es nicht mehr.",
    to_shop: "Zum Shop",
};

impl Texts {
    /// Texts of every language.
    pub(crate) const LANGUAGES: [&'static Self; 2] = [&ENGLISH, &GERMAN];

    /// Tags of the languages.
    pub(crate) fn tags() -> [&'static str; 2] {
        Self::LANGUAGES.map(|texts| texts.tag)
    }

    /// Texts of the language in `Accept-Language` that is wanted most; English if there is none of them.
    pub(crate) fn negotiate(headers: &HeaderMap) -> &'static Self {
        let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|it| it.to_str().ok());
        let wanted = web::accepted_languages(header.unwrap_or_default());
        Self::first_of(wanted).unwrap_or(&ENGLISH)
    }

    /// Texts of the first of the languages that a client wants for its pages (`ui_locales`).
    pub(crate) fn of_locales(ui_locales: &str) -> Option<&'static Self> {
        Self::first_of(ui_locales.split(' '))
    }

    fn first_of<'a>(tags: impl IntoIterator<Item = &'a str>) -> Option<&'static Self> {
        tags.into_iter().find_map(|tag| {
            let language = tag.split('-').next().unwrap_or_default();
            let is_it = |texts: &&Self| texts.tag.eq_ignore_ascii_case(language);
            Self::LANGUAGES.into_iter().find(is_it)
        })
    }
}

/// Text in which a name stands in place of its braces.
pub(crate) fn filled(text: &str, name: &str, value: &str) -> String {
    text.replace(&format!("{{{name}}}"), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn german_speaks_to_people_as_the_pages_of_the_shop_do() {
        let sources = [
            include_str!("texts.rs"),
            include_str!("account_texts.rs"),
            include_str!("scopes.rs"),
            include_str!("../../application/mail/letter_texts.rs"),
        ];
        let texts = sources.iter().filter_map(|source| source.split("#[cfg(test)]").next());
        for line in texts.flat_map(str::lines) {
            for formal in ["en Sie", "Sie sind", "Ihr Konto", "Ihre ", "Ihren ", "Ihrem ", "Ihnen"]
            {
                assert!(!line.contains(formal), "{formal}: {line}");
            }
        }
    }

    #[test]
    fn the_known_language_that_is_wanted_most_is_taken() {
        let tag = |wanted: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, wanted.parse().unwrap());
            Texts::negotiate(&headers).tag
        };
        assert_eq!(tag("fr, de-AT;q=0.8, en;q=0.5"), "de");
        assert_eq!(tag("en;q=0.5, de;q=0.8"), "de");
        assert_eq!((tag("en-GB,de"), tag("fr"), tag("")), ("en", "en", "en"));
        let locales = |wanted: &str| Texts::of_locales(wanted).map(|texts| texts.tag);
        assert_eq!(locales("fr-CA DE-at en"), Some("de"));
        assert_eq!((locales("fr"), locales("")), (None, None));
        assert_eq!(filled("to {client}", "client", "X"), "to X");
    }
}
