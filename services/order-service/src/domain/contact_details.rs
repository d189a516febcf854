//! Validation of e-mail addresses and postal addresses, before a checkout begins.

use super::{events::Address, rejection::Rejection};
use kernel::FieldError;

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

/// The address in its normal form, or an error for each part that is wrong. `field` is its name in the request.
pub(crate) fn check_address(
    field: &str,
    address: &addresses::Address,
) -> Result<Address, Vec<FieldError>> {
    let checked = address.checked().map_err(|errors| {
        let errors = errors.into_iter().map(|error| FieldError {
            field: format!("{field}.{}", error.part.field()),
            message: error.message(),
        });
        errors.collect::<Vec<_>>()
    })?;
    Ok(Address {
        name: checked.name,
        line1: checked.line1,
        line2: checked.line2,
        city: checked.city,
        region: checked.region,
        postal_code: checked.postal_code,
        country: checked.country,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn an_address_is_stored_in_its_normal_form_or_names_everything_that_is_wrong() {
        let address = addresses::Address {
            name: " Ada ".to_owned(),
            line1: "1 Road".to_owned(),
            city: Some("London".to_owned()),
            postal_code: Some("sw1a1aa".to_owned()),
            country: "GB".to_owned(),
            ..addresses::Address::default()
        };
        let checked = check_address("shipping_address", &address).unwrap();
        assert_eq!((&*checked.name, checked.postal_code.as_deref()), ("Ada", Some("SW1A 1AA")));
        let wrong = addresses::Address { city: None, country: "US".to_owned(), ..address };
        let errors = check_address("billing_address", &wrong).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            ["billing_address.city", "billing_address.region", "billing_address.postal_code"]
        );
    }
}
