//! What an ENT offers (the services that frames and projects of ENT name), and which products of the catalogue fill it.

use serde::Deserialize;
use std::sync::OnceLock;

/// Something an ENT offers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// What it is called, in French.
    pub fr: String,
    /// In English.
    pub en: String,
    /// The products that fill it, the one to begin with first.
    #[serde(default)]
    pub connectors: Vec<String>,
    /// What there is to say, such as why no product fills it.
    #[serde(default)]
    pub note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    need: Vec<Need>,
}

/// Every one of them, in the order of the file.
pub fn needs() -> &'static [Need] {
    static NEEDS: OnceLock<Vec<Need>> = OnceLock::new();
    NEEDS.get_or_init(|| {
        let read: Result<File, _> = toml::from_str(include_str!("../needs.toml"));
        // A test reads the same file: one that cannot be read is never released.
        debug_assert!(read.is_ok(), "{:?}", read.as_ref().err());
        read.map(|file| file.need).unwrap_or_default()
    })
}
