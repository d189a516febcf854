//! Instruction profile: callgrind's counts by code group.

use std::collections::{BTreeMap, HashMap};

/// Allocation functions, those that Rust calls and those that C calls (`SQLite`).
const ALLOCATES: [&str; 4] = ["mi_malloc_aligned", "mi_zalloc_aligned", "malloc", "calloc"];

/// Instructions and allocations of all counted code.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct InstructionProfile {
    pub(crate) instructions: u64,
    /// Calls of the allocator for new memory; growth in place is not counted.
    pub(crate) allocations: u64,
    /// Instructions by group.
    groups: BTreeMap<&'static str, u64>,
}

const OTHERS: &str = "other libraries";

/// Code group: functions by their crate, or by a part of their source path.
struct CodeGroup {
    name: &'static str,
    crates: &'static [&'static str],
    sources: &'static [&'static str],
}

/// Code groups; the first match counts.
const GROUPS: &[CodeGroup] = &[
    CodeGroup { name: "SQLite", crates: &["rusqlite"], sources: &["sqlite3"] },
    CodeGroup {
        name: "allocation",
        crates: &["__rustc", "__rust_alloc", "__rust_dealloc", "__rust_realloc"],
        sources: &["/malloc/", "/mimalloc/"],
    },
    CodeGroup { name: "copying and comparing", crates: &[], sources: &["/multiarch/"] },
    CodeGroup {
        name: "JSON",
        crates: &[
            "serde_json",
            "serde_core",
            "serde",
            "serde_path_to_error",
            "itoa",
            "ryu",
            "zmij",
        ],
        sources: &[],
    },
    CodeGroup {
        name: "HTTP",
        crates: &[
            "hyper",
            "hyper_util",
            "http",
            "http_body",
            "http_body_util",
            "httparse",
            "axum",
            "axum_core",
            "tower",
            "tower_service",
            "matchit",
            "form_urlencoded",
            "percent_encoding",
        ],
        sources: &[],
    },
    CodeGroup {
        name: "hashing",
        crates: &["sha2", "sha1_smol", "siphasher", "foldhash", "hashbrown", "lru"],
        sources: &["core/src/hash/"],
    },
    CodeGroup {
        name: "tasks and locks",
        crates: &["tokio", "parking_lot", "parking_lot_core"],
        sources: &["/nptl/"],
    },
    CodeGroup {
        name: "logs and metrics",
        crates: &["tracing", "tracing_core", "tracing_subscriber", "prometheus_client"],
        sources: &[],
    },
    CodeGroup {
        name: "Rust's library",
        crates: &["core", "alloc", "std"],
        sources: &["library/core/", "library/alloc/", "library/std/"],
    },
    CodeGroup {
        name: "the shop's own code",
        crates: &[],
        sources: &["platform/", "services/", "contracts/", "icommerce/src/"],
    },
];

impl InstructionProfile {
    /// Parses a file in callgrind's format.
    pub(crate) fn parse(text: &str) -> Self {
        let (mut profile, mut names) = (Self::default(), NameTables::default());
        let (mut source, mut function) = (String::new(), String::new());
        let (mut called, mut inclusive) = (String::new(), false);
        for line in text.lines() {
            match line.split_once('=') {
                Some(("fl" | "fi" | "fe", name)) => source = names.sources.resolve(name),
                Some(("fn", name)) => function = names.functions.resolve(name),
                Some(("cfn", name)) => called = names.functions.resolve(name),
                Some(("cfi" | "cfl", name)) => drop(names.sources.resolve(name)),
                Some(("calls", count)) => {
                    inclusive = true;
                    if ALLOCATES.contains(&called.as_str()) {
                        profile.allocations += first_number(count);
                    }
                }
                // The inclusive cost of a call, which is counted in the called function itself.
                None if inclusive => inclusive = false,
                None => profile.record_line(&source, &function, line),
                Some(_) => {}
            }
        }
        profile
    }

    /// Instructions by group, the largest first.
    pub(crate) fn groups(&self) -> Vec<(&'static str, u64)> {
        let mut groups: Vec<_> =
            self.groups.iter().map(|(name, instructions)| (*name, *instructions)).collect();
        groups.sort_by_key(|(_, instructions)| std::cmp::Reverse(*instructions));
        groups
    }

    /// Adds a cost line: a source position and its instructions.
    fn record_line(&mut self, source: &str, function: &str, line: &str) {
        let is_cost_line =
            line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first));
        let instructions =
            line.rsplit_once(' ').and_then(|(_, instructions)| instructions.parse::<u64>().ok());
        let (true, Some(instructions)) = (is_cost_line, instructions) else { return };
        self.instructions += instructions;
        *self.groups.entry(group_of(source, function)).or_default() += instructions;
    }
}

fn group_of(source: &str, function: &str) -> &'static str {
    let of = crate_of(function);
    let fits = |group: &&CodeGroup| {
        group.crates.contains(&of) || group.sources.iter().any(|part| source.contains(part))
    };
    GROUPS.iter().find(fits).map_or(OTHERS, |group| group.name)
}

/// The crate of a function, or of the type whose method it is.
fn crate_of(function: &str) -> &str {
    let plain = function.trim_start_matches(['<', '&', '[', '(', '*']);
    let plain = plain.strip_prefix("mut ").unwrap_or(plain);
    plain.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).next().unwrap_or("")
}

fn first_number(text: &str) -> u64 {
    text.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// Tables for callgrind's name compression: a name is written once, and referred to by number afterwards.
#[derive(Default)]
struct NameTables {
    sources: CompressedNames,
    functions: CompressedNames,
}

#[derive(Default)]
struct CompressedNames(HashMap<String, String>);

impl CompressedNames {
    fn resolve(&mut self, text: &str) -> String {
        let (number, name) = text.split_once(' ').unwrap_or((text, ""));
        if !name.is_empty() {
            self.0.insert(number.to_owned(), name.to_owned());
        }
        self.0.get(number).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
positions: line
events: Ir
fl=(1) services/order-service/src/adapters/journal.rs
fn=(1) order_service::adapters::journal::translate
10 7
+2 3
cfi=(2) /build/mimalloc/v3/src/alloc.c
cfn=(2) mi_malloc_aligned
calls=4 100
* 40
fi=(3) /rustc/library/core/src/str/mod.rs
12 5
fl=(2)
fn=(2)
100 40
fl=(4) sqlite3/sqlite3.c
fn=(3) sqlite3VdbeExec
7 20
fl=(5) /deps/serde_json-1/src/de.rs
fn=(4) <&mut serde_json::de::Deserializer<R> as serde_core::de::Deserializer>::deserialize_map
1 25
totals: 100
";

    #[test]
    fn instructions_are_counted_once_by_group() {
        let profile = InstructionProfile::parse(FILE);
        assert_eq!((profile.instructions, profile.allocations), (100, 4));
        assert_eq!(
            profile.groups(),
            [
                ("allocation", 40),
                ("JSON", 25),
                ("SQLite", 20),
                ("the shop's own code", 10),
                ("Rust's library", 5)
            ]
        );
    }
}
