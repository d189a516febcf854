//! Data folder: who may open it, and who may read it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use super::{
    append,
    folders::{closed_folder, has_data, killed_folder, refused, write},
    open,
};
use crate::engine::{DATA_FILE, OpenError};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

#[tokio::test]
async fn a_missing_folder_is_created() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("a/b/данные"));
    engine.close().await.unwrap();
    assert!(folder.path().join("a/b/данные").join(DATA_FILE).exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    for path in [file.join("data"), file.clone(), "/proc/icommerce".into()] {
        let error = refused(&path);
        assert!(matches!(error, OpenError::NotWritable { .. }), "{error:?}");
        assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
    }
    assert_eq!(fs::read(&file).unwrap(), b"x");
}

#[tokio::test]
async fn a_folder_is_locked_by_one_engine() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path());
    let error = refused(folder.path());
    assert!(matches!(error, OpenError::Locked { .. }), "{error:?}");
    let journal = engine.service("warehouse").journal;
    journal.append(append("thing-1", 0)).await.unwrap().commit.wait().await.unwrap();
    engine.close().await.unwrap();
    open(folder.path()).close().await.unwrap();
}

#[tokio::test]
async fn a_killed_and_a_closed_folder_open_again_with_everything() {
    assert_eq!(has_data(killed_folder().await.path()).await, [1, 1]);
    let folder = closed_folder().await;
    assert!(!folder.path().join("icommerce.db-wal").exists());
    for _ in 0..3 {
        assert_eq!(has_data(folder.path()).await, [1, 1]);
    }
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

#[tokio::test]
async fn the_folder_and_its_files_are_for_their_owner_alone() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let engine = open(&folder);
    write(&engine).await;
    let files = |folder: &Path| -> Vec<PathBuf> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    assert_eq!(mode(&folder), 0o700);
    assert!(files(&folder).len() >= 6, "{:?}", files(&folder));
    for file in files(&folder) {
        assert_eq!(mode(&file), 0o600, "{file:?}");
    }
    engine.close().await.unwrap();

    let foreign = folder.join("notes.txt");
    fs::write(&foreign, "not ours").unwrap();
    // A folder that was open to others is closed; one that is shared with a group on purpose stays shared with it.
    for (given, file_given, folder_mode, file_mode) in
        [(0o755, 0o644, 0o700, 0o600), (0o777, 0o666, 0o700, 0o600), (0o2775, 0o664, 0o2770, 0o660)]
    {
        for file in files(&folder) {
            fs::set_permissions(&file, fs::Permissions::from_mode(file_given)).unwrap();
        }
        fs::set_permissions(&folder, fs::Permissions::from_mode(given)).unwrap();
        let engine = open(&folder);
        assert_eq!(mode(&folder), folder_mode, "{given:o}");
        for file in files(&folder).into_iter().filter(|file| *file != foreign) {
            assert_eq!(mode(&file), file_mode, "{file:?} {given:o}");
        }
        engine.close().await.unwrap();
        assert_eq!(mode(&foreign), file_given, "a file of somebody else is left alone");
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o1777)).unwrap();
    open(&folder).close().await.unwrap();
    assert_eq!(mode(&folder), 0o1777, "a folder that is everybody's is left alone");
    assert_eq!(mode(&folder.join(DATA_FILE)), 0o600);
}
