//! Context of a client of the library: its logs, and the last thing that went wrong.

use parking_lot::Mutex;
use rdkafka::{ClientContext, config::RDKafkaLogLevel, error::KafkaError, types::RDKafkaErrorCode};
use std::sync::Arc;

/// Logs of a client, and its last error. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientLog {
    last_error: Arc<Mutex<Option<(KafkaError, String)>>>,
}

impl ClientLog {
    /// What went wrong last, for a message.
    pub(crate) fn last_error(&self) -> Option<(KafkaError, String)> {
        self.last_error.lock().clone()
    }
}

impl ClientContext for ClientLog {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        // Whoever publishes and joins reports what fails; the library repeats it for each connection.
        tracing::debug!(?level, facility, message, "kafka client");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "kafka client");
        let mut last = self.last_error.lock();
        let is_telling = |error: &KafkaError| {
            error.rdkafka_error_code() != Some(RDKafkaErrorCode::AllBrokersDown)
        };
        // That all brokers are down follows from what was wrong with each, and says less.
        if last.is_none() || is_telling(&error) {
            *last = Some((error, reason.to_owned()));
        }
    }
}
