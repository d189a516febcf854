//! Instruction counts of the hot paths, compared with those in a file: a regression test that does not depend on the load
//! of the machine.
//!
//! The shop runs under valgrind's callgrind; counting is on only while a path runs.

use crate::{
    callgrind::CallgrindServer,
    config::RunConfig,
    load_generator::await_consumers,
    numbers::float,
    plots,
    process::{DataFolder, Server, Shutdown},
    profile::InstructionProfile,
    scenarios::{
        hot_paths::{self, HOT_PATHS, HotPath},
        startup,
    },
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path, time::Duration};

/// Iterations of each client before counting starts: what happens only once is not part of a path's cost.
const WARM_UP_ITERATIONS: u64 = 8;
/// Time for asynchronous effects of an order, such as the audit trail.
const SETTLING_TIME: Duration = Duration::from_secs(2);
/// Tolerated deviation: more is a regression, less is worth keeping. Two counts of one program differ by up to two
/// percent, because the number of polls by consumers depends on time.
const TOLERANCE_PERCENT: u64 = 10;

const KEEP: &str = "keep these counts: cargo xtask instructions --keep";

/// Cost of one iteration of each path, by name.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct InstructionCounts(BTreeMap<String, PathCost>);

/// Cost of one iteration of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PathCost {
    instructions: u64,
    allocations: u64,
}

/// Mode of a count: compare or keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CountMode {
    /// Compare the counts with those in the file.
    Compare,
    /// Write the counts to the file.
    Keep,
}

/// Counts each path, in a shop that has so many orders before, and compares the counts with those in `file` or writes them
/// there, with a chart of the breakdown of an order to `picture`.
///
/// # Errors
///
/// A sentence where valgrind or a file cannot be used, an answer is wrong, or a path costs more than was kept.
pub(crate) async fn count(
    config: &RunConfig,
    orders_before: Option<u64>,
    (file, picture): (&Path, &Path),
    count_mode: CountMode,
) -> Result<(), String> {
    let shop = match orders_before {
        None => {
            let shop =
                CallgrindServer::shop(&config.program.binary, DataFolder::new(&config.program)?)?;
            hot_paths::stock(shop.server()).await?;
            shop
        }
        Some(orders) => {
            // Filled by the program alone, which is fifty times faster.
            let shop = Server::shop(&config.program)?;
            hot_paths::stock(&shop).await?;
            startup::place_orders(config, &shop, 0..orders).await?;
            await_consumers(&shop).await?;
            CallgrindServer::shop(&config.program.binary, shop.shut_down(Shutdown::Graceful)?)?
        }
    };
    let mut counts = InstructionCounts::default();
    for path in HOT_PATHS {
        eprintln!("counting {} …", path.name);
        let profile = profile_path(&shop, path).await?;
        let (instructions, allocations) =
            (profile.instructions / path.iterations, profile.allocations / path.iterations);
        counts.0.insert(path.name.to_owned(), PathCost { instructions, allocations });
        if path.has_effects {
            println!("{}", breakdown_table(&profile, path));
            if count_mode == CountMode::Keep && path.clients == 1 {
                write(picture, &breakdown_chart(&profile, path))?;
            }
        }
    }
    if count_mode == CountMode::Keep {
        let json = serde_json::to_string_pretty(&counts).map_err(|error| error.to_string())?;
        println!("{}", counts.comparison_table(&InstructionCounts::default()));
        return write(file, &(json + "\n"));
    }
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let kept = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
    let kept: InstructionCounts = serde_json::from_str(&kept).map_err(|error| failed(&error))?;
    println!("{}", counts.comparison_table(&kept));
    counts.check_against(&kept)
}

/// Profile of all iterations of a path together.
async fn profile_path(
    shop: &CallgrindServer,
    path: &HotPath,
) -> Result<InstructionProfile, String> {
    let mut connections = path.connect(shop.server()).await?;
    let warm_up = WARM_UP_ITERATIONS * path.clients;
    path.run(&mut connections, 0..warm_up).await?;
    tokio::time::sleep(SETTLING_TIME).await;
    shop.start_counting()?;
    path.run(&mut connections, warm_up..warm_up + path.iterations).await?;
    if path.has_effects {
        tokio::time::sleep(SETTLING_TIME).await;
    }
    shop.stop_counting()
}

/// Table of a path's instructions by code group.
fn breakdown_table(profile: &InstructionProfile, path: &HotPath) -> comfy_table::Table {
    let mut table = table(&[path.name, "instructions", "share"]);
    for (group, spent) in profile.groups() {
        let share = 100.0 * float(spent) / float(profile.instructions.max(1));
        table.add_row([
            group.to_owned(),
            (spent / path.iterations).to_string(),
            format!("{share:.0} %"),
        ]);
    }
    table
}

fn breakdown_chart(profile: &InstructionProfile, path: &HotPath) -> String {
    let groups: Vec<_> = profile
        .groups()
        .into_iter()
        .map(|(group, spent)| (group.to_owned(), float(spent / path.iterations) / 1_000.0))
        .collect();
    let title = format!("Thousand instructions of an {}", path.name);
    plots::shares(&title, &groups, "counted with callgrind: cargo xtask instructions --keep")
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}

fn table(header: &[&str]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::NOTHING).set_header(header);
    table
}

impl InstructionCounts {
    /// Table of these counts beside the kept ones.
    fn comparison_table(&self, kept: &Self) -> comfy_table::Table {
        let mut table = table(&["path", "instructions", "kept", "change", "allocations", "kept"]);
        for (name, counted) in &self.0 {
            let kept = kept.0.get(name);
            let cell = |number: Option<u64>| number.map_or_else(String::new, |it| it.to_string());
            let change = kept.map_or_else(String::new, |kept| {
                let ratio = float(counted.instructions) / float(kept.instructions.max(1));
                format!("{:+.1} %", 100.0 * (ratio - 1.0))
            });
            table.add_row([
                name.clone(),
                counted.instructions.to_string(),
                cell(kept.map(|kept| kept.instructions)),
                change,
                counted.allocations.to_string(),
                cell(kept.map(|kept| kept.allocations)),
            ]);
        }
        table
    }

    /// Checks that no path costs more than was kept, within the tolerance.
    fn check_against(&self, kept: &Self) -> Result<(), String> {
        let names = |counts: &Self| counts.0.keys().cloned().collect::<Vec<_>>();
        if names(self) != names(kept) {
            return Err(format!("the file has other paths; {KEEP}"));
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
        let regression = pairs.iter().find(|(_, _, counted, kept)| is_more(*counted, *kept));
        if let Some((name, what, counted, kept)) = regression {
            return Err(format!(
                "{name} takes {counted} {what} instead of {kept}: find out why, or, if it is worth it, {KEEP}"
            ));
        }
        if pairs.iter().any(|(_, _, counted, kept)| is_more(*kept, *counted)) {
            println!("a path costs less than what was kept: {KEEP}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(instructions: u64) -> InstructionCounts {
        InstructionCounts(
            [("order".to_owned(), PathCost { instructions, allocations: 100 })].into(),
        )
    }

    #[test]
    fn a_costlier_path_is_an_error_and_a_cheaper_one_is_not() {
        assert_eq!(counts(1_100).check_against(&counts(1_000)), Ok(()));
        assert_eq!(counts(500).check_against(&counts(1_000)), Ok(()));
        assert!(
            counts(1_101).check_against(&counts(1_000)).is_err_and(|error| error.contains("1101"))
        );
    }

    #[test]
    fn a_path_that_was_not_kept_is_an_error() {
        assert!(counts(1).check_against(&InstructionCounts::default()).is_err());
    }

    #[test]
    fn more_allocations_are_an_error_too() {
        let mut more = counts(1_000);
        more.0.values_mut().for_each(|count| count.allocations = 111);
        assert!(
            more.check_against(&counts(1_000))
                .is_err_and(|error| error.contains("111 allocations"))
        );
    }
}
