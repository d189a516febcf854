//! Toxiproxy, compiled from its Go module.

use super::Availability;
use super::installer;
use crate::process;
use std::path::Path;
use std::process::Command;

const MODULE: &str = "github.com/Shopify/toxiproxy/v2/cmd/server@v2.5.0";
/// Folder of this version.
const FOLDER: &str = "tools/toxiproxy-2.5.0";
/// Name that Go gives the program.
const PROGRAM: &str = "server";

/// The program.
pub(super) fn ensure(target: &Path) -> Availability {
    let folder = target.join(FOLDER);
    let program = folder.join(PROGRAM);
    if program.is_file() {
        return Availability::Found(installer::text(&program));
    }
    let go = installer::system_packages("golang-go", || process::output_of("go", "version"));
    if let Availability::Missing(reason) = go {
        return Availability::Missing(reason);
    }
    let mut install = Command::new("go");
    install.args(["install", MODULE]).env("GOBIN", &folder);
    match installer::run(&mut install) {
        Err(reason) => Availability::Missing(reason),
        Ok(()) => Availability::Installed(installer::text(&program)),
    }
}
