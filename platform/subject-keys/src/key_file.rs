//! Key file port: where the keys are kept.

use parking_lot::Mutex;
use std::{
    fmt::{self, Debug},
    io,
    sync::Arc,
};

/// File of the keys (port). What it had before it was replaced must not come back: neither after a crash, nor, as far as the disk
/// lets a file be overwritten, to whoever reads the disk.
pub trait KeyFile: Debug + Send + Sync {
    /// Content; `None` when there is no file.
    fn read(&self) -> io::Result<Option<Vec<u8>>>;

    /// Replaces the content as a whole: durably, and a crash leaves either the old or the new one.
    fn replace(&self, content: &[u8]) -> io::Result<()>;

    /// List of erasures; `None` when there is none.
    fn read_erasures(&self) -> io::Result<Option<String>>;

    /// Replaces the list of erasures: durably, and a crash leaves either the old or the new one. It is for people to take away and has
    /// no secrets.
    fn publish_erasures(&self, list: &str) -> io::Result<()>;
}

/// Secret of a master key, which no format shows.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterSecret(Arc<[u8]>);

impl MasterSecret {
    /// Secret of any length; the longer, the better.
    pub fn new(secret: &[u8]) -> Self {
        Self(secret.into())
    }

    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl Debug for MasterSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("MasterSecret")
    }
}

/// Key file in memory: for tests, and for keys that are prepared before they are stored.
#[derive(Debug, Default)]
pub struct MemoryKeyFile {
    content: Mutex<Option<Vec<u8>>>,
    erasures: Mutex<Option<String>>,
}

impl MemoryKeyFile {
    /// File with this content, and no list of erasures.
    pub fn of(content: Vec<u8>) -> Self {
        Self { content: Mutex::new(Some(content)), erasures: Mutex::default() }
    }
}

impl KeyFile for MemoryKeyFile {
    fn read(&self) -> io::Result<Option<Vec<u8>>> {
        Ok(self.content.lock().clone())
    }

    fn replace(&self, content: &[u8]) -> io::Result<()> {
        *self.content.lock() = Some(content.to_vec());
        Ok(())
    }

    fn read_erasures(&self) -> io::Result<Option<String>> {
        Ok(self.erasures.lock().clone())
    }

    fn publish_erasures(&self, list: &str) -> io::Result<()> {
        *self.erasures.lock() = Some(list.to_owned());
        Ok(())
    }
}
