//! Cargo workspace and its test programs, read from cargo's JSON output.

use crate::{Outcome, process};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The crates of the workspace.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
    packages: Vec<WorkspacePackage>,
}

/// A test suite: a program that runs tests and prints their results.
pub(crate) struct Suite {
    /// `kernel`, or `icommerce: topologies` for a file in tests/.
    pub(crate) name: String,
    /// The crate it belongs to.
    pub(crate) package: String,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// Its working directory.
    pub(crate) folder: PathBuf,
    /// The product's binary, when it was built: tests may start it.
    pub(crate) product: Option<PathBuf>,
}

const PRODUCT: &str = "icommerce";
/// Crates whose tests start the product.
const PRODUCT_TESTS: [&str; 3] = ["browser-tests", "crash-tests", "interop"];

#[derive(Deserialize)]
struct WorkspaceMetadata {
    packages: Vec<WorkspacePackage>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct WorkspacePackage {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<BuildTarget>,
}

#[derive(Deserialize)]
struct BuildTarget {
    name: String,
    kind: Vec<String>,
}

/// A message of `cargo --message-format=json`.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum CargoMessage {
    CompilerArtifact {
        manifest_path: PathBuf,
        target: BuildTarget,
        profile: BuildProfile,
        executable: Option<PathBuf>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct BuildProfile {
    test: bool,
}

impl Workspace {
    pub(crate) fn read(root: &Path) -> Outcome<Self> {
        let text = process::cargo(root, &["metadata", "--format-version", "1", "--no-deps"])?;
        let metadata: WorkspaceMetadata = serde_json::from_str(&text)?;
        Ok(Self {
            root: root.to_owned(),
            target: metadata.target_directory,
            packages: metadata.packages,
        })
    }

    /// The crates named in `only`, or all.
    pub(crate) fn select(&self, only: &[String]) -> Outcome<Vec<String>> {
        let all: Vec<String> = self.packages.iter().map(|package| package.name.clone()).collect();
        if let Some(unknown) = only.iter().find(|name| !all.contains(name)) {
            return Err(
                format!("there is no crate `{unknown}`; there are: {}", all.join(", ")).into()
            );
        }
        Ok(if only.is_empty() { all } else { only.to_vec() })
    }

    /// Builds the test programs of the crates named in `only`, or all, with these features. Compiler output goes to the terminal.
    pub(crate) fn build(&self, only: &[String], features: &[&str]) -> Outcome<Vec<Suite>> {
        let mut command = Command::new("cargo");
        command
            .args(["test", "--no-run", "--message-format=json-render-diagnostics"])
            .current_dir(&self.root);
        if only.is_empty() {
            command.arg("--workspace");
        }
        for name in only {
            command.args(["--package", name]);
        }
        for feature in features {
            command.args(["--features", feature]);
        }
        let messages = messages(&mut command)?;
        let mut product = program_of(&messages);
        let is_wanted = self.packages.iter().any(|package| package.name == PRODUCT);
        if product.is_none()
            && is_wanted
            && only.iter().any(|name| PRODUCT_TESTS.contains(&name.as_str()))
        {
            let mut command = Command::new("cargo");
            command.args([
                "build",
                "--message-format=json-render-diagnostics",
                "--package",
                PRODUCT,
                // With every engine, as where all crates are tested.
                "--features",
                "full",
            ]);
            product = program_of(&self::messages(command.current_dir(&self.root))?);
        }
        let mut suites: Vec<Suite> =
            messages.into_iter().filter_map(|message| self.suite(message)).collect();
        for suite in &mut suites {
            suite.product.clone_from(&product);
        }
        suites.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(suites)
    }

    fn suite(&self, message: CargoMessage) -> Option<Suite> {
        let CargoMessage::CompilerArtifact {
            manifest_path,
            target,
            profile: BuildProfile { test: true },
            executable,
        } = message
        else {
            return None;
        };
        let package =
            self.packages.iter().find(|package| package.manifest_path == manifest_path)?;
        let is_own_file = target.kind.iter().any(|kind| kind == "test");
        let name = if is_own_file {
            format!("{}: {}", package.name, target.name)
        } else {
            package.name.clone()
        };
        Some(Suite {
            name,
            package: package.name.clone(),
            program: executable?,
            // Shows the output of passed tests as well: a test that skips itself says so there.
            arguments: vec!["--show-output".to_owned()],
            folder: manifest_path.parent()?.to_owned(),
            product: None,
        })
    }

    /// The doc tests, when one of `packages` is a library. With the features that the other tests were built with, so that nothing is built
    /// a second time.
    pub(crate) fn documentation(&self, packages: &[String], features: &[&str]) -> Option<Suite> {
        let is_library = |package: &&WorkspacePackage| {
            packages.contains(&package.name)
                && package.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "lib"))
        };
        let libraries: Vec<&WorkspacePackage> = self.packages.iter().filter(is_library).collect();
        if libraries.is_empty() {
            return None;
        }
        let mut arguments = vec!["test".to_owned(), "--doc".to_owned()];
        let is_whole = packages.len() == self.packages.len();
        // Those of a program are none of a library that is tested without it.
        let of_library = |feature: &&&str| {
            let package = feature.split('/').next();
            libraries.iter().any(|library| Some(&*library.name) == package)
        };
        let features = features.iter().filter(|feature| is_whole || of_library(feature));
        arguments.extend(features.flat_map(|it| ["--features".to_owned(), (*it).to_owned()]));
        if is_whole {
            arguments.push("--workspace".to_owned());
        } else {
            arguments.extend(
                libraries.iter().flat_map(|package| ["--package".to_owned(), package.name.clone()]),
            );
        }
        Some(Suite {
            name: "documentation".to_owned(),
            package: "documentation".to_owned(),
            program: PathBuf::from("cargo"),
            arguments,
            folder: self.root.clone(),
            product: None,
        })
    }
}

/// Runs a cargo command and parses its JSON messages; diagnostics go to the terminal.
fn messages(command: &mut Command) -> Outcome<Vec<CargoMessage>> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err("the tests do not build".into());
    }
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// The path of the product's binary.
fn program_of(messages: &[CargoMessage]) -> Option<PathBuf> {
    messages.iter().find_map(|message| match message {
        CargoMessage::CompilerArtifact {
            target,
            profile: BuildProfile { test: false },
            executable,
            ..
        } if target.name == PRODUCT => executable.clone(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> Workspace {
        let target = |name: &str, kind: &str| BuildTarget {
            name: name.to_owned(),
            kind: vec![kind.to_owned()],
        };
        let package = |name: &str, targets| WorkspacePackage {
            name: name.to_owned(),
            manifest_path: PathBuf::from(format!("r/{name}/Cargo.toml")),
            targets,
        };
        let kernel = package("kernel", vec![target("kernel", "lib")]);
        let tool = package("tool", vec![target("tool", "bin"), target("whole", "test")]);
        Workspace {
            root: PathBuf::from("r"),
            target: PathBuf::from("t"),
            packages: vec![kernel, tool],
        }
    }

    fn artifact(line: &str) -> CargoMessage {
        serde_json::from_str(line).unwrap()
    }

    #[test]
    fn a_test_program_becomes_a_suite_of_its_crate() {
        let message = artifact(
            r#"{"reason":"compiler-artifact","manifest_path":"r/tool/Cargo.toml","executable":"t/whole-1",
                "target":{"name":"whole","kind":["test"]},"profile":{"test":true}}"#,
        );
        let suite = workspace().suite(message).unwrap();
        assert_eq!((suite.name.as_str(), suite.package.as_str()), ("tool: whole", "tool"));
        assert_eq!(suite.folder, Path::new("r/tool"));
    }

    #[test]
    fn what_is_no_test_program_is_no_suite() {
        let program = artifact(
            r#"{"reason":"compiler-artifact","manifest_path":"r/tool/Cargo.toml","executable":"t/tool",
                "target":{"name":"tool","kind":["bin"]},"profile":{"test":false}}"#,
        );
        assert!(workspace().suite(program).is_none());
        assert!(
            workspace().suite(artifact(r#"{"reason":"build-finished","success":true}"#)).is_none()
        );
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = workspace().select(&["kernal".to_owned()]).unwrap_err().to_string();
        assert_eq!(error, "there is no crate `kernal`; there are: kernel, tool");
    }

    #[test]
    fn only_libraries_have_examples() {
        let workspace = workspace();
        assert!(workspace.documentation(&["tool".to_owned()], &[]).is_none());
        let of = |packages: &[&str]| {
            let packages: Vec<_> = packages.iter().map(|it| (*it).to_owned()).collect();
            workspace.documentation(&packages, &["kernel/a", "tool/b"]).unwrap().arguments
        };
        assert_eq!(
            of(&["kernel"]),
            ["test", "--doc", "--features", "kernel/a", "--package", "kernel"]
        );
        let all = of(&["kernel", "tool"]);
        assert_eq!(all[2..], ["--features", "kernel/a", "--features", "tool/b", "--workspace"]);
    }
}
