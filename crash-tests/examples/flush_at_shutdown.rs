//! Does a flush that is under way when its file system is shut down say the truth? It need not: this is why the power
//! tests shut a file system down when no flush is under way.
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

/// About as much as the shop flushes at once.
const RECORD_BYTES: usize = 24 * 1024;
/// How long records are written before the cut, and after it, where writing fails.
const BEFORE_MS: u64 = 20;
const BEFORE_MORE_MS: usize = 130;
const AFTER: Duration = Duration::from_millis(20);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file_system = match arguments.next().as_deref() {
        Some("ext4") => FileSystem::Ext4,
        Some("xfs") => FileSystem::Xfs,
        _ => return Err("which file system: ext4 or xfs?".into()),
    };
    let times: usize = arguments.next().as_deref().unwrap_or("100").parse()?;
    let folder = tempfile::tempdir()?;
    let disk = Disk::make(folder.path(), file_system).map_err(|missing| missing.to_string())?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut lies = 0;
    for time in 0..times {
        let path = disk.path().join(time.to_string());
        let file = File::create(&path)?;
        file.sync_all()?;
        File::open(disk.path())?.sync_all()?;
        let said = write_through_a_cut(&disk, &file, time)?;
        drop(file);
        runtime.block_on(disk.comes_back())?;
        let there = records(&path)?;
        if there < said {
            lies += 1;
            println!("cut {time}: {said} records were flushed, it was said; {there} are there");
        }
        fs::remove_file(&path)?;
    }
    println!("{times} cuts of {file_system:?}; a flush said yes and was lost {lies} times");
    Ok(())
}

/// Writes record after record, each flushed, while the file system is shut down. Returns how many flushes said yes.
#[expect(clippy::disallowed_methods, reason = "two threads and a real disk, nothing to pause")]
fn write_through_a_cut(disk: &Disk, file: &File, time: usize) -> Result<usize, Box<dyn Error>> {
    let (said, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0.. {
                let bytes = vec![mark(number); RECORD_BYTES];
                let written = file.write_all_at(&bytes, (number * RECORD_BYTES) as u64);
                if over.load(SeqCst) || written.and_then(|()| file.sync_data()).is_err() {
                    return;
                }
                said.store(number + 1, SeqCst);
            }
        });
        // Scattered over the phases of a flush.
        let scatter = (time * 37 % BEFORE_MORE_MS) as u64;
        thread::sleep(Duration::from_millis(BEFORE_MS + scatter));
        let cut = disk.cut();
        thread::sleep(AFTER);
        over.store(true, SeqCst);
        cut
    })?;
    Ok(said.load(SeqCst))
}

/// What a record is full of: never zero, which is what a hole reads as.
fn mark(number: usize) -> u8 {
    u8::try_from(number % 255).unwrap_or(0) + 1
}

fn records(path: &Path) -> Result<usize, Box<dyn Error>> {
    let bytes = fs::read(path)?;
    let whole = bytes.chunks_exact(RECORD_BYTES).enumerate();
    Ok(whole.take_while(|(number, record)| record.iter().all(|it| *it == mark(*number))).count())
}
