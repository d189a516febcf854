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

    /// Replaces the list of erasures, which is for people to take away and has no secrets.
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

/// Key file in memory, for tests.
#[derive(Debug, Default)]
pub struct MemoryKeyFile(Mutex<Option<Vec<u8>>>);

impl KeyFile for MemoryKeyFile {
    fn read(&self) -> io::Result<Option<Vec<u8>>> {
        Ok(self.0.lock().clone())
    }

    fn replace(&self, content: &[u8]) -> io::Result<()> {
        *self.0.lock() = Some(content.to_vec());
        Ok(())
    }

    fn publish_erasures(&self, _: &str) -> io::Result<()> {
        Ok(())
    }
}
