//! Progress log of a replay: an append-only file from which a killed one resumes. It only saves time: without it the
//! same requests are sent again under the same idempotency keys, and change nothing.

use contracts::shared::{OrderId, PaymentId};
use std::{
    collections::{HashMap, HashSet},
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The first line of the file.
const HEADER: &str = "online-retail replay 1";
/// The most entries that can be lost when the machine stops, and the longest time for which.
const UNFLUSHED_ENTRIES_MAX: usize = 256;
const UNFLUSHED_FOR_MAX: Duration = Duration::from_secs(1);

/// Order that the shop has accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlacedOrder {
    pub(crate) order: OrderId,
    pub(crate) payment: PaymentId,
}

/// Progress log: orders placed, and other steps by their keys.
#[derive(Debug, Default)]
pub(crate) struct ProgressLog {
    placed: HashMap<String, PlacedOrder>,
    done: HashSet<String>,
    file: Option<Mutex<LogWriter>>,
}

#[derive(Debug)]
struct LogWriter {
    writer: BufWriter<File>,
    unflushed: usize,
    flushed_at: Instant,
}

/// Error: the progress log cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("the progress file {} cannot be used: {error}", path.display())]
pub struct ProgressLogError {
    path: PathBuf,
    error: io::Error,
}

impl ProgressLog {
    /// Opens the log at `path`; without one, nothing is recorded.
    ///
    /// # Errors
    ///
    /// [`ProgressLogError`] where the file cannot be read or written, or is not a progress log.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, ProgressLogError> {
        let Some(path) = path else { return Ok(Self::default()) };
        Self::open_file(path).map_err(|error| ProgressLogError { path: path.to_owned(), error })
    }

    /// Discards all entries, because they belong to another shop.
    pub(crate) fn reset(&mut self) -> io::Result<()> {
        (self.placed, self.done) = (HashMap::new(), HashSet::new());
        let Some(writer) = &self.file else { return Ok(()) };
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        let file = writer.writer.get_mut();
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        writer.append(HEADER)
    }

    pub(crate) fn placed(&self, order: &str) -> Option<PlacedOrder> {
        self.placed.get(order).copied()
    }

    /// Sample of the orders, to check that the shop has them.
    pub(crate) fn sample_orders(&self, count: usize) -> Vec<OrderId> {
        self.placed.values().take(count).map(|placed| placed.order).collect()
    }

    pub(crate) fn is_done(&self, what: &str) -> bool {
        self.done.contains(what)
    }

    /// Number of entries.
    pub(crate) fn entry_count(&self) -> usize {
        self.placed.len() + self.done.len()
    }

    /// Records an order that was placed.
    pub(crate) fn record_order(&self, name: &str, placed: PlacedOrder) -> io::Result<()> {
        self.append(&format!("order\t{name}\t{}\t{}", placed.order, placed.payment))
    }

    /// Records a step that is done.
    pub(crate) fn record_done(&self, what: &str) -> io::Result<()> {
        self.append(&format!("done\t{what}"))
    }

    /// Flushes all entries to disk.
    pub(crate) fn flush(&self) -> io::Result<()> {
        let Some(writer) = &self.file else { return Ok(()) };
        writer.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }

    fn append(&self, line: &str) -> io::Result<()> {
        let Some(writer) = &self.file else { return Ok(()) };
        writer.lock().unwrap_or_else(PoisonError::into_inner).append(line)
    }

    fn open_file(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut progress_log = Self::default();
        let (mut whole, mut reader, mut line) = (0, BufReader::new(&file), Vec::new());
        let mut is_first = true;
        // An incomplete last line was being written when the machine stopped.
        while reader.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
            let text = String::from_utf8_lossy(&line);
            if is_first && text.trim_end() != HEADER {
                return Err(io::Error::other(
                    "it is not a progress file of this program; name another",
                ));
            }
            is_first = false;
            progress_log.parse_line(text.trim_end());
            whole += line.len() as u64;
            line.clear();
        }
        file.set_len(whole)?;
        file.seek(SeekFrom::End(0))?;
        let mut writer =
            LogWriter { writer: BufWriter::new(file), unflushed: 0, flushed_at: Instant::now() };
        if whole == 0 {
            writer.append(HEADER)?;
        }
        progress_log.file = Some(Mutex::new(writer));
        Ok(progress_log)
    }

    fn parse_line(&mut self, line: &str) {
        let parts: Vec<&str> = line.split('\t').collect();
        match parts.as_slice() {
            ["order", name, order, payment] => {
                if let (Ok(order), Ok(payment)) = (order.parse(), payment.parse()) {
                    self.placed.insert((*name).to_owned(), PlacedOrder { order, payment });
                }
            }
            ["done", what] => drop(self.done.insert((*what).to_owned())),
            _ => {}
        }
    }
}

impl LogWriter {
    fn append(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.writer, "{line}")?;
        self.unflushed += 1;
        if self.unflushed >= UNFLUSHED_ENTRIES_MAX || self.flushed_at.elapsed() >= UNFLUSHED_FOR_MAX
        {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()?;
        self.writer.get_ref().sync_data()?;
        (self.unflushed, self.flushed_at) = (0, Instant::now());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Uuid;

    fn placed(number: u128) -> PlacedOrder {
        PlacedOrder {
            order: Uuid::from_u128(number).into(),
            payment: Uuid::from_u128(number + 1).into(),
        }
    }

    #[tokio::test]
    async fn complete_entries_survive_and_a_torn_line_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/progress");
        let progress_log = ProgressLog::open(Some(&path)).unwrap();
        progress_log.record_order("536365", placed(1)).unwrap();
        progress_log.record_done("refund C536379").unwrap();
        progress_log.flush().unwrap();
        drop(progress_log);
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        write!(file, "order\t536366\t0000").unwrap();

        for _ in 0..2 {
            let progress_log = ProgressLog::open(Some(&path)).unwrap();
            assert_eq!(progress_log.placed("536365"), Some(placed(1)));
            assert_eq!(progress_log.placed("536366"), None);
            assert!(progress_log.is_done("refund C536379"));
            assert_eq!((progress_log.entry_count(), progress_log.sample_orders(9).len()), (2, 1));
        }
        let mut progress_log = ProgressLog::open(Some(&path)).unwrap();
        progress_log.record_order("536366", placed(5)).unwrap();
        drop(progress_log);
        progress_log = ProgressLog::open(Some(&path)).unwrap();
        assert_eq!(progress_log.placed("536366"), Some(placed(5)));
        progress_log.reset().unwrap();
        progress_log.record_done("x").unwrap();
        drop(progress_log);
        let progress_log = ProgressLog::open(Some(&path)).unwrap();
        assert_eq!((progress_log.entry_count(), progress_log.is_done("x")), (1, true));
    }

    #[tokio::test]
    async fn a_file_that_is_not_a_progress_log_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letter");
        std::fs::write(&path, "Dear Ada,\n").unwrap();
        let error = ProgressLog::open(Some(&path)).unwrap_err().to_string();
        assert!(error.contains("letter") && error.contains("name another"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "Dear Ada,\n");
        assert!(ProgressLog::open(None).unwrap().record_done("x").is_ok());
    }
}
