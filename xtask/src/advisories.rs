//! Known vulnerabilities of the dependencies: `cargo deny check advisories`, with the date of the database that was asked.

use crate::{Outcome, process};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Answer of the advisory database.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// No dependency is known to be vulnerable or withdrawn.
    Clean,
    /// A dependency is; the report says which.
    Vulnerable,
    /// The database could not be asked, for this reason.
    NotAsked(String),
}

/// Checks the dependencies; true when none is known to be vulnerable. Where the database cannot be had the answer is true as
/// well, and says that nothing was checked.
pub(crate) fn run(root: &Path) -> Outcome<bool> {
    if process::output_of("cargo-deny", "--version").is_none() {
        let reason = "cargo-deny is not installed; `cargo install --locked cargo-deny`";
        return Ok(report(&Verdict::NotAsked(reason.to_owned()), None));
    }
    let output = Command::new("cargo")
        .args(["deny", "--all-features", "check", "advisories"])
        .current_dir(root)
        .stdin(Stdio::null())
        .output()?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    print!("{text}");
    Ok(report(&verdict(output.status.success(), &text), database_date().as_deref()))
}

/// Verdict of a run of cargo-deny, which ends with `advisories ok` or `advisories FAILED` once it has asked.
fn verdict(has_succeeded: bool, text: &str) -> Verdict {
    match (has_succeeded, text.contains("advisories FAILED")) {
        (true, _) => Verdict::Clean,
        (false, true) => Verdict::Vulnerable,
        (false, false) => {
            let reason = text.lines().find(|line| line.to_lowercase().contains("error"));
            let reason = reason.unwrap_or("cargo-deny ended without an answer");
            Verdict::NotAsked(reason.trim().to_owned())
        }
    }
}

fn report(verdict: &Verdict, date: Option<&str>) -> bool {
    let date = date.unwrap_or("unknown date");
    match verdict {
        Verdict::Clean => println!("no known vulnerability (database of {date})"),
        Verdict::Vulnerable => println!("known vulnerabilities, see above (database of {date})"),
        Verdict::NotAsked(reason) => println!("NOT CHECKED for known vulnerabilities: {reason}"),
    }
    *verdict != Verdict::Vulnerable
}

/// Date of the newest commit among the databases that cargo-deny keeps.
fn database_date() -> Option<String> {
    let databases: PathBuf = std::env::home_dir()?.join(".cargo/advisory-dbs");
    let folders = databases.read_dir().ok()?.filter_map(Result::ok);
    let date = |folder: PathBuf| process::output_in(&folder, "git", &["log", "-1", "--format=%cs"]);
    folders.filter_map(|entry| date(entry.path())).map(|date| date.trim().to_owned()).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_and_its_absence_are_told_apart() {
        assert_eq!(verdict(true, "advisories ok\n"), Verdict::Clean);
        let found = "error[vulnerability]: use after free\nadvisories FAILED\n";
        assert_eq!(verdict(false, found), Verdict::Vulnerable);
        let offline = " 2026 [ERROR] failed to fetch advisory database https://…\n";
        let expected = "2026 [ERROR] failed to fetch advisory database https://…";
        assert_eq!(verdict(false, offline), Verdict::NotAsked(expected.to_owned()));
        assert!(matches!(verdict(false, ""), Verdict::NotAsked(_)));
        assert!(report(&Verdict::Clean, None) && report(&Verdict::NotAsked(String::new()), None));
        assert!(!report(&Verdict::Vulnerable, Some("2026-11-01")));
    }
}
