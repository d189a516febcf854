//! Structured logs to standard error, as text or as JSON lines.

use crate::TraceContext;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::{
    Layer,
    filter::{ParseError, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Format of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Text, for people.
    #[default]
    Text,
    /// JSON lines: one object a line, for machines.
    Json,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(format!("there is no log format {other:?}; write text or json")),
        }
    }
}

/// Reasons why logging could not be initialised.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Filter that is not of the form expected.
    #[error(
        "the log filter {filter:?} is wrong ({cause}); write levels such as info or info,web=debug"
    )]
    Filter {
        /// Filter as written.
        filter: String,
        /// Error of the filter's parser.
        cause: String,
    },
    /// Second initialisation in one process.
    #[error("the log of this process is initialised already")]
    AlreadyInitialised,
}

/// Initialises the log of this process. `filter` is a level, or levels by crate, such as `info,web=debug` (the syntax of
/// `tracing_subscriber::filter::Targets`).
///
/// # Errors
///
/// See [`LogError`].
pub fn init(format: LogFormat, filter: &str) -> Result<(), LogError> {
    let layer = layer(format, filter, std::io::stderr)?;
    tracing_subscriber::registry().with(layer).try_init().map_err(|_| LogError::AlreadyInitialised)
}

/// Span of one request: every line logged within it names the service, the trace and the request.
pub fn request_span(service: &'static str, trace: TraceContext, request_id: &str) -> tracing::Span {
    tracing::info_span!("request", service, trace_id = %trace.trace_id, request_id)
}

fn layer<S, W>(
    format: LogFormat,
    filter: &str,
    writer: W,
) -> Result<Box<dyn Layer<S> + Send + Sync>, LogError>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter: Targets = filter.parse().map_err(|error: ParseError| LogError::Filter {
        filter: filter.to_owned(),
        cause: error.to_string(),
    })?;
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    Ok(match format {
        LogFormat::Text => layer.with_ansi(false).with_filter(filter).boxed(),
        // All spans, not only the innermost: the outermost has the request's fields.
        LogFormat::Json => {
            layer.json().flatten_event(true).with_current_span(false).with_filter(filter).boxed()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use serde_json::Value;
    use std::io;
    use std::sync::Arc;

    #[derive(Clone, Debug, Default)]
    struct LogBuffer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for LogBuffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, filter: &str, work: impl FnOnce()) -> String {
        let lines = LogBuffer::default();
        let writer = lines.clone();
        let layer = layer(format, filter, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
        let text = lines.0.lock().clone();
        String::from_utf8(text).unwrap()
    }

    fn work() {
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let span = request_span("order-service", TraceContext::parse(trace).unwrap(), "r-1");
        let _request = span.enter();
        let _inner = tracing::info_span!("inner").entered();
        tracing::info!(lines = 3, "placed");
        tracing::debug!("unheard");
    }

    #[test]
    fn every_line_of_a_request_names_service_trace_and_request() {
        let text = logged(LogFormat::Json, "info", work);
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&line["message"], &line["lines"]), (&"placed".into(), &3.into()));
        let request = &line["spans"][0];
        assert_eq!(request["service"], "order-service");
        assert_eq!(request["trace_id"], "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(request["request_id"], "r-1");

        let text = logged(LogFormat::Text, "info", work);
        for word in ["INFO", "order-service", "0af7651916cd43dd8448eb211c80319c", "r-1", "placed"] {
            assert!(text.contains(word), "{word} is missing in {text}");
        }
        assert_eq!(text.lines().count(), 1);
    }

    #[test]
    fn the_filter_selects_lines_and_a_wrong_one_is_refused() {
        assert_eq!(logged(LogFormat::Text, "warn", work), "");
        assert_eq!(logged(LogFormat::Text, "info,telemetry=debug", work).lines().count(), 2);
        let refused = init(LogFormat::Text, "loud=very=much").unwrap_err().to_string();
        assert!(refused.contains("loud=very=much"), "{refused}");
    }
}
