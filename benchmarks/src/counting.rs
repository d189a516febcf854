//! Counts the instructions of hot paths, which depend on the program alone and not on what else the machine does, and
//! compares them with those that were kept.
//!
//! The shop runs under valgrind's callgrind; counting is on only while the path is walked.

use crate::{
    Setup,
    callgrind::Counted,
    connection::Connection,
    plots,
    profile::Profile,
    report::float,
    scenarios::paths::{self, PATHS, Path},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path as File, time::Duration};

/// Rounds before counting begins: what is done once is not what a path costs.
const WARM_UP_ROUNDS: u64 = 8;
/// What comes after an order, such as the audit trail, has its time too.
const AFTERWARDS: Duration = Duration::from_secs(2);
/// More than was kept by this share is a finding, fewer by as much is news. Two counts of one program lie within two percent
/// of each other: how often consumers ask for news while orders are placed is a matter of time.
const TOLERANCE_PERCENT: u64 = 10;

const KEEP: &str = "keep these counts: cargo xtask instructions --keep";

/// What one round of each path costs, by its name.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Counts(BTreeMap<String, Count>);

/// What one round costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    instructions: u64,
    allocations: u64,
}

/// What is done with the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// They are compared with those in the file.
    Compare,
    /// They are written into the file.
    Keep,
}

/// Counts each path and holds the counts against those in `file`, or keeps them there, with a picture of what the first
/// path is made of in `picture`.
pub(crate) async fn count(
    setup: &Setup,
    file: &File,
    picture: &File,
    purpose: Purpose,
) -> Result<(), String> {
    let shop = Counted::shop(&setup.binary)?;
    paths::stock(shop.server()).await?;
    let mut counts = Counts::default();
    for path in PATHS {
        eprintln!("counting {} …", path.name);
        let profile = walked(&shop, path).await?;
        let (instructions, allocations) =
            (profile.instructions / path.rounds, profile.allocations / path.rounds);
        counts.0.insert(path.name.to_owned(), Count { instructions, allocations });
        if path.has_effects {
            println!("{}", made_of(&profile, path));
            if purpose == Purpose::Keep {
                write(picture, &drawn(&profile, path))?;
            }
        }
    }
    if purpose == Purpose::Keep {
        let json = serde_json::to_string_pretty(&counts).map_err(|error| error.to_string())?;
        println!("{}", counts.beside(&Counts::default()));
        return write(file, &(json + "\n"));
    }
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let kept = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
    let kept: Counts = serde_json::from_str(&kept).map_err(|error| failed(&error))?;
    println!("{}", counts.beside(&kept));
    counts.judged(&kept)
}

/// What the rounds of a path cost together.
async fn walked(shop: &Counted, path: &Path) -> Result<Profile, String> {
    let mut connection = Connection::to(path.edge(shop.server())).await?;
    path.walk(&mut connection, 0..WARM_UP_ROUNDS).await?;
    tokio::time::sleep(AFTERWARDS).await;
    shop.begin()?;
    path.walk(&mut connection, WARM_UP_ROUNDS..WARM_UP_ROUNDS + path.rounds).await?;
    if path.has_effects {
        tokio::time::sleep(AFTERWARDS).await;
    }
    shop.end()
}

/// A table of the groups that a path's instructions go to.
fn made_of(profile: &Profile, path: &Path) -> comfy_table::Table {
    let mut table = table(&[path.name, "instructions", "share"]);
    for (group, spent) in profile.groups() {
        let share = 100.0 * float(spent) / float(profile.instructions.max(1));
        table.add_row([
            group.to_owned(),
            (spent / path.rounds).to_string(),
            format!("{share:.0} %"),
        ]);
    }
    table
}

fn drawn(profile: &Profile, path: &Path) -> String {
    let groups: Vec<_> = profile
        .groups()
        .into_iter()
        .map(|(group, spent)| (group.to_owned(), float(spent / path.rounds) / 1_000.0))
        .collect();
    let title = format!("Thousand instructions of an {}", path.name);
    plots::shares(&title, &groups, "counted with callgrind: cargo xtask instructions --keep")
}

fn write(file: &File, text: &str) -> Result<(), String> {
    std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}

fn table(header: &[&str]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::NOTHING).set_header(header);
    table
}

impl Counts {
    /// A table of these beside the kept ones.
    fn beside(&self, kept: &Self) -> comfy_table::Table {
        let mut table = table(&["path", "instructions", "kept", "change", "allocations", "kept"]);
        for (name, counted) in &self.0 {
            let kept = kept.0.get(name);
            let said = |number: Option<u64>| number.map_or_else(String::new, |it| it.to_string());
            let change = kept.map_or_else(String::new, |kept| {
                let ratio = float(counted.instructions) / float(kept.instructions.max(1));
                format!("{:+.1} %", 100.0 * (ratio - 1.0))
            });
            table.add_row([
                name.clone(),
                counted.instructions.to_string(),
                said(kept.map(|kept| kept.instructions)),
                change,
                counted.allocations.to_string(),
                said(kept.map(|kept| kept.allocations)),
            ]);
        }
        table
    }

    /// Whether each path is as short as it was.
    fn judged(&self, kept: &Self) -> Result<(), String> {
        let names = |counts: &Self| counts.0.keys().cloned().collect::<Vec<_>>();
        if names(self) != names(kept) {
            return Err(format!("other paths were kept; {KEEP}"));
        }
        let pairs: Vec<_> = self
            .0
            .iter()
            .flat_map(|(name, counted)| {
                let kept = kept.0[name];
                [
                    (name, "instructions", counted.instructions, kept.instructions),
                    (name, "allocations", counted.allocations, kept.allocations),
                ]
            })
            .collect();
        let is_more = |counted: u64, kept: u64| counted * 100 > kept * (100 + TOLERANCE_PERCENT);
        let longer = pairs.iter().find(|(_, _, counted, kept)| is_more(*counted, *kept));
        if let Some((name, what, counted, kept)) = longer {
            return Err(format!(
                "{name} takes {counted} {what} and took {kept}: find out why, or, where it is worth it, {KEEP}"
            ));
        }
        if pairs.iter().any(|(_, _, counted, kept)| is_more(*kept, *counted)) {
            println!("a path is shorter than what was kept: {KEEP}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(instructions: u64) -> Counts {
        Counts([("order".to_owned(), Count { instructions, allocations: 100 })].into())
    }

    #[test]
    fn a_path_that_grew_is_a_finding_and_one_that_shrank_is_not() {
        assert_eq!(counts(1_100).judged(&counts(1_000)), Ok(()));
        assert_eq!(counts(500).judged(&counts(1_000)), Ok(()));
        assert!(counts(1_101).judged(&counts(1_000)).is_err_and(|error| error.contains("1101")));
    }

    #[test]
    fn a_path_that_was_not_kept_is_a_finding() {
        assert!(counts(1).judged(&Counts::default()).is_err());
    }

    #[test]
    fn more_allocations_are_a_finding_too() {
        let mut more = counts(1_000);
        more.0.values_mut().for_each(|count| count.allocations = 111);
        assert!(more.judged(&counts(1_000)).is_err_and(|error| error.contains("111 allocations")));
    }
}
