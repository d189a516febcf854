//! Change set of a file in Liquibase's formatted SQL.

use sha2::{Digest, Sha256};

/// First line of a file, which then has its name: so it is the same wherever the file is read from.
const HEAD: &str = "--liquibase formatted sql logicalFilePath:";
/// Begins a change set.
const CHANGE_SET: &str = "--changeset ";
/// Begins the SQL that undoes one.
const ROLLBACK: &str = "--rollback ";
/// Begins a remark.
const COMMENT: &str = "--comment: ";

/// File of change sets.
#[derive(Debug)]
pub(super) struct MigrationFile {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
}

/// Change set: SQL that is applied once, in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSet {
    /// File that it is in.
    pub file: &'static str,
    /// Who wrote it.
    pub author: &'static str,
    /// Identifier within the file.
    pub id: &'static str,
    /// What it is for.
    pub comment: &'static str,
    /// The SQL.
    pub sql: String,
}

impl MigrationFile {
    /// Change sets of the file, in their order.
    ///
    /// # Panics
    ///
    /// When the file is not in the format. A test reads every file.
    pub(super) fn change_sets(&self) -> Vec<ChangeSet> {
        let mut lines = self.text.lines();
        let name = lines.next().and_then(|head| head.strip_prefix(HEAD));
        assert_eq!(name, Some(self.name), "{} begins otherwise", self.name);
        let mut sets: Vec<ChangeSet> = Vec::new();
        for line in lines {
            if let Some(head) = line.strip_prefix(CHANGE_SET) {
                let name = head.split(' ').next().unwrap_or_default();
                let (author, id) = name.split_once(':').expect("a change set is AUTHOR:ID");
                sets.push(ChangeSet {
                    file: self.name,
                    author,
                    id,
                    comment: "",
                    sql: String::new(),
                });
                continue;
            }
            let Some(set) = sets.last_mut() else { continue };
            if let Some(comment) = line.strip_prefix(COMMENT) {
                set.comment = comment;
            } else if !line.starts_with(ROLLBACK) && !line.is_empty() {
                set.sql.push_str(line);
                set.sql.push('\n');
            }
        }
        sets
    }
}

impl ChangeSet {
    /// Checksum of the SQL.
    pub(super) fn checksum(&self) -> String {
        kernel::hex::encode(&Sha256::digest(&self.sql))
    }

    /// Name for messages.
    pub fn name(&self) -> String {
        format!("{}::{}", self.file, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::super::change_sets;
    use std::collections::BTreeSet;

    #[test]
    fn every_change_set_has_sql_and_a_name_of_its_own() {
        let sets = change_sets();
        assert!(!sets.is_empty());
        let names: BTreeSet<_> = sets.iter().map(super::ChangeSet::name).collect();
        assert_eq!(names.len(), sets.len());
        for set in &sets {
            assert!(set.sql.contains(';'), "{}", set.name());
            assert!(!set.sql.contains("--"), "{}", set.name());
        }
    }

    /// Checksums of what was released: a change set that was applied somewhere never changes. A new one gets a new line.
    const RELEASED: &[(&str, &str)] = &[];

    #[test]
    fn released_change_sets_are_as_they_were() {
        let sets = change_sets();
        for (name, checksum) in RELEASED {
            let set = sets.iter().find(|set| set.name() == *name);
            assert_eq!(set.map(super::ChangeSet::checksum).as_deref(), Some(*checksum), "{name}");
        }
    }
}
