//! What a replay has done so far, on disk, so that a killed one goes on where it was instead of asking for everything
//! again. It only saves time: without it the same requests are sent under the same keys and change nothing.

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

/// The first line of a diary.
const TITLE: &str = "online-retail replay 1";
/// How many entries may be lost when the machine stops, at most, and for how long.
const UNFLUSHED_ENTRIES_MAX: usize = 256;
const UNFLUSHED_FOR_MAX: Duration = Duration::from_secs(1);

/// An order the shop has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) order: OrderId,
    pub(crate) payment: PaymentId,
}

/// What was done.
#[derive(Debug, Default)]
pub(crate) struct Diary {
    placed: HashMap<String, Placed>,
    done: HashSet<String>,
    file: Option<Mutex<Pages>>,
}

#[derive(Debug)]
struct Pages {
    writer: BufWriter<File>,
    unflushed: usize,
    flushed_at: Instant,
}

/// The diary cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error("the progress file {} cannot be used: {error}", path.display())]
pub struct NoDiary {
    path: PathBuf,
    error: io::Error,
}

impl Diary {
    /// Opens the diary at `path`, or one that is kept in memory only.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, NoDiary> {
        let Some(path) = path else { return Ok(Self::default()) };
        Self::open_file(path).map_err(|error| NoDiary { path: path.to_owned(), error })
    }

    /// Begins again: the shop is another one than that which the entries are about.
    pub(crate) fn begin_again(&mut self) -> io::Result<()> {
        (self.placed, self.done) = (HashMap::new(), HashSet::new());
        let Some(pages) = &self.file else { return Ok(()) };
        let mut pages = pages.lock().unwrap_or_else(PoisonError::into_inner);
        let file = pages.writer.get_mut();
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        pages.enter(TITLE)
    }

    pub(crate) fn placed(&self, order: &str) -> Option<Placed> {
        self.placed.get(order).copied()
    }

    /// Some orders of the diary, to see whether the shop knows them.
    pub(crate) fn samples(&self, count: usize) -> Vec<OrderId> {
        self.placed.values().take(count).map(|placed| placed.order).collect()
    }

    pub(crate) fn is_done(&self, what: &str) -> bool {
        self.done.contains(what)
    }

    /// How many entries it has.
    pub(crate) fn entries(&self) -> usize {
        self.placed.len() + self.done.len()
    }

    /// Enters an order that was taken.
    pub(crate) fn enter_order(&self, name: &str, placed: Placed) -> io::Result<()> {
        self.enter(&format!("order\t{name}\t{}\t{}", placed.order, placed.payment))
    }

    /// Enters anything else that was done.
    pub(crate) fn enter_done(&self, what: &str) -> io::Result<()> {
        self.enter(&format!("done\t{what}"))
    }

    /// Sees that everything entered is on disk.
    pub(crate) fn flush(&self) -> io::Result<()> {
        let Some(pages) = &self.file else { return Ok(()) };
        pages.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }

    fn enter(&self, line: &str) -> io::Result<()> {
        let Some(pages) = &self.file else { return Ok(()) };
        pages.lock().unwrap_or_else(PoisonError::into_inner).enter(line)
    }

    fn open_file(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut diary = Self::default();
        let (mut whole, mut reader, mut line) = (0, BufReader::new(&file), Vec::new());
        let mut is_first = true;
        // A line that is not ended was being written when the machine stopped.
        while reader.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
            let text = String::from_utf8_lossy(&line);
            if is_first && text.trim_end() != TITLE {
                return Err(io::Error::other(
                    "it is no progress file of this program; name another",
                ));
            }
            is_first = false;
            diary.recall(text.trim_end());
            whole += line.len() as u64;
            line.clear();
        }
        file.set_len(whole)?;
        file.seek(SeekFrom::End(0))?;
        let mut pages =
            Pages { writer: BufWriter::new(file), unflushed: 0, flushed_at: Instant::now() };
        if whole == 0 {
            pages.enter(TITLE)?;
        }
        diary.file = Some(Mutex::new(pages));
        Ok(diary)
    }

    fn recall(&mut self, line: &str) {
        let parts: Vec<&str> = line.split('\t').collect();
        match parts.as_slice() {
            ["order", name, order, payment] => {
                if let (Ok(order), Ok(payment)) = (order.parse(), payment.parse()) {
                    self.placed.insert((*name).to_owned(), Placed { order, payment });
                }
            }
            ["done", what] => drop(self.done.insert((*what).to_owned())),
            _ => {}
        }
    }
}

impl Pages {
    fn enter(&mut self, line: &str) -> io::Result<()> {
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

    fn placed(number: u128) -> Placed {
        Placed {
            order: Uuid::from_u128(number).into(),
            payment: Uuid::from_u128(number + 1).into(),
        }
    }

    #[tokio::test]
    async fn what_was_entered_is_remembered_and_a_torn_line_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/progress");
        let diary = Diary::open(Some(&path)).unwrap();
        diary.enter_order("536365", placed(1)).unwrap();
        diary.enter_done("refund C536379").unwrap();
        diary.flush().unwrap();
        drop(diary);
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        write!(file, "order\t536366\t0000").unwrap();

        for _ in 0..2 {
            let diary = Diary::open(Some(&path)).unwrap();
            assert_eq!(diary.placed("536365"), Some(placed(1)));
            assert_eq!(diary.placed("536366"), None);
            assert!(diary.is_done("refund C536379"));
            assert_eq!((diary.entries(), diary.samples(9).len()), (2, 1));
        }
        let mut diary = Diary::open(Some(&path)).unwrap();
        diary.enter_order("536366", placed(5)).unwrap();
        drop(diary);
        diary = Diary::open(Some(&path)).unwrap();
        assert_eq!(diary.placed("536366"), Some(placed(5)));
        diary.begin_again().unwrap();
        diary.enter_done("x").unwrap();
        drop(diary);
        let diary = Diary::open(Some(&path)).unwrap();
        assert_eq!((diary.entries(), diary.is_done("x")), (1, true));
    }

    #[tokio::test]
    async fn another_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letter");
        std::fs::write(&path, "Dear Ada,\n").unwrap();
        let refusal = Diary::open(Some(&path)).unwrap_err().to_string();
        assert!(refusal.contains("letter") && refusal.contains("name another"), "{refusal}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "Dear Ada,\n");
        assert!(Diary::open(None).unwrap().enter_done("x").is_ok());
    }
}
