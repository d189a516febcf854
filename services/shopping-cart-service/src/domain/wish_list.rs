//! Wish list aggregate: the articles that a customer remembers.

use super::{events::WishListEvent, rejection::Rejection};
use identifiers::Sku;
use kernel::Timestamp;

/// Upper bound of the articles on a wish list.
pub(crate) const ITEMS_MAX: usize = 200;
/// Upper bound of the changes of a wish list, each of which is read whenever the list is. Articles can be removed beyond it.
const CHANGES_MAX: u64 = 10_000;

/// Wish list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WishList {
    /// Oldest first; one per SKU.
    pub(crate) items: Vec<WishedItem>,
    /// Whether its customer was erased.
    is_erased: bool,
    changes: u64,
}

/// Article on a wish list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WishedItem {
    pub(crate) sku: Sku,
    pub(crate) at: Timestamp,
}

impl WishList {
    /// Adds an article; one that is there stays where it is.
    pub(crate) fn add(
        list: Option<&Self>,
        sku: &Sku,
        at: Timestamp,
    ) -> Result<Vec<WishListEvent>, Rejection> {
        if let Some(list) = list {
            if list.is_erased {
                return Err(Rejection::Unknown);
            }
            if list.has(sku) {
                return Ok(vec![]);
            }
            if list.items.len() >= ITEMS_MAX || list.changes >= CHANGES_MAX {
                return Err(Rejection::TooManyWishes { max: ITEMS_MAX });
            }
        }
        Ok(vec![WishListEvent::ItemAdded { sku: sku.clone(), at }])
    }

    /// Removes an article, if it is there.
    pub(crate) fn remove(list: Option<&Self>, sku: &Sku, at: Timestamp) -> Vec<WishListEvent> {
        if list.is_some_and(|list| list.has(sku)) {
            vec![WishListEvent::ItemRemoved { sku: sku.clone(), at }]
        } else {
            vec![]
        }
    }

    /// Empties the list of a customer who is erased, for good; again is no change.
    pub(crate) fn erase(list: Option<&Self>, at: Timestamp) -> Vec<WishListEvent> {
        let is_erased = list.is_some_and(|list| list.is_erased);
        if is_erased { vec![] } else { vec![WishListEvent::CustomerErased { at }] }
    }

    /// Folds one more event.
    pub(crate) fn apply(list: Option<Self>, event: &WishListEvent) -> Self {
        let mut list = list.unwrap_or_default();
        match event {
            WishListEvent::ItemAdded { sku, at } => {
                list.items.push(WishedItem { sku: sku.clone(), at: *at });
            }
            WishListEvent::ItemRemoved { sku, .. } => list.items.retain(|item| item.sku != *sku),
            WishListEvent::CustomerErased { .. } => {
                list.items.clear();
                list.is_erased = true;
            }
        }
        list.changes += 1;
        list
    }

    /// Memory that the list occupies, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        // A shared text has two counters in front.
        let item = |item: &WishedItem| size_of_val(item) + item.sku.as_str().len() + 16;
        size_of::<Self>() + self.items.iter().map(item).sum::<usize>()
    }

    fn has(&self, sku: &Sku) -> bool {
        self.items.iter().any(|item| item.sku == *sku)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sku(text: &str) -> Sku {
        Sku::parse(text).unwrap()
    }

    fn after(skus: &[&str]) -> WishList {
        let add = |list: Option<WishList>, text: &&str| {
            let events = WishList::add(list.as_ref(), &sku(text), Timestamp::UNIX_EPOCH).unwrap();
            events.iter().fold(list, |list, event| Some(WishList::apply(list, event)))
        };
        skus.iter().fold(None, add).unwrap_or_default()
    }

    #[test]
    fn an_article_is_on_the_list_once_whatever_its_spelling() {
        let list = after(&["Mug", "lamp", "MUG"]);
        let skus: Vec<_> = list.items.iter().map(|item| item.sku.as_str()).collect();
        assert_eq!(skus, ["Mug", "lamp"]);
        let removed = WishList::remove(Some(&list), &sku("mug"), Timestamp::UNIX_EPOCH);
        let list = removed.iter().fold(list, |list, event| WishList::apply(Some(list), event));
        assert_eq!(list.items.len(), 1);
        assert!(WishList::remove(Some(&list), &sku("mug"), Timestamp::UNIX_EPOCH).is_empty());
        assert!(WishList::remove(None, &sku("mug"), Timestamp::UNIX_EPOCH).is_empty());
    }

    #[test]
    fn the_list_of_an_erased_customer_is_empty_for_good() {
        let at = Timestamp::UNIX_EPOCH;
        for list in [None, Some(after(&["Mug"]))] {
            let erased = WishList::erase(list.as_ref(), at);
            let list = erased.iter().fold(list, |list, event| Some(WishList::apply(list, event)));
            assert!(list.as_ref().is_some_and(|list| list.items.is_empty()));
            assert_eq!(WishList::erase(list.as_ref(), at), []);
            assert_eq!(WishList::add(list.as_ref(), &sku("Mug"), at), Err(Rejection::Unknown));
        }
    }

    #[test]
    fn a_list_has_a_bounded_number_of_articles() {
        let skus: Vec<_> = (0..ITEMS_MAX).map(|number| number.to_string()).collect();
        let list = after(&skus.iter().map(String::as_str).collect::<Vec<_>>());
        let full = Rejection::TooManyWishes { max: ITEMS_MAX };
        assert_eq!(WishList::add(Some(&list), &sku("X"), Timestamp::UNIX_EPOCH), Err(full));
        assert_eq!(WishList::add(Some(&list), &sku("7"), Timestamp::UNIX_EPOCH), Ok(vec![]));
    }
}
