//! Every target on its corpus and on mutations of it, and the agreement of the crate with `fuzz/`.

use fuzz_targets::{Corpus, SeededRun, TARGETS};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Inputs of each target.
const INPUTS: u64 = 300;

fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

fn names_in(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(fuzz_folder().join(folder)).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned())).collect()
}

#[test]
fn every_target_holds_on_its_corpus_and_on_mutations_of_it() {
    for target in TARGETS {
        let corpus = Corpus::read(&fuzz_folder().join("corpus"), target.name).unwrap();
        let mut run = SeededRun::new(target, &corpus, 0);
        let outcome = run.corpus().and_then(|()| (0..INPUTS).try_for_each(|_| run.step()));
        if let Err(failure) = outcome {
            panic!("{failure}");
        }
    }
}

#[test]
fn every_target_has_a_binary_and_a_corpus_of_its_own() {
    let names: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names.len(), TARGETS.len());
    assert_eq!(names_in("corpus"), names);
    assert_eq!(names_in("fuzz_targets"), names);
    let manifest = fs::read_to_string(fuzz_folder().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let binaries = manifest["bin"].as_array().unwrap().iter();
    let binaries = binaries.map(|binary| {
        let (name, path) = (binary["name"].as_str().unwrap(), binary["path"].as_str().unwrap());
        assert_eq!(path, format!("fuzz_targets/{name}.rs"));
        let source = fs::read_to_string(fuzz_folder().join(path)).unwrap();
        assert!(source.contains(&format!("fuzz_targets::{name}(bytes)")), "{path}");
        name.to_owned()
    });
    assert_eq!(binaries.collect::<BTreeSet<_>>(), names);
    for name in names {
        let corpus = Corpus::read(&fuzz_folder().join("corpus"), &name).unwrap();
        assert!(!corpus.inputs().is_empty(), "{name}");
    }
}
