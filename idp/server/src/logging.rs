//! What is written to standard error, and at which level. A log never holds a secret or an attribute value; libraries,
//! which do not know that rule, are kept to warnings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
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

/// Begins to write. Called once; a second call, as tests make, changes nothing.
pub fn init(config: &LogConfig) {
    let libraries = LevelFilter::from(config.level).min(LevelFilter::WARN);
    let filter = Targets::new().with_default(libraries).with_target("preau", config.level);
    let out = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let layer = match config.format {
        LogFormat::Json => out.json().flatten_event(true).with_filter(filter).boxed(),
        LogFormat::Text => {
            out.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).with_filter(filter).boxed()
        }
    };
    let _already = tracing_subscriber::registry().with(layer).try_init();
    // What a panic says may quote what somebody typed; where it happened is what repairs it.
    std::panic::set_hook(Box::new(|info| {
        let at = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(at, "a mistake of ours stopped a task");
    }));
}
