//! Disk reserve: writes are refused before the disk is full, so that no flush fails for want of space.

use parking_lot::Mutex;
use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use tokio::time::Instant;

/// Interval between two measurements of the free space.
const MEASURE_INTERVAL: Duration = Duration::from_millis(100);
/// Bytes written after which the free space is measured again regardless of time.
const MEASURE_INTERVAL_BYTES: u64 = 4 * 1024 * 1024;

/// Disk reserve of one database, with the latest measurement.
#[derive(Debug)]
pub struct DiskReserve {
    folder: PathBuf,
    bytes: u64,
    full: AtomicBool,
    written: AtomicU64,
    measured_at: Mutex<Option<Instant>>,
}

impl DiskReserve {
    /// Reserve of this many bytes on the disk of a folder.
    pub fn new(folder: &Path, reserve_bytes: u64) -> Self {
        Self {
            folder: folder.to_owned(),
            bytes: reserve_bytes,
            full: AtomicBool::new(false),
            written: AtomicU64::new(0),
            measured_at: Mutex::new(None),
        }
    }

    /// Whether there is free space beyond the reserve. `growth_bytes` is what is on its way to the disk already.
    pub fn has_room(&self, growth_bytes: u64) -> bool {
        // While another thread measures, the previous result counts.
        if let Some(mut measured_at) = self.measured_at.try_lock() {
            let now = Instant::now();
            let is_old = measured_at.is_none_or(|at| now.duration_since(at) >= MEASURE_INTERVAL);
            if is_old || self.written.load(Relaxed) >= MEASURE_INTERVAL_BYTES {
                *measured_at = Some(now);
                self.written.store(0, Relaxed);
                self.measure(growth_bytes);
            }
        }
        !self.full.load(Relaxed)
    }

    /// Records that this many bytes were written.
    pub fn record_written(&self, bytes: usize) {
        self.written.fetch_add(bytes as u64, Relaxed);
    }

    fn measure(&self, growth_bytes: u64) {
        // A file system that does not answer is not a full one; the flush itself will report its error.
        let Ok(free) = free_bytes(&self.folder) else { return };
        let full = free < self.bytes.saturating_add(growth_bytes);
        if full != self.full.swap(full, Relaxed) {
            let reserve = self.bytes;
            if full {
                tracing::error!(
                    free,
                    reserve,
                    "the disk is nearly full: writes are refused until there is room"
                );
            } else {
                tracing::info!(
                    free,
                    reserve,
                    "there is room on the disk again: writes are accepted"
                );
            }
        }
    }
}

/// Whether this many bytes are free on the disk of a folder. A file system that does not answer is not a full one.
pub fn has_free(folder: &Path, bytes: u64) -> bool {
    !free_bytes(folder).is_ok_and(|free| free < bytes)
}

/// Free space of the file system that this process may use, in bytes.
pub(crate) fn free_bytes(folder: &Path) -> rustix::io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}
