//! Disk model: what a disk may hold after a power failure. Flushed writes are there; of the others any part may be, torn into
//! sectors and in any order.

use super::syscall_trace::{SystemCall, TracedCall};
use rand::{Rng, rngs::StdRng};
use std::{collections::BTreeMap, fs, path::Path};

/// Sector size in bytes: what a disk writes atomically.
const SECTOR: usize = 512;

/// Behaviour of the disk when it is told to flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlushBehaviour {
    /// It flushes before it reports success.
    Honoured,
    /// It reports success without flushing, as some consumer drives do.
    Ignored,
}

/// State of one file.
#[derive(Default)]
struct FileOnDisk<'a> {
    /// Flushed content.
    flushed: Vec<u8>,
    /// Unflushed writes, each with the line of the trace at which it ended.
    pending: Vec<(usize, &'a SystemCall)>,
    /// Whether the directory entry is flushed.
    entry_flushed: bool,
    /// Whether the file exists.
    exists: bool,
}

/// Writes into `folder` what is left of the disk when the power fails before line `cut` of the trace.
pub(crate) fn after_cut(
    calls: &[TracedCall],
    cut: usize,
    flushes: FlushBehaviour,
    random: &mut StdRng,
    folder: &Path,
) {
    let mut files: BTreeMap<&str, FileOnDisk<'_>> = BTreeMap::new();
    for TracedCall { begin, end, call } in calls.iter().take_while(|it| it.begin < cut) {
        match call {
            SystemCall::Create { file } => files.entry(file).or_default().exists = true,
            SystemCall::Remove { file } => files.entry(file).or_default().exists = false,
            SystemCall::Rename { from, to } => {
                // Until the folder is flushed the file has neither name for certain; its former one is never looked for.
                let renamed = files.remove(from.as_str()).unwrap_or_default();
                files.insert(to, FileOnDisk { entry_flushed: false, exists: true, ..renamed });
            }
            SystemCall::Write { file, .. } | SystemCall::Resize { file, .. } => {
                files.entry(file).or_default().pending.push((*end, call));
            }
            SystemCall::Sync { file } if *end < cut && flushes == FlushBehaviour::Honoured => {
                files.entry(file).or_default().flush(*begin);
            }
            SystemCall::SyncFolder if *end < cut => {
                for file in files.values_mut() {
                    file.entry_flushed = file.exists;
                }
            }
            SystemCall::Sync { .. } | SystemCall::SyncFolder | SystemCall::Output(_) => {}
        }
    }
    for (name, file) in files {
        if file.exists == file.entry_flushed && !file.exists {
            continue;
        }
        // An unflushed directory entry is there or not, at random.
        let is_present = file.exists == file.entry_flushed || random.random_bool(0.5);
        if is_present {
            fs::write(folder.join(name), file.remains(random)).expect("there is room for a test");
        }
    }
}

impl FileOnDisk<'_> {
    /// Flushes the writes that had ended before this line of the trace.
    fn flush(&mut self, before: usize) {
        let Self { flushed, pending, .. } = self;
        pending.retain(|(end, call)| {
            let is_covered = *end < before;
            if is_covered {
                apply(flushed, call, |_| true);
            }
            !is_covered
        });
    }

    /// Content after the power failure: of each unflushed write nothing, all, or single sectors.
    fn remains(mut self, random: &mut StdRng) -> Vec<u8> {
        for (_, call) in &self.pending {
            match random.random_range(0..3) {
                0 => {}
                1 => apply(&mut self.flushed, call, |_| true),
                _ => apply(&mut self.flushed, call, |_| random.random_bool(0.5)),
            }
        }
        self.flushed
    }
}

/// Applies a write, or those of its sectors that arrive.
fn apply(bytes: &mut Vec<u8>, call: &SystemCall, mut arrives: impl FnMut(usize) -> bool) {
    match call {
        SystemCall::Write { offset, data, .. } => {
            if bytes.len() < offset + data.len() {
                bytes.resize(offset + data.len(), 0);
            }
            let mut at = 0;
            while at < data.len() {
                let room = SECTOR - (offset + at) % SECTOR;
                let part = at..(at + room).min(data.len());
                if arrives(offset + at) {
                    bytes[offset + part.start..offset + part.end]
                        .copy_from_slice(&data[part.clone()]);
                }
                at = part.end;
            }
        }
        SystemCall::Resize { length, .. } if arrives(0) => bytes.resize(*length, 0),
        _ => {}
    }
}
