//! Way in for fuzz targets: the readers of what clients and peers send.

use crate::{
    adapters::wire::{Detail, Document, Format, batch, is_xml, read_instance},
    domain::instance::{LeaseTimes, LeasedInstance},
};
use std::sync::Arc;

/// Lease of an instance that names none, in seconds.
const LEASE_SECONDS: u32 = 90;

/// Instance that was accepted, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenInstance {
    /// Application that it named.
    pub app: String,
    /// Its document in JSON.
    pub json: Vec<u8>,
    /// Whether its document in XML is XML.
    pub is_xml: bool,
}

/// Instance in a document of either format, for the application that it names; `None` if it is refused.
pub fn instance(bytes: &[u8], app: &str) -> Option<WrittenInstance> {
    let format = Format::of_body(bytes);
    let instance = read_instance(bytes, format, app, LEASE_SECONDS).ok()?;
    let app = instance.app.clone();
    let times = LeaseTimes::default();
    let document = Document::Instance(LeasedInstance { instance: Arc::new(instance), times });
    let json = Format::Json.render(&document, Detail::Full);
    let is_xml = is_xml(&Format::Xml.render(&document, Detail::Full));
    Some(WrittenInstance { app, json, is_xml })
}

/// Batch of changes, written again without those that cannot be read; `None` if it is refused as a whole.
pub fn replication_batch(bytes: &[u8]) -> Option<Vec<u8>> {
    let changes = batch::read_batch(bytes, LEASE_SECONDS)?;
    Some(batch::write_batch(changes.iter().flatten()))
}
