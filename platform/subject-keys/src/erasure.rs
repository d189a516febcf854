//! Erasures: which keys were given up, and how far each is. The list of them has neither keys nor names. It is kept outside of
//! backups, and applied to older copies of the keys.

use crate::KeyId;
use kernel::Timestamp;
use minicbor::{Decode, Encode};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// Stage of the erasure of what one key encrypts. It only ever advances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(flat)]
pub enum Erasure {
    /// Deferred by open obligations, which still need it. Nothing new is encrypted with the key.
    #[n(0)]
    Requested,
    /// Nobody reads it any more; the key is kept until this time, because a law asks for it.
    #[n(1)]
    Restricted(#[cbor(n(0), with = "kernel::cbor")] Timestamp),
    /// The key is destroyed.
    #[n(2)]
    Done,
}

/// Erasure of what one key encrypts for a purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PurposeErasure {
    pub(crate) purpose: String,
    pub(crate) stage: Erasure,
}

/// Advance of the erasure of a key, for a purpose, to a stage.
pub(crate) type Advance<'a> = (KeyId, &'a str, Erasure);

/// Erasures by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErasureList(pub(crate) BTreeMap<KeyId, PurposeErasure>);

/// Text that is no list of erasures: the number of the line, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {0} is no erasure")]
pub struct InvalidErasureList(pub usize);

impl ErasureList {
    /// Stage of the erasure of a key; `None` when it is in use.
    pub fn get(&self, id: KeyId) -> Option<Erasure> {
        self.0.get(&id).map(|erasure| erasure.stage)
    }

    /// Number of keys that are given up.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no key is given up.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keys of a purpose at a stage of their erasure.
    pub(crate) fn of_purpose(
        &self,
        purpose: &str,
        is_wanted: impl Fn(Erasure) -> bool,
    ) -> Vec<KeyId> {
        let is_wanted =
            |erasure: &PurposeErasure| erasure.purpose == purpose && is_wanted(erasure.stage);
        self.0.iter().filter(|(_, erasure)| is_wanted(erasure)).map(|(id, _)| *id).collect()
    }

    /// Advances that lead to this list.
    pub(crate) fn advances(&self) -> Vec<Advance<'_>> {
        self.0.iter().map(|(id, erasure)| (*id, &*erasure.purpose, erasure.stage)).collect()
    }

    /// Advances an erasure; whether it was not that far before.
    pub(crate) fn advance(&mut self, id: KeyId, purpose: &str, to: Erasure) -> bool {
        let is_further = self.get(id).is_none_or(|stage| stage < to);
        if is_further {
            self.0.insert(id, PurposeErasure { purpose: purpose.to_owned(), stage: to });
        }
        is_further
    }
}

impl fmt::Display for ErasureList {
    /// A line for each erasure: the id of the key, its purpose, the stage, and the end of a restriction.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (id, PurposeErasure { purpose, stage }) in &self.0 {
            match stage {
                Erasure::Requested => writeln!(out, "{id} {purpose} requested")?,
                Erasure::Restricted(until) => writeln!(out, "{id} {purpose} restricted {until}")?,
                Erasure::Done => writeln!(out, "{id} {purpose} done")?,
            }
        }
        Ok(())
    }
}

impl FromStr for ErasureList {
    type Err = InvalidErasureList;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut list = Self::default();
        for (index, line) in text.lines().enumerate() {
            let (id, purpose, stage) = parsed(line).ok_or(InvalidErasureList(index + 1))?;
            list.advance(id, purpose, stage);
        }
        Ok(list)
    }
}

fn parsed(line: &str) -> Option<(KeyId, &str, Erasure)> {
    let mut words = line.split_whitespace();
    let (id, purpose) = (words.next()?.parse().ok()?, words.next()?);
    let stage = match (words.next()?, words.next()) {
        ("requested", None) => Erasure::Requested,
        ("restricted", Some(until)) => Erasure::Restricted(until.parse().ok()?),
        ("done", None) => Erasure::Done,
        _ => return None,
    };
    words.next().is_none().then_some((id, purpose, stage))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "\
0000000000000007 contact requested
0000000000000008 contact restricted 2036-12-31T23:00:00Z
00000000000000ff profile done
";

    #[test]
    fn a_list_is_read_as_it_was_written() {
        let list: ErasureList = LIST.parse().unwrap();
        assert_eq!(list.to_string(), LIST);
        assert_eq!(list.len(), 3);
        assert_eq!("".parse(), Ok(ErasureList::default()));
    }

    #[test]
    fn a_line_that_is_no_erasure_is_named() {
        let wrong = [
            "x",
            "7 contact done",
            "0000000000000007",
            "0000000000000007 done",
            "0000000000000007 contact gone",
            "0000000000000007 contact restricted",
            "0000000000000007 contact done now",
            "0000000000000007 contact restricted soon",
            "0000000000000007 contact restricted 2036-12-31T23:00:00Z now",
        ];
        for line in wrong {
            let text = format!("{LIST}{line}\n");
            assert_eq!(text.parse::<ErasureList>(), Err(InvalidErasureList(4)), "{line}");
        }
    }

    #[test]
    fn an_erasure_only_advances() {
        let mut list = ErasureList::default();
        let (id, until) = ("0000000000000007".parse().unwrap(), Timestamp::UNIX_EPOCH);
        assert!(list.advance(id, "contact", Erasure::Requested));
        assert!(list.advance(id, "contact", Erasure::Restricted(until)));
        assert!(!list.advance(id, "contact", Erasure::Requested));
        assert!(list.advance(id, "contact", Erasure::Done));
        assert!(!list.advance(id, "contact", Erasure::Restricted(until)));
        assert_eq!(list.get(id), Some(Erasure::Done));
    }
}
