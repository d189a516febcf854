//! Possible states of a cart, as its shopper knows them: changes without a response may have happened, may yet happen,
//! or never will.

use std::collections::{BTreeMap, BTreeSet};

/// Units of each SKU.
pub(crate) type CartLines = BTreeMap<String, i64>;

/// Change of a cart that a shopper requested.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CartChange {
    Add { sku: String, units: i64 },
    Set { sku: String, units: i64 },
}

/// Cart with all the states that it can be in.
#[derive(Clone, Debug)]
pub(crate) struct ObservedCart {
    pub(crate) id: String,
    states: BTreeSet<PossibleState>,
}

/// State that the cart can be in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct PossibleState {
    lines: CartLines,
    /// Changes without a response that have not happened so far: lost, or still in flight.
    in_flight: Vec<CartChange>,
}

impl CartChange {
    fn apply(&self, lines: &mut CartLines) {
        match self {
            Self::Add { sku, units } => *lines.entry(sku.clone()).or_default() += units,
            Self::Set { sku, units: 0 } => drop(lines.remove(sku)),
            Self::Set { sku, units } => drop(lines.insert(sku.clone(), *units)),
        }
    }
}

impl ObservedCart {
    /// Cart that a response showed with these lines.
    pub(crate) fn new(id: String, lines: CartLines) -> Self {
        Self { id, states: [PossibleState { lines, in_flight: Vec::new() }].into() }
    }

    /// Lines that the cart can have at this moment.
    pub(crate) fn possible_lines(&self) -> Vec<CartLines> {
        let lines: BTreeSet<CartLines> =
            self.reachable_states().into_iter().map(|state| state.lines).collect();
        lines.into_iter().collect()
    }

    /// Notes a change without a response.
    pub(crate) fn observe_indeterminate(&mut self, change: &CartChange) {
        self.states = std::mem::take(&mut self.states)
            .into_iter()
            .map(|mut state| {
                state.in_flight.push(change.clone());
                state.in_flight.sort();
                state
            })
            .collect();
    }

    /// Notes a change whose response showed these lines. Whether they are possible.
    pub(crate) fn observe_response(&mut self, change: &CartChange, shown: &CartLines) -> bool {
        let states = self.reachable_states().into_iter().filter_map(|mut state| {
            change.apply(&mut state.lines);
            (state.lines == *shown).then_some(state)
        });
        let states: BTreeSet<PossibleState> = states.collect();
        let is_possible = !states.is_empty();
        self.states = states;
        is_possible
    }

    /// States after any of the changes in flight have arrived, in any order.
    fn reachable_states(&self) -> BTreeSet<PossibleState> {
        let mut reachable = self.states.clone();
        let mut open: Vec<PossibleState> = reachable.iter().cloned().collect();
        while let Some(state) = open.pop() {
            for index in 0..state.in_flight.len() {
                let mut next = state.clone();
                next.in_flight.remove(index).apply(&mut next.lines);
                if reachable.insert(next.clone()) {
                    open.push(next);
                }
            }
        }
        reachable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[(&str, i64)]) -> CartLines {
        lines.iter().map(|(sku, units)| ((*sku).to_owned(), *units)).collect()
    }

    fn add(sku: &str, units: i64) -> CartChange {
        CartChange::Add { sku: sku.to_owned(), units }
    }

    #[test]
    fn a_change_without_a_response_happens_once_sooner_or_later_or_never() {
        let mut cart = ObservedCart::new("c".to_owned(), lines(&[("a", 1)]));
        cart.observe_indeterminate(&add("b", 1));
        assert_eq!(cart.possible_lines(), [lines(&[("a", 1)]), lines(&[("a", 1), ("b", 1)])]);
        // The response to the next change shows that it has not arrived so far.
        assert!(cart.observe_response(&add("a", 1), &lines(&[("a", 2)])));
        assert_eq!(cart.possible_lines(), [lines(&[("a", 2)]), lines(&[("a", 2), ("b", 1)])]);
        // This response shows that it has: it does not arrive again.
        assert!(cart.observe_response(&add("a", 1), &lines(&[("a", 3), ("b", 1)])));
        assert_eq!(cart.possible_lines(), [lines(&[("a", 3), ("b", 1)])]);
        assert!(!cart.observe_response(&add("a", 1), &lines(&[("a", 5), ("b", 1)])));
    }
}
