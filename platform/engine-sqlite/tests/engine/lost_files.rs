//! Lost files: a folder that had data is not taken for a new one, whatever is missing.

use crate::suite::folders::{closed_folder, has_data, killed_folder, refused};
use engine_sqlite::OpenError;
use std::{fs, path::PathBuf};

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
