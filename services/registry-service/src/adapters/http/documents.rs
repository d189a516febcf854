//! Documents of the whole registry and of its changes, rendered once for all who ask until something changes.

use crate::{
    adapters::wire::{Applications, Detail, Document, Format},
    application::node::RegistryNode,
    domain::registry::Registry,
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use std::{io::Write, sync::Arc};
use tokio::sync::Mutex;

/// Time after which a document is rendered again although nothing changed: it has the times of heartbeats, which change nothing else. In
/// milliseconds.
const AGE_MS_MAX: u64 = 30_000;
/// Instances beyond which a document is rendered beside the tasks that answer others.
const INSTANCES_INLINE_MAX: usize = 200;
/// Version of the whole registry, which clients do not look at.
const WHOLE_VERSION: &str = "1";

/// What a document is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Every instance.
    Whole,
    /// The recent changes.
    Delta,
}

/// Form in which a document is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) extent: Extent,
    pub(super) format: Format,
    pub(super) detail: Detail,
    pub(super) is_gzipped: bool,
}

/// Cache of documents, one of each form.
#[derive(Debug, Default)]
pub(super) struct DocumentCache([Mutex<Option<Rendered>>; 16]);

#[derive(Clone, Debug)]
struct Rendered {
    revision: u64,
    at_ms: u64,
    bytes: Bytes,
}

impl Form {
    fn slot(self) -> usize {
        let bits = [
            self.extent == Extent::Delta,
            self.format == Format::Xml,
            self.detail == Detail::Compact,
            self.is_gzipped,
        ];
        bits.into_iter().fold(0, |slot, bit| 2 * slot + usize::from(bit))
    }

    /// Number that increases when this document changes.
    fn revision(self, node: &RegistryNode) -> u64 {
        node.read(|registry| match self.extent {
            Extent::Whole => registry.changes().sequence(),
            Extent::Delta => registry.changes().revision(),
        })
    }
}

impl DocumentCache {
    /// Document of this form as the registry is now.
    pub(super) async fn document(&self, form: Form, node: &Arc<RegistryNode>) -> Bytes {
        let Some(slot) = self.0.get(form.slot()) else { return Bytes::new() };
        // Who asks while a document is rendered waits for that one.
        let mut slot = slot.lock().await;
        let (revision, now_ms) = (form.revision(node), node.now_ms());
        if let Some(rendered) = &*slot
            && rendered.revision == revision
            && now_ms.saturating_sub(rendered.at_ms) < AGE_MS_MAX
        {
            return rendered.bytes.clone();
        }
        let bytes = if node.read(Registry::len) <= INSTANCES_INLINE_MAX {
            render(form, node)
        } else {
            let node = Arc::clone(node);
            tokio::task::spawn_blocking(move || render(form, &node)).await.unwrap_or_default()
        };
        // The revision was read first: what changed since is rendered again.
        *slot = Some(Rendered { revision, at_ms: now_ms, bytes: bytes.clone() });
        bytes
    }
}

fn render(form: Form, node: &RegistryNode) -> Bytes {
    let applications = node.read(|registry| {
        let hash_code = registry.counts().hash_code();
        match form.extent {
            Extent::Whole => {
                let all = registry.applications().into_iter();
                let apps = all.map(|(app, instances)| (app.to_owned(), instances)).collect();
                Applications { version: WHOLE_VERSION.to_owned(), hash_code, apps }
            }
            Extent::Delta => {
                let version = registry.changes().revision().to_string();
                Applications::grouped(version, hash_code, registry.delta())
            }
        }
    });
    let bytes = form.format.render(&Document::Applications(applications), form.detail);
    if form.is_gzipped { gzip(&bytes) } else { bytes.into() }
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default().into()
}
