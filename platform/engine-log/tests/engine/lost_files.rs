//! Lost files: a folder that had data is not taken for a new one, whatever is missing.

use crate::{
    engine::options,
    suite::{
        append,
        folders::{STREAM, closed_folder, has_data, refused},
    },
};
use engine_log::{LogEngine, LogOptions, OpenError};
use std::{fs, path::PathBuf};

/// File, and what happens to it.
type Loss<'a> = (&'a str, &'a dyn Fn(&PathBuf));

#[tokio::test]
async fn a_file_that_is_gone_or_empty_is_refused_with_its_name() {
    let gone = |file: &PathBuf| fs::remove_file(file).unwrap();
    let emptied = |file: &PathBuf| fs::write(file, "").unwrap();
    let zeroed = |file: &PathBuf| fs::write(file, vec![0; 1024 * 1024]).unwrap();
    let shortened = |file: &PathBuf| {
        let bytes = fs::read(file).unwrap();
        fs::write(file, &bytes[..100]).unwrap();
    };
    let losses: [Loss<'_>; 6] = [
        ("icommerce.000001.log", &gone),
        ("icommerce.000001.log", &emptied),
        ("icommerce.000001.log", &zeroed),
        ("icommerce.000001.log", &shortened),
        ("bulk.000001.log", &gone),
        ("bulk.000001.log", &emptied),
    ];
    for (number, (name, lose)) in losses.into_iter().enumerate() {
        let folder = closed_folder().await;
        lose(&folder.path().join(name));
        for _ in 0..2 {
            let error = refused(folder.path());
            if number == 3 {
                assert!(matches!(error, OpenError::Damaged { .. }), "{error:?}");
            } else {
                assert!(matches!(error, OpenError::Missing { .. }), "{error:?}");
            }
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}

#[tokio::test]
async fn a_segment_that_is_gone_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let options = LogOptions { segment_bytes_max: 512, ..options() };
    let engine = LogEngine::open(folder.path(), options.clone()).unwrap();
    let journal = engine.service("warehouse").journal;
    for version in 0..20 {
        journal.append(append(STREAM, version)).await.unwrap().commit.wait().await.unwrap();
    }
    let mut segments: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("icommerce.0") && !name.contains("run"))
        .collect();
    segments.sort();
    engine.close().await.unwrap();
    // The last one may be prepared and not used yet.
    segments.pop();
    assert!(segments.len() > 3, "{segments:?}");
    for name in segments {
        let (file, hidden) = (folder.path().join(&name), folder.path().join("hidden"));
        fs::rename(&file, &hidden).unwrap();
        let error = LogEngine::open(folder.path(), options.clone()).unwrap_err();
        assert!(matches!(error, OpenError::Missing { .. }), "{error:?}");
        assert!(error.to_string().contains(&name), "{error}");
        fs::rename(&hidden, &file).unwrap();
    }
    let engine = LogEngine::open(folder.path(), options).unwrap();
    assert_eq!(engine.service("warehouse").journal.follow(0, 100).await.unwrap().len(), 20);
    engine.close().await.unwrap();
}

#[tokio::test]
async fn a_folder_without_a_state_opens_unless_the_services_log_is_gone() {
    let folder = closed_folder().await;
    let state = folder.path().join("icommerce.state");
    fs::remove_file(&state).unwrap();
    assert_eq!(has_data(folder.path()).await, [1, 1]);

    // With bulk data alone nothing but a loss explains what is there.
    fs::remove_file(&state).unwrap();
    fs::remove_file(folder.path().join("icommerce.000001.log")).unwrap();
    let error = refused(folder.path());
    assert!(matches!(error, OpenError::Missing { .. }), "{error:?}");

    // And with the index alone, which once was the whole shop.
    let alone = tempfile::tempdir().unwrap();
    fs::copy(folder.path().join("icommerce.db"), alone.path().join("icommerce.db")).unwrap();
    assert!(LogEngine::has_filled(alone.path()));
    let error = refused(alone.path());
    assert!(matches!(error, OpenError::Missing { .. }), "{error:?}");
}
