//! Test disks: file systems of their own, mounted from an image or in memory, that can be filled or lose their power.

use crate::violation::{CheckResult, Violation};
use std::{
    fmt, fs,
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

/// File system of a test disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSystem {
    /// ext4 on a loop device.
    Ext4,
    /// XFS on a loop device.
    Xfs,
    /// tmpfs of a limited size.
    Tmpfs {
        /// Size limit.
        bytes: u64,
    },
}

/// Reason why this machine cannot provide such a disk: a missing tool, or no right to mount.
#[derive(Clone, Debug)]
pub struct DiskUnavailable(String);

/// A mounted test disk, unmounted and removed on drop.
#[derive(Debug)]
pub struct Disk {
    file_system: FileSystem,
    image: PathBuf,
    mount_point: PathBuf,
}

/// Size of an image, above the minimum of `mkfs.xfs`.
const IMAGE_BYTES: u64 = 400 << 20;
/// Attempts to unmount: a process that has just exited may still be closing its files.
const UNMOUNT_ATTEMPTS_MAX: usize = 100;

impl FileSystem {
    fn name(self) -> &'static str {
        match self {
            Self::Ext4 => "ext4",
            Self::Xfs => "xfs",
            Self::Tmpfs { .. } => "tmpfs",
        }
    }
}

impl Disk {
    /// Creates a disk in a folder, or prints why this machine cannot provide one.
    pub fn create_or_skip(folder: &Path, file_system: FileSystem) -> Option<Self> {
        let disk = Self::create(folder, file_system);
        disk.inspect_err(|unavailable| println!("skipped: {unavailable}")).ok()
    }

    /// Creates a disk in a folder and mounts it.
    pub fn create(folder: &Path, file_system: FileSystem) -> Result<Self, DiskUnavailable> {
        let image = folder.join(format!("{}.image", file_system.name()));
        let mount_point = folder.join(file_system.name());
        let created = fs::create_dir_all(&mount_point)
            .and_then(|()| File::create(&image)?.set_len(IMAGE_BYTES));
        created.map_err(|error| DiskUnavailable(error.to_string()))?;
        let disk = Self { file_system, image, mount_point };
        match file_system {
            FileSystem::Ext4 => {
                run_command(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&disk.image))
            }
            FileSystem::Xfs => {
                run_command(Command::new("mkfs.xfs").args(["-q", "-f"]).arg(&disk.image))
            }
            FileSystem::Tmpfs { .. } => Ok(()),
        }
        .and_then(|()| disk.mount())
        .map_err(|reason| DiskUnavailable(format!("no {} disk: {reason}", file_system.name())))?;
        if !matches!(file_system, FileSystem::Tmpfs { .. }) {
            run_command(Command::new("xfs_io").arg("-V")).map_err(DiskUnavailable)?;
        }
        Ok(disk)
    }

    /// The mount point.
    pub fn path(&self) -> &Path {
        &self.mount_point
    }

    /// Space available to unprivileged writers.
    pub(crate) fn free_bytes(&self) -> CheckResult<u64> {
        let disk = rustix::fs::statvfs(&self.mount_point).map_err(std::io::Error::from)?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// Shuts the file system down: nothing is written from now on, and what was not flushed is lost.
    pub fn cut_power(&self) -> CheckResult {
        // Without `-f` the log is not flushed. ext4 understands the same ioctl.
        let mut shutdown = Command::new("xfs_io");
        shutdown.args(["-x", "-c", "shutdown"]).arg(&self.mount_point);
        run_command(&mut shutdown).map_err(Violation::new)
    }

    /// Mounts the file system again. No process may have a file open on it.
    pub async fn restore_power(&self) -> CheckResult {
        let mut left = UNMOUNT_ATTEMPTS_MAX;
        while let Err(reason) = run_command(Command::new("umount").arg(&self.mount_point)) {
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
            FileSystem::Tmpfs { bytes } => {
                mount.args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"]);
            }
            FileSystem::Ext4 | FileSystem::Xfs => {
                mount.args(["-o", "loop"]).arg(&self.image);
            }
        }
        run_command(mount.arg(&self.mount_point))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily, because a process may still have a file open.
        let _ = run_command(Command::new("umount").arg("-l").arg(&self.mount_point));
        let _ = fs::remove_file(&self.image);
    }
}

impl fmt::Display for DiskUnavailable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Runs a program. The error is its standard error output.
fn run_command(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
