//! Seed corpus: inputs that a parser accepts or almost accepts, one a file.

use crate::mutation::Mutator;
use std::{fs, io, path::Path};

/// Longest input, in bytes.
pub const INPUT_BYTES_MAX: usize = 64 * 1024;

/// Seed corpus of a target.
#[derive(Clone, Debug)]
pub struct Corpus(Vec<Vec<u8>>);

impl Corpus {
    /// Reads the corpus of a target, in the order of the names of its files.
    ///
    /// # Errors
    ///
    /// The folder or a file of it cannot be read.
    pub fn read(corpora: &Path, target: &str) -> io::Result<Self> {
        let entries = fs::read_dir(corpora.join(target))?;
        let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        paths.iter().map(fs::read).collect::<io::Result<_>>().map(Self)
    }

    /// The inputs as they stand in the files.
    pub fn inputs(&self) -> &[Vec<u8>] {
        &self.0
    }

    /// Input of a seed: a mutation of the corpus, or random bytes. The same seed always gives the same input.
    pub fn input(&self, seed: u64) -> Vec<u8> {
        Mutator::new(&self.0, seed).input()
    }
}
