//! Small disk: a file system that a test can fill.

use std::{
    path::Path,
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// Small file system in memory (tmpfs).
pub(crate) struct SmallDisk(TempDir);

impl SmallDisk {
    /// Mounts a file system of this size; `None` without the privilege to mount.
    pub(crate) fn mount(bytes: u64) -> Option<Self> {
        let folder = tempfile::tempdir().expect("there is room for a test");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"]).arg(folder.path());
        let mounted = mount.stdout(Stdio::null()).stderr(Stdio::null()).status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, because a connection may still be closing.
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}
