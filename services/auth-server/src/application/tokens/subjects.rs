//! Subject identifiers (OpenID Connect Core, section 8): the account itself, or, for a client with pairwise subjects, an identifier that
//! no client of another sector knows the person by.

use crate::domain::events::Registration;
use identifiers::AccountId;
use jose::base64url_encode;
use ring::hmac::{self, HMAC_SHA256};
use std::fmt;

/// Subject identifiers of people.
pub(crate) struct Subjects(hmac::Key);

impl Subjects {
    pub(crate) fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(HMAC_SHA256, key))
    }

    /// Identifier by which a client knows a person. A pairwise one never has the form of an account, nor of a client.
    pub(crate) fn of(&self, account: AccountId, client: &Registration) -> String {
        let Some(sector) = &client.policy.sector else { return account.to_string() };
        let message = [sector.as_bytes(), &[0], account.to_string().as_bytes()].concat();
        ["pairwise:", &base64url_encode(hmac::sign(&self.0, &message))].concat()
    }
}

impl fmt::Debug for Subjects {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Subjects")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        client::tests::registration,
        events::{ClientId, ClientPolicy},
    };
    use kernel::Uuid;

    #[test]
    fn a_pairwise_subject_is_the_same_within_a_sector_alone() {
        let subjects = Subjects::new(&[1; 32]);
        let of = |number, sector: Option<&str>| {
            let sector = sector.map(ToOwned::to_owned);
            let policy = ClientPolicy { sector, ..ClientPolicy::default() };
            let client = Registration { policy, ..registration() };
            subjects.of(AccountId(Uuid::from_u128(number)), &client)
        };
        assert_eq!(of(1, None), AccountId(Uuid::from_u128(1)).to_string());
        assert_eq!(of(1, Some("a.example")), of(1, Some("a.example")));
        assert_ne!(of(1, Some("a.example")), of(1, Some("b.example")));
        assert_ne!(of(1, Some("a.example")), of(2, Some("a.example")));
        let pairwise = of(1, Some("a.example"));
        assert!(pairwise.is_ascii() && pairwise.len() <= 255);
        assert!(!pairwise.contains(&of(1, None)));
        assert_eq!(ClientId::parse(&pairwise), None, "no client is ever taken for a person");
        assert_ne!(
            Subjects::new(&[2; 32]).of(AccountId(Uuid::from_u128(1)), &registration()),
            pairwise
        );
    }
}
