//! Who spends the instructions that callgrind counted, in a few groups.

use std::collections::{BTreeMap, HashMap};

/// What Rust calls for a new piece of memory, and what C calls for one (`SQLite`).
const ALLOCATES: [&str; 4] = ["mi_malloc_aligned", "mi_zalloc_aligned", "malloc", "calloc"];

/// Instructions and allocations of everything that was counted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) instructions: u64,
    /// Calls of the allocator for a new piece; what grows in its place is not counted.
    pub(crate) allocations: u64,
    /// Instructions by group.
    groups: BTreeMap<&'static str, u64>,
}

const OTHERS: &str = "other libraries";

/// What belongs to a group by the crate of the function, or by a part of the path of its source.
struct Group {
    name: &'static str,
    crates: &'static [&'static str],
    sources: &'static [&'static str],
}

/// The first that fits.
const GROUPS: &[Group] = &[
    Group { name: "SQLite", crates: &["rusqlite"], sources: &["sqlite3"] },
    Group {
        name: "allocation",
        crates: &["__rustc", "__rust_alloc", "__rust_dealloc", "__rust_realloc"],
        sources: &["/malloc/", "/mimalloc/"],
    },
    Group { name: "copying and comparing", crates: &[], sources: &["/multiarch/"] },
    Group {
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
    Group {
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
    Group {
        name: "hashing",
        crates: &["sha2", "sha1_smol", "siphasher", "foldhash", "hashbrown", "lru"],
        sources: &["core/src/hash/"],
    },
    Group {
        name: "tasks and locks",
        crates: &["tokio", "parking_lot", "parking_lot_core"],
        sources: &["/nptl/"],
    },
    Group {
        name: "logs and figures",
        crates: &["tracing", "tracing_core", "tracing_subscriber", "prometheus_client"],
        sources: &[],
    },
    Group {
        name: "Rust's library",
        crates: &["core", "alloc", "std"],
        sources: &["library/core/", "library/alloc/", "library/std/"],
    },
    Group {
        name: "the shop's own code",
        crates: &[],
        sources: &["platform/", "services/", "contracts/", "icommerce/src/"],
    },
];

impl Profile {
    /// Reads a file in callgrind's format.
    pub(crate) fn read(text: &str) -> Self {
        let (mut profile, mut names) = (Self::default(), Names::default());
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
                // What the called function spent; it is told of that function itself.
                None if inclusive => inclusive = false,
                None => profile.spend(&source, &function, line),
                Some(_) => {}
            }
        }
        profile
    }

    /// The groups, the largest first.
    pub(crate) fn groups(&self) -> Vec<(&'static str, u64)> {
        let mut groups: Vec<_> = self.groups.iter().map(|(name, spent)| (*name, *spent)).collect();
        groups.sort_by_key(|(_, spent)| std::cmp::Reverse(*spent));
        groups
    }

    /// A line of a place in the source and what was spent there.
    fn spend(&mut self, source: &str, function: &str, line: &str) {
        let is_place =
            line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first));
        let spent = line.rsplit_once(' ').and_then(|(_, spent)| spent.parse::<u64>().ok());
        let (true, Some(spent)) = (is_place, spent) else { return };
        self.instructions += spent;
        *self.groups.entry(group_of(source, function)).or_default() += spent;
    }
}

fn group_of(source: &str, function: &str) -> &'static str {
    let of = crate_of(function);
    let fits = |group: &&Group| {
        group.crates.contains(&of) || group.sources.iter().any(|part| source.contains(part))
    };
    GROUPS.iter().find(fits).map_or(OTHERS, |group| group.name)
}

/// The crate a function is of, or of whose type it is a method.
fn crate_of(function: &str) -> &str {
    let plain = function.trim_start_matches(['<', '&', '[', '(', '*']);
    let plain = plain.strip_prefix("mut ").unwrap_or(plain);
    plain.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).next().unwrap_or("")
}

fn first_number(text: &str) -> u64 {
    text.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// The names that callgrind writes once and numbers from then on.
#[derive(Default)]
struct Names {
    sources: Numbered,
    functions: Numbered,
}

#[derive(Default)]
struct Numbered(HashMap<String, String>);

impl Numbered {
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
    fn instructions_are_counted_once_and_by_group() {
        let profile = Profile::read(FILE);
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
