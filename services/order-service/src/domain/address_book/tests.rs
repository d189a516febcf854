//! Rules of an address book.

use super::*;
use kernel::Uuid;

const ANN: Customer = Customer(1);
const AT: Timestamp = Timestamp::UNIX_EPOCH;
const BOTH: [AddressUse; 2] = [AddressUse::Delivery, AddressUse::Billing];

fn id(number: u128) -> AddressId {
    AddressId(Uuid::from_u128(number))
}

fn entry(number: u128, line1: &str, uses: &[AddressUse]) -> NewAddress {
    let address = Address {
        name: "Ada".to_owned(),
        line1: line1.to_owned(),
        line2: None,
        city: Some("Bonn".to_owned()),
        region: None,
        postal_code: Some("53111".to_owned()),
        country: "DE".to_owned(),
    };
    NewAddress { id: id(number), address, customer: ANN, uses: uses.to_vec() }
}

fn folded(book: &AddressBook, events: &[AddressBookEvent]) -> AddressBook {
    events.iter().fold(book.clone(), |book, event| AddressBook::apply(Some(book), event))
}

fn stored(book: &AddressBook, new: &NewAddress) -> AddressBook {
    folded(book, &AddressBook::store(Some(book), new, AT).unwrap())
}

fn defaults(book: &AddressBook) -> [Option<AddressId>; 2] {
    BOTH.map(|wanted| book.default_for(wanted))
}

#[test]
fn the_oldest_address_is_the_default_until_another_is_chosen_or_it_is_gone() {
    let none = AddressBook::default();
    assert_eq!(defaults(&none), [None, None]);
    let two = stored(&stored(&none, &entry(1, "1 Road", &[])), &entry(2, "2 Road", &[]));
    assert_eq!(defaults(&two), [Some(id(1)), Some(id(1))]);
    let chosen = stored(&two, &entry(2, "2 Road", &[AddressUse::Billing]));
    assert_eq!(defaults(&chosen), [Some(id(1)), Some(id(2))]);
    let without = folded(&chosen, &AddressBook::remove(Some(&chosen), id(2), AT));
    assert_eq!(defaults(&without), [Some(id(1)), Some(id(1))]);
    assert_eq!(AddressBook::remove(Some(&without), id(2), AT), []);
    assert_eq!(AddressBook::remove(None, id(2), AT), []);
}

#[test]
fn what_is_stored_already_is_no_change() {
    let book = stored(&AddressBook::default(), &entry(1, "1 Road", &BOTH));
    assert_eq!(AddressBook::store(Some(&book), &entry(1, "1 Road", &BOTH), AT), Ok(vec![]));
    assert_eq!(AddressBook::store(Some(&book), &entry(2, "1 Road", &[]), AT), Ok(vec![]));
    let two = stored(&book, &entry(2, "2 Road", &[]));
    let again = stored(&two, &entry(3, "2 Road", &[AddressUse::Delivery]));
    assert_eq!((again.entries.len(), defaults(&again)), (2, [Some(id(2)), Some(id(1))]));
    let moved = stored(&two, &entry(1, "3 Road", &[]));
    assert_eq!((moved.entries.len(), &*moved.entries[0].address.line1), (2, "3 Road"));
}

#[test]
fn a_book_has_a_bounded_number_of_addresses_which_can_still_be_changed() {
    let full = (0..ADDRESSES_MAX as u128).fold(AddressBook::default(), |book, number| {
        stored(&book, &entry(number, &format!("{number} Road"), &[]))
    });
    let refused = Err(Rejection::TooManyAddresses { max: ADDRESSES_MAX });
    assert_eq!(AddressBook::store(Some(&full), &entry(99, "99 Road", &[]), AT), refused);
    assert_eq!(stored(&full, &entry(3, "33 Road", &[])).entries.len(), ADDRESSES_MAX);
    let less = folded(&full, &AddressBook::remove(Some(&full), id(0), AT));
    assert_eq!(stored(&less, &entry(99, "99 Road", &[])).entries.len(), ADDRESSES_MAX);
    let worn = AddressBook { changes: CHANGES_MAX, ..AddressBook::default() };
    assert_eq!(AddressBook::store(Some(&worn), &entry(1, "1 Road", &[]), AT), refused);
}

#[test]
fn what_was_erased_is_gone_and_what_was_stored_since_is_not() {
    let book = stored(&AddressBook::default(), &entry(1, "1 Road", &BOTH));
    let new = NewAddress { customer: Customer(2), ..entry(2, "2 Road", &[]) };
    let book = stored(&book, &new);
    let erased = folded(&book, &AddressBook::erase(Some(&book), ANN, AT));
    assert_eq!((erased.entries.len(), defaults(&erased)), (1, [Some(id(2)), Some(id(2))]));
    assert_eq!(AddressBook::erase(Some(&erased), ANN, AT), []);
    // Read again without the key.
    let unread =
        AddressBookEvent::AddressStored { id: id(2), address: None, customer: ANN, at: AT };
    assert_eq!(folded(&erased, &[unread]).entries, []);
}
