//! Validation of e-mail addresses and postal addresses, before a checkout begins.

use super::{events::Address, rejection::Rejection};
use std::collections::BTreeSet;

/// Limit of characters of one part of an address.
const PART_CHARACTERS_MAX: usize = 200;
/// Limit of bytes of an e-mail address.
const EMAIL_BYTES_MAX: usize = 254;

/// Checks the form of an e-mail address. Whether it is read, only a message can show.
pub(crate) fn check_email(email: &str) -> Result<(), Rejection> {
    let plain =
        email.chars().all(|character| !character.is_whitespace() && !character.is_control());
    let parts = email.split_once('@');
    let whole = parts.is_some_and(|(name, host)| {
        !name.is_empty()
            && !host.contains('@')
            && !host.starts_with('.')
            && !host.ends_with('.')
            && !host.is_empty()
    });
    if plain && whole && email.len() <= EMAIL_BYTES_MAX {
        Ok(())
    } else {
        Err(Rejection::field("email", "is not an e-mail address such as name@example.com"))
    }
}

/// Checks that an address has the parts that every address has, and that none is too long. `field` is its name in the
/// request.
pub(crate) fn check_address(field: &str, address: &Address) -> Result<(), Rejection> {
    let parts = [
        ("name", Some(&address.name)),
        ("line1", Some(&address.line1)),
        ("line2", address.line2.as_ref()),
        ("city", address.city.as_ref()),
        ("region", address.region.as_ref()),
        ("postal_code", address.postal_code.as_ref()),
    ];
    for (name, part) in parts {
        let Some(part) = part else { continue };
        let needed = matches!(name, "name" | "line1");
        if needed && part.trim().is_empty() {
            return Err(Rejection::field(format!("{field}.{name}"), "must not be empty"));
        }
        if part.chars().count() > PART_CHARACTERS_MAX || part.chars().any(char::is_control) {
            let message = format!("is one line of at most {PART_CHARACTERS_MAX} characters");
            return Err(Rejection::field(format!("{field}.{name}"), message));
        }
    }
    let country = address.country.as_bytes();
    if country.len() != 2 || !country.iter().all(u8::is_ascii_uppercase) {
        return Err(Rejection::field(
            format!("{field}.country"),
            "is a two-letter code such as DE",
        ));
    }
    Ok(())
}

/// Parts that this address lacks, of those its country requires.
pub(crate) fn missing_parts(address: &Address, required: &BTreeSet<String>) -> Vec<&'static str> {
    let parts = [
        ("city", &address.city),
        ("region", &address.region),
        ("postal_code", &address.postal_code),
    ];
    let there = |part: &Option<String>| part.as_ref().is_some_and(|part| !part.trim().is_empty());
    let missing = parts.into_iter().filter(|(name, part)| required.contains(*name) && !there(part));
    missing.map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> Address {
        Address {
            name: "Ada".to_owned(),
            line1: "1 Road".to_owned(),
            line2: None,
            city: Some("Bonn".to_owned()),
            region: None,
            postal_code: Some(" ".to_owned()),
            country: "DE".to_owned(),
        }
    }

    #[test]
    fn a_malformed_e_mail_address_is_refused() {
        for email in ["a@b", "ada.lovelace+shop@example.com", "ä@müller.example"] {
            assert_eq!(check_email(email), Ok(()), "{email}");
        }
        let long = format!("{}@example.com", "a".repeat(300));
        for email in ["", "a", "@b", "a@", "a@b@c", "a b@c", "a@.c", "a@c.", "a@b\n", &long] {
            assert!(check_email(email).is_err(), "{email}");
        }
    }

    #[test]
    fn an_invalid_address_names_the_invalid_part() {
        let wrong = |change: fn(&mut Address)| {
            let mut address = address();
            change(&mut address);
            match check_address("shipping_address", &address) {
                Err(Rejection::Field { field, .. }) => field,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(check_address("shipping_address", &address()), Ok(()));
        assert_eq!(wrong(|it| it.name = "  ".to_owned()), "shipping_address.name");
        assert_eq!(wrong(|it| it.line1.clear()), "shipping_address.line1");
        assert_eq!(wrong(|it| it.line2 = Some("x".repeat(201))), "shipping_address.line2");
        assert_eq!(wrong(|it| it.city = Some("a\nb".to_owned())), "shipping_address.city");
        assert_eq!(wrong(|it| it.country = "de".to_owned()), "shipping_address.country");
    }

    #[test]
    fn a_blank_part_counts_as_missing() {
        let required = ["city", "postal_code"].map(str::to_owned).into();
        assert_eq!(missing_parts(&address(), &required), ["postal_code"]);
        assert!(missing_parts(&address(), &BTreeSet::new()).is_empty());
    }
}
