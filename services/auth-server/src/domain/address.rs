//! E-mail address: which account it belongs to. A claim is made before the account is, so that it is a reservation at first: one that
//! no account took up in time is abandoned, and the address is free again.

use super::{Rejection, events::AddressEvent};
use identifiers::AccountId;
use kernel::Timestamp;
use std::time::Duration;

/// Time within which an account must take up the address that was claimed for it. It is far longer than that takes.
pub(crate) const RESERVATION: Duration = Duration::from_mins(15);

/// E-mail address that is claimed for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) holder: AccountId,
    claimed_at: Timestamp,
}

impl Address {
    /// Claims an address for an account: a free one, one that it holds already, or one whose present claim the caller found abandoned.
    pub(crate) fn claim(
        address: Option<&Self>,
        account: AccountId,
        abandoned: Option<&Self>,
        at: Timestamp,
    ) -> Result<Vec<AddressEvent>, Rejection> {
        match address {
            Some(held) if held.holder != account && Some(held) != abandoned => {
                Err(Rejection::AddressTaken)
            }
            _ => Ok(vec![AddressEvent::Claimed { account, at }]),
        }
    }

    /// Whether the account must have taken up the address by now.
    pub(crate) fn is_reservation_over(&self, at: Timestamp) -> bool {
        at >= self.claimed_at.checked_add(RESERVATION).unwrap_or(Timestamp::MAX)
    }

    /// State with one more event.
    pub(crate) fn apply(event: &AddressEvent) -> Self {
        match event {
            AddressEvent::Claimed { account, at } => Self { holder: *account, claimed_at: *at },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Uuid;

    const ADA: AccountId = AccountId(Uuid::from_u128(1));
    const BOB: AccountId = AccountId(Uuid::from_u128(2));

    fn claimed(second: i64) -> Address {
        let at = Timestamp::from_second(second).unwrap();
        Address::apply(&Address::claim(None, ADA, None, at).unwrap()[0])
    }

    #[test]
    fn an_address_belongs_to_one_account() {
        let (address, at) = (claimed(0), Timestamp::UNIX_EPOCH);
        assert_eq!(address.holder, ADA);
        assert!(Address::claim(Some(&address), ADA, None, at).is_ok(), "it is its own");
        assert_eq!(Address::claim(Some(&address), BOB, None, at), Err(Rejection::AddressTaken));
    }

    #[test]
    fn an_abandoned_claim_gives_way_unless_it_was_renewed_meanwhile() {
        let (address, at) = (claimed(0), Timestamp::UNIX_EPOCH);
        let taken_over = Address::claim(Some(&address), BOB, Some(&address), at).unwrap();
        assert_eq!(Address::apply(&taken_over[0]).holder, BOB);
        let renewed = claimed(1);
        let refused = Address::claim(Some(&renewed), BOB, Some(&address), at);
        assert_eq!(refused, Err(Rejection::AddressTaken));
    }

    #[test]
    fn a_reservation_ends_after_a_quarter_of_an_hour() {
        let is_over =
            |second| claimed(10).is_reservation_over(Timestamp::from_second(second).unwrap());
        assert!(!is_over(10 + 899));
        assert!(is_over(10 + 900));
    }
}
