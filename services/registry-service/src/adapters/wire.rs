//! Wire formats of the protocol: JSON and XML as the readers of Java clients expect them, and a lenient reader of both.

pub(crate) mod batch;
mod instance_reader;
mod json;
mod json_value;
mod xml;
mod xml_reader;

pub(crate) use instance_reader::{
    InvalidInstance, check_metadata, read_applications, read_instance,
};

use crate::domain::{instance::LeasedInstance, status::StatusCounts};
use std::collections::BTreeMap;

/// Format of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Xml,
}

/// How much a document says of each instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    Full,
    /// What a client needs to call it.
    Compact,
}

/// Version of a list of instances that was made for one name.
pub(crate) const NO_VERSION: &str = "-1";

/// Document of the protocol.
#[derive(Clone, Debug)]
pub(crate) enum Document {
    Applications(Applications),
    Application { name: String, instances: Vec<LeasedInstance> },
    Instance(LeasedInstance),
}

/// List of applications with their instances.
#[derive(Clone, Debug)]
pub(crate) struct Applications {
    pub(crate) version: String,
    /// Hash of the whole registry, also where this is a part of it.
    pub(crate) hash_code: String,
    pub(crate) apps: Vec<(String, Vec<LeasedInstance>)>,
}

impl Applications {
    /// These instances by application, in the order of their first instances.
    pub(crate) fn grouped(
        version: String,
        hash_code: String,
        instances: Vec<LeasedInstance>,
    ) -> Self {
        let mut positions = BTreeMap::new();
        let mut apps: Vec<(String, Vec<LeasedInstance>)> = Vec::new();
        for leased in instances {
            let app = leased.instance.app.clone();
            let position = *positions.entry(app.clone()).or_insert(apps.len());
            match apps.get_mut(position) {
                Some((_, instances)) => instances.push(leased),
                None => apps.push((app, vec![leased])),
            }
        }
        Self { version, hash_code, apps }
    }

    /// List of instances that were looked up by a name.
    pub(crate) fn looked_up(instances: Vec<LeasedInstance>) -> Self {
        let statuses = instances.iter().map(|leased| leased.instance.status);
        let hash_code = statuses.collect::<StatusCounts>().hash_code();
        Self::grouped(NO_VERSION.to_owned(), hash_code, instances)
    }
}

/// Whether these bytes are a document in XML.
#[cfg(feature = "fuzzing")]
pub(crate) fn is_xml(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| xml_reader::parse(text).is_some())
}

impl Format {
    /// Format that an `Accept` header asks for.
    pub(crate) fn accepted(accept: &str) -> Self {
        if accept.contains("json") { Self::Json } else { Self::Xml }
    }

    /// Format of a document by its first sign. Netflix's client says that its XML is JSON, so that no header decides.
    pub(crate) fn of_body(body: &[u8]) -> Self {
        if body.trim_ascii_start().first() == Some(&b'<') { Self::Xml } else { Self::Json }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Xml => "application/xml",
        }
    }

    pub(crate) fn render(self, document: &Document, detail: Detail) -> Vec<u8> {
        match self {
            Self::Json => json::render(document, detail),
            Self::Xml => xml::render(document, detail),
        }
    }
}
