//! The disk's reserve: writing stops before the disk is full, so that a flush never fails for want of room.

use parking_lot::Mutex;
use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use tokio::time::Instant;

/// How long an answer of the file system holds.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How much is written before it is asked again anyway.
const LOOK_EVERY_BYTES: u64 = 4 * 1024 * 1024;

#[derive(Debug)]
pub(crate) struct Reserve {
    folder: PathBuf,
    bytes: u64,
    full: AtomicBool,
    written: AtomicU64,
    looked_at: Mutex<Option<Instant>>,
}

impl Reserve {
    pub(crate) fn new(folder: &Path, reserve_bytes: u64) -> Self {
        Self {
            folder: folder.to_owned(),
            bytes: reserve_bytes,
            full: AtomicBool::new(false),
            written: AtomicU64::new(0),
            looked_at: Mutex::new(None),
        }
    }

    /// Whether there is room beyond the reserve. `growth_bytes` is what is on its way to the disk already.
    pub(crate) fn has_room(&self, growth_bytes: u64) -> bool {
        // Whoever comes while another one looks takes the answer before.
        if let Some(mut looked_at) = self.looked_at.try_lock() {
            let now = Instant::now();
            let is_old = looked_at.is_none_or(|at| now.duration_since(at) >= LOOK_EVERY);
            if is_old || self.written.load(Relaxed) >= LOOK_EVERY_BYTES {
                *looked_at = Some(now);
                self.written.store(0, Relaxed);
                self.look(growth_bytes);
            }
        }
        !self.full.load(Relaxed)
    }

    /// So much was written.
    pub(crate) fn written(&self, bytes: usize) {
        self.written.fetch_add(bytes as u64, Relaxed);
    }

    fn look(&self, growth_bytes: u64) {
        // A file system that does not answer is not a full one; the flush itself will tell.
        let Ok(free) = free_bytes(&self.folder) else { return };
        let full = free < self.bytes.saturating_add(growth_bytes);
        if full != self.full.swap(full, Relaxed) {
            let reserve = self.bytes;
            if full {
                tracing::error!(
                    free,
                    reserve,
                    "the disk is nearly full: writing stops until there is room"
                );
            } else {
                tracing::info!(free, reserve, "there is room on the disk again: writing goes on");
            }
        }
    }
}

/// What this process may still write there.
pub(crate) fn free_bytes(folder: &Path) -> rustix::io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}
