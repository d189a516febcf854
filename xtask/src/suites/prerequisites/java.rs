//! Servers that run on Java, from jars in the versions of Maven projects.

use super::Availability;
use super::installer::{self, Pinned, text};
use std::path::Path;
use std::process::Command;

/// Versions of Kafka that are supported: the oldest, and the newest.
pub(super) const OLD_KAFKA: &str = "3.9.1";
pub(crate) const NEW_KAFKA: &str = "4.1.0";
/// Program of ours that starts the server of MongoDB's protocol.
const MONGODB_PROGRAM: &str = "MongoServerProgram";

/// The folder with the jars of this version of Kafka.
pub(super) fn kafka(root: &Path, target: &Path, version: &str) -> Availability {
    let project = root.join(format!("test-servers/kafka/{version}/pom.xml"));
    let folder = target.join(format!("tools/kafka-{version}"));
    let file = format!("kafka_2.13-{version}.jar");
    ensure(&project, &folder, file, || Ok(()))
}

/// The folder with the jars and the program of a server of MongoDB's protocol, which is compiled again when it has changed.
pub(super) fn mongodb(root: &Path, target: &Path) -> Availability {
    let sources = root.join("test-servers/mongodb");
    let folder = target.join("tools/mongo-java-server");
    let (program, class) = (format!("{MONGODB_PROGRAM}.java"), format!("{MONGODB_PROGRAM}.class"));
    let (source, compiled) = (sources.join(&program), folder.join(&program));
    let compile = || {
        let mut compile = Command::new("javac");
        compile.arg("-cp").arg(folder.join("*")).arg("-d").arg(&folder).arg(&source);
        installer::run(&mut compile)?;
        std::fs::copy(&source, &compiled).map(drop).map_err(|error| error.to_string())
    };
    let available = ensure(&sources.join("pom.xml"), &folder, class, compile);
    let content = |file: &Path| std::fs::read(file).ok();
    if matches!(available, Availability::Missing(_)) || content(&source) == content(&compiled) {
        return available;
    }
    compile().map_or_else(Availability::Missing, |()| available)
}

/// The folder, in which a file shows that everything is there.
fn ensure(
    project: &Path,
    folder: &Path,
    file: String,
    compile: impl FnOnce() -> Result<(), String>,
) -> Availability {
    let pinned = Pinned { list: project.to_owned(), folder: folder.to_owned(), file };
    let availability = pinned.ensure(|| {
        copy(project, folder)?;
        compile()
    });
    match availability {
        Availability::Found(_) => Availability::Found(text(folder)),
        Availability::Installed(_) => Availability::Installed(text(folder)),
        missing @ Availability::Missing(_) => missing,
    }
}

/// Copies the dependencies of a Maven project into a folder.
fn copy(project: &Path, folder: &Path) -> Result<(), String> {
    if let Availability::Missing(reason) = installer::maven() {
        return Err(reason);
    }
    let mut copy = Command::new("mvn");
    copy.args(["--quiet", "--batch-mode", "--file"]).arg(project);
    copy.args(["dependency:copy-dependencies", "-DincludeScope=runtime"]);
    copy.arg(format!("-DoutputDirectory={}", folder.display()));
    installer::run(&mut copy)
}
