//! What some tests need beyond a Rust toolchain, and how it is had.

use crate::process::{self, End, Heard};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{fmt, fs};

/// A program or a file that is not part of the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// A browser that can be driven.
    Chromium,
    /// The accessibility rules that run inside a page.
    AxeCore,
    /// What judges a page as a whole; it runs on node.
    Lighthouse,
}

/// Whether a need is met, and by what.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Found(String),
    Installed(String),
    Missing(String),
}

const VALGRIND: &str = "valgrind";
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];
/// The pages' own letters come with the browser: without them widths are measured in others.
const BROWSER_PACKAGES: &str = "chromium fonts-inter";
const APT_GET: &[&str] = &["update", "install --yes --no-install-recommends"];
/// Where packages of npm are named, with their versions and what each has to hash to.
const TOOLS: &str = "browser-tests/tools";
const TOOLS_FILES: &[&str] = &["package.json", LOCK, ".npmrc"];
const LOCK: &str = "package-lock.json";
/// The lock as it was when everything in it was there.
const INSTALLED: &str = "installed.json";
const INSTALL_SECONDS_MAX: u64 = 600;

impl Need {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::AxeCore => "axe-core",
            Self::Lighthouse => "lighthouse",
        }
    }

    /// The environment variable through which tests learn where it is.
    pub(super) fn variable(self) -> &'static str {
        match self {
            Self::Chromium => "TEST_CHROMIUM",
            Self::AxeCore => "TEST_AXE_CORE",
            Self::Lighthouse => "TEST_LIGHTHOUSE",
        }
    }

    /// Finds it, or installs it; `root` is the repository, `target` the folder for what is built and fetched.
    pub(super) fn ensure(self, root: &Path, target: &Path) -> Standing {
        match self {
            Self::Chromium => chromium(),
            Self::AxeCore => package(root, target, "axe-core/axe.min.js"),
            Self::Lighthouse if process::answers("node", "--version").is_none() => {
                Standing::Missing("node is not in PATH".to_owned())
            }
            Self::Lighthouse => package(root, target, "lighthouse/core/index.js"),
        }
    }
}

/// Whether the folder of real data is beside the repository; tests that read it skip themselves without it.
pub(super) fn shared_data(root: &Path) -> &'static str {
    if root.join("../shared/data").is_dir() {
        "real data: found ../shared/data"
    } else {
        "real data: ../shared/data is absent; the tests that read it are skipped, which is no failure"
    }
}

fn chromium() -> Standing {
    program(BROWSERS, BROWSER_PACKAGES)
}

/// What counts the instructions of a program.
pub(super) fn valgrind() -> Standing {
    program(&[VALGRIND], VALGRIND)
}

/// A program of one of these names, from these packages of the system.
fn program(names: &[&str], packages: &str) -> Standing {
    let answering = || names.iter().find(|name| process::answers(name, "--version").is_some());
    if let Some(name) = answering() {
        return Standing::Found((*name).to_owned());
    }
    if process::answers("id", "-u").as_deref() != Some("0") {
        return Standing::Missing("not in PATH; only root can install it with apt-get".to_owned());
    }
    for line in APT_GET {
        let mut command = Command::new("apt-get");
        let packages = line.starts_with("install").then(|| packages.split(' '));
        command
            .args(line.split(' '))
            .args(packages.into_iter().flatten())
            .env("DEBIAN_FRONTEND", "noninteractive");
        if let Err(reason) = install(&mut command) {
            return Standing::Missing(reason);
        }
    }
    match answering() {
        Some(name) => Standing::Installed((*name).to_owned()),
        None => Standing::Missing("installed, but it does not start".to_owned()),
    }
}

/// A file of a package of npm, in exactly the version that the repository names.
fn package(root: &Path, target: &Path, file: &str) -> Standing {
    let tools = target.join("tools");
    let file = tools.join("node_modules").join(file);
    let wanted = match fs::read(root.join(TOOLS).join(LOCK)) {
        Ok(lock) => lock,
        Err(error) => return Standing::Missing(format!("{TOOLS}/{LOCK}: {error}")),
    };
    let is_installed = fs::read(tools.join(INSTALLED)).is_ok_and(|lock| lock == wanted);
    if is_installed && file.is_file() {
        return Standing::Found(text(&file));
    }
    match install_packages(root, &tools) {
        Err(reason) => Standing::Missing(reason),
        Ok(()) if file.is_file() => Standing::Installed(text(&file)),
        Ok(()) => Standing::Missing("npm ran, but the file is not where it should be".to_owned()),
    }
}

fn install_packages(root: &Path, tools: &Path) -> Result<(), String> {
    let copy = |from: &str, to: &str| {
        fs::copy(root.join(TOOLS).join(from), tools.join(to)).map_err(|error| error.to_string())
    };
    fs::create_dir_all(tools).map_err(|error| error.to_string())?;
    for file in TOOLS_FILES {
        copy(file, file)?;
    }
    let mut command = Command::new("npm");
    command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"]).arg(tools);
    install(&mut command)?;
    copy(LOCK, INSTALLED).map(drop)
}

/// Runs an installer and shows what it prints; why it failed, if it did.
fn install(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    println!("  $ {command:?}");
    let end =
        process::listen(command, Duration::from_secs(INSTALL_SECONDS_MAX), |heard| match heard {
            Heard::Line(line) => println!("    {line}"),
            Heard::Silence => println!("    …"),
        });
    match end {
        Ok(End::Well) => Ok(()),
        Ok(End::Badly) => Err(format!("{program} failed")),
        Ok(End::TooLate) => {
            Err(format!("{program} took longer than {INSTALL_SECONDS_MAX} seconds"))
        }
        Err(error) => Err(format!("{program}: {error}")),
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

impl fmt::Display for Standing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(what) => write!(formatter, "found {what}"),
            Self::Installed(what) => write!(formatter, "installed {what}"),
            Self::Missing(reason) => write!(formatter, "missing ({reason})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "axe-core/axe.min.js";

    /// A repository that names packages, and a folder where those of `installed` are.
    fn folders(installed: &str) -> (tempfile::TempDir, tempfile::TempDir) {
        let (root, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir_all(root.path().join(TOOLS)).unwrap();
        fs::write(root.path().join(TOOLS).join(LOCK), "this version").unwrap();
        let script = target.path().join("tools/node_modules").join(SCRIPT);
        fs::create_dir_all(script.parent().unwrap()).unwrap();
        fs::write(&script, "").unwrap();
        fs::write(target.path().join("tools").join(INSTALLED), installed).unwrap();
        (root, target)
    }

    #[test]
    fn what_is_already_in_the_tools_folder_is_not_fetched_again() {
        let (root, target) = folders("this version");
        let standing = Need::AxeCore.ensure(root.path(), target.path());
        let script = target.path().join("tools/node_modules").join(SCRIPT);
        assert_eq!(standing, Standing::Found(text(&script)));
    }

    #[test]
    fn another_version_than_the_one_named_does_not_do() {
        let (root, target) = folders("that version");
        // There is nothing to install from, so all that can be told is that something had to be.
        let standing = Need::AxeCore.ensure(root.path(), target.path());
        assert!(matches!(standing, Standing::Missing(_)), "{standing}");
    }

    #[test]
    fn an_absent_installer_is_a_reason() {
        assert!(
            install(&mut Command::new("no-such-installer"))
                .unwrap_err()
                .starts_with("no-such-installer: ")
        );
    }

    #[test]
    fn absent_real_data_is_said() {
        let root = tempfile::tempdir().unwrap();
        assert!(shared_data(&root.path().join("here")).contains("absent"));
    }
}
