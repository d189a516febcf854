//! Password that somebody chooses: long, and not one of those that everybody guesses first (NIST SP 800-63B, section 3.1.1). There are
//! no rules about its characters, and it does not expire.

use super::breached_passwords::BreachedPasswords;
use crate::application::error::AuthError;
use icu_normalizer::ComposingNormalizerBorrowed;
use std::fmt;
use storage::StorageError;

/// Shortest password, in characters: where it is the only factor, and where a second one is asked for as well.
pub(crate) const CHARACTERS_MIN: usize = 15;
pub(crate) const CHARACTERS_BESIDE_SECOND_FACTOR_MIN: usize = 8;
/// Longest password, in characters and in bytes; a longer one would cost more to hash.
pub(crate) const CHARACTERS_MAX: usize = 128;
pub(crate) const BYTES_MAX: usize = 512;
/// Shortest part of an address before the `@` that a password may not contain.
const NAME_CHARACTERS_MIN: usize = 5;
/// Longest part that makes no password by its repetition.
const REPEATED_CHARACTERS_MAX: usize = 4;

/// Password that may be chosen, in the form in which it is hashed.
#[derive(Clone)]
pub(crate) struct Password(String);

/// Reason why a password may not be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordRefusal {
    Short,
    Long,
    /// It contains the e-mail address or the name in it, or is a few characters again and again.
    Simple,
    /// It is on a list of breached passwords.
    Breached,
}

/// Policy of new passwords: their form, and the list of the shop.
#[derive(Clone, Debug)]
pub(crate) struct PasswordPolicy {
    pub(crate) breached: BreachedPasswords,
}

impl PasswordPolicy {
    /// A new password of a person with this e-mail address, who is asked for a second factor as well or not.
    pub(crate) async fn choose(
        &self,
        text: &str,
        email: &str,
        has_second_factor: bool,
    ) -> Result<Result<Password, PasswordRefusal>, AuthError> {
        let chosen = if has_second_factor {
            Password::choose_beside_second_factor(text, email)
        } else {
            Password::choose(text, email)
        };
        let Ok(password) = chosen else { return Ok(chosen) };
        let (list, text) = (self.breached.clone(), password.0.clone());
        // A list may be a file of many gigabytes.
        let is_breached = tokio::task::spawn_blocking(move || list.contains(&text)).await;
        let is_breached = is_breached.map_err(std::io::Error::other).and_then(|listed| listed);
        let is_breached = is_breached.map_err(|error| {
            StorageError::Unavailable(format!("the list of breached passwords: {error}"))
        })?;
        Ok(if is_breached { Err(PasswordRefusal::Breached) } else { Ok(password) })
    }
}

impl Password {
    /// A new password of a person with this e-mail address, who signs in with it alone.
    pub(crate) fn choose(text: &str, email: &str) -> Result<Self, PasswordRefusal> {
        Self::of_length(text, email, CHARACTERS_MIN)
    }

    /// The same, of a person who is asked for a second factor as well.
    pub(crate) fn choose_beside_second_factor(
        text: &str,
        email: &str,
    ) -> Result<Self, PasswordRefusal> {
        Self::of_length(text, email, CHARACTERS_BESIDE_SECOND_FACTOR_MIN)
    }

    fn of_length(text: &str, email: &str, min: usize) -> Result<Self, PasswordRefusal> {
        // What is too long is not normalised either.
        if text.len() > BYTES_MAX {
            return Err(PasswordRefusal::Long);
        }
        let text = normalized(text);
        let characters = text.chars().count();
        if characters < min {
            return Err(PasswordRefusal::Short);
        }
        if characters > CHARACTERS_MAX || text.len() > BYTES_MAX {
            return Err(PasswordRefusal::Long);
        }
        let lower = text.to_lowercase();
        if is_repetition(&lower) || contains_name(&lower, &email.to_lowercase()) {
            return Err(PasswordRefusal::Simple);
        }
        Ok(Self(text))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

/// Whether a password is long enough to be the only factor.
pub(crate) fn is_enough_alone(text: &str) -> bool {
    normalized(text).chars().count() >= CHARACTERS_MIN
}

/// Whether two texts are one password, however a keyboard wrote it.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    normalized(one) == normalized(other)
}

/// The form in which a password is hashed (NFKC): keyboards write the same characters in several ways.
pub(crate) fn normalized(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfkc().normalize(text).into_owned()
}

/// Whether a text is one short part again and again.
fn is_repetition(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    (1..=REPEATED_CHARACTERS_MAX)
        .any(|length| characters.iter().zip(characters.iter().skip(length)).all(|(a, b)| a == b))
}

fn contains_name(text: &str, email: &str) -> bool {
    let name = email.split('@').next().unwrap_or_default();
    let is_name = name.chars().count() >= NAME_CHARACTERS_MIN;
    (!email.is_empty() && text.contains(email)) || (is_name && text.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn choose(text: &str) -> Result<(), PasswordRefusal> {
        Password::choose(text, "ada.lovelace@example.com").map(drop)
    }

    #[test]
    fn a_password_has_15_to_128_characters_and_8_beside_a_second_factor() {
        let beside = |text: &str| Password::choose_beside_second_factor(text, "").map(drop);
        assert_eq!(choose("fourteen chars"), Err(PasswordRefusal::Short));
        assert_eq!(choose("fifteen chars ä"), Ok(()));
        assert_eq!(beside("seven c"), Err(PasswordRefusal::Short));
        assert_eq!(beside("eight ch"), Ok(()));
        let long: String = ('a'..='z').cycle().take(128).collect();
        assert_eq!(choose(&long), Ok(()));
        assert_eq!(choose(&format!("{long}b")), Err(PasswordRefusal::Long));
        assert_eq!(choose(&"x y z".repeat(2_000)), Err(PasswordRefusal::Long));
        let bytes: String = "😀🙃🙂😉😊".chars().cycle().take(128).collect();
        assert_eq!(choose(&bytes), Ok(()), "512 bytes");
        assert_eq!(is_enough_alone("fourteen chars"), choose("fourteen chars").is_ok());
        assert!(is_enough_alone("fifteen chars ä"));
    }

    #[test]
    fn the_own_address_and_name_and_repetitions_are_refused() {
        for simple in [
            "my ADA.lovelace@example.com",
            "Ada.Lovelace was born in 1815",
            "aaaaaaaaaaaaaaaaaaaa",
            "abababababababababab",
            "Xyz1xyz1xyz1xyz1xyz1",
        ] {
            assert_eq!(choose(simple), Err(PasswordRefusal::Simple), "{simple}");
        }
        let of_short_name = Password::choose("the ada of the programmers", "ada@example.com");
        assert!(of_short_name.is_ok(), "three letters are in many words");
    }

    #[tokio::test]
    async fn the_commonest_are_refused_in_whatever_letters_they_are_written() {
        let policy = PasswordPolicy { breached: BreachedPasswords::built_in() };
        let fullwidth: String = "passwordpassword"
            .chars()
            .filter_map(|it| char::from_u32(it as u32 + 0xfee0))
            .collect();
        for common in ["PasswordPassword", &fullwidth] {
            let chosen = policy.choose(common, "ada@example.com", false).await.unwrap();
            assert_eq!(chosen.map(drop), Err(PasswordRefusal::Breached), "{common}");
        }
    }

    #[test]
    fn two_ways_to_write_a_character_are_one() {
        let chosen = |text| Password::choose(text, "").unwrap().0;
        assert_eq!(
            chosen("gr\u{fc}\u{df}e aus dem s\u{fc}den"),
            chosen("gru\u{308}\u{df}e aus dem su\u{308}den")
        );
        assert_eq!(format!("{:?}", Password::choose("correct horse battery", "").unwrap()), "***");
    }

    proptest! {
        #[test]
        fn what_may_be_chosen_is_bounded_whatever_it_expands_to(text in "\\PC{0,200}|[\u{fdfa}a]{0,200}") {
            if let Ok(password) = Password::choose(&text, "") {
                let characters = password.0.chars().count();
                prop_assert!((CHARACTERS_MIN..=CHARACTERS_MAX).contains(&characters));
                prop_assert!(password.0.len() <= BYTES_MAX);
            }
        }
    }
}
