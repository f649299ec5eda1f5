//! What `preau sp add` is told.

use clap::Args;
use std::path::PathBuf;

/// `preau sp add`.
#[derive(Debug, Args)]
pub struct SpAddArgs {
    /// A file, an https address, or `federation:` and the entity id of a service of a configured federation.
    pub metadata: String,
    /// Name of the instance file; from the address of the service unless said otherwise.
    #[arg(long)]
    pub id: Option<String>,
    /// What people call it; as its metadata say unless said otherwise.
    #[arg(long)]
    pub title: Option<String>,
    /// Which entity, when the metadata hold several.
    #[arg(long, value_name = "ENTITY_ID")]
    pub entity: Option<String>,
    /// Who may open it: profiles such as `National_ENS`, establishments by their number, or `PROFILE@NUMBER`; everyone of an
    /// establishment unless said otherwise.
    #[arg(long = "for", value_name = "WHO")]
    pub whom: Vec<String>,
    /// Attributes to release, by their names in the product `saml-application`; those the metadata ask for unless said
    /// otherwise.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub release: Option<Vec<String>>,
    /// Certificate (PEM) of whoever signs the metadata: they are believed only then.
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,
    /// Whether assertions are encrypted: `always`, `never`, or `auto`, where the metadata hold a key for it; `auto` unless
    /// said otherwise.
    #[arg(long, value_name = "WHEN", value_parser = crate::commands::sp::encrypt)]
    pub encrypt: Option<String>,
    /// It lives on a private network, and may go without TLS.
    #[arg(long)]
    pub private: bool,
    /// Say what would be done, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
}
