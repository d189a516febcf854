//! A disk after a power failure: it has all it was told to keep, and of the rest whatever it pleased, in pieces.

use crate::trace::{Act, Happening};
use rand::{Rng, rngs::StdRng};
use std::{collections::BTreeMap, fs, path::Path};

/// What a disk writes at once, or not at all.
const SECTOR: usize = 512;

/// Whether the disk keeps what it says it has kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Honesty {
    Honest,
    /// It says that it has flushed, and has not.
    Lying,
}

#[derive(Default)]
struct OnDisk<'a> {
    /// What is certainly there.
    kept: Vec<u8>,
    /// What may be there: the end of each write, and the write.
    pending: Vec<(usize, &'a Act)>,
    /// Whether the folder certainly has it, and whether it should.
    name_kept: bool,
    named: bool,
}

/// Writes into `folder` what the power left of the disk when it failed before this line of the trace.
pub(crate) fn after_cut(
    happenings: &[Happening],
    cut: usize,
    honesty: Honesty,
    random: &mut StdRng,
    folder: &Path,
) {
    let mut files: BTreeMap<&str, OnDisk<'_>> = BTreeMap::new();
    for Happening { begin, end, act } in happenings.iter().take_while(|it| it.begin < cut) {
        match act {
            Act::Create { file } => files.entry(file).or_default().named = true,
            Act::Remove { file } => files.entry(file).or_default().named = false,
            Act::Write { file, .. } | Act::Resize { file, .. } => {
                files.entry(file).or_default().pending.push((*end, act));
            }
            Act::Sync { file } if *end < cut && honesty == Honesty::Honest => {
                files.entry(file).or_default().keep(*begin);
            }
            Act::SyncFolder if *end < cut => {
                for file in files.values_mut() {
                    file.name_kept = file.named;
                }
            }
            Act::Sync { .. } | Act::SyncFolder | Act::Say(_) => {}
        }
    }
    for (name, file) in files {
        if file.named == file.name_kept && !file.named {
            continue;
        }
        // What the folder was not told to keep is there or not, as it happens.
        let is_there = file.named == file.name_kept || random.random_bool(0.5);
        if is_there {
            fs::write(folder.join(name), file.left(random)).expect("there is room for a test");
        }
    }
}

impl OnDisk<'_> {
    /// Everything that had ended before this line is safe from now on.
    fn keep(&mut self, before: usize) {
        let Self { kept, pending, .. } = self;
        pending.retain(|(end, act)| {
            let is_safe = *end < before;
            if is_safe {
                apply(kept, act, |_| true);
            }
            !is_safe
        });
    }

    /// Of what was not safe any part may be there: nothing, all, or single sectors.
    fn left(mut self, random: &mut StdRng) -> Vec<u8> {
        for (_, act) in &self.pending {
            match random.random_range(0..3) {
                0 => {}
                1 => apply(&mut self.kept, act, |_| true),
                _ => apply(&mut self.kept, act, |_| random.random_bool(0.5)),
            }
        }
        self.kept
    }
}

/// Applies a write, as far as its sectors arrive.
fn apply(bytes: &mut Vec<u8>, act: &Act, mut arrives: impl FnMut(usize) -> bool) {
    match act {
        Act::Write { offset, data, .. } => {
            if bytes.len() < offset + data.len() {
                bytes.resize(offset + data.len(), 0);
            }
            let mut at = 0;
            while at < data.len() {
                let left = SECTOR - (offset + at) % SECTOR;
                let part = at..(at + left).min(data.len());
                if arrives(offset + at) {
                    bytes[offset + part.start..offset + part.end]
                        .copy_from_slice(&data[part.clone()]);
                }
                at = part.end;
            }
        }
        Act::Resize { length, .. } if arrives(0) => bytes.resize(*length, 0),
        _ => {}
    }
}
