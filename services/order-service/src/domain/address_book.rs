//! Address book aggregate: the addresses that a customer with an account stored, and which of them are the defaults.

use super::{
    events::{
        Address, Customer,
        address_book::{AddressBookEvent, AddressUse},
    },
    rejection::Rejection,
};
use identifiers::AddressId;
use kernel::Timestamp;

/// Upper bound of the addresses of an account.
pub(crate) const ADDRESSES_MAX: usize = 20;
/// Upper bound of the changes of an address book, each of which is read whenever the book is. Addresses can be removed beyond it.
const CHANGES_MAX: u64 = 10_000;

/// Address book.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AddressBook {
    /// Oldest first.
    pub(crate) entries: Vec<AddressEntry>,
    /// Defaults that were chosen; they may be gone since.
    delivery: Option<AddressId>,
    billing: Option<AddressId>,
    changes: u64,
}

/// Address of a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AddressEntry {
    pub(crate) id: AddressId,
    pub(crate) address: Address,
    /// Under whose key it is stored.
    pub(crate) customer: Customer,
}

/// Address that is to be stored, with the defaults that it becomes.
#[derive(Clone, Debug)]
pub(crate) struct NewAddress {
    pub(crate) id: AddressId,
    pub(crate) address: Address,
    pub(crate) customer: Customer,
    pub(crate) uses: Vec<AddressUse>,
}

impl AddressBook {
    /// Stores an address: a new one, or one in place of that with its id. A new one that is there already stays the one it is.
    pub(crate) fn store(
        book: Option<&Self>,
        new: &NewAddress,
        at: Timestamp,
    ) -> Result<Vec<AddressBookEvent>, Rejection> {
        let NewAddress { id, address, customer, uses } = new;
        let empty = Self::default();
        let book = book.unwrap_or(&empty);
        let same = book.entries.iter().find(|entry| entry.address == *address);
        let present = book.entry(*id).or(same);
        let is_stored = present.is_some_and(|entry| entry.address == *address);
        let id = present.map_or(*id, |entry| entry.id);
        let mut events = Vec::new();
        if !is_stored {
            if present.is_none() && book.entries.len() >= ADDRESSES_MAX {
                return Err(Rejection::TooManyAddresses { max: ADDRESSES_MAX });
            }
            let (address, customer) = (Some(address.clone()), *customer);
            events.push(AddressBookEvent::AddressStored { id, address, customer, at });
        }
        let is_default = |wanted: AddressUse| is_stored && book.default_for(wanted) == Some(id);
        let chosen = uses.iter().copied().filter(|wanted| !is_default(*wanted));
        events.extend(chosen.map(|wanted| AddressBookEvent::DefaultChosen { id, wanted, at }));
        if !events.is_empty() && book.changes >= CHANGES_MAX {
            return Err(Rejection::TooManyAddresses { max: ADDRESSES_MAX });
        }
        Ok(events)
    }

    /// Removes an address, if it is there.
    pub(crate) fn remove(
        book: Option<&Self>,
        id: AddressId,
        at: Timestamp,
    ) -> Vec<AddressBookEvent> {
        let is_there = book.is_some_and(|book| book.entry(id).is_some());
        if is_there { vec![AddressBookEvent::AddressRemoved { id, at }] } else { Vec::new() }
    }

    /// Erases what is stored under the key of a customer.
    pub(crate) fn erase(
        book: Option<&Self>,
        customer: Customer,
        at: Timestamp,
    ) -> Vec<AddressBookEvent> {
        if book.is_some_and(|book| book.has_data_of(customer)) {
            vec![AddressBookEvent::Erased { customer, at }]
        } else {
            Vec::new()
        }
    }

    /// Whether anything is stored under the key of a customer that can be read.
    pub(crate) fn has_data_of(&self, customer: Customer) -> bool {
        self.entries.iter().any(|entry| entry.customer == customer)
    }

    /// Default for a use: the one that was chosen, or the oldest if that is gone.
    pub(crate) fn default_for(&self, wanted: AddressUse) -> Option<AddressId> {
        let chosen = match wanted {
            AddressUse::Delivery => self.delivery,
            AddressUse::Billing => self.billing,
        };
        let chosen = chosen.filter(|id| self.entry(*id).is_some());
        chosen.or_else(|| self.entries.first().map(|entry| entry.id))
    }

    fn entry(&self, id: AddressId) -> Option<&AddressEntry> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    /// Folds one more event. An address that was erased since is none.
    pub(crate) fn apply(book: Option<Self>, event: &AddressBookEvent) -> Self {
        let mut book = book.unwrap_or_default();
        match event {
            AddressBookEvent::AddressStored { id, address: Some(address), customer, .. } => {
                let entry = AddressEntry { id: *id, address: address.clone(), customer: *customer };
                match book.entries.iter_mut().find(|known| known.id == *id) {
                    Some(known) => *known = entry,
                    None => book.entries.push(entry),
                }
            }
            AddressBookEvent::AddressStored { id, address: None, .. }
            | AddressBookEvent::AddressRemoved { id, .. } => {
                book.entries.retain(|entry| entry.id != *id);
            }
            AddressBookEvent::DefaultChosen { id, wanted, .. } => match wanted {
                AddressUse::Delivery => book.delivery = Some(*id),
                AddressUse::Billing => book.billing = Some(*id),
            },
            AddressBookEvent::Erased { customer, .. } => {
                book.entries.retain(|entry| entry.customer != *customer);
            }
        }
        book.changes += 1;
        book
    }

    /// Memory that the book occupies, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let entry = |entry: &AddressEntry| {
            let Address { name, line1, line2, city, region, postal_code, country } = &entry.address;
            let optional = [line2, city, region, postal_code].into_iter().map(text).sum::<usize>();
            size_of_val(entry) + name.len() + line1.len() + country.len() + optional
        };
        size_of::<Self>() + self.entries.iter().map(entry).sum::<usize>()
    }
}

#[cfg(test)]
mod tests;
