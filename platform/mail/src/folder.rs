//! Folder of messages: each is a file `<id>.eml`, which every mail program opens, and another program may send and delete.

use crate::{MailError, MailMessage, Mailer};
use async_trait::async_trait;
use kernel::Uuid;
use parking_lot::Mutex;
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Most files in the folder; beyond it no message is delivered until some are deleted.
pub const FILES_MAX: usize = 10_000;

/// Delivery into a folder. Only the user of the process can read it: messages are personal, and their links are secrets.
#[derive(Clone, Debug)]
pub struct MailFolder {
    folder: Arc<Path>,
    files_max: usize,
    /// Number of files, at least as many as there are: others delete some. The lock makes deliveries wait for each other.
    files: Arc<Mutex<usize>>,
}

impl MailFolder {
    /// Opens a folder, which is made if there is none.
    ///
    /// # Errors
    ///
    /// [`MailError::Unavailable`] if it cannot be made or read.
    pub fn open(folder: &Path) -> Result<Self, MailError> {
        Self::with_files_max(folder, FILES_MAX)
    }

    fn with_files_max(folder: &Path, files_max: usize) -> Result<Self, MailError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| failed(folder, &error))?;
        let files = count(folder)?;
        Ok(Self { folder: folder.into(), files_max, files: Arc::new(Mutex::new(files)) })
    }

    /// Writes a message under its final name at once: whoever watches the folder never sees a part of it.
    fn write(&self, message: &MailMessage) -> Result<(), MailError> {
        let bytes = message.to_bytes()?;
        let [path, unfinished] = ["eml", "unfinished"].map(|kind| self.path(message, kind));
        let mut files = self.files.lock();
        if path.exists() {
            return Ok(());
        }
        if *files >= self.files_max {
            *files = count(&self.folder)?;
        }
        if *files >= self.files_max {
            let reason = format!("{} has {} files", self.folder.display(), self.files_max);
            return Err(MailError::Unavailable(reason));
        }
        let named = |error| failed(&unfinished, &error);
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished);
        let mut file = file.map_err(named)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(named)?;
        fs::rename(&unfinished, &path).map_err(named)?;
        *files += 1;
        let folder = File::open(&self.folder).and_then(|folder| folder.sync_all());
        folder.map_err(|error| failed(&self.folder, &error))
    }

    /// Deletes a message, if it is there.
    fn delete(&self, id: Uuid) -> Result<(), MailError> {
        let path = self.folder.join(format!("{id}.eml"));
        let mut files = self.files.lock();
        match fs::remove_file(&path) {
            Ok(()) => *files = files.saturating_sub(1),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(&path, &error)),
        }
        let folder = File::open(&self.folder).and_then(|folder| folder.sync_all());
        folder.map_err(|error| failed(&self.folder, &error))
    }

    fn path(&self, message: &MailMessage, kind: &str) -> PathBuf {
        self.folder.join(format!("{}.{kind}", message.id))
    }
}

#[async_trait]
impl Mailer for MailFolder {
    async fn send(&self, message: &MailMessage) -> Result<(), MailError> {
        let (folder, message) = (self.clone(), message.clone());
        let written = tokio::task::spawn_blocking(move || folder.write(&message)).await;
        written.unwrap_or_else(|error| Err(MailError::Unavailable(error.to_string())))
    }

    async fn remove(&self, id: Uuid) -> Result<(), MailError> {
        let folder = self.clone();
        let deleted = tokio::task::spawn_blocking(move || folder.delete(id)).await;
        deleted.unwrap_or_else(|error| Err(MailError::Unavailable(error.to_string())))
    }
}

fn count(folder: &Path) -> Result<usize, MailError> {
    Ok(fs::read_dir(folder).map_err(|error| failed(folder, &error))?.count())
}

fn failed(path: &Path, error: &std::io::Error) -> MailError {
    let reason = match error.kind() {
        ErrorKind::StorageFull => "the disk is full".to_owned(),
        _ => error.to_string(),
    };
    MailError::Unavailable(format!("{}: {reason}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Timestamp;
    use std::os::unix::fs::PermissionsExt;

    fn message(id: u128, text: &str) -> MailMessage {
        MailMessage {
            id: Uuid::from_u128(id),
            date: Timestamp::UNIX_EPOCH,
            from: "shop@example.com".to_owned(),
            from_name: "Shop".to_owned(),
            to: "ada@example.com".to_owned(),
            subject: "Hello".to_owned(),
            text: text.to_owned(),
            html: String::new(),
            link: None,
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name().into_string());
        names.map(Result::unwrap).collect()
    }

    #[tokio::test]
    async fn a_message_is_delivered_once_however_often_it_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mail");
        let mailer = MailFolder::open(&path).unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let mailer = mailer.clone();
            tasks.spawn(async move { mailer.send(&message(1, "the first")).await });
        }
        for sent in tasks.join_all().await {
            sent.unwrap();
        }
        let reopened = MailFolder::open(&path).unwrap();
        reopened.send(&message(1, "another text")).await.unwrap();
        assert_eq!(names(&path), ["00000000-0000-0000-0000-000000000001.eml"]);
        let file = path.join(&names(&path)[0]);
        assert!(fs::read_to_string(&file).unwrap().contains("the first"));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&file)), (0o700, 0o600));
    }

    #[tokio::test]
    async fn what_a_crash_left_behind_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mailer = MailFolder::open(folder.path()).unwrap();
        let unfinished = mailer.path(&message(1, ""), "unfinished");
        fs::write(&unfinished, "x".repeat(5_000)).unwrap();
        mailer.send(&message(1, "whole")).await.unwrap();
        assert_eq!(names(folder.path()), ["00000000-0000-0000-0000-000000000001.eml"]);
        let file = folder.path().join(&names(folder.path())[0]);
        assert!(!fs::read_to_string(file).unwrap().contains("xx"));
    }

    #[tokio::test]
    async fn a_full_folder_takes_nothing_until_somebody_deletes_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let mailer = MailFolder::with_files_max(folder.path(), 2).unwrap();
        for id in [1, 2] {
            mailer.send(&message(id, "")).await.unwrap();
        }
        let refused = mailer.send(&message(3, "")).await;
        assert!(matches!(refused, Err(MailError::Unavailable(_))));
        mailer.send(&message(2, "")).await.unwrap();
        fs::remove_file(mailer.path(&message(1, ""), "eml")).unwrap();
        mailer.send(&message(3, "")).await.unwrap();
        assert_eq!(names(folder.path()).len(), 2);
    }

    #[tokio::test]
    async fn a_message_is_removed_and_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let mailer = MailFolder::with_files_max(folder.path(), 1).unwrap();
        mailer.send(&message(1, "")).await.unwrap();
        mailer.remove(Uuid::from_u128(2)).await.unwrap();
        assert_eq!(names(folder.path()).len(), 1, "one that is not there is no error");
        for _ in 0..2 {
            mailer.remove(Uuid::from_u128(1)).await.unwrap();
        }
        assert!(names(folder.path()).is_empty());
        mailer.send(&message(3, "")).await.unwrap();
    }

    #[tokio::test]
    async fn a_message_without_a_valid_form_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mailer = MailFolder::open(folder.path()).unwrap();
        let sent = mailer.send(&MailMessage { to: "nobody".to_owned(), ..message(1, "") }).await;
        assert!(matches!(sent, Err(MailError::Invalid(_))));
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_path_that_is_no_folder_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(MailFolder::open(file.path()), Err(MailError::Unavailable(_))));
    }
}
