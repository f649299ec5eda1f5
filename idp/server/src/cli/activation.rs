//! What `preau activation` is told.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `preau activation`.
#[derive(Debug, Subcommand)]
pub enum ActivationCommand {
    /// Make activation codes for people of an establishment, in place of those they had, and print them on sheets to cut out.
    Sheets(SheetsArgs),
    /// Make one code for one person, in place of the one they had, and show it this once.
    Code(CodeArgs),
}

/// `preau activation sheets`.
#[derive(Debug, Args)]
pub struct SheetsArgs {
    /// National number of the establishment.
    #[arg(long, value_name = "UAI")]
    pub establishment: String,
    /// Code of a class; repeat it for several. Without one, everybody of the establishment.
    #[arg(long, value_name = "CODE")]
    pub class: Vec<String>,
    /// For whom: `pupil`, `guardian` or `staff`; repeat it for several. Who signs in elsewhere is on no sheet.
    #[arg(long, value_name = "PUBLIC", default_values_t = ["pupil".to_owned(), "guardian".to_owned()])]
    pub public: Vec<String>,
    /// Where the document is written; it holds secrets, and is readable by its owner alone.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Days the codes are good for.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=365))]
    pub days: u16,
    /// Also for those who have a password or a code already: the code is taken back, the password stays good until the new code is used.
    #[arg(long)]
    pub again: bool,
}

/// `preau activation code`.
#[derive(Debug, Args)]
pub struct CodeArgs {
    /// Login or id of the person, or the source and key of their record.
    #[arg(value_name = "LOGIN_OR_ID")]
    pub person: String,
    /// Days the code is good for.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=365))]
    pub days: u16,
}
