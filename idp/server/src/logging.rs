//! What is written to standard error, and at which level. A log never holds a secret or an attribute value; libraries,
//! which do not know that rule, are kept to warnings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing::span::Record;
use tracing_subscriber::Layer;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::{DefaultFields, Writer};
use tracing_subscriber::fmt::{FormatFields, FormattedFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Section `[log]`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// `text` for people, `json` for machines: one object a line.
    pub format: LogFormat,
    /// The least severe line written.
    pub level: LogLevel,
}

/// How lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

/// How severe a line must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What needs somebody.
    Error,
    /// What may need somebody.
    Warn,
    /// What happens.
    #[default]
    Info,
    /// What happens, in detail.
    Debug,
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> LevelFilter {
        match level {
            LogLevel::Error => LevelFilter::ERROR,
            LogLevel::Warn => LevelFilter::WARN,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Debug => LevelFilter::DEBUG,
        }
    }
}

/// Fields for people. The last field of a span may be told anew, as the number of a request is when it goes on with an
/// earlier way: what is told last stands alone, as it does in JSON.
#[derive(Default)]
struct Fields(DefaultFields);

impl<'w> FormatFields<'w> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> std::fmt::Result {
        self.0.format_fields(writer, fields)
    }

    fn add_fields(&self, current: &'w mut FormattedFields<Self>, fields: &Record<'_>) -> std::fmt::Result {
        let before = current.fields.rfind(' ').map_or(0, |at| at + 1);
        current.fields.truncate(before);
        self.0.format_fields(current.as_writer(), fields)
    }
}

/// Begins to write. Called once; a second call, as tests make, changes nothing.
pub fn init(config: &LogConfig) {
    let libraries = LevelFilter::from(config.level).min(LevelFilter::WARN);
    let filter = Targets::new().with_default(libraries).with_target("preau", config.level);
    let out = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let layer = match config.format {
        LogFormat::Json => out.json().flatten_event(true).with_filter(filter).boxed(),
        LogFormat::Text => {
            let out = out.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
            out.fmt_fields(Fields::default()).with_filter(filter).boxed()
        }
    };
    let _already = tracing_subscriber::registry().with(layer).try_init();
    // What a panic says may quote what somebody typed; where it happened is what repairs it.
    std::panic::set_hook(Box::new(|info| {
        let at = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(at, "a mistake of ours stopped a task");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_request_that_goes_on_with_a_way_bears_one_number() {
        for ansi in [false, true] {
            let lines = Lines::default();
            let writer = lines.clone();
            let out = tracing_subscriber::fmt().with_ansi(ansi).fmt_fields(Fields::default());
            tracing::subscriber::with_default(out.with_writer(move || writer.clone()).finish(), || {
                let span = tracing::info_span!("request", route = "/x", correlation = %"first");
                span.in_scope(|| tracing::info!("before"));
                span.record("correlation", "second");
                span.in_scope(|| tracing::info!("after"));
            });
            let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
            let (before, after) = text.trim_end().split_once('\n').unwrap();
            assert!(before.contains("first") && before.contains("/x"), "{before}");
            assert!(after.contains("second") && after.contains("/x") && !after.contains("first"), "{after}");
        }
    }
}
