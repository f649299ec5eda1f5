//! What an operator types about who may open a service: mounting it, and what a change would do to people.

use clap::{Args, Subcommand};
use preau_domain::{Day, Uai};
use std::path::PathBuf;

/// `preau mount`.
#[derive(Debug, Args)]
pub struct MountArgs {
    /// Name of the product, as `preau connectors` lists it; with `--check`, id of a mounted service.
    pub name: Option<String>,
    /// Address of the installation.
    #[arg(long)]
    pub url: Option<String>,
    /// Who may open it: establishments by their number narrow the product's own audience; profiles such as `National_ENS`, or
    /// `PROFILE@NUMBER`, take its place. Several with commas. With `--who`, establishments are the place of each population that says
    /// none.
    #[arg(long = "for", value_name = "WHO", value_delimiter = ',')]
    pub whom: Vec<String>,
    /// A population that may open it: `KEY=VALUE;KEY=VALUE`, where KEY is profile, establishment, level (or MEF code), class, group,
    /// subject, function, delegation, person, and from, until, days, hours; several values with commas. All of it must be met by what
    /// somebody is in one establishment. Given again: one of these populations.
    #[arg(long, value_name = "POPULATION")]
    pub who: Vec<String>,
    /// A population that may not, whatever else is said.
    #[arg(long, value_name = "POPULATION")]
    pub except: Vec<String>,
    /// A population that opens it only after two factors; it lets nobody in.
    #[arg(long, value_name = "POPULATION")]
    pub two_factors: Vec<String>,
    /// What people are in the service: visiteur, redacteur, redacteur-publication, moderateur or gestionnaire, and to whom it is
    /// given: `moderateur:profile=National_DOC`.
    #[arg(long = "role", value_name = "ROLE:POPULATION")]
    pub roles: Vec<String>,
    /// Not before that day: the rentrée.
    #[arg(long, value_name = "DAY")]
    pub from: Option<Day>,
    /// Until the end of that day: the last one of the licence.
    #[arg(long, value_name = "DAY")]
    pub until: Option<Day>,
    /// Name of the instance file; that of the product unless said otherwise.
    #[arg(long)]
    pub id: Option<String>,
    /// Another parameter of the product.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub parameters: Vec<String>,
    /// What a tool of LTI may do besides being opened: `roster` (ask who is of the class), `grades` (keep marks here), `links` (have a
    /// teacher choose what a link of the class opens). Several with commas; nothing unless said.
    #[arg(long = "lti", value_name = "MAY", value_delimiter = ',')]
    pub lti: Vec<String>,
    /// What the signed context of a link holds, by the names of the product's release rules. Several with commas; nothing but an
    /// identifier unless said.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub release: Vec<String>,
    /// What people call it; as the product unless said otherwise.
    #[arg(long)]
    pub title: Option<String>,
    /// It lives on a private network, and may go without TLS.
    #[arg(long)]
    pub private: bool,
    /// Say what would be done, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Prove, as far as can be seen from here, that the two sides of a mounted service agree; without a name, of all of them.
    #[arg(long, conflicts_with_all = ["url", "whom", "who", "except", "two_factors", "roles", "from", "until", "id", "parameters", "lti", "release", "title", "private", "dry_run"])]
    pub check: bool,
}

/// `preau service`.
#[derive(Debug, Subcommand)]
pub enum ServiceCommand {
    /// Ask for the second key from now on: the service is closed everywhere until heads open it.
    Offer {
        /// Id of the service.
        id: String,
    },
    /// Show the sheet of an offered service, and open it in an establishment on the yes of its head.
    Open(OpenServiceArgs),
    /// Close it there again.
    Close(CloseServiceArgs),
    /// List what is open where, until when, and what a changed sheet closed.
    Status(ServiceStatusArgs),
}

/// `preau service open`.
#[derive(Debug, Args)]
pub struct OpenServiceArgs {
    /// Id of the service.
    pub id: String,
    /// Where.
    #[arg(long = "in", value_name = "UAI")]
    pub establishment: Uai,
    /// Login or id of who says yes: somebody of the direction of the establishment.
    #[arg(long, value_name = "LOGIN_OR_ID")]
    pub by: Option<String>,
    /// For whom, among those the service is for (see `preau mount --help`); for all of them unless said otherwise. Given again: one of
    /// these populations.
    #[arg(long, value_name = "POPULATION")]
    pub who: Vec<String>,
    /// The last day.
    #[arg(long, value_name = "DAY")]
    pub until: Option<Day>,
    /// The sheet that was read, as the command shows it when this is not said.
    #[arg(long, value_name = "SHEET")]
    pub sheet: Option<String>,
}

/// `preau service close`.
#[derive(Debug, Args)]
pub struct CloseServiceArgs {
    /// Id of the service.
    pub id: String,
    /// Where.
    #[arg(long = "in", value_name = "UAI")]
    pub establishment: Uai,
}

/// `preau service status`.
#[derive(Debug, Args)]
pub struct ServiceStatusArgs {
    /// Id of the service; all of them unless said otherwise.
    pub id: Option<String>,
    /// Only there.
    #[arg(long = "in", value_name = "UAI")]
    pub establishment: Option<Uai>,
    /// For scripts.
    #[arg(long)]
    pub json: bool,
}

/// `preau policy`.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Say how many people would gain or lose which service, by profile and establishment, if these files were in the instances
    /// folder. Nothing is written.
    Diff(DiffArgs),
}

/// `preau policy diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// Instance files as they would be, each named as in the instances folder: `drafts/moodle.toml` stands for `moodle.toml`.
    #[arg(required_unless_present_any = ["without", "levels"])]
    pub files: Vec<PathBuf>,
    /// A service that would be taken down.
    #[arg(long, value_name = "ID")]
    pub without: Vec<String>,
    /// The folder of levels as it would be, in place of `services.levels`.
    #[arg(long, value_name = "FOLDER")]
    pub levels: Option<PathBuf>,
    /// For scripts.
    #[arg(long)]
    pub json: bool,
}
