//! Seeded run of a target: the replacement of libFuzzer on a stable toolchain. Without coverage, but every input has a seed.

use crate::{Corpus, Target};
use std::{fmt, panic::catch_unwind};

/// Run of a target over its corpus, and over the inputs of seeds that count up.
#[derive(Clone, Debug)]
pub struct SeededRun<'a> {
    target: &'a Target,
    corpus: &'a Corpus,
    next_seed: u64,
}

/// Input for which a target panicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Name of the target.
    pub target: &'static str,
    /// Seed of the input; none of an input of the corpus.
    pub seed: Option<u64>,
    /// The input.
    pub input: Vec<u8>,
}

impl<'a> SeededRun<'a> {
    /// Run from this seed on.
    pub fn new(target: &'a Target, corpus: &'a Corpus, seed: u64) -> Self {
        Self { target, corpus, next_seed: seed }
    }

    /// Target of the run.
    pub fn target(&self) -> &'a Target {
        self.target
    }

    /// Seed of the next input.
    pub fn next_seed(&self) -> u64 {
        self.next_seed
    }

    /// Runs the target on the inputs of its corpus as they are.
    ///
    /// # Errors
    ///
    /// The first [`Failure`].
    pub fn corpus(&self) -> Result<(), Failure> {
        self.corpus.inputs().iter().try_for_each(|input| self.run(None, input.clone()))
    }

    /// Runs the target on the input of the next seed.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub fn step(&mut self) -> Result<(), Failure> {
        let seed = self.next_seed;
        self.next_seed = seed.wrapping_add(1);
        self.run(Some(seed), self.corpus.input(seed))
    }

    fn run(&self, seed: Option<u64>, input: Vec<u8>) -> Result<(), Failure> {
        let run = self.target.run;
        catch_unwind(|| run(&input)).map_err(|_| Failure { target: self.target.name, seed, input })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, seed, input } = self;
        match seed {
            Some(seed) => write!(out, "{target} fails with --seed {seed}")?,
            None => write!(out, "{target} fails with an input of its corpus")?,
        }
        write!(out, ", on these {} bytes: b\"{}\"", input.len(), input.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuses_brackets(bytes: &[u8]) {
        assert!(!bytes.contains(&b'['));
    }

    #[test]
    fn a_failure_names_the_seed_that_repeats_it() {
        let target = Target { name: "brackets", run: refuses_brackets };
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("brackets")).unwrap();
        std::fs::write(folder.path().join("brackets/one"), "no bracket").unwrap();
        let corpus = Corpus::read(folder.path(), target.name).unwrap();
        let mut run = SeededRun::new(&target, &corpus, 0);
        assert_eq!(run.corpus(), Ok(()));
        let failure = (0..10_000).find_map(|_| run.step().err()).unwrap();
        let seed = failure.seed.unwrap();
        assert_eq!(run.next_seed(), seed + 1);
        assert_eq!(SeededRun::new(&target, &corpus, seed).step(), Err(failure.clone()));
        assert!(failure.to_string().contains(&format!("brackets fails with --seed {seed}")));
    }
}
