//! Context of a client of the library: its logs, and the last thing that went wrong.

use kernel::one_line;
use parking_lot::Mutex;
use rdkafka::{ClientContext, config::RDKafkaLogLevel, error::KafkaError, types::RDKafkaErrorCode};
use std::sync::Arc;

/// Logs of a client, and its last error. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientLog {
    last_error: Arc<Mutex<Option<(KafkaError, String)>>>,
    hint: Arc<Mutex<Option<String>>>,
}

impl ClientLog {
    /// What went wrong last, for a message.
    pub(crate) fn last_error(&self) -> Option<(KafkaError, String)> {
        self.last_error.lock().clone()
    }

    /// What the library supposes to be wrong about how a broker is spoken to.
    pub(crate) fn hint(&self) -> Option<String> {
        self.hint.lock().clone()
    }
}

impl ClientContext for ClientLog {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        // Whoever publishes and joins reports what fails; the library repeats it for each connection.
        tracing::debug!(?level, facility, message, "kafka client");
        if let Some(hint) = hint_in(message) {
            *self.hint.lock() = Some(hint);
        }
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

/// Words with which the library supposes something about a connection that was closed.
const HINTS: [&str; 3] =
    ["broker might require ", "might be caused by ", "verify that security.protocol"];

/// What a message of the library supposes, without where and when.
fn hint_in(message: &str) -> Option<String> {
    let begin = HINTS.iter().find_map(|words| message.find(words))?;
    let hint = message.get(begin..)?;
    // The times of the connection follow in brackets.
    let hint = hint.split(" (after ").next().unwrap_or(hint);
    Some(one_line(hint.trim_end_matches(['.', ':'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_library_supposes_is_found_in_its_log() {
        let message = "[thrd:127.0.0.1:1/bootstrap]: 127.0.0.1:1/bootstrap: Disconnected: verify that \
            security.protocol is correctly configured, broker might require SASL authentication \
            (after 302ms in state UP)";
        assert_eq!(hint_in(message).as_deref(), Some("broker might require SASL authentication"));
        assert_eq!(hint_in("[thrd:app]: Selected provider"), None);
    }
}
