//! Lost files: a folder that had data is not taken for a new one, whatever is missing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use crate::suite::{
    folders::{closed_folder, has_data, killed_folder, refused, write},
    open,
};
use engine_sqlite::OpenError;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

#[tokio::test]
async fn a_database_that_is_gone_or_empty_is_refused_with_its_name() {
    for name in ["icommerce.db", "bulk.db"] {
        let gone = |file: &PathBuf| fs::remove_file(file).unwrap();
        let emptied = |file: &PathBuf| fs::write(file, "").unwrap();
        let recreated = |file: &PathBuf| {
            fs::remove_file(file).unwrap();
            rusqlite::Connection::open(file).unwrap().execute_batch("VACUUM").unwrap();
        };
        let losses: [&dyn Fn(&PathBuf); 3] = [&gone, &emptied, &recreated];
        for lose in losses {
            let folder = closed_folder().await;
            lose(&folder.path().join(name));
            for _ in 0..2 {
                let error = refused(folder.path());
                assert!(matches!(error, OpenError::Missing { .. }), "{error:?}");
                assert!(error.to_string().contains(name), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn a_write_ahead_log_that_is_gone_after_a_kill_is_refused() {
    for name in ["icommerce.db-wal", "bulk.db-wal"] {
        let folder = killed_folder().await;
        fs::remove_file(folder.path().join(name)).unwrap();
        let error = refused(folder.path());
        assert!(matches!(error, OpenError::LogMissing { .. }), "{error:?}");
        assert!(error.to_string().contains(name), "{error}");
    }
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

#[tokio::test]
async fn a_folder_of_an_early_version_has_no_state_and_opens() {
    let folder = closed_folder().await;
    fs::remove_file(folder.path().join("icommerce.state")).unwrap();
    assert_eq!(has_data(folder.path()).await, [1, 1]);

    // A backup of the one file is enough, as the guide says.
    let backup = tempfile::tempdir().unwrap();
    let name = "icommerce.db";
    fs::copy(folder.path().join(name), backup.path().join(name)).unwrap();
    assert_eq!(has_data(backup.path()).await, [1, 0]);

    // The other way round nothing but a loss explains what is there.
    fs::remove_file(folder.path().join("icommerce.state")).unwrap();
    fs::remove_file(folder.path().join(name)).unwrap();
    let error = refused(folder.path());
    assert!(matches!(error, OpenError::Missing { .. }), "{error:?}");
}

#[tokio::test]
async fn a_folder_whose_first_start_was_broken_off_is_new() {
    for files in [&["icommerce.db"][..], &["icommerce.db", "bulk.db"]] {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            fs::write(folder.path().join(file), "").unwrap();
        }
        assert_eq!(has_data(folder.path()).await, [0, 0]);
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
    assert_eq!(mode(&folder.join("icommerce.db")), 0o600);
}
