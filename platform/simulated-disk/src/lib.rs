//! Simulated disk: files in memory that fail on demand, and lose or tear what was not flushed when the power fails. It lies under
//! the log engine in its tests and in the simulation.

#![warn(missing_docs)]

mod file;

use engine_log::{DiskFile, FileSystem};
use file::SimulatedFile;
use kernel::{Randomness, SeededRandomness};
use parking_lot::{Condvar, Mutex};
use std::{
    collections::BTreeMap,
    io::{self, Error, ErrorKind},
    sync::Arc,
};

/// Disk in memory. Clones share the same disk.
///
/// ```
/// use engine_log::FileSystem;
/// use simulated_disk::SimulatedDisk;
///
/// # fn main() -> std::io::Result<()> {
/// let disk = SimulatedDisk::default();
/// let file = disk.create("log")?;
/// file.write_at(b"flushed", 0)?;
/// file.sync()?;
/// disk.sync()?;
/// file.write_at(b"LOST", 0)?;
///
/// assert_eq!(disk.after_kill().content("log"), b"LOSThed");
/// assert_eq!(disk.after_power_failure(1, 0).content("log"), b"flushed");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct SimulatedDisk(Arc<DiskState>);

#[derive(Debug, Default)]
struct DiskState {
    files: Mutex<BTreeMap<String, Arc<SimulatedFile>>>,
    /// Names as they are after a power failure.
    flushed_names: Mutex<BTreeMap<String, Arc<SimulatedFile>>>,
    behaviour: Mutex<Behaviour>,
    changed: Condvar,
    /// Operations that still succeed; all do when it is not set.
    operations_left: Mutex<Option<u64>>,
    /// Disk as a crash after each operation would leave it.
    crashes: Mutex<Option<Vec<SimulatedDisk>>>,
}

/// Behaviour of flushes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// They flush.
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

impl SimulatedDisk {
    /// Sets how flushes behave from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        *self.0.behaviour.lock() = behaviour;
        self.0.changed.notify_all();
    }

    /// Lets so many more operations that change something succeed; every other one fails, as in a process that is gone.
    pub fn fail_after(&self, operations: u64) {
        *self.0.operations_left.lock() = Some(operations);
    }

    /// Begins to record how a crash after each operation would leave the disk.
    pub fn record_crashes(&self) {
        *self.0.crashes.lock() = Some(Vec::new());
        self.0.record_crash();
    }

    /// What was recorded since [`SimulatedDisk::record_crashes`]: a kill and a power failure after each operation.
    pub fn take_crashes(&self) -> Vec<Self> {
        self.0.crashes.lock().take().unwrap_or_default()
    }

    /// Copy of the disk as a kill leaves it: with everything that was written.
    #[must_use]
    pub fn after_kill(&self) -> Self {
        let copy = Self::default();
        for (name, file) in &*self.0.files.lock() {
            copy.put(name, file.content());
        }
        copy
    }

    /// Copy of the disk as a power failure leaves it: with everything that was flushed. Of what was not, each sector survives
    /// with this chance in a thousand, and the names of files likewise.
    #[must_use]
    pub fn after_power_failure(&self, seed: u64, survived_permille: u64) -> Self {
        let random = SeededRandomness::new(seed);
        let copy = Self::default();
        let survives = || random.below(1_000) < survived_permille;
        let names = if survives() {
            self.0.files.lock().clone()
        } else {
            self.0.flushed_names.lock().clone()
        };
        for (name, file) in &names {
            copy.put(name, file.after_power_failure(survives));
        }
        copy
    }

    /// Content of a file; nothing when it is not there.
    pub fn content(&self, name: &str) -> Vec<u8> {
        self.0.files.lock().get(name).map(|file| file.content()).unwrap_or_default()
    }

    /// Puts a file with this content, flushed.
    pub fn put(&self, name: &str, bytes: Vec<u8>) {
        let file = Arc::new(SimulatedFile::flushed(&self.0, bytes));
        self.0.files.lock().insert(name.to_owned(), Arc::clone(&file));
        self.0.flushed_names.lock().insert(name.to_owned(), file);
    }
}

impl DiskState {
    /// Counts an operation that changes something.
    fn begin_operation(&self) -> io::Result<()> {
        match &mut *self.operations_left.lock() {
            None => Ok(()),
            Some(0) => Err(Error::other("the simulated process is gone")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }

    /// Waits as long as flushes are blocked; returns whether this one flushes.
    fn begin_flush(&self) -> io::Result<bool> {
        self.begin_operation()?;
        let mut behaviour = self.behaviour.lock();
        while *behaviour == Behaviour::Blocked {
            self.changed.wait(&mut behaviour);
        }
        match *behaviour {
            Behaviour::Failing => Err(Error::other("the simulated disk fails")),
            Behaviour::Lying => Ok(false),
            Behaviour::Honest | Behaviour::Blocked | Behaviour::Full => Ok(true),
        }
    }

    /// Records crashes after an operation.
    fn record_crash(self: &Arc<Self>) {
        let mut crashes = self.crashes.lock();
        if let Some(crashes) = &mut *crashes {
            let (now, seed) = (SimulatedDisk(Arc::clone(self)), crashes.len() as u64);
            crashes.extend([now.after_kill(), now.after_power_failure(seed, 500)]);
        }
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
        self.0.begin_operation()?;
        let file = Arc::new(SimulatedFile::flushed(&self.0, Vec::new()));
        self.0.files.lock().insert(name.to_owned(), Arc::clone(&file));
        self.0.record_crash();
        Ok(file)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.begin_operation()?;
        let mut files = self.0.files.lock();
        let file = files.remove(from).ok_or(ErrorKind::NotFound)?;
        files.insert(to.to_owned(), file);
        drop(files);
        self.0.record_crash();
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.begin_operation()?;
        self.0.files.lock().remove(name).map(|_| ()).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn sync(&self) -> io::Result<()> {
        self.0.begin_operation()?;
        *self.0.flushed_names.lock() = self.0.files.lock().clone();
        self.0.record_crash();
        Ok(())
    }
}
