//! `cargo xtask bench`: builds the shop and the load generator for release and measures the one with the other.

use crate::{Outcome, process, suites};
use std::{ffi::OsString, path::Path, process::Command};

/// Scenario that is compared with another provider of tokens.
const AUTH: &str = "auth";

/// Flags with engines, and the server of each.
const ENGINES: [(&str, &str, &str); 4] = [
    ("--storage", "postgres", "postgresql"),
    ("--bus", "kafka", "kafka"),
    ("--bus", "rabbitmq", "rabbitmq"),
    ("--bus", "redis-streams", "redis"),
];

/// Flag with Redis for the values that may be lost.
const REDIS: &str = "--redis";

/// Runs these scenarios, or all when none is named; further arguments are passed on to the load generator.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Outcome<bool> {
    let servers = servers(arguments);
    // With every engine where the shop uses any, else as it is by default.
    let features: &[&str] = if servers.is_empty() { &[] } else { &["icommerce/full"] };
    let built = process::build_release_with(root, process::RELEASE_PACKAGES, features)?;
    let Some(target) = built else { return Ok(false) };
    let release = target.join("release");
    let commit = process::output_in(root, "git", &["describe", "--always", "--dirty"]);
    let commit = commit.unwrap_or_else(|| "unknown".to_owned());
    let mut benchmarks = Command::new(release.join("benchmarks"));
    benchmarks.envs(suites::server_programs(root, &servers)?);
    if arguments.iter().any(|argument| argument == AUTH) {
        match suites::oidc_provider(root)? {
            Ok(program) => drop(benchmarks.arg("--oidc-provider").arg(program)),
            Err(reason) => eprintln!("without npm oidc-provider beside it: {reason}"),
        }
    }
    let status = benchmarks
        .arg("--binary")
        .arg(release.join("icommerce"))
        .args(["--commit", &commit])
        .args(with_out(root, arguments))
        .current_dir(target)
        .status()?;
    Ok(status.success())
}

/// Names of the servers that the arguments ask for.
fn servers(arguments: &[String]) -> Vec<&'static str> {
    let words: Vec<&str> = arguments.iter().flat_map(|argument| argument.split('=')).collect();
    let follows = |flag, engine| words.windows(2).any(|pair| pair == [flag, engine]);
    let wanted = ENGINES.iter().filter(|(flag, engine, _)| follows(*flag, *engine));
    let mut servers: Vec<_> = wanted.map(|(_, _, server)| *server).collect();
    if words.contains(&REDIS) && !servers.contains(&"redis") {
        servers.push("redis");
    }
    servers
}

/// The arguments with the output file of the measurements, which is relative to the root of the workspace.
fn with_out(root: &Path, arguments: &[String]) -> Vec<OsString> {
    let apart = |argument: &String| match argument.split_once('=') {
        Some((out @ "--out", file)) => vec![out.into(), file.into()],
        _ => vec![argument.into()],
    };
    let mut given: Vec<OsString> = arguments.iter().flat_map(apart).collect();
    match given.iter().position(|argument| argument == "--out") {
        Some(index) => {
            if let Some(file) = given.get_mut(index + 1) {
                *file = root.join(&*file).into();
            }
        }
        None => given.extend(["--out".into(), root.join("benchmarks/results/latest.json").into()]),
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outs(arguments: &[&str]) -> Vec<OsString> {
        let arguments: Vec<String> = arguments.iter().map(|&it| it.to_owned()).collect();
        with_out(Path::new("/shop"), &arguments)
    }

    #[test]
    fn servers_are_those_of_the_engines() {
        let of = |line: &str| {
            let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
            servers(&arguments)
        };
        assert_eq!(of("checkout --storage postgres --bus=kafka"), ["postgresql", "kafka"]);
        assert_eq!(of("fleet --storage postgres --redis"), ["postgresql", "redis"]);
        assert_eq!(of("checkout --bus redis-streams --redis"), ["redis"]);
        assert!(of("checkout --seconds 5").is_empty());
    }

    #[test]
    fn the_output_file_is_relative_to_the_workspace() {
        assert_eq!(outs(&["day"]), ["day", "--out", "/shop/benchmarks/results/latest.json"]);
        assert_eq!(outs(&["--out", "day.json", "day"]), ["--out", "/shop/day.json", "day"]);
        assert_eq!(outs(&["--out", "/tmp/day.json"]), ["--out", "/tmp/day.json"]);
        assert_eq!(outs(&["--out=day.json"]), ["--out", "/shop/day.json"]);
    }
}
