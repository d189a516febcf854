//! Counts the instructions of hot paths, which depend on the program alone and not on what else the machine does, and
//! compares them with those that were kept.
//!
//! The shop runs under valgrind's callgrind; counting is on only while the path is walked.

use crate::{
    Setup,
    callgrind::Counted,
    connection::Connection,
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

/// Instructions of one round of each path, by its name.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Counts(BTreeMap<String, u64>);

/// What is done with the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// They are compared with those in the file.
    Compare,
    /// They are written into the file.
    Keep,
}

/// Counts each path and holds the counts against those in `file`, or keeps them there.
pub(crate) async fn count(setup: &Setup, file: &File, purpose: Purpose) -> Result<(), String> {
    let shop = Counted::shop(&setup.binary)?;
    paths::stock(shop.server()).await?;
    let mut counts = Counts::default();
    for path in PATHS {
        eprintln!("counting {} …", path.name);
        counts.0.insert(path.name.to_owned(), instructions(&shop, path).await?);
    }
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    if purpose == Purpose::Keep {
        let json = serde_json::to_string_pretty(&counts).map_err(|error| failed(&error))?;
        print!("{}", counts.beside(&Counts::default()));
        return std::fs::write(file, json + "\n").map_err(|error| failed(&error));
    }
    let kept = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
    let kept: Counts = serde_json::from_str(&kept).map_err(|error| failed(&error))?;
    print!("{}", counts.beside(&kept));
    counts.judged(&kept)
}

/// Instructions of one round.
async fn instructions(shop: &Counted, path: &Path) -> Result<u64, String> {
    let mut connection = Connection::to(&shop.server().shop).await?;
    path.walk(&mut connection, 0..WARM_UP_ROUNDS).await?;
    tokio::time::sleep(AFTERWARDS).await;
    shop.begin()?;
    path.walk(&mut connection, WARM_UP_ROUNDS..WARM_UP_ROUNDS + path.rounds).await?;
    if path.has_effects {
        tokio::time::sleep(AFTERWARDS).await;
    }
    Ok(shop.end()? / path.rounds)
}

impl Counts {
    /// A table of these beside the kept ones.
    fn beside(&self, kept: &Self) -> String {
        let mut table = comfy_table::Table::new();
        table.load_preset(comfy_table::presets::NOTHING).set_header([
            "path",
            "instructions",
            "kept",
            "change",
        ]);
        for (name, counted) in &self.0 {
            let kept = kept.0.get(name);
            let change = kept.map_or_else(String::new, |kept| {
                format!("{:+.1} %", 100.0 * (float(*counted) / float((*kept).max(1)) - 1.0))
            });
            let kept = kept.map_or_else(String::new, u64::to_string);
            table.add_row([name.clone(), counted.to_string(), kept, change]);
        }
        format!("{table}\n")
    }

    /// Whether each path is as short as it was.
    fn judged(&self, kept: &Self) -> Result<(), String> {
        let names = |counts: &Self| counts.0.keys().cloned().collect::<Vec<_>>();
        if names(self) != names(kept) {
            return Err(format!("other paths were kept; {KEEP}"));
        }
        let pairs = || self.0.iter().map(|(name, counted)| (name, *counted, kept.0[name]));
        let is_more = |counted: u64, kept: u64| counted * 100 > kept * (100 + TOLERANCE_PERCENT);
        let longer: Vec<_> =
            pairs().filter(|(_, counted, kept)| is_more(*counted, *kept)).collect();
        if let Some((name, counted, kept)) = longer.first() {
            return Err(format!(
                "{name} takes {counted} instructions and took {kept}: find out why, or, where it is worth it, {KEEP}"
            ));
        }
        if pairs().any(|(_, counted, kept)| is_more(kept, counted)) {
            println!("a path is shorter than what was kept: {KEEP}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(order: u64) -> Counts {
        Counts([("order".to_owned(), order)].into())
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
}
