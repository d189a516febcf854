//! What Java clients and peers send to the registry.

use registry_service::fuzzing::{instance, replication_batch};

/// Application that the seeds name.
const APP: &str = "ORDERS";

/// An instance that is accepted names its application, and is the same when what was written of it is read; and in XML it is XML.
pub fn registry_instance(bytes: &[u8]) {
    let Some(written) = instance(bytes, APP) else { return };
    assert!(written.app.eq_ignore_ascii_case(APP));
    assert!(written.is_xml);
    assert_eq!(instance(&written.json, APP), Some(written));
}

/// A batch that is accepted is the same when what was written of it is read.
pub fn registry_batch(bytes: &[u8]) {
    let Some(written) = replication_batch(bytes) else { return };
    assert_eq!(replication_batch(&written), Some(written));
}
