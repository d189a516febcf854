//! `cargo xtask test`: prerequisites, test suites and the summary of their results.

pub(crate) mod backends;
mod harness_report;
mod prerequisites;
mod runner;
mod servers;
mod summary;
pub(crate) mod workspace;

use crate::{Outcome, process};
use prerequisites::{Availability, Prerequisite};
use servers::Servers;
use std::path::{Path, PathBuf};
use std::process::Command;
use summary::{SuiteResult, Summary};
use workspace::Workspace;

/// The effect of a skipped suite on the whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SkipPolicy {
    /// The run may succeed.
    Allow,
    /// The run fails.
    Fail,
}

/// Prerequisites of the tests, by crate or by suite.
const PREREQUISITES: &[(&str, &[Prerequisite])] = &[
    ("browser-tests", &[Prerequisite::Chromium, Prerequisite::AxeCore, Prerequisite::Lighthouse]),
    ("crash-tests: faults", CRASH_TESTS),
    ("engine-kafka", KAFKA),
    ("engine-mongodb", &[Prerequisite::MongoDb, Prerequisite::Toxiproxy, Prerequisite::OpenSsl]),
    ("engine-postgres", &[Prerequisite::Postgres, Prerequisite::OpenSsl]),
    ("engine-rabbitmq", &[Prerequisite::RabbitMq, Prerequisite::OpenSsl]),
    ("engine-redis", &[Prerequisite::Redis, Prerequisite::OpenSsl]),
    ("icommerce: command_line", PROGRAM),
    ("icommerce: whole", PROGRAM),
    ("interop: authlib", &[Prerequisite::Authlib]),
    ("interop: eureka_clients", &[Prerequisite::Maven]),
    ("interop: generated_clients", &[Prerequisite::TypeScript, Prerequisite::Maven]),
    ("interop: keycloak", &[Prerequisite::Keycloak]),
    ("interop: liquibase", &[Prerequisite::Maven, Prerequisite::Postgres]),
    ("interop: oidc_provider", &[Prerequisite::OidcProvider]),
    ("interop: openapi_linters", &[Prerequisite::OpenApiLinters]),
    ("interop: openid_clients", &[Prerequisite::OpenIdClients]),
    ("interop: spring_security", &[Prerequisite::Maven]),
    ("mail", &[Prerequisite::Smtp, Prerequisite::OpenSsl]),
    ("test-servers", REAL_SERVERS),
    ("tls-files", &[Prerequisite::OpenSsl]),
];

/// Brokers of both versions, the proxy before one of them, and their certificates.
const KAFKA: &[Prerequisite] =
    &[Prerequisite::Kafka, Prerequisite::OldKafka, Prerequisite::Toxiproxy, Prerequisite::OpenSsl];

/// Servers of the program with every engine.
const PROGRAM: &[Prerequisite] = &[
    Prerequisite::Postgres,
    Prerequisite::MongoDb,
    Prerequisite::Redis,
    Prerequisite::Kafka,
    Prerequisite::RabbitMq,
    Prerequisite::Smtp,
    Prerequisite::OpenSsl,
];

/// Servers of the shop that the crash tests let fail, the proxy before them, and what they fill and cut off.
const CRASH_TESTS: &[Prerequisite] = &[
    Prerequisite::FileSystems,
    Prerequisite::Postgres,
    Prerequisite::Redis,
    Prerequisite::Kafka,
    Prerequisite::RabbitMq,
    Prerequisite::Toxiproxy,
    Prerequisite::IpRoute,
    Prerequisite::FakeTime,
];

/// Servers that tests start for themselves.
const REAL_SERVERS: &[Prerequisite] = &[
    Prerequisite::Redis,
    Prerequisite::Kafka,
    Prerequisite::OldKafka,
    Prerequisite::RabbitMq,
    Prerequisite::MongoDb,
    Prerequisite::Toxiproxy,
    Prerequisite::Smtp,
];

/// Crates in whose build Kafka's client is: the engine, and what is built with every engine.
const KAFKA_BUILDERS: [&str; 5] =
    ["browser-tests", "crash-tests", "engine-kafka", "icommerce", "interop"];

/// Topologies of the end-to-end tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topologies {
    /// Those of each change.
    Usual,
    /// Every one.
    All,
}

/// Features of what is tested: every engine of the program, and TLS of the one that has it as a feature.
fn features(only: &[String], topologies: Topologies) -> Vec<&'static str> {
    let of = |(name, feature): (&str, &'static str)| {
        (only.is_empty() || only.iter().any(|it| it == name)).then_some(feature)
    };
    let program = match topologies {
        Topologies::Usual => "icommerce/full",
        Topologies::All => "icommerce/all-topologies",
    };
    [("icommerce", program), ("engine-kafka", "engine-kafka/tls")]
        .into_iter()
        .filter_map(of)
        .collect()
}

/// Suites whose tests wait for brokers that start, stop, and come back, for most of their time.
const WAITING: &[&str] = &["engine-kafka: kafka"];
/// How many of their tests run at once, whatever the number of processors.
const WAITING_AT_ONCE: usize = 6;

/// Suites that run only where their crate is named: what they need is too large for every run, and another suite tests the same.
const BY_NAME_ALONE: &[&str] = &["interop: keycloak"];

/// Whether a suite runs when these crates are named.
fn is_selected(suite: &str, only: &[String]) -> bool {
    !only.is_empty() || !BY_NAME_ALONE.contains(&suite)
}

/// Builds and runs the tests of the crates named in `only` (of all when it is empty); true when all succeeded.
pub(crate) fn run(
    root: &Path,
    only: &[String],
    topologies: Topologies,
    skip_policy: SkipPolicy,
) -> Outcome<bool> {
    let workspace = Workspace::read(root)?;
    let packages = workspace.select(only)?;
    let (mut variables, unmet) = prepare(&workspace, &packages, |suite| is_selected(suite, only));
    if packages.iter().any(|package| KAFKA_BUILDERS.contains(&package.as_str())) {
        for (name, tool) in prerequisites::kafka_build_tools() {
            println!("  {name}: {tool}");
            if let Availability::Missing(reason) = tool {
                return Err(
                    format!("Kafka's client cannot be built without a {name}: {reason}").into()
                );
            }
        }
    }
    // They run until the last suite has ended.
    let _servers = Servers::start(&mut variables)?;
    println!("build");
    let features = features(only, topologies);
    let mut suites = workspace.build(only, &features)?;
    for suite in suites.iter_mut().filter(|suite| WAITING.contains(&suite.name.as_str())) {
        suite.arguments.push(format!("--test-threads={WAITING_AT_ONCE}"));
    }
    let mut summary = Summary::default();
    for suite in &suites {
        if !is_selected(&suite.name, only) {
            println!("{} runs with `--only {}` alone", suite.name, suite.package);
            continue;
        }
        match unmet.iter().find(|(name, _)| [&suite.package, &suite.name].contains(&name)) {
            Some((_, reason)) => {
                summary.add(SuiteResult::skipped(&suite.name, reason, skip_policy));
            }
            None => summary.add(runner::run(suite, &variables)?),
        }
    }
    if let Some(documentation) = workspace.documentation(&packages, &features) {
        summary.add(runner::run(&documentation, &variables)?);
    }
    print!("{summary}");
    Ok(summary.succeeded())
}

/// Variables that name the programs of these servers, found or installed; an error for one that is neither.
pub(crate) fn server_programs(
    root: &Path,
    servers: &[&str],
) -> Outcome<Vec<(&'static str, String)>> {
    let target = Workspace::read(root)?.target;
    let wanted = prerequisites::SERVERS.iter().filter(|server| servers.contains(&server.name()));
    let variable = |prerequisite: &Prerequisite| match prerequisite.ensure(root, &target) {
        Availability::Missing(reason) => {
            Err(format!("{} is missing: {reason}", prerequisite.name()).into())
        }
        Availability::Found(place) | Availability::Installed(place) => {
            Ok((prerequisite.variable(), place))
        }
    };
    wanted.map(variable).collect()
}

/// Variables that name the tools of some faults of a fleet, found or installed; the reason is printed where one is neither.
pub(crate) fn fleet_tools(root: &Path) -> Outcome<Vec<(&'static str, String)>> {
    let target = Workspace::read(root)?.target;
    let mut variables = Vec::new();
    for tool in prerequisites::FLEET_TOOLS {
        match tool.ensure(root, &target) {
            Availability::Missing(reason) => println!("{} is missing: {reason}", tool.name()),
            Availability::Found(place) | Availability::Installed(place) => {
                variables.push((tool.variable(), place));
            }
        }
    }
    Ok(variables)
}

/// The program valgrind, found or installed; an error when it is neither.
pub(crate) fn valgrind() -> Outcome<String> {
    match prerequisites::valgrind() {
        Availability::Missing(reason) => Err(format!("valgrind is missing: {reason}").into()),
        available => Ok(available.to_string()),
    }
}

/// Program that runs npm's oidc-provider for a comparison, from the root of the repository.
const OIDC_PROVIDER_PROGRAM: &str = "benchmarks/oidc-provider/server.mjs";

/// The program of npm's oidc-provider beside its packages, found or installed; the reason where it is neither.
pub(crate) fn oidc_provider(root: &Path) -> Outcome<Result<PathBuf, String>> {
    let target = Workspace::read(root)?.target;
    let main = match Prerequisite::OidcProvider.ensure(root, &target) {
        Availability::Missing(reason) => return Ok(Err(reason)),
        Availability::Found(main) | Availability::Installed(main) => PathBuf::from(main),
    };
    let folder = main.ancestors().nth(4).ok_or("the provider lies in a package")?;
    let program = folder.join("server.mjs");
    std::fs::copy(root.join(OIDC_PROVIDER_PROGRAM), &program)?;
    Ok(Ok(program))
}

/// Name prefix of the tests that measure the pages.
const LIGHTHOUSE: &str = "lighthouse::";

/// Runs the Lighthouse tests on a release build, `rounds` times for each page, one test at a time.
pub(crate) fn lighthouse(root: &Path, rounds: usize) -> Outcome<bool> {
    let package = "browser-tests".to_owned();
    let workspace = Workspace::read(root)?;
    let (mut variables, unmet) = prepare(&workspace, std::slice::from_ref(&package), |_| true);
    if let Some((_, reason)) = unmet.first() {
        return Err(reason.clone().into());
    }
    variables.push(("TEST_LIGHTHOUSE_ROUNDS", rounds.to_string()));
    let Some(target) = process::build_release_of(root, &["icommerce"])? else { return Ok(false) };
    let mut summary = Summary::default();
    for mut suite in workspace.build(&[package], &[])? {
        suite.product = Some(target.join("release/icommerce"));
        suite.arguments.extend([LIGHTHOUSE.to_owned(), "--test-threads=1".to_owned()]);
        summary.add(runner::run(&suite, &variables)?);
    }
    print!("{summary}");
    Ok(summary.succeeded())
}

/// Packages of `look`: the shop, and the program that photographs it.
const LOOK_PACKAGES: [&str; 4] = ["--package", "icommerce", "--package", "browser-tests"];
/// Settings of the photographed shop, which offers every way to pay.
const LOOK_SETTINGS: [(&str, &str); 3] = [
    ("ICOMMERCE_PAYMENT_SERVICE__PREPAYMENT", "true"),
    ("ICOMMERCE_PAYMENT_SERVICE__INVOICE", "true"),
    ("ICOMMERCE_PAYMENT_SERVICE__BANK_DETAILS", "Tarnwood Ltd, IBAN DE02 1203 0000 0000 2020 51"),
];

/// Takes screenshots of every page and state into a folder, with progress on the terminal.
pub(crate) fn look(root: &Path, folder: Option<PathBuf>) -> Outcome<bool> {
    let workspace = Workspace::read(root)?;
    let chromium = match Prerequisite::Chromium.ensure(root, &workspace.target) {
        Availability::Missing(reason) => return Err(format!("chromium: {reason}").into()),
        Availability::Found(program) | Availability::Installed(program) => program,
    };
    let mut build = Command::new("cargo");
    if !build.arg("build").args(LOOK_PACKAGES).current_dir(root).status()?.success() {
        return Ok(false);
    }
    let programs = workspace.target.join("debug");
    let folder = folder.unwrap_or_else(|| workspace.target.join("look"));
    let mut look = Command::new(programs.join("look"));
    look.arg(std::path::absolute(folder)?).envs(LOOK_SETTINGS);
    look.env(Prerequisite::Chromium.variable(), chromium);
    look.env("TEST_PRODUCT", programs.join("icommerce"));
    Ok(look.status()?.success())
}

/// Environment variables for the tests, and the crates and suites whose prerequisites are missing, with the reason.
type Prepared = (Vec<(&'static str, String)>, Vec<(String, String)>);

/// Finds or installs the prerequisites of the packages, and prints the outcome.
fn prepare(
    workspace: &Workspace,
    packages: &[String],
    is_selected: impl Fn(&str) -> bool,
) -> Prepared {
    println!("prerequisites");
    println!("  {}", prerequisites::shared_data(&workspace.root));
    let mut variables = Vec::new();
    let mut missing: Vec<(Prerequisite, String)> = Vec::new();
    let mut done: Vec<Prerequisite> = Vec::new();
    let is_wanted = |name: &str| {
        is_selected(name) && packages.iter().any(|package| *package == package_of(name))
    };
    let wanted = PREREQUISITES.iter().filter(|(name, _)| is_wanted(name));
    for &prerequisite in wanted.clone().flat_map(|(_, prerequisites)| *prerequisites) {
        if done.contains(&prerequisite) {
            continue;
        }
        done.push(prerequisite);
        let availability = prerequisite.ensure(&workspace.root, &workspace.target);
        println!("  {}: {availability}", prerequisite.name());
        match availability {
            Availability::Found(value) | Availability::Installed(value) => {
                variables.push((prerequisite.variable(), value));
            }
            Availability::Missing(reason) => missing.push((prerequisite, reason)),
        }
    }
    let reason_of = |prerequisites: &'static [Prerequisite]| {
        missing.iter().find(|(it, _)| prerequisites.contains(it))
    };
    let unmet = wanted.filter_map(|(name, prerequisites)| {
        let (prerequisite, reason) = reason_of(prerequisites)?;
        Some(((*name).to_owned(), format!("{}: {reason}", prerequisite.name())))
    });
    let unmet = unmet.collect();
    (variables, unmet)
}

/// Crate of a suite.
fn package_of(name: &str) -> &str {
    name.split_once(':').map_or(name, |(package, _)| package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_that_needs_much_runs_where_its_crate_is_named() {
        assert!(!is_selected("interop: keycloak", &[]));
        assert!(is_selected("interop: keycloak", &["interop".to_owned()]));
        assert!(is_selected("interop: oidc_provider", &[]));
    }
}
