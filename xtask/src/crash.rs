//! `cargo xtask crash`: builds the shop and the crash tests for release and runs the latter.

use crate::{Outcome, process, suites};
use std::{path::Path, process::Command};

const BINARY: &str = "--binary";
/// Exit code of the crash tests where this machine cannot inject what was asked for; they say why.
const UNAVAILABLE: i32 = 2;
const FLEET: &str = "fleet";

/// What an argument needs: a feature of the shop, and servers.
struct Need {
    argument: &'static str,
    feature: &'static str,
    servers: &'static [&'static str],
}

/// Needs of faults of servers, and of the options that name further ones.
const NEEDS: [Need; 9] = [
    need("engines", "icommerce/postgres", &["postgresql", "toxiproxy"]),
    need("database", "icommerce/postgres", &["postgresql", "toxiproxy"]),
    need(FLEET, "icommerce/postgres", &["postgresql", "toxiproxy"]),
    need("failover", "icommerce/postgres", &["postgresql"]),
    need("overload", "icommerce/postgres", &["postgresql", "toxiproxy"]),
    need("kafka", "icommerce/kafka", &["kafka"]),
    need("rabbitmq", "icommerce/rabbitmq", &["rabbitmq"]),
    need("redis-streams", "icommerce/redis", &["redis"]),
    need("--redis", "icommerce/redis", &["redis"]),
];

const fn need(
    argument: &'static str,
    feature: &'static str,
    servers: &'static [&'static str],
) -> Need {
    Need { argument, feature, servers }
}

/// Runs a crash test; its options are passed on unchanged. With `--binary` that program is tested, and the shop is not
/// built.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Outcome<bool> {
    let has_binary = arguments.iter().any(|argument| argument.starts_with(BINARY));
    let needs: Vec<&Need> = NEEDS.iter().filter(|need| need.is_of(arguments)).collect();
    let packages: &[&str] =
        if has_binary { &["crash-tests"] } else { &["crash-tests", "icommerce"] };
    let features: Vec<&str> =
        needs.iter().filter(|_| !has_binary).map(|need| need.feature).collect();
    let built = process::build_release_with(root, packages, &features)?;
    let Some(target) = built else { return Ok(false) };
    let release = target.join("release");
    let mut command = Command::new(release.join("crash-tests"));
    command.args(arguments);
    if !needs.is_empty() {
        let servers: Vec<&str> = needs.iter().flat_map(|need| need.servers).copied().collect();
        command.envs(suites::server_programs(root, &servers)?);
    }
    if arguments.iter().any(|argument| argument == FLEET) {
        command.envs(suites::fleet_tools(root)?);
    }
    if !has_binary {
        command.arg(BINARY).arg(release.join("icommerce"));
    }
    match command.current_dir(root).status()?.code() {
        Some(UNAVAILABLE) => Err("nothing was tested".into()),
        code => Ok(code == Some(0)),
    }
}

impl Need {
    /// Whether one of these is the argument, or an option with it as its value.
    fn is_of(&self, arguments: &[String]) -> bool {
        arguments.iter().any(|argument| {
            let value = argument.split_once('=').map(|(_, value)| value);
            argument == self.argument || value == Some(self.argument)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_follow_from_the_arguments() {
        let servers = |arguments: &[&str]| -> Vec<&str> {
            let arguments: Vec<String> = arguments.iter().map(|&it| it.to_owned()).collect();
            let needs = NEEDS.iter().filter(|need| need.is_of(&arguments));
            needs.flat_map(|need| need.servers).copied().collect()
        };
        assert!(servers(&["kill", "--times", "3"]).is_empty());
        assert_eq!(servers(&["fleet", "--of", "network"]), ["postgresql", "toxiproxy"]);
        assert_eq!(servers(&["database"]), ["postgresql", "toxiproxy"]);
        let all = ["postgresql", "toxiproxy", "kafka", "redis"];
        assert_eq!(servers(&["engines", "--bus", "kafka", "--redis"]), all);
        assert_eq!(servers(&["engines", "--bus=rabbitmq", "--of=broker"])[2..], ["rabbitmq"]);
    }
}
