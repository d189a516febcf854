//! Experiment: whether a flush that is under way when its file system is shut down reports the truth. It may report
//! success although the data are lost; the power-loss tests therefore shut a file system down while no flush is under
//! way.
//!
//! As root: `cargo run --release -p crash-tests --example flush_at_shutdown -- ext4 150`

use crash_tests::{Disk, FileSystem};
use std::{
    error::Error,
    fs::{self, File},
    os::unix::fs::FileExt,
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    thread,
    time::Duration,
};

/// Size of a record: about as much as the shop flushes at once.
const RECORD_BYTES: usize = 24 * 1024;
/// Duration of the writes before the shutdown: a minimum, and a spread over the phases of a flush.
const BEFORE_MIN_MS: u64 = 20;
const BEFORE_SPREAD_MS: usize = 130;
/// Duration of the writes after the shutdown, which fail.
const AFTER: Duration = Duration::from_millis(20);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file_system = match arguments.next().as_deref() {
        Some("ext4") => FileSystem::Ext4,
        Some("xfs") => FileSystem::Xfs,
        _ => return Err("which file system: ext4 or xfs?".into()),
    };
    let rounds: usize = arguments.next().as_deref().unwrap_or("100").parse()?;
    let folder = tempfile::tempdir()?;
    let disk =
        Disk::create(folder.path(), file_system).map_err(|unavailable| unavailable.to_string())?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut lost_flushes = 0;
    for round in 0..rounds {
        let path = disk.path().join(round.to_string());
        let file = File::create(&path)?;
        file.sync_all()?;
        File::open(disk.path())?.sync_all()?;
        let acknowledged = write_until_shutdown(&disk, &file, round)?;
        drop(file);
        runtime.block_on(disk.restore_power())?;
        let durable = count_records(&path)?;
        if durable < acknowledged {
            lost_flushes += 1;
            println!("round {round}: {acknowledged} flushes acknowledged, {durable} records found");
        }
        fs::remove_file(&path)?;
    }
    println!("{rounds} shutdowns of {file_system:?}; acknowledged flushes lost in {lost_flushes}");
    Ok(())
}

/// Writes and flushes one record after another while the file system is shut down. Returns the number of flushes that
/// reported success.
#[expect(clippy::disallowed_methods, reason = "two threads and a real disk, nothing to pause")]
fn write_until_shutdown(disk: &Disk, file: &File, round: usize) -> Result<usize, Box<dyn Error>> {
    let (acknowledged, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0.. {
                let bytes = vec![fill_byte(number); RECORD_BYTES];
                let written = file.write_all_at(&bytes, (number * RECORD_BYTES) as u64);
                if stop.load(SeqCst) || written.and_then(|()| file.sync_data()).is_err() {
                    return;
                }
                acknowledged.store(number + 1, SeqCst);
            }
        });
        let spread = (round * 37 % BEFORE_SPREAD_MS) as u64;
        thread::sleep(Duration::from_millis(BEFORE_MIN_MS + spread));
        let shutdown = disk.cut_power();
        thread::sleep(AFTER);
        stop.store(true, SeqCst);
        shutdown
    })?;
    Ok(acknowledged.load(SeqCst))
}

/// The byte that a record consists of: never zero, which is what a hole reads as.
fn fill_byte(number: usize) -> u8 {
    u8::try_from(number % 255).unwrap_or(0) + 1
}

fn count_records(path: &Path) -> Result<usize, Box<dyn Error>> {
    let bytes = fs::read(path)?;
    let whole = bytes.chunks_exact(RECORD_BYTES).enumerate();
    let is_intact = |number: usize, record: &[u8]| record.iter().all(|it| *it == fill_byte(number));
    Ok(whole.take_while(|(number, record)| is_intact(*number, record)).count())
}
