//! `cargo xtask fuzz`: the fuzz targets under libFuzzer, led by coverage, where there is a nightly toolchain with cargo-fuzz; elsewhere as a
//! seeded run.

use crate::{Outcome, process, suites::workspace::Workspace};
use std::{fs, io, path::Path, process::Command};

/// Folder of the targets under libFuzzer, a workspace of its own.
const FOLDER: &str = "fuzz";
/// Largest input that libFuzzer makes, in bytes: as large as those of a seeded run.
const INPUT_BYTES_MAX: usize = 64 * 1024;
/// Address sanitizer: the code is safe Rust and ring, and building all of it with the sanitizer takes twice as long.
const SANITIZER: &str = "none";

/// Runs these targets, or all of them, for so many seconds each; true when their invariants held. A seed asks for a seeded run.
pub(crate) fn run(
    root: &Path,
    targets: &[String],
    seconds: u64,
    seed: Option<u64>,
) -> Outcome<bool> {
    let known = names(root)?;
    if let Some(unknown) = targets.iter().find(|name| !known.contains(name)) {
        let known = known.join(", ");
        return Err(format!("there is no fuzz target {unknown}; the targets are {known}").into());
    }
    let targets = if targets.is_empty() { &known } else { targets };
    if seed.is_none() && has_libfuzzer(root) {
        println!("fuzz: libFuzzer, under the nightly toolchain");
        return run_libfuzzer(root, targets, seconds);
    }
    println!("fuzz: a seeded run; coverage needs a nightly toolchain and cargo-fuzz");
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "--package", "fuzz-targets", "--"]).current_dir(root);
    command.args(targets).args(["--seconds", &seconds.to_string()]);
    command.args(seed.iter().flat_map(|seed| ["--seed".to_owned(), seed.to_string()]));
    Ok(command.status()?.success())
}

/// Names of the targets, sorted.
fn names(root: &Path) -> Outcome<Vec<String>> {
    let entries = fs::read_dir(root.join(FOLDER).join("fuzz_targets"))?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    let stem = |path: &std::path::PathBuf| Some(path.file_stem()?.to_str()?.to_owned());
    let mut names: Vec<String> = paths.iter().filter_map(stem).collect();
    names.sort();
    Ok(names)
}

fn has_libfuzzer(root: &Path) -> bool {
    process::output_in(root, "rustup", &["run", "nightly", "cargo", "fuzz", "--version"]).is_some()
}

fn run_libfuzzer(root: &Path, targets: &[String], seconds: u64) -> Outcome<bool> {
    let target_folder = Workspace::read(root)?.target;
    let folder = root.join(FOLDER);
    take_lock_file(root, &folder)?;
    let mut is_success = true;
    for target in targets {
        // The first folder is the one that libFuzzer adds to; the seeds in the repository stay as they are.
        let found = target_folder.join("fuzz-corpus").join(target);
        fs::create_dir_all(&found)?;
        let mut command = Command::new("rustup");
        command.args(["run", "nightly", "cargo", "fuzz", "run", "--fuzz-dir", "."]);
        // Without the flag by which some crates would take other paths than in the shop.
        command.args(["--no-cfg-fuzzing", "--sanitizer", SANITIZER, "--target-dir"]);
        command.arg(target_folder.join("fuzz")).arg(target).arg(&found);
        command.arg(folder.join("corpus").join(target)).arg("--");
        command.arg(format!("-max_total_time={seconds}"));
        command.arg(format!("-max_len={INPUT_BYTES_MAX}"));
        println!("fuzz: {target}, {seconds} s");
        is_success &= command.current_dir(&folder).status()?.success();
    }
    Ok(is_success)
}

/// Gives the fuzz workspace the versions of the main one, unless it has them already.
fn take_lock_file(root: &Path, folder: &Path) -> Outcome<()> {
    let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified());
    let (own, others) = (root.join("Cargo.lock"), folder.join("Cargo.lock"));
    let is_recent = others.exists() && changed(&others)? >= changed(&own)?;
    if !is_recent {
        fs::copy(own, others)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
    }

    #[test]
    fn an_unknown_target_is_refused_with_the_names_of_the_known_ones() {
        let error = run(root(), &["jwt".to_owned(), "jpg".to_owned()], 1, None).unwrap_err();
        let error = error.to_string();
        assert!(error.starts_with("there is no fuzz target jpg; the targets are "), "{error}");
        assert!(error.contains(" jwt, jwt_payload,"), "{error}");
    }

    #[test]
    fn the_lock_file_of_the_workspace_is_taken_when_it_is_newer() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("fuzz");
        fs::create_dir(&folder).unwrap();
        let text = || fs::read_to_string(folder.join("Cargo.lock")).unwrap();
        fs::write(root.path().join("Cargo.lock"), "versions").unwrap();
        take_lock_file(root.path(), &folder).unwrap();
        assert_eq!(text(), "versions");
        fs::write(folder.join("Cargo.lock"), "with libFuzzer").unwrap();
        take_lock_file(root.path(), &folder).unwrap();
        assert_eq!(text(), "with libFuzzer");
        let file = fs::File::options().write(true).open(folder.join("Cargo.lock")).unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
        take_lock_file(root.path(), &folder).unwrap();
        assert_eq!(text(), "versions");
    }
}
