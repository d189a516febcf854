//! Test prerequisites beyond a Rust toolchain, found or installed.

use crate::process::{self, ExitOutcome, OutputEvent};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{fmt, fs};

/// A program or a file that is not part of the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prerequisite {
    /// A browser that can be driven.
    Chromium,
    /// The accessibility rules that run inside a page.
    AxeCore,
    /// The auditor of whole pages; it runs on node.
    Lighthouse,
    /// The TypeScript compiler with the client generator; both run on node.
    TypeScript,
    /// The linters of API documents; they run on node.
    OpenApiLinters,
    /// Certified clients of OpenID Connect; they run on node.
    OpenIdClients,
    /// The build tool of Java programs, with a JDK.
    Maven,
}

/// The availability of a prerequisite.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Availability {
    Found(String),
    Installed(String),
    Missing(String),
}

const VALGRIND: &str = "valgrind";
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];
/// The font of the pages is installed with the browser: with another one, widths would differ.
const BROWSER_PACKAGES: &str = "chromium fonts-inter";
const APT_GET: &[&str] = &["update", "install --yes --no-install-recommends"];
/// A folder that lists npm packages with their versions and hashes, and the name of the folder they are installed in.
#[derive(Debug, Clone, Copy)]
struct NpmPackages {
    listed: &'static str,
    installed: &'static str,
}

const BROWSER_TOOLS: NpmPackages =
    NpmPackages { listed: "browser-tests/tools", installed: "tools" };
const TYPESCRIPT: NpmPackages =
    NpmPackages { listed: "interop/typescript", installed: "interop-typescript" };
const OPENAPI_LINTERS: NpmPackages =
    NpmPackages { listed: "interop/openapi", installed: "interop-openapi" };
const OPENID_CLIENTS: NpmPackages =
    NpmPackages { listed: "interop/openid", installed: "interop-openid" };
const MAVEN_PACKAGES: &str = "maven default-jdk-headless";
const TOOLS_FILES: &[&str] = &["package.json", LOCK, ".npmrc"];
const LOCK: &str = "package-lock.json";
/// A copy of the lock file, written when everything in it was installed.
const INSTALLED: &str = "installed.json";
const INSTALL_SECONDS_MAX: u64 = 600;

impl Prerequisite {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::AxeCore => "axe-core",
            Self::Lighthouse => "lighthouse",
            Self::TypeScript => "typescript",
            Self::OpenApiLinters => "openapi-linters",
            Self::OpenIdClients => "openid-clients",
            Self::Maven => "maven",
        }
    }

    /// The environment variable that holds its path for the tests.
    pub(super) fn variable(self) -> &'static str {
        match self {
            Self::Chromium => "TEST_CHROMIUM",
            Self::AxeCore => "TEST_AXE_CORE",
            Self::Lighthouse => "TEST_LIGHTHOUSE",
            Self::TypeScript => "TEST_TYPESCRIPT",
            Self::OpenApiLinters => "TEST_OPENAPI_LINTERS",
            Self::OpenIdClients => "TEST_OPENID_CLIENTS",
            Self::Maven => "TEST_MAVEN",
        }
    }

    /// Finds it or installs it; `root` is the repository, `target` the folder for build output and downloads.
    pub(super) fn ensure(self, root: &Path, target: &Path) -> Availability {
        match self {
            Self::Chromium => chromium(),
            Self::AxeCore => package(root, target, BROWSER_TOOLS, "axe-core/axe.min.js"),
            Self::Lighthouse | Self::TypeScript | Self::OpenApiLinters | Self::OpenIdClients
                if process::output_of("node", "--version").is_none() =>
            {
                Availability::Missing("node is not in PATH".to_owned())
            }
            Self::Lighthouse => package(root, target, BROWSER_TOOLS, "lighthouse/core/index.js"),
            Self::TypeScript => package(root, target, TYPESCRIPT, "typescript/bin/tsc"),
            Self::OpenApiLinters => {
                package(root, target, OPENAPI_LINTERS, "@redocly/cli/bin/cli.js")
            }
            Self::OpenIdClients => {
                package(root, target, OPENID_CLIENTS, "openid-client/build/index.js")
            }
            Self::Maven => program(&["mvn"], MAVEN_PACKAGES),
        }
    }
}

/// Whether the folder of real data exists; the tests that read it skip themselves without it.
pub(super) fn shared_data(root: &Path) -> &'static str {
    if root.join("../shared/data").is_dir() {
        "real data: found ../shared/data"
    } else {
        "real data: ../shared/data is absent; the tests that read it are skipped, which is no failure"
    }
}

fn chromium() -> Availability {
    program(BROWSERS, BROWSER_PACKAGES)
}

/// The instruction counter.
pub(super) fn valgrind() -> Availability {
    program(&[VALGRIND], VALGRIND)
}

/// A program with one of these names, or else installed from these system packages.
fn program(names: &[&str], packages: &str) -> Availability {
    let answering = || names.iter().find(|name| process::output_of(name, "--version").is_some());
    if let Some(name) = answering() {
        return Availability::Found((*name).to_owned());
    }
    if process::output_of("id", "-u").as_deref() != Some("0") {
        return Availability::Missing(
            "not in PATH; only root can install it with apt-get".to_owned(),
        );
    }
    for line in APT_GET {
        let mut command = Command::new("apt-get");
        let packages = line.starts_with("install").then(|| packages.split(' '));
        command
            .args(line.split(' '))
            .args(packages.into_iter().flatten())
            .env("DEBIAN_FRONTEND", "noninteractive");
        if let Err(reason) = install(&mut command) {
            return Availability::Missing(reason);
        }
    }
    match answering() {
        Some(name) => Availability::Installed((*name).to_owned()),
        None => Availability::Missing("installed, but it does not start".to_owned()),
    }
}

/// A file of an npm package, in exactly the version that the repository locks.
fn package(root: &Path, target: &Path, packages: NpmPackages, file: &str) -> Availability {
    let listed = root.join(packages.listed);
    let tools = target.join(packages.installed);
    let file = tools.join("node_modules").join(file);
    let wanted = match fs::read(listed.join(LOCK)) {
        Ok(lock) => lock,
        Err(error) => return Availability::Missing(format!("{}/{LOCK}: {error}", packages.listed)),
    };
    let is_installed = fs::read(tools.join(INSTALLED)).is_ok_and(|lock| lock == wanted);
    if is_installed && file.is_file() {
        return Availability::Found(text(&file));
    }
    match install_packages(&listed, &tools) {
        Err(reason) => Availability::Missing(reason),
        Ok(()) if file.is_file() => Availability::Installed(text(&file)),
        Ok(()) => {
            Availability::Missing("npm ran, but the file is not where it should be".to_owned())
        }
    }
}

fn install_packages(listed: &Path, tools: &Path) -> Result<(), String> {
    let copy = |from: &str, to: &str| {
        fs::copy(listed.join(from), tools.join(to)).map_err(|error| error.to_string())
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

/// Runs an installer and shows its output; the error is the reason of its failure.
fn install(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    println!("  $ {command:?}");
    let end = process::stream_output(command, Duration::from_secs(INSTALL_SECONDS_MAX), |event| {
        match event {
            OutputEvent::Line(line) => println!("    {line}"),
            OutputEvent::Idle => println!("    …"),
        }
    });
    match end {
        Ok(ExitOutcome::Success) => Ok(()),
        Ok(ExitOutcome::Failure) => Err(format!("{program} failed")),
        Ok(ExitOutcome::TimedOut) => {
            Err(format!("{program} took longer than {INSTALL_SECONDS_MAX} seconds"))
        }
        Err(error) => Err(format!("{program}: {error}")),
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

impl fmt::Display for Availability {
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
        let listed = root.path().join(BROWSER_TOOLS.listed);
        fs::create_dir_all(&listed).unwrap();
        fs::write(listed.join(LOCK), "this version").unwrap();
        let script = target.path().join("tools/node_modules").join(SCRIPT);
        fs::create_dir_all(script.parent().unwrap()).unwrap();
        fs::write(&script, "").unwrap();
        fs::write(target.path().join("tools").join(INSTALLED), installed).unwrap();
        (root, target)
    }

    #[test]
    fn what_is_already_in_the_tools_folder_is_not_fetched_again() {
        let (root, target) = folders("this version");
        let availability = Prerequisite::AxeCore.ensure(root.path(), target.path());
        let script = target.path().join("tools/node_modules").join(SCRIPT);
        assert_eq!(availability, Availability::Found(text(&script)));
    }

    #[test]
    fn another_version_than_the_locked_one_is_not_used() {
        let (root, target) = folders("that version");
        // There is nothing to install from, so the attempt to install is all that can be observed.
        let availability = Prerequisite::AxeCore.ensure(root.path(), target.path());
        assert!(matches!(availability, Availability::Missing(_)), "{availability}");
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
    fn absent_real_data_is_reported() {
        let root = tempfile::tempdir().unwrap();
        assert!(shared_data(&root.path().join("here")).contains("absent"));
    }
}
