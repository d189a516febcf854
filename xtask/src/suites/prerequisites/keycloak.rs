//! Keycloak, in the version of a Maven project.

use super::Availability;
use super::installer::{self, Pinned};
use std::path::Path;
use std::process::Command;

/// Maven project that unpacks it.
const PROJECT: &str = "interop/keycloak/pom.xml";
const FOLDER: &str = "interop-keycloak";
const SCRIPT: &str = "keycloak-26.4.0/bin/kc.sh";

/// The script that starts it.
pub(super) fn ensure(root: &Path, target: &Path) -> Availability {
    let folder = target.join(FOLDER);
    let project = root.join(PROJECT);
    let pinned = Pinned { list: project.clone(), folder: folder.clone(), file: SCRIPT.to_owned() };
    pinned.ensure(|| {
        if let Availability::Missing(reason) = installer::maven() {
            return Err(reason);
        }
        let mut unpack = Command::new("mvn");
        unpack.args(["--quiet", "--batch-mode", "--file"]).arg(&project);
        unpack.arg("dependency:unpack");
        unpack.arg(format!("-DoutputDirectory={}", folder.display()));
        installer::run(&mut unpack)
    })
}
