//! What a shopper knows of a cart: what it can have in it, when some changes may still be on their way.

use std::collections::{BTreeMap, BTreeSet};

/// SKUs and units.
pub(crate) type Lines = BTreeMap<String, i64>;

/// A change of a cart that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    Add { sku: String, units: i64 },
    Set { sku: String, units: i64 },
}

/// All that a cart can be.
#[derive(Clone, Debug)]
pub(crate) struct Cart {
    pub(crate) id: String,
    states: BTreeSet<State>,
}

/// One of the things that it can be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    lines: Lines,
    /// Nobody knows whether these got lost or will still arrive.
    under_way: Vec<Change>,
}

impl Change {
    fn happen(&self, lines: &mut Lines) {
        match self {
            Self::Add { sku, units } => *lines.entry(sku.clone()).or_default() += units,
            Self::Set { sku, units: 0 } => drop(lines.remove(sku)),
            Self::Set { sku, units } => drop(lines.insert(sku.clone(), *units)),
        }
    }
}

impl Cart {
    /// A cart that was shown with these lines.
    pub(crate) fn new(id: String, lines: Lines) -> Self {
        Self { id, states: [State { lines, under_way: Vec::new() }].into() }
    }

    /// What it can have in it by now.
    pub(crate) fn possible(&self) -> Vec<Lines> {
        let lines: BTreeSet<Lines> = self.by_now().into_iter().map(|state| state.lines).collect();
        lines.into_iter().collect()
    }

    /// No answer came to a change: it has happened, will happen, or never does.
    pub(crate) fn changes_perhaps(&mut self, change: &Change) {
        self.states = std::mem::take(&mut self.states)
            .into_iter()
            .map(|mut state| {
                state.under_way.push(change.clone());
                state.under_way.sort();
                state
            })
            .collect();
    }

    /// A change was answered with these lines. Whether they can be.
    pub(crate) fn changed(&mut self, change: &Change, shown: &Lines) -> bool {
        let states = self.by_now().into_iter().filter_map(|mut state| {
            change.happen(&mut state.lines);
            (state.lines == *shown).then_some(state)
        });
        let states: BTreeSet<State> = states.collect();
        let is_possible = !states.is_empty();
        self.states = states;
        is_possible
    }

    /// All it can be now that any of what was under way may have arrived, in any order.
    fn by_now(&self) -> BTreeSet<State> {
        let mut found = self.states.clone();
        let mut open: Vec<State> = found.iter().cloned().collect();
        while let Some(state) = open.pop() {
            for index in 0..state.under_way.len() {
                let mut next = state.clone();
                next.under_way.remove(index).happen(&mut next.lines);
                if found.insert(next.clone()) {
                    open.push(next);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[(&str, i64)]) -> Lines {
        lines.iter().map(|(sku, units)| ((*sku).to_owned(), *units)).collect()
    }

    fn add(sku: &str, units: i64) -> Change {
        Change::Add { sku: sku.to_owned(), units }
    }

    #[test]
    fn a_change_without_an_answer_happens_once_sooner_or_later_or_never() {
        let mut cart = Cart::new("c".to_owned(), lines(&[("a", 1)]));
        cart.changes_perhaps(&add("b", 1));
        assert_eq!(cart.possible(), [lines(&[("a", 1)]), lines(&[("a", 1), ("b", 1)])]);
        // The answer to the next change shows that it has not arrived so far.
        assert!(cart.changed(&add("a", 1), &lines(&[("a", 2)])));
        assert_eq!(cart.possible(), [lines(&[("a", 2)]), lines(&[("a", 2), ("b", 1)])]);
        // And this one, that it has: it does not come again.
        assert!(cart.changed(&add("a", 1), &lines(&[("a", 3), ("b", 1)])));
        assert_eq!(cart.possible(), [lines(&[("a", 3), ("b", 1)])]);
        assert!(!cart.changed(&add("a", 1), &lines(&[("a", 5), ("b", 1)])));
    }
}
