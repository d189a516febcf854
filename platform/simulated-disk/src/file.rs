//! File of a simulated disk: its content, what of it is flushed, and the changes in between.

use crate::{Behaviour, DiskState};
use engine_log::DiskFile;
use parking_lot::Mutex;
use std::{
    io::{self, ErrorKind},
    sync::{Arc, Weak},
};

/// Sector size in bytes: what a disk writes atomically.
const SECTOR_BYTES: usize = 512;

/// File in memory.
#[derive(Debug)]
pub(crate) struct SimulatedFile {
    disk: Weak<DiskState>,
    content: Mutex<Content>,
}

#[derive(Debug)]
struct Content {
    now: Vec<u8>,
    flushed: Vec<u8>,
    /// Changes since the last flush.
    unflushed: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Truncate { bytes: usize },
}

impl SimulatedFile {
    /// File with this content, flushed.
    pub(crate) fn flushed(disk: &Arc<DiskState>, bytes: Vec<u8>) -> Self {
        let content = Content { now: bytes.clone(), flushed: bytes, unflushed: Vec::new() };
        Self { disk: Arc::downgrade(disk), content: Mutex::new(content) }
    }

    pub(crate) fn content(&self) -> Vec<u8> {
        self.content.lock().now.clone()
    }

    /// Content after a power failure: what was flushed, and of each change since then all or some sectors. `survives` draws.
    pub(crate) fn after_power_failure(&self, survives: impl Fn() -> bool) -> Vec<u8> {
        let content = self.content.lock();
        let mut bytes = content.flushed.clone();
        for change in &content.unflushed {
            match change {
                Change::Truncate { bytes: length } if survives() => bytes.truncate(*length),
                Change::Truncate { .. } => {}
                Change::Write { offset, bytes: written } if survives() => {
                    write(&mut bytes, *offset, written);
                }
                Change::Write { offset, bytes: written } => {
                    let (mut at, end) = (*offset, offset + written.len());
                    while at < end {
                        let next = (at + 1).next_multiple_of(SECTOR_BYTES).min(end);
                        if survives() {
                            write(&mut bytes, at, &written[at - offset..next - offset]);
                        }
                        at = next;
                    }
                }
            }
        }
        bytes
    }

    fn disk(&self) -> io::Result<Arc<DiskState>> {
        self.disk.upgrade().ok_or_else(|| ErrorKind::NotFound.into())
    }
}

/// Writes into a content, and makes it longer where it ends before.
fn write(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(bytes);
}

/// Length or offset in memory.
fn in_memory(bytes: u64) -> io::Result<usize> {
    usize::try_from(bytes).map_err(|_| ErrorKind::FileTooLarge.into())
}

impl DiskFile for SimulatedFile {
    fn bytes(&self) -> io::Result<u64> {
        Ok(self.content.lock().now.len() as u64)
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let content = self.content.lock();
        let from = in_memory(offset)?.min(content.now.len());
        let count = into.len().min(content.now.len() - from);
        into[..count].copy_from_slice(&content.now[from..from + count]);
        Ok(count)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let disk = self.disk()?;
        disk.begin_operation()?;
        if *disk.behaviour.lock() == Behaviour::Full {
            return Err(ErrorKind::StorageFull.into());
        }
        let offset = in_memory(offset)?;
        let mut content = self.content.lock();
        write(&mut content.now, offset, bytes);
        content.unflushed.push(Change::Write { offset, bytes: bytes.to_vec() });
        drop(content);
        disk.record_crash();
        Ok(())
    }

    fn truncate(&self, bytes: u64) -> io::Result<()> {
        let disk = self.disk()?;
        disk.begin_operation()?;
        let bytes = in_memory(bytes)?;
        let mut content = self.content.lock();
        content.now.truncate(bytes);
        content.unflushed.push(Change::Truncate { bytes });
        drop(content);
        disk.record_crash();
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let disk = self.disk()?;
        if !disk.begin_flush()? {
            return Ok(());
        }
        let mut content = self.content.lock();
        let Content { flushed, unflushed, .. } = &mut *content;
        for change in unflushed.drain(..) {
            match change {
                Change::Write { offset, bytes } => write(flushed, offset, &bytes),
                Change::Truncate { bytes } => flushed.truncate(bytes),
            }
        }
        drop(content);
        disk.record_crash();
        Ok(())
    }
}
