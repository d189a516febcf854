//! Library of pictures: files by digest, and their renditions in the widths and encodings that pages ask for.
//!
//! A file that is stored has been decoded once, so that everything in the library can be shown. Decoding and encoding run
//! on threads that may block, a few at a time; who comes when the queue is full is refused.

use super::renditions::{RenditionCache, RenditionName};
use crate::domain::events::StoredPicture;
use bytes::Bytes;
use contracts::product::PICTURE_WIDTHS;
use images::{DecodeLimits, Encoding, ImageError};
use journal::ServiceStorage;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::sync::Arc;
use storage::{Blobs, Collection, Document, Documents, StorageError, Write, durability};
use tokio::sync::Semaphore;

/// Folder of the files.
const FOLDER: &str = "media";
/// What is known about each file, by digest.
static PICTURES: Collection = Collection { name: "media", indexes: &[] };
/// Decodings at the same time, and at most half as many as there are cores: what shoppers ask for must not take all of
/// them. Each may take four bytes for every pixel of the largest picture.
const DECODINGS_MAX: usize = 4;
/// Requests that wait for a decoding.
const WAITING_MAX: usize = 64;

/// Library of pictures.
#[derive(Debug)]
pub(crate) struct PictureLibrary {
    blobs: Arc<dyn Blobs>,
    documents: Arc<dyn Documents>,
    limits: DecodeLimits,
    /// Places of requests that decode or wait for it.
    queue: Arc<Semaphore>,
    decodings: Arc<Semaphore>,
    renditions: RenditionCache,
}

/// Reason why a picture cannot be stored or shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PictureError {
    /// File that is no picture, or beyond a limit.
    #[error(transparent)]
    Unusable(#[from] ImageError),
    /// Queue of decodings that is full.
    #[error("too many pictures are being worked on; try again shortly")]
    Overloaded,
    /// Failure of the storage.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Failure of an encoder, or of the thread that ran it.
    #[error("the picture could not be worked on")]
    Failed,
}

impl PictureLibrary {
    pub(crate) fn new(
        storage: &ServiceStorage,
        limits: DecodeLimits,
        rendition_bytes_max: u64,
    ) -> Self {
        let blobs = Arc::clone(&storage.blobs);
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            renditions: RenditionCache::new(Arc::clone(&blobs), rendition_bytes_max),
            blobs,
            documents: Arc::clone(&storage.documents),
            limits,
            queue: Arc::new(Semaphore::new(WAITING_MAX)),
            decodings: Arc::new(Semaphore::new((cores / 2).clamp(1, DECODINGS_MAX))),
        }
    }

    /// Stores a file, unless the library has it. The file is durable first, then what is known about it.
    pub(crate) async fn store(&self, file: Bytes) -> Result<StoredPicture, PictureError> {
        if file.len() > self.limits.bytes_max {
            return Err(ImageError::TooManyBytes { max: self.limits.bytes_max }.into());
        }
        let hashed = file.clone();
        let digest = self.compute(move || Ok(hexadecimal(&Sha256::digest(&hashed)))).await?;
        if let Some(known) = self.picture(&digest).await? {
            return Ok(known);
        }
        let (decoded, limits) = (file.clone(), self.limits);
        let picture = self
            .compute(move || {
                let raster = images::decode(&decoded, &limits)?;
                Ok(StoredPicture {
                    digest,
                    width: raster.width(),
                    height: raster.height(),
                    transparent: raster.channels() == 4,
                })
            })
            .await?;
        self.blobs.put(FOLDER, &picture.digest, file).await?;
        let body = serde_json::to_vec(&picture).expect("a struct of plain fields is always JSON");
        let document =
            Document { key: picture.digest.clone(), body: body.into(), fields: Vec::new() };
        let write = Write::Put { collection: &PICTURES, document };
        durability::depend_on(&self.documents.write(vec![write]).await?);
        Ok(picture)
    }

    /// Picture with this digest.
    pub(crate) async fn picture(
        &self,
        digest: &str,
    ) -> Result<Option<StoredPicture>, StorageError> {
        let Some(stored) = self.documents.find(&PICTURES, digest).await? else { return Ok(None) };
        let picture = serde_json::from_slice(&stored.body);
        picture.map(Some).map_err(|error| StorageError::Corrupt(error.to_string()))
    }

    /// Rendition of a picture at one of its widths; `None` where there is no such picture or width.
    pub(crate) async fn rendition(
        &self,
        digest: &str,
        width: u32,
        encoding: Encoding,
    ) -> Result<Option<Bytes>, PictureError> {
        let name = RenditionName::new(digest, width, encoding);
        if let Some(rendition) = self.renditions.get(&name).await? {
            return Ok(Some(rendition));
        }
        let Some(picture) = self.picture(digest).await? else { return Ok(None) };
        if !picture.widths().any(|it| it == width) || !picture.encodings().contains(&encoding) {
            return Ok(None);
        }
        let Some(file) = self.blobs.blob(FOLDER, digest).await? else { return Ok(None) };
        let limits = self.limits;
        let rendition: Bytes = self
            .compute(move || {
                let raster = images::decode(&file, &limits)?.reduced_to_width(width);
                images::encode(&raster, encoding).map_err(|error| {
                    tracing::error!(%error, "a picture could not be encoded");
                    PictureError::Failed
                })
            })
            .await?
            .into();
        self.renditions.put(&name, rendition.clone()).await?;
        Ok(Some(rendition))
    }

    /// Runs a computation on a thread that may block, when it is its turn.
    async fn compute<T: Send + 'static>(
        &self,
        run: impl FnOnce() -> Result<T, PictureError> + Send + 'static,
    ) -> Result<T, PictureError> {
        let place = Arc::clone(&self.queue).try_acquire_owned();
        let place = place.map_err(|_| PictureError::Overloaded)?;
        let turn = Arc::clone(&self.decodings).acquire_owned().await;
        let turn = turn.map_err(|_| PictureError::Overloaded)?;
        let run = move || {
            // Both belong to the computation: it goes on when the request has been given up.
            let _permits = (place, turn);
            run()
        };
        tokio::task::spawn_blocking(run).await.unwrap_or_else(|error| {
            tracing::error!(%error, "working on a picture ended early");
            Err(PictureError::Failed)
        })
    }
}

impl StoredPicture {
    /// Widths that the picture is served in: those of the list that are smaller than it, and its own up to the largest.
    pub(crate) fn widths(&self) -> impl Iterator<Item = u32> {
        let largest = self.largest_width();
        let smaller = PICTURE_WIDTHS.into_iter().filter(move |width| *width < largest);
        smaller.chain([largest])
    }

    /// Largest width that the picture is served in.
    pub(crate) fn largest_width(&self) -> u32 {
        let listed = PICTURE_WIDTHS.into_iter().max().unwrap_or(u32::MAX);
        self.width.min(listed)
    }

    /// Height of the picture at a width.
    pub(crate) fn height_at(&self, width: u32) -> u32 {
        let (whole, width) = (u64::from(self.width.max(1)), u64::from(width));
        let height = (u64::from(self.height) * width + whole / 2) / whole;
        u32::try_from(height).map_or(self.height, |height| height.max(1))
    }

    /// Encodings that the picture is served in.
    fn encodings(&self) -> [Encoding; 2] {
        [Encoding::WebP, self.fallback()]
    }

    /// Encoding for browsers without `WebP`.
    pub(crate) fn fallback(&self) -> Encoding {
        if self.transparent { Encoding::Png } else { Encoding::Jpeg }
    }

    /// Path of a rendition on the shop edge.
    pub(crate) fn path(&self, width: u32, encoding: Encoding) -> String {
        format!("/media/{}/{width}.{}", self.digest, encoding.extension())
    }

    /// Path of the largest rendition that every browser can show.
    pub(crate) fn largest_path(&self) -> String {
        self.path(self.largest_width(), self.fallback())
    }
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(digest.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine_memory::MemoryEngine;

    #[test]
    fn a_request_that_was_given_up_keeps_its_place_until_the_computation_ends() {
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build();
        runtime.unwrap().block_on(async {
            let storage = MemoryEngine::new().service("product-service");
            let library = PictureLibrary::new(&storage, DecodeLimits::default(), 0);
            let (release, held) = std::sync::mpsc::channel::<()>();
            let thread = tokio::task::spawn_blocking(move || held.recv());
            tokio::select! {
                biased;
                _ = library.compute(|| Ok(())) => panic!("the only thread is held"),
                () = std::future::ready(()) => {}
            }
            assert_eq!(library.queue.available_permits(), WAITING_MAX - 1);
            drop(release);
            assert!(thread.await.unwrap().is_err());
            let _all = library.queue.acquire_many(64).await.unwrap();
        });
    }
}
