//! Simulated disk: files in memory that fail on demand, and lose or tear what was not flushed when the power fails.

use engine_log::{DiskFile, FileSystem};
use parking_lot::{Condvar, Mutex};
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::{
    collections::BTreeMap,
    io::{self, Error, ErrorKind},
    sync::Arc,
};

/// Sector size in bytes: what a disk writes atomically.
const SECTOR: usize = 512;

/// Disk in memory. Clones share the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct SimulatedDisk(Arc<DiskState>);

#[derive(Debug, Default)]
struct DiskState {
    files: Mutex<BTreeMap<String, Arc<SimulatedFile>>>,
    /// Names as they are after a power failure.
    flushed_names: Mutex<BTreeMap<String, Arc<SimulatedFile>>>,
    behaviour: Mutex<Behaviour>,
    changed: Condvar,
    /// Disk as a crash after each operation would leave it.
    crashes: Mutex<Option<Vec<SimulatedDisk>>>,
}

/// Behaviour of flushes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Behaviour {
    #[default]
    Honest,
    /// They fail.
    Failing,
    /// They wait until the behaviour changes.
    Blocked,
    /// They report success and flush nothing, as some consumer drives do.
    Lying,
    /// They are never reached: there is no room for what is written.
    Full,
}

#[derive(Debug)]
struct SimulatedFile {
    disk: Arc<DiskState>,
    content: Mutex<Content>,
}

#[derive(Debug, Default)]
struct Content {
    now: Vec<u8>,
    flushed: Vec<u8>,
    /// Writes since the last flush.
    pending: Vec<(usize, Vec<u8>)>,
}

impl SimulatedDisk {
    pub(crate) fn behave(&self, behaviour: Behaviour) {
        *self.0.behaviour.lock() = behaviour;
        self.0.changed.notify_all();
    }

    /// Begins to record how a crash after each operation would leave the disk.
    pub(crate) fn record_crashes(&self) {
        *self.0.crashes.lock() = Some(Vec::new());
        note_crashes(&self.0);
    }

    /// What was recorded: a kill and a power failure after each operation.
    pub(crate) fn take_crashes(&self) -> Vec<Self> {
        self.0.crashes.lock().take().expect("they were recorded")
    }

    /// Disk after a power failure now: flushed writes are there; of the others any part may be, torn into sectors.
    pub(crate) fn after_power_failure(&self, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let disk = Self::default();
        for (name, file) in &*self.0.flushed_names.lock() {
            let content = file.content.lock();
            let mut bytes = content.flushed.clone();
            for (offset, data) in &content.pending {
                let all = random.random_range(0..3);
                for (begin, byte) in (*offset..).zip(data) {
                    let mut sector = StdRng::seed_from_u64(seed ^ (begin / SECTOR) as u64);
                    if all == 1 || (all == 2 && sector.random_bool(0.5)) {
                        if bytes.len() <= begin {
                            bytes.resize(begin + 1, 0);
                        }
                        bytes[begin] = *byte;
                    }
                }
            }
            disk.put(name, bytes);
        }
        disk
    }

    /// Content of a file.
    pub(crate) fn content(&self, name: &str) -> Vec<u8> {
        self.0.files.lock()[name].content.lock().now.clone()
    }

    /// Puts a file with this content, flushed.
    pub(crate) fn put(&self, name: &str, bytes: Vec<u8>) {
        let content = Content { now: bytes.clone(), flushed: bytes, pending: Vec::new() };
        let file =
            Arc::new(SimulatedFile { disk: Arc::clone(&self.0), content: Mutex::new(content) });
        self.0.files.lock().insert(name.to_owned(), Arc::clone(&file));
        self.0.flushed_names.lock().insert(name.to_owned(), file);
    }

    /// Copy of the disk as a kill leaves it: with everything that was written.
    pub(crate) fn copied(&self) -> Self {
        let copy = Self::default();
        for name in self.names().expect("it answers") {
            copy.put(&name, self.content(&name));
        }
        copy
    }
}

/// Records crashes after an operation.
fn note_crashes(disk: &Arc<DiskState>) {
    let mut crashes = disk.crashes.lock();
    if let Some(crashes) = &mut *crashes {
        let (now, seed) = (SimulatedDisk(Arc::clone(disk)), crashes.len() as u64);
        crashes.extend([now.copied(), now.after_power_failure(seed)]);
    }
}

impl FileSystem for SimulatedDisk {
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.0.files.lock().keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        match self.0.files.lock().get(name) {
            Some(file) => Ok(Arc::<SimulatedFile>::clone(file)),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut files = self.0.files.lock();
        let file = files.entry(name.to_owned()).or_insert_with(|| {
            Arc::new(SimulatedFile { disk: Arc::clone(&self.0), content: Mutex::default() })
        });
        *file.content.lock() = Content::default();
        let file = Arc::<SimulatedFile>::clone(file);
        drop(files);
        note_crashes(&self.0);
        Ok(file)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = self.0.files.lock();
        let file = files.remove(from).ok_or(ErrorKind::NotFound)?;
        files.insert(to.to_owned(), file);
        drop(files);
        note_crashes(&self.0);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.files.lock().remove(name).map(|_| ()).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn sync(&self) -> io::Result<()> {
        *self.0.flushed_names.lock() = self.0.files.lock().clone();
        note_crashes(&self.0);
        Ok(())
    }
}

impl DiskFile for SimulatedFile {
    fn bytes(&self) -> io::Result<u64> {
        Ok(self.content.lock().now.len() as u64)
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let content = self.content.lock();
        let from =
            usize::try_from(offset).map_or(usize::MAX, |offset| offset).min(content.now.len());
        let count = into.len().min(content.now.len() - from);
        into[..count].copy_from_slice(&content.now[from..from + count]);
        Ok(count)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if *self.disk.behaviour.lock() == Behaviour::Full {
            return Err(ErrorKind::StorageFull.into());
        }
        let mut content = self.content.lock();
        let from = usize::try_from(offset).expect("a file fits into memory");
        let end = from + bytes.len();
        if content.now.len() < end {
            content.now.resize(end, 0);
        }
        content.now[from..end].copy_from_slice(bytes);
        content.pending.push((from, bytes.to_vec()));
        drop(content);
        note_crashes(&self.disk);
        Ok(())
    }

    fn truncate(&self, bytes: u64) -> io::Result<()> {
        let mut content = self.content.lock();
        content.now.truncate(usize::try_from(bytes).expect("a file fits into memory"));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut behaviour = self.disk.behaviour.lock();
        while *behaviour == Behaviour::Blocked {
            self.disk.changed.wait(&mut behaviour);
        }
        match *behaviour {
            Behaviour::Failing => return Err(Error::other("the simulated disk fails")),
            Behaviour::Lying => return Ok(()),
            Behaviour::Honest | Behaviour::Blocked | Behaviour::Full => {}
        }
        let mut content = self.content.lock();
        let Content { now, flushed, .. } = &mut *content;
        flushed.clone_from(now);
        content.pending.clear();
        drop((content, behaviour));
        note_crashes(&self.disk);
        Ok(())
    }
}
