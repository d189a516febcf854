//! Validation of e-mail addresses and postal addresses, before a checkout begins.

use super::events::Address;
use identifiers::{Email, InvalidEmail};
use kernel::FieldError;

/// The e-mail address without the spaces around it, if it has the form of one.
pub(crate) fn check_email(email: &str) -> Result<String, FieldError> {
    let error =
        |error: InvalidEmail| FieldError { field: "email".to_owned(), message: error.to_string() };
    Email::parse(email).map(|email| email.to_string()).map_err(error)
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
    fn an_e_mail_address_is_stored_without_the_spaces_around_it() {
        for email in ["ada.lovelace+shop@example.com", "ä@müller.example"] {
            assert_eq!(check_email(&format!(" {email}\t")).as_deref(), Ok(email));
        }
        for email in ["", "a@b", "ann@gmail", "a@b@c.de", "a b@c.de", "a\u{202e}b@c.de"] {
            assert_eq!(check_email(email).map_err(|error| error.field), Err("email".to_owned()));
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
