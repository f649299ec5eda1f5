//! A kind of foreign system, and one opened connection to such a system.

use crate::{Directory, PasswordCheck, Preview, Probe, Redirect};
use preau_domain::{Profile, SourceId};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Something wrong in a configuration or a service file: where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Path of the key, such as `sources.annuaire.url`, or file and line.
    pub at: String,
    /// What is wrong and what would be right, in one sentence.
    pub what: String,
}

impl Problem {
    /// A problem at a place.
    pub fn new(at: impl Into<String>, what: impl Into<String>) -> Self {
        Problem { at: at.into(), what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

/// A kind of connector: one entry of the visible list in `connectors/registry`.
pub struct Kind {
    /// The word used in the configuration: `kind = "ldap"`.
    pub name: &'static str,
    /// One sentence for the reference page.
    pub summary: &'static str,
    /// What a source of this kind is called in that example.
    pub called: &'static str,
    /// A complete, commented example of its configuration in TOML, without the table header.
    pub example: &'static str,
    /// The JSON Schema of its configuration.
    pub schema: fn() -> serde_json::Value,
    /// Opens a connector. Touches no network: a system that is down is found out by [`Probe`] and by use.
    pub open: fn(&OpenContext<'_>) -> Result<Connector, Vec<Problem>>,
}

/// The JSON Schema of settings in one piece: it becomes a part of the schema of the whole file.
pub fn schema_of<T: JsonSchema>() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// Profiles by their codes, as a configuration names them; of one that is none, why.
pub fn profiles_of(codes: &[String]) -> Result<Vec<Profile>, String> {
    let known = || Profile::ALL.map(Profile::code).join(", ");
    let read = |code: &String| code.parse().map_err(|()| format!("{code:?} is no profile, which are {}", known()));
    codes.iter().map(read).collect()
}

/// What a connector is opened with.
pub struct OpenContext<'a> {
    /// The name of the source in the configuration.
    pub source: &'a SourceId,
    /// Its table in the configuration, without `kind`.
    pub config: &'a toml::Table,
    /// Folder that relative paths (secrets, certificates) start from.
    pub base: &'a Path,
}

impl OpenContext<'_> {
    /// The table as the settings of a kind of source; the problem names the source, and the key where there is one.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, Vec<Problem>> {
        self.config.clone().try_into().map_err(|error: toml::de::Error| {
            vec![Problem::new(format!("sources.{}", self.source), error.message().trim())]
        })
    }

    /// A path of the configuration, made absolute.
    pub fn path(&self, written: &str) -> PathBuf {
        self.base.join(written)
    }

    /// Place of a key in the configuration, for a [`Problem`].
    pub fn at(&self, key: &str) -> String {
        format!("sources.{}.{key}", self.source)
    }
}

/// An opened connector. What it cannot do is `None`.
#[derive(Clone)]
pub struct Connector {
    /// Hands over people and establishments.
    pub directory: Option<Arc<dyn Directory>>,
    /// Checks a password.
    pub password: Option<Arc<dyn PasswordCheck>>,
    /// Signs people in elsewhere.
    pub redirect: Option<Arc<dyn Redirect>>,
    /// Shows how it understands its files.
    pub preview: Option<Arc<dyn Preview>>,
    /// Says whether the system answers, for `preau doctor` and `/readyz`.
    pub probe: Arc<dyn Probe>,
}
