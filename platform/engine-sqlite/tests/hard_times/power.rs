//! The power fails: the disk has what was flushed, and of the rest whatever it pleased, torn, reordered, or not at
//! all.
//!
//! A real process is traced while it appends, with the real engine on a real file system. From what it asked of the
//! disk follows what any disk that keeps its word may be left with after a power failure at any moment. Each such
//! disk is laid out, and the engine opened on it.

use crate::{
    APPEND,
    disk::{Honesty, after_cut},
    trace::{self, Act, Happening},
    victim::{Acknowledged, look, take},
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use rusqlite::Connection;
use std::{fs, path::Path, process::Stdio};

/// Long enough for several checkpoints.
const SAYINGS: usize = 400;
/// Cuts of an ordinary run, and from which seed.
const CUTS: u64 = 400;
const SEED: u64 = 1;

/// Cuts the power so often; `None` where this machine cannot trace.
pub(crate) async fn the_power_may_fail_at_any_moment(cuts: Option<u64>, seed: Option<u64>) -> bool {
    if !trace::is_possible() {
        return false;
    }
    let happenings = traced();
    let (cuts, seed) = (cuts.unwrap_or(CUTS), seed.unwrap_or(SEED));
    for number in seed..seed + cuts {
        if let Err(loss) = cut(&happenings, number, Honesty::Honest).await {
            panic!("cut {number}: {loss}");
        }
    }
    true
}

/// Otherwise the test above would prove nothing.
pub(crate) async fn a_disk_that_lies_about_flushing_is_found_out() -> bool {
    if !trace::is_possible() {
        return false;
    }
    let happenings = traced();
    for number in 0..50 {
        if cut(&happenings, number, Honesty::Lying).await.is_err() {
            return true;
        }
    }
    panic!("acknowledged writes were never flushed, and nobody missed them");
}

/// Runs the victim and writes down what it asks of its disk.
fn traced() -> Vec<Happening> {
    let folder = tempfile::tempdir().expect("there is room for a test");
    let data = folder.path().canonicalize().expect("it is there").join("data");
    fs::create_dir(&data).expect("there is room for a test");
    let out = folder.path().join("trace");
    let mut strace = trace::strace(&out);
    strace.arg(std::env::current_exe().expect("this program has a name"));
    strace.arg(APPEND).arg(&data).arg(SAYINGS.to_string());
    let output = strace.stderr(Stdio::inherit()).output().expect("strace runs");
    assert!(output.status.success(), "{output:?}");
    let happenings = trace::read(&out, &data);
    let count = |is: fn(&Act) -> bool| happenings.iter().filter(|it| is(&it.act)).count();
    let (writes, syncs, said) = (
        count(|act| matches!(act, Act::Write { .. })),
        count(|act| matches!(act, Act::Sync { .. })),
        count(|act| matches!(act, Act::Say(_))),
    );
    assert!(writes > 500 && syncs > 50 && said >= SAYINGS, "{writes} {syncs} {said}");
    let into_database =
        count(|act| matches!(act, Act::Write { file, .. } if file == "icommerce.db"));
    assert!(into_database > 100, "hardly any checkpoint: {into_database}");
    happenings
}

async fn cut(happenings: &[Happening], number: u64, honesty: Honesty) -> Result<(), String> {
    let mut random = StdRng::seed_from_u64(number);
    let last = happenings.last().map_or(0, |happening| happening.begin);
    let cut = random.random_range(0..=last + 1);
    let folder = tempfile::tempdir().expect("there is room for a test");
    after_cut(happenings, cut, honesty, &mut random, folder.path());
    let mut acknowledged = Acknowledged::new();
    for Happening { begin, act, .. } in happenings {
        if let Act::Say(words) = act
            && *begin < cut
        {
            words.lines().for_each(|line| take(line, &mut acknowledged));
        }
    }
    look(folder.path(), &acknowledged).await?;
    is_sound(&folder.path().join("icommerce.db"))
}

fn is_sound(database: &Path) -> Result<(), String> {
    let connection = Connection::open(database).map_err(|error| error.to_string())?;
    let verdict = connection.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0));
    match verdict.map_err(|error| error.to_string())?.as_str() {
        "ok" => Ok(()),
        verdict => Err(verdict.to_owned()),
    }
}
