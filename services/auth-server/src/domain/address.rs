//! E-mail address: which account it belongs to.

use super::{Rejection, events::AddressEvent};
use identifiers::AccountId;
use kernel::Timestamp;

/// E-mail address that belongs to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) holder: AccountId,
}

impl Address {
    /// Claims a free address for an account; again is no change.
    pub(crate) fn claim(
        address: Option<&Self>,
        account: AccountId,
        at: Timestamp,
    ) -> Result<Vec<AddressEvent>, Rejection> {
        match address {
            None => Ok(vec![AddressEvent::Claimed { account, at }]),
            Some(address) if address.holder == account => Ok(Vec::new()),
            Some(_) => Err(Rejection::AddressTaken),
        }
    }

    /// State with one more event.
    pub(crate) fn apply(event: &AddressEvent) -> Self {
        match event {
            AddressEvent::Claimed { account, .. } => Self { holder: *account },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Uuid;

    #[test]
    fn an_address_belongs_to_one_account() {
        let (ada, bob) = (AccountId(Uuid::from_u128(1)), AccountId(Uuid::from_u128(2)));
        let at = Timestamp::UNIX_EPOCH;
        let claimed = Address::claim(None, ada, at).unwrap();
        let address = Address::apply(&claimed[0]);
        assert_eq!(address.holder, ada);
        assert_eq!(Address::claim(Some(&address), ada, at), Ok(Vec::new()));
        assert_eq!(Address::claim(Some(&address), bob, at), Err(Rejection::AddressTaken));
    }
}
