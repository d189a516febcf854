//! Python packages, in the versions and with the hashes of a requirements file, in a virtual environment.

use super::Availability;
use super::installer::{self, Pinned};
use crate::process;
use std::path::Path;
use std::process::Command;

const REQUIREMENTS: &str = "interop/python/requirements.txt";
const ENVIRONMENT: &str = "interop-python";
/// Interpreter of the environment.
const INTERPRETER: &str = "bin/python";
const SYSTEM_PACKAGES: &str = "python3 python3-venv";
/// Program that runs where virtual environments can be made: Debian packages that apart from the interpreter.
const CAN_MAKE_ENVIRONMENTS: &str = "-cimport ensurepip, venv";
/// Interpreter for which the system has packages.
const SYSTEM_PYTHON: &str = "/usr/bin/python3";
const SMTP_PACKAGE: &str = "python3-aiosmtpd";
/// Program that runs where the mail server is installed.
const HAS_SMTP_SERVER: &str = "-cimport aiosmtpd";
const PIP_INSTALL: &[&str] = &[
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "--require-hashes",
    "--only-binary=:all:",
    "--requirement",
];

/// The interpreter that finds the packages.
pub(super) fn ensure(root: &Path, target: &Path) -> Availability {
    let folder = target.join(ENVIRONMENT);
    let list = root.join(REQUIREMENTS);
    let pinned =
        Pinned { list: list.clone(), folder: folder.clone(), file: INTERPRETER.to_owned() };
    pinned.ensure(|| {
        let python = installer::system_packages(SYSTEM_PACKAGES, || {
            process::output_of("python3", CAN_MAKE_ENVIRONMENTS).map(|_| "python3".to_owned())
        });
        if let Availability::Missing(reason) = python {
            return Err(reason);
        }
        let mut environment = Command::new("python3");
        installer::run(environment.args(["-m", "venv", "--clear"]).arg(&folder))?;
        let mut packages = Command::new(folder.join(INTERPRETER));
        installer::run(packages.args(PIP_INSTALL).arg(&list))
    })
}

/// The system's interpreter with a mail server.
pub(super) fn smtp_server() -> Availability {
    installer::system_packages(SMTP_PACKAGE, || {
        process::output_of(SYSTEM_PYTHON, HAS_SMTP_SERVER).map(|_| SYSTEM_PYTHON.to_owned())
    })
}
