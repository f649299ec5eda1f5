//! `preau inspections`.

use clap::{Args, Subcommand};
use preau_domain::{Inspection, Uai};

/// `preau inspections …`.
#[derive(Debug, Subcommand)]
pub enum InspectionsCommand {
    /// Let an inspector look at the space of one teacher in one service, as a visitor, for some days. The teacher is told, and reads the
    /// reason.
    Grant(GrantInspectionArgs),
    /// End one before its time.
    End {
        /// Its name, as `preau inspections list` gives it.
        id: String,
    },
    /// List those of an establishment that hold, or that ended within thirteen months.
    List(InspectionsOfArgs),
}

/// `preau inspections grant`.
#[derive(Debug, Args)]
pub struct GrantInspectionArgs {
    /// Who looks: login or id of somebody of the academy.
    #[arg(long, value_name = "LOGIN_OR_ID")]
    pub inspector: String,
    /// At whose space: login or id of a teacher.
    #[arg(long, value_name = "LOGIN_OR_ID")]
    pub teacher: String,
    /// Where that teacher teaches.
    #[arg(long, value_name = "UAI")]
    pub establishment: Uai,
    /// In which service.
    #[arg(long, value_name = "ID")]
    pub service: String,
    /// Why: a sentence, which the teacher reads.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// For how many days from now on.
    #[arg(long, value_name = "NUMBER", default_value_t = Inspection::USUAL_DAYS, value_parser = clap::value_parser!(i64).range(1..=Inspection::MOST_DAYS))]
    pub days: i64,
}

/// `preau inspections list`.
#[derive(Debug, Args)]
pub struct InspectionsOfArgs {
    /// Of which establishment.
    #[arg(long, value_name = "UAI")]
    pub establishment: Uai,
    /// For scripts.
    #[arg(long)]
    pub json: bool,
}
