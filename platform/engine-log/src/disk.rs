//! File port: what the log needs of a file system, so that tests can put torn writes and lost flushes under it.

use std::{
    fmt::Debug,
    fs::{File, OpenOptions},
    io::{self, ErrorKind},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Folder of files (port).
pub trait FileSystem: Send + Sync + Debug {
    /// Names of the files in the folder.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Opens an existing file.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Creates an empty file, in place of an older one of this name.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Renames a file, in place of an older one of the new name.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Flushes the entries of the folder: which files there are, and their names.
    fn sync(&self) -> io::Result<()>;
}

/// Open file (port).
pub trait DiskFile: Send + Sync + Debug {
    /// Length of the file, in bytes.
    fn bytes(&self) -> io::Result<u64>;

    /// Reads from `offset` until `into` is full or the file ends; returns how many bytes were read.
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all bytes at `offset`, and makes the file longer where it ends before them.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes the file end after this many bytes.
    fn truncate(&self, bytes: u64) -> io::Result<()>;

    /// Flushes the content, and the length with it.
    fn sync(&self) -> io::Result<()>;
}

/// Folder of the operating system's file system. Its files are for their owner alone.
#[derive(Clone, Debug)]
pub(crate) struct FolderDisk(pub(crate) PathBuf);

impl FolderDisk {
    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl FileSystem for FolderDisk {
    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in Path::new(&self.0).read_dir()? {
            // A name that is not text is not one of ours.
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(OpenOptions::new().read(true).write(true).open(self.path(name))?))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true).mode(0o600);
        Ok(Arc::new(options.open(self.path(name))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.path(name))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }
}

impl DiskFile for File {
    fn bytes(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while done < into.len() {
            match FileExt::read_at(self, &mut into[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        FileExt::write_all_at(self, bytes, offset)
    }

    fn truncate(&self, bytes: u64) -> io::Result<()> {
        self.set_len(bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Reads this many bytes.
///
/// # Errors
///
/// `InvalidData` when the file ends before.
pub(crate) fn read_exact(file: &dyn DiskFile, offset: u64, count: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    if file.read_at(&mut bytes, offset)? == count { Ok(bytes) } else { Err(damaged()) }
}

/// Error for a file that is not what was written.
pub(crate) fn damaged() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "a file of the log is damaged")
}
