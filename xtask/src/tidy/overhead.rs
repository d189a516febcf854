//! Overhead report: how many lines of each service are not its business.
//!
//! Code is counted (no blank line, no comment, nothing compiled for tests only) of
//! * the manifest: `Cargo.toml`, but for the dependencies of tests alone;
//! * the module: `src/lib.rs`;
//! * routing: every other function that returns a router (a type whose name ends in `Router`);
//! * error mapping: every other function that returns a `Problem`, without a `Result` around it, and every implementation
//!   whose head names it.
//!
//! Functions and implementations are found by their types, so that no file has to bear a certain name. The type is `Problem`
//! alone: what is wrong with a line of a cart (`LineProblem`) is business. Settings do not count: what can be set, and in
//! which range, is business. The documentation of operations does not count either: in `routes!` it is a comment, as on any
//! function, while each route is a line of routing.

use super::manifest::Manifest;
use super::repository::Repository;
use super::rust_source::RustSource;
use std::fmt::Write as _;

/// The goal for each service, in lines. It is printed and not enforced.
const OVERHEAD_LINES_GOAL: usize = 100;

/// The lines of one service that are not its business.
#[derive(Debug, PartialEq, Eq)]
struct Overhead {
    service: String,
    manifest: usize,
    module: usize,
    routing: usize,
    errors: usize,
}

impl Overhead {
    fn of(repository: &Repository, service: &Manifest) -> Self {
        let folder = format!("{}/src/", service.folder);
        let module = format!("{folder}lib.rs");
        let mut overhead = Self {
            service: service.name.clone(),
            manifest: repository.text(&service.path).map_or(0, manifest_lines),
            module: 0,
            routing: 0,
            errors: 0,
        };
        for source in repository.sources.iter().filter(|source| source.path.starts_with(&folder)) {
            if source.path == module {
                overhead.module += source.code_lines();
            } else {
                let (routing, errors) = plumbing(source);
                overhead.routing += routing;
                overhead.errors += errors;
            }
        }
        overhead
    }

    fn total(&self) -> usize {
        self.manifest + self.module + self.routing + self.errors
    }
}

/// A table with a line for each service.
pub(super) fn report(repository: &Repository) -> String {
    let services: Vec<_> =
        repository.crates_in("services").map(|service| Overhead::of(repository, service)).collect();
    let width = services.iter().map(|it| it.service.len()).max().unwrap_or_default().max(7);
    let mut table = format!(
        "lines of a service that are not its business (goal: at most {OVERHEAD_LINES_GOAL}; reported, not enforced)\n  \
         {:width$}  manifest  lib.rs  routing  errors  total",
        "service"
    );
    for overhead in &services {
        let Overhead { service, manifest, module, routing, errors } = overhead;
        let total = overhead.total();
        // Writing to a string cannot fail.
        let _ = write!(
            table,
            "\n  {service:width$}  {manifest:>8}  {module:>6}  {routing:>7}  {errors:>6}  {total:>5}"
        );
    }
    table
}

fn manifest_lines(text: &str) -> usize {
    let mut is_for_tests = false;
    let counts = |line: &&str| {
        let line = line.trim();
        if line.starts_with('[') {
            is_for_tests = line == "[dev-dependencies]";
        }
        !is_for_tests && !line.is_empty() && !line.starts_with('#')
    };
    text.lines().filter(counts).count()
}

/// The lines of a file that route requests, and those that map errors.
fn plumbing(source: &RustSource) -> (usize, usize) {
    let items = source.items();
    let lines = |is_meant: &dyn Fn(&str, &[&str]) -> bool| {
        let meant = items.iter().filter(|item| is_meant(item.keyword, &item.head));
        source.code_lines_of(meant.map(|item| item.tokens.clone()))
    };
    let routing = lines(&|keyword, head| {
        keyword == "fn" && returned(head).iter().any(|word| word.ends_with("Router"))
    });
    let errors = lines(&|keyword, head| match keyword {
        "fn" => path_of(returned(head)).is_some_and(|word| word == "Problem"),
        _ => head.contains(&"Problem"),
    });
    (routing, errors)
}

/// The return type in the head of a function.
fn returned<'a>(head: &'a [&'a str]) -> &'a [&'a str] {
    head.iter().position(|word| *word == "->").map_or(&[], |arrow| &head[arrow + 1..])
}

/// The last segment of the path that a type begins with.
fn path_of<'a>(words: &[&'a str]) -> Option<&'a str> {
    let mut segments = words.iter().enumerate().filter(|(index, _)| index % 2 == 0);
    let end = words.iter().skip(1).step_by(2).take_while(|sign| **sign == "::").count();
    segments.nth(end).map(|(_, word)| *word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::repository::TextFile;

    fn counted(text: &str) -> (usize, usize) {
        let file = TextFile { path: "a.rs".to_owned(), text: text.to_owned() };
        plumbing(&RustSource::read(&file))
    }

    #[test]
    fn functions_that_return_a_router_are_routing() {
        assert_eq!(
            counted("fn a() -> ApiRouter<State> {\n    // why\n    b()\n}\nfn c() {}"),
            (3, 0)
        );
        assert_eq!(counted("fn a() -> Result<Router, E> { b() }"), (1, 0));
        let table = "fn a() -> ApiRouter {\n    routes! {\n        /// why\n        get \"/\" => b as c;\n    }\n}";
        assert_eq!(counted(table), (5, 0), "a route counts, its documentation does not");
    }

    #[test]
    fn problems_are_error_mapping_and_handlers_are_not() {
        assert_eq!(counted("fn a(e: &E) -> Problem {\n    b()\n}"), (0, 3));
        assert_eq!(counted("fn a(e: &E) -> kernel::Problem { b() }"), (0, 1));
        assert_eq!(
            counted("impl From<E> for Problem {\n    fn from(e: E) -> Self { b() }\n}"),
            (0, 3)
        );
        assert_eq!(counted("async fn a() -> Result<Json<A>, Problem> { b() }"), (0, 0));
        assert_eq!(counted("impl LineProblem {\n    fn a(&self) -> String { b() }\n}"), (0, 0));
    }

    #[test]
    fn what_is_compiled_for_tests_does_not_count() {
        assert_eq!(counted("#[cfg(test)]\nmod tests {\n    fn a() -> Problem { b() }\n}"), (0, 0));
    }

    #[test]
    fn comments_and_test_dependencies_of_a_manifest_do_not_count() {
        assert_eq!(manifest_lines("[package]\n\n# why\nname = \"a\"\n"), 2);
        let text = "[dependencies]\na.workspace = true\n[dev-dependencies]\nb.workspace = true\n\n[lints]\nworkspace = true\n";
        assert_eq!(manifest_lines(text), 4);
    }
}
