//! E-mail address: the one rule for what people and programs enter as one.

use std::fmt;

/// The longest e-mail address, in bytes of UTF-8 (RFC 5321, section 4.5.3.1.3).
pub const EMAIL_BYTES_MAX: usize = 254;
/// The longest part before the `@`, in bytes (RFC 5321, section 4.5.3.1.1).
const LOCAL_PART_BYTES_MAX: usize = 64;
/// The longest label of a domain, in bytes of its ASCII form; a label in another script is shorter still.
const LABEL_BYTES_MAX: usize = 63;

/// E-mail address with the form `name@example.com`: without spaces around it, without quotes and comments, and with a domain
/// that has a dot. Letters of every script are allowed on both sides (RFC 6531). Whether it is read, only a message can show.
///
/// ```
/// use identifiers::Email;
///
/// assert_eq!(Email::parse("  ada@example.com ").unwrap().as_str(), "ada@example.com");
/// assert!(Email::parse("ann@gmail").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

/// Error of [`Email::parse`]: the text has not the form of an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidEmail;

impl Email {
    /// An e-mail address as somebody enters it, without the spaces around it.
    ///
    /// # Errors
    ///
    /// [`InvalidEmail`] for a text of another form, with characters that are not visible, or that is too long.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let fits = text.len() <= EMAIL_BYTES_MAX && local.len() <= LOCAL_PART_BYTES_MAX;
        if fits && is_local_part(local) && is_domain(domain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidEmail)
        }
    }

    /// As it was entered.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Atoms with dots between them.
fn is_local_part(text: &str) -> bool {
    let is_atom_character =
        |character: char| is_letter(character) || "!#$%&'*+-/=?^_`{|}~".contains(character);
    text.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom_character))
}

/// At least two labels, the last of which is no number.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        let is_plain = label.chars().all(|character| is_letter(character) || character == '-');
        let is_framed = !label.starts_with('-') && !label.ends_with('-');
        !label.is_empty() && label.len() <= LABEL_BYTES_MAX && is_plain && is_framed
    };
    let Some((_, last)) = text.rsplit_once('.') else { return false };
    text.split('.').all(is_label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

/// A letter or digit of any script, or a sign that belongs to one: some scripts write the sign that joins two letters as a
/// character of its own.
fn is_letter(character: char) -> bool {
    let is_combining =
        matches!(character, '\u{300}'..='\u{36f}' | '\u{94d}' | '\u{9cd}' | '\u{bcd}');
    character.is_alphanumeric() || is_combining
}

impl fmt::Display for Email {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Display for InvalidEmail {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("is not an e-mail address such as name@example.com")
    }
}

impl std::error::Error for InvalidEmail {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_of_every_script_are_taken() {
        for text in [
            "name@example.com",
            "ada.lovelace+shop@sub.example.co",
            "o'neill@example.ie",
            "a@b.de",
            "ä@müller.example",
            "用户@例子.公司",
            "अजय@डाटा.भारत",
            "x@xn--mller-kva.example",
            "1@2.example",
        ] {
            assert_eq!(Email::parse(text).map(|email| email.to_string()).as_deref(), Ok(text));
            assert_eq!(Email::parse(&format!("\u{a0} {text}\t")), Email::parse(text), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let long_name = format!("{}@example.com", "a".repeat(LOCAL_PART_BYTES_MAX + 1));
        let long_label = format!("a@{}.com", "b".repeat(LABEL_BYTES_MAX + 1));
        let long = format!("a@{}com", "example.".repeat(40));
        for text in [
            "",
            "   ",
            "name",
            "@example.com",
            "name@",
            "ann@gmail",
            "a@localhost",
            "a@b@c.de",
            "a b@c.de",
            "a@b c.de",
            "name@.com",
            "name@example.",
            "name@example..com",
            ".a@b.de",
            "a.@b.de",
            "a..b@c.de",
            "a@-b.de",
            "a@b-.de",
            "a@127.0.0.1",
            "a@[127.0.0.1]",
            "a@b.1",
            "\"a\"@b.de",
            "a(x)@b.de",
            "<a@b.de>",
            "Ada <a@b.de>",
            "mailto:a@b.de",
            "a@b.de,c@d.de",
            "a;b@c.de",
            "a@b.de\n",
            "a\n@b.de",
            "a\0@b.de",
            "a\u{202e}b@c.de",
            "a@b\u{202e}c.de",
            "a\u{200b}@b.de",
            "a@\u{2066}b.de",
            "a\u{ad}b@c.de",
            "\u{feff}a@b.de",
            "a@b\u{3002}de",
            "a\u{2028}@b.de",
            "a@b_c.de",
            "a\\b@c.de",
            &long_name,
            &long_label,
            &long,
        ] {
            // Spaces around it are no part of it.
            if text.trim() == text {
                assert_eq!(Email::parse(text), Err(InvalidEmail), "{text:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn an_address_is_printable_and_stays_what_it_is(text in "\\PC{0,8}[a-z\u{202d}\u{200f} .]{0,4}@[a-zÀ-ÿ.\u{2067}-]{0,12}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
                let is_hidden = |it: char| it.is_control() || it.is_whitespace() || ('\u{2000}'..='\u{206f}').contains(&it);
                prop_assert!(!email.as_str().chars().any(is_hidden));
            }
        }
    }
}
