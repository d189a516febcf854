//! npm packages, in the versions and with the hashes of a lock file.

use super::Availability;
use super::installer::{self, Pinned};
use crate::process;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Packages in a folder of the repository that lists them, and the name of the folder they are installed in.
#[derive(Debug, Clone, Copy)]
pub(super) struct NpmPackages {
    pub(super) listed: &'static str,
    pub(super) installed: &'static str,
}

const FILES: &[&str] = &["package.json", LOCK, ".npmrc"];
const LOCK: &str = "package-lock.json";

impl NpmPackages {
    /// A file of one of the packages.
    pub(super) fn ensure(self, root: &Path, target: &Path, file: &str) -> Availability {
        if process::output_of("node", "--version").is_none() {
            return Availability::Missing("node is not in PATH".to_owned());
        }
        let listed = root.join(self.listed);
        let folder = target.join(self.installed);
        let file = format!("node_modules/{file}");
        let pinned = Pinned { list: listed.join(LOCK), folder: folder.clone(), file };
        pinned.ensure(|| install(&listed, &folder))
    }
}

fn install(listed: &Path, folder: &Path) -> Result<(), String> {
    for file in FILES {
        fs::copy(listed.join(file), folder.join(file)).map_err(|error| error.to_string())?;
    }
    let mut command = Command::new("npm");
    command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"]).arg(folder);
    installer::run(&mut command)
}
