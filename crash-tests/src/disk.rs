//! Disks that can be filled or unplugged, where this machine lets us have them.

use crate::violation::{Checked, Violation};
use std::{
    fmt, fs,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

/// What makes a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSystem {
    /// ext4 in a file.
    Ext4,
    /// XFS in a file.
    Xfs,
    /// In memory, and small.
    Memory {
        /// How small.
        bytes: u64,
    },
}

/// Why this machine cannot have such a disk.
#[derive(Clone, Debug)]
pub struct Missing(String);

/// A mounted disk; it is gone when this is dropped.
#[derive(Debug)]
pub struct Disk {
    file_system: FileSystem,
    image: PathBuf,
    mounted_at: PathBuf,
}

/// XFS takes no less.
const IMAGE_BYTES: u64 = 400 << 20;
/// A process that has just ended may still be letting go of its files.
const UNMOUNT_TRIES: usize = 100;

impl FileSystem {
    fn name(self) -> &'static str {
        match self {
            Self::Ext4 => "ext4",
            Self::Xfs => "xfs",
            Self::Memory { .. } => "tmpfs",
        }
    }
}

impl Disk {
    /// Makes a disk in a folder and mounts it.
    pub fn make(folder: &Path, file_system: FileSystem) -> Result<Self, Missing> {
        let image = folder.join(format!("{}.image", file_system.name()));
        let mounted_at = folder.join(file_system.name());
        let made = fs::create_dir_all(&mounted_at)
            .and_then(|()| File::create(&image)?.set_len(IMAGE_BYTES));
        made.map_err(|error| Missing(error.to_string()))?;
        let disk = Self { file_system, image, mounted_at };
        match file_system {
            FileSystem::Ext4 => run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&disk.image)),
            FileSystem::Xfs => run(Command::new("mkfs.xfs").args(["-q", "-f"]).arg(&disk.image)),
            FileSystem::Memory { .. } => Ok(()),
        }
        .and_then(|()| disk.mount())
        .map_err(|reason| Missing(format!("no {} disk: {reason}", file_system.name())))?;
        if !matches!(file_system, FileSystem::Memory { .. }) {
            run(Command::new("xfs_io").arg("-V")).map_err(Missing)?;
        }
        Ok(disk)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.mounted_at
    }

    /// What can still be written.
    pub(crate) fn free_bytes(&self) -> Checked<u64> {
        let disk = rustix::fs::statvfs(&self.mounted_at).map_err(std::io::Error::from)?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// The power fails: from now on nothing is written any more, and what was not flushed never was.
    pub fn cut(&self) -> Checked {
        // Without a flag the log is not flushed. The same call is understood by ext4.
        let mut shutdown = Command::new("xfs_io");
        shutdown.args(["-x", "-c", "shutdown"]).arg(&self.mounted_at);
        run(&mut shutdown).map_err(Violation::new)
    }

    /// The power comes back. Nobody may have a file open on it.
    pub async fn comes_back(&self) -> Checked {
        let mut left = UNMOUNT_TRIES;
        while let Err(reason) = run(Command::new("umount").arg(&self.mounted_at)) {
            left -= 1;
            if left == 0 {
                return Err(Violation::new(reason));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.mount().map_err(Violation::new)
    }

    fn mount(&self) -> Result<(), String> {
        let mut mount = Command::new("mount");
        match self.file_system {
            FileSystem::Memory { bytes } => {
                mount.args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"]);
            }
            FileSystem::Ext4 | FileSystem::Xfs => {
                mount.args(["-o", "loop"]).arg(&self.image);
            }
        }
        run(mount.arg(&self.mounted_at))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily, for somebody may still have a file open.
        let _ = run(Command::new("umount").arg("-l").arg(&self.mounted_at));
        let _ = fs::remove_file(&self.image);
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Runs a program; says why it failed, if it did.
fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
