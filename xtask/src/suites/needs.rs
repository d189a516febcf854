//! What some tests need beyond a Rust toolchain, and how it is had.

use crate::process::{self, End, Heard};
use std::fmt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A program or a file that is not part of the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// A browser that can be driven.
    Chromium,
    /// The accessibility rules that run inside a page.
    AxeCore,
}

/// Whether a need is met, and by what.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Found(String),
    Installed(String),
    Missing(String),
}

const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];
/// The pages' own letters come with the browser: without them widths are measured in others.
const APT_GET: &[&str] = &["update", "install --yes --no-install-recommends chromium fonts-inter"];
const AXE_CORE: &str = "axe-core@4.14.1";
const INSTALL_SECONDS_MAX: u64 = 600;

impl Need {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::AxeCore => "axe-core",
        }
    }

    /// The environment variable through which tests learn where it is.
    pub(super) fn variable(self) -> &'static str {
        match self {
            Self::Chromium => "TEST_CHROMIUM",
            Self::AxeCore => "TEST_AXE_CORE",
        }
    }

    /// Finds it, or installs it; `target` is the folder for what is built and fetched.
    pub(super) fn ensure(self, target: &Path) -> Standing {
        match self {
            Self::Chromium => chromium(),
            Self::AxeCore => axe_core(target),
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

fn browser() -> Option<String> {
    BROWSERS
        .iter()
        .find(|name| process::answers(name, "--version").is_some())
        .map(|name| (*name).to_owned())
}

fn chromium() -> Standing {
    if let Some(name) = browser() {
        return Standing::Found(name);
    }
    if process::answers("id", "-u").as_deref() != Some("0") {
        return Standing::Missing("not in PATH; only root can install it with apt-get".to_owned());
    }
    for line in APT_GET {
        let mut command = Command::new("apt-get");
        command.args(line.split(' ')).env("DEBIAN_FRONTEND", "noninteractive");
        if let Err(reason) = install(&mut command) {
            return Standing::Missing(reason);
        }
    }
    match browser() {
        Some(name) => Standing::Installed(name),
        None => Standing::Missing("installed, but it does not start".to_owned()),
    }
}

fn axe_core(target: &Path) -> Standing {
    let tools = target.join("tools");
    let script = tools.join("node_modules/axe-core/axe.min.js");
    if script.is_file() {
        return Standing::Found(text(&script));
    }
    if let Err(error) = std::fs::create_dir_all(&tools) {
        return Standing::Missing(error.to_string());
    }
    let mut command = Command::new("npm");
    command
        .args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix"])
        .arg(&tools)
        .arg(AXE_CORE);
    match install(&mut command) {
        Err(reason) => Standing::Missing(reason),
        Ok(()) if script.is_file() => Standing::Installed(text(&script)),
        Ok(()) => Standing::Missing("npm ran, but the script is not where it should be".to_owned()),
    }
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

    #[test]
    fn what_is_already_in_the_tools_folder_is_not_fetched_again() {
        let target = tempfile::tempdir().unwrap();
        let folder = target.path().join("tools/node_modules/axe-core");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("axe.min.js"), "").unwrap();
        let standing = Need::AxeCore.ensure(target.path());
        assert_eq!(standing, Standing::Found(text(&folder.join("axe.min.js"))));
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
