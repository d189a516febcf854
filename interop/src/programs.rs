//! Programs of other languages: where they are, and what they print.

use browser_tests::process_guard::{self, Termination};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command},
};

/// Path of a prerequisite, as `cargo xtask test` passes it on.
#[expect(
    clippy::disallowed_methods,
    reason = "the test runner passes paths through the environment, and no settings are involved"
)]
pub fn prerequisite(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set: run `cargo xtask test --only interop`"))
}

/// Folder of the npm packages to which a prerequisite belongs.
pub fn node_modules(variable: &str) -> PathBuf {
    let modules = PathBuf::from(prerequisite(variable)).ancestors().nth(3).map(Path::to_owned);
    modules.expect("a file of a package")
}

/// Empty folder for what a test builds, below the folder that cargo has for tests.
pub fn work_folder(target: &str, name: &str) -> PathBuf {
    let folder = Path::new(target).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("the folder of the last run can be removed");
    }
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

/// The output of a program that must succeed.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{command:?} failed:\n{out}\n{error}");
    out
}

/// The last JSON object that a program printed, on a line of its own but for what switches colours before it.
pub fn last_json(output: &str) -> Value {
    let object = |line: &str| serde_json::from_str(&line[line.find('{')?..]).ok();
    output.lines().rev().find_map(object).expect("the program prints JSON")
}

/// Asserts that a program passed so many checks, which it names in the JSON of its last line.
pub fn assert_passed(output: &str, count: usize) {
    let said = last_json(output);
    assert_eq!(said["passed"].as_array().map(Vec::len), Some(count), "{said}");
}

/// Starts a server, which ends with the tests; and finds in its output what the test has to know.
pub fn serve<T>(
    program: &Path,
    arguments: &[String],
    found: impl Fn(&str) -> Option<T>,
) -> (Child, T) {
    let folder = process_guard::temp_folder();
    let mut server = process_guard::spawn(Termination::Signal, &folder, program, arguments);
    let output = server.stdout.take().expect("the output is a pipe");
    let mut printed = String::new();
    let found = BufReader::new(output).lines().map_while(Result::ok).find_map(|line| {
        printed.push_str(&line);
        printed.push('\n');
        found(&line)
    });
    (server, found.unwrap_or_else(|| panic!("{} ended:\n{printed}", program.display())))
}
