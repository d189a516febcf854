//! Conformance of the log engine to the storage ports.

mod ports;

/// Engine under test.
mod engine {
    pub(crate) use engine_log::LogEngine as Engine;
    use engine_log::LogOptions;

    pub(crate) fn options() -> LogOptions {
        LogOptions { disk_reserve_bytes: 0, ..LogOptions::default() }
    }

    /// Segments and caches so small that nearly all is found by runs.
    pub(crate) fn tiny_options() -> LogOptions {
        LogOptions { segment_bytes_max: 512, recent_bytes_max: 0, ..options() }
    }
}
