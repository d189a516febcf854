//! Target of files of products.

use catalog_import::fuzzing::{is_within_limits, read};
use kernel::json;
use std::io::Write;

/// Table or JSON Lines, plain or gzipped: no record is lost without a word, and every product is one that the API reads as the same.
pub fn catalogue_import(bytes: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().expect("there is a temporary folder");
    file.write_all(bytes).expect("a small file can be written");
    let Ok(mut file) = read(file.path()) else { return };
    file.accounted.sort_unstable();
    assert_eq!(file.accounted, file.records, "lines of the rows that are accounted for");
    for product in file.products {
        assert!(is_within_limits(&product));
        let written = json::to_vec(&product).expect("a product can be written");
        assert_eq!(json::from_slice(&written).ok().as_ref(), Some(&product));
    }
}
