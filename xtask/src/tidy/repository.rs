//! Repository snapshot: all its text files, read once, so that each rule is a function over them.

use super::manifest::Manifest;
use super::rust_source::RustSource;
use crate::Outcome;
use std::fs;
use std::path::Path;

/// Larger files are data, not text that people wrote.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Folders that are not the repository's own text. The fixtures break the rules on purpose.
const EXCLUDED: &[&str] = &[".git", "target", "node_modules", "xtask/fixtures"];

/// The standard output of a cargo command, or why there is none.
pub(crate) type Cargo = fn(&Path, &[&str]) -> Outcome<String>;

/// The input of the rules.
pub(crate) struct Repository {
    root: std::path::PathBuf,
    cargo: Cargo,
    /// Every file, by path relative to the root.
    pub(crate) files: Vec<TextFile>,
    /// Every Rust file, tokenised.
    pub(crate) sources: Vec<RustSource>,
    /// Every `Cargo.toml` that describes a package.
    pub(crate) manifests: Vec<Manifest>,
}

/// A text file and its path.
pub(crate) struct TextFile {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Repository {
    /// Reads what lies under `root`; `cargo` answers questions about the dependency graph.
    pub(crate) fn read(root: &Path, cargo: Cargo) -> Outcome<Self> {
        let ignored = top_level_ignores(root);
        let mut files = Vec::new();
        collect(root, "", &ignored, &mut files)?;
        files.sort_by(|left, right| left.path.cmp(&right.path));
        let sources = files
            .iter()
            .filter(|file| has_extension(&file.path, "rs"))
            .map(RustSource::read)
            .collect();
        let manifests = files.iter().filter_map(Manifest::read).collect::<Result<_, _>>()?;
        Ok(Self { root: root.to_owned(), cargo, files, sources, manifests })
    }

    /// The text of the file at `path`, if there is one.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// Whether `path` is a file or a folder on disk.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    /// Asks cargo about the workspace.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Outcome<String> {
        (self.cargo)(&self.root, arguments)
    }

    /// The folders at the root that hold something, without the hidden ones.
    pub(crate) fn top_level_folders(&self) -> Vec<&str> {
        let mut folders: Vec<_> = self
            .files
            .iter()
            .filter_map(|file| file.path.split_once('/'))
            .map(|(folder, _)| folder)
            .filter(|folder| !folder.starts_with('.'))
            .collect();
        folders.dedup();
        folders
    }

    /// The manifests of the crates directly under `folder`, such as `services`.
    pub(crate) fn crates_in<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a Manifest> {
        self.manifests.iter().filter(move |manifest| {
            manifest.folder.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        })
    }
}

/// Whether the file name ends in `.extension`.
pub(crate) fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

/// The `/name` lines of `.gitignore`: build output at the root.
fn top_level_ignores(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.strip_prefix('/'))
        .map(|name| name.trim_end_matches('/').to_owned())
        .collect()
}

fn collect(
    folder: &Path,
    prefix: &str,
    ignored: &[String],
    files: &mut Vec<TextFile>,
) -> Outcome<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        let kind = entry.file_type()?;
        if EXCLUDED.contains(&name.as_str())
            || EXCLUDED.contains(&path.as_str())
            || ignored.contains(&path)
        {
            continue;
        }
        if kind.is_dir() {
            collect(&entry.path(), &path, ignored, files)?;
        } else if kind.is_file() && entry.metadata()?.len() <= FILE_BYTES_MAX {
            // What is not UTF-8 is a picture or an archive: nothing to read.
            if let Ok(text) = String::from_utf8(fs::read(entry.path())?) {
                files.push(TextFile { path, text });
            }
        }
    }
    Ok(())
}
