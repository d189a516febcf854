//! Installation of prerequisites: system packages, and what the repository pins to a version.

use super::Availability;
use crate::process::{self, ExitOutcome, OutputEvent};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const APT_GET: &[&str] = &["update", "install --yes --no-install-recommends"];
/// Name of the copy of the list, written when everything in it was installed.
const INSTALLED: &str = "installed";
const INSTALL_SECONDS_MAX: u64 = 600;

/// What a file of the repository pins to a version, installed into a folder of its own.
#[derive(Debug)]
pub(super) struct Pinned {
    /// File of the repository that lists it.
    pub(super) list: PathBuf,
    pub(super) folder: PathBuf,
    /// File below the folder by which it is used.
    pub(super) file: String,
}

impl Pinned {
    /// Installs it, unless exactly what the list says is there.
    pub(super) fn ensure(&self, install: impl FnOnce() -> Result<(), String>) -> Availability {
        let wanted = match fs::read(&self.list) {
            Ok(list) => list,
            Err(error) => return Availability::Missing(format!("{}: {error}", text(&self.list))),
        };
        let installed = self.folder.join(INSTALLED);
        let file = self.folder.join(&self.file);
        if file.is_file() && fs::read(&installed).is_ok_and(|list| list == wanted) {
            return Availability::Found(text(&file));
        }
        let done =
            fs::create_dir_all(&self.folder).map_err(|error| error.to_string()).and_then(|()| {
                install()?;
                fs::write(&installed, wanted).map_err(|error| error.to_string())
            });
        match done {
            Err(reason) => Availability::Missing(reason),
            Ok(()) if file.is_file() => Availability::Installed(text(&file)),
            Ok(()) => Availability::Missing(format!("installed, but without {}", self.file)),
        }
    }
}

/// A program with one of these names, or else installed from these system packages.
pub(super) fn program(names: &[&str], packages: &str) -> Availability {
    system_packages(packages, || {
        let name = names.iter().find(|name| process::output_of(name, "--version").is_some());
        name.map(|name| (*name).to_owned())
    })
}

/// Perl with the modules that the build of OpenSSL uses, which the smallest installations of it lack.
pub(super) fn perl() -> Availability {
    system_packages("perl", || {
        let modules = ["-MFindBin", "-MIPC::Cmd", "-MFile::Compare", "-e", "1"];
        process::output_in(Path::new("."), "perl", &modules).map(|_| "perl".to_owned())
    })
}

/// A browser with one of these names and the font of the pages, or else both installed from these system packages.
pub(super) fn browser(names: &[&str], font: &str, packages: &str) -> Availability {
    system_packages(packages, || {
        let name = names.iter().find(|name| process::output_of(name, "--version").is_some())?;
        let fonts = process::output_of("fc-list", ":family")?;
        fonts.contains(font).then(|| (*name).to_owned())
    })
}

/// The build tool of Java programs, with a JDK.
pub(super) fn maven() -> Availability {
    program(&["mvn"], "maven default-jdk-headless")
}

/// What `found` finds, before or after these system packages were installed.
pub(super) fn system_packages(packages: &str, found: impl Fn() -> Option<String>) -> Availability {
    if let Some(what) = found() {
        return Availability::Found(what);
    }
    if process::output_of("id", "-u").as_deref() != Some("0") {
        return Availability::Missing(format!(
            "not installed; only root can install {packages} with apt-get"
        ));
    }
    for line in APT_GET {
        let mut command = Command::new("apt-get");
        let packages = line.starts_with("install").then(|| packages.split(' '));
        command
            .args(line.split(' '))
            .args(packages.into_iter().flatten())
            .env("DEBIAN_FRONTEND", "noninteractive");
        if let Err(reason) = run(&mut command) {
            return Availability::Missing(reason);
        }
    }
    match found() {
        Some(what) => Availability::Installed(what),
        None => Availability::Missing("installed, but it does not start".to_owned()),
    }
}

/// Runs an installer and shows its output; the error is the reason of its failure.
pub(super) fn run(command: &mut Command) -> Result<(), String> {
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

pub(super) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list that wants `this version`, and a folder where `installed` is.
    fn pinned(folder: &Path, installed: &str) -> Pinned {
        let pinned = Pinned {
            list: folder.join("list"),
            folder: folder.join("there"),
            file: "tool".to_owned(),
        };
        fs::write(&pinned.list, "this version").unwrap();
        fs::create_dir_all(&pinned.folder).unwrap();
        fs::write(pinned.folder.join("tool"), "").unwrap();
        fs::write(pinned.folder.join(INSTALLED), installed).unwrap();
        pinned
    }

    #[test]
    fn what_is_already_in_its_folder_is_not_installed_again() {
        let folder = tempfile::tempdir().unwrap();
        let pinned = pinned(folder.path(), "this version");
        let availability = pinned.ensure(|| Err("installed".to_owned()));
        assert_eq!(availability, Availability::Found(text(&pinned.folder.join("tool"))));
    }

    #[test]
    fn another_version_than_the_pinned_one_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let pinned = pinned(folder.path(), "that version");
        let refused = pinned.ensure(|| Err("no network".to_owned()));
        assert_eq!(refused, Availability::Missing("no network".to_owned()));
        let tool = text(&pinned.folder.join("tool"));
        assert_eq!(pinned.ensure(|| Ok(())), Availability::Installed(tool.clone()));
        assert_eq!(pinned.ensure(|| Err("again".to_owned())), Availability::Found(tool));
    }

    #[test]
    fn an_absent_installer_is_a_reason() {
        assert!(
            run(&mut Command::new("no-such-installer"))
                .unwrap_err()
                .starts_with("no-such-installer: ")
        );
    }
}
