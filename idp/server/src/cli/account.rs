//! What `preau account` is told.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `preau account`.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Add an account whose password is checked here, such as a guest's.
    Add(AddArgs),
    /// Replace the password of such an account, and end its sessions.
    Password(PasswordArgs),
    /// Show where an account stands in its life, why, and when it will be pre-deleted and purged.
    Show {
        /// Login or id of the person, or the source and key of their record: `aaf$123456`.
        #[arg(value_name = "LOGIN_OR_ID")]
        person: String,
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// Stop anybody's account, wherever it comes from: its sessions end, and it stays stopped whatever its source says.
    Stop(StopArgs),
    /// Take that back.
    Start {
        /// Login or id of the person.
        #[arg(value_name = "LOGIN_OR_ID")]
        person: String,
    },
    /// Forget what somebody proves themselves with besides a password, who lost it all: passkeys, applications, codes on paper. Make
    /// sure of who asks. Their sessions end.
    ForgetFactors {
        /// Login or id of the person.
        #[arg(value_name = "LOGIN_OR_ID")]
        person: String,
    },
    /// After a compromise: stop everybody of a population at once, end their sessions and what applications may do for them, tell every
    /// service, and report until it is done. Passwords kept here open nothing any more, and factors are forgotten. Run it again, or wait
    /// longer, until it says that it is done.
    Freeze(FreezeArgs),
    /// Let people of a frozen population in again, class by class.
    Thaw(ThawArgs),
    /// Say that the clock of this machine is right: accounts grow old again after it leapt, or after no server ran for a week.
    TrustClock,
}

/// `preau account add`.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// What the person types to sign in.
    #[arg(long)]
    pub login: String,
    /// Given name.
    #[arg(long)]
    pub given_name: String,
    /// Family name.
    #[arg(long)]
    pub family_name: String,
    /// Their mail address: with a mail server they replace a lost password by themselves.
    #[arg(long)]
    pub mail: Option<String>,
    /// What the person is there.
    #[arg(long, default_value = "Invite")]
    pub profile: String,
    /// National number of the establishment.
    #[arg(long, value_name = "UAI")]
    pub establishment: String,
    /// File whose first line is the password, `-` for standard input. Without it one is drawn and printed once.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// `preau account password`.
#[derive(Debug, Args)]
pub struct PasswordArgs {
    /// Login or id of the account.
    #[arg(long, value_name = "LOGIN_OR_ID")]
    pub login: String,
    /// File whose first line is the password, `-` for standard input. Without it one is drawn and printed once.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// `preau account freeze`.
#[derive(Debug, Args)]
pub struct FreezeArgs {
    /// Who: `KEY=VALUE;KEY=VALUE` as for `preau mount --who`. Given again: one of these populations.
    #[arg(long, value_name = "POPULATION", required = true)]
    pub population: Vec<String>,
    /// What this freeze is called, by which it is found again: letters, digits and `-`.
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// Why, for whoever asks later.
    #[arg(long, value_name = "REASON")]
    pub why: String,
    /// Leave passkeys, applications and codes on paper, where whoever took the passwords cannot have added one. Devices that are remembered
    /// are forgotten all the same.
    #[arg(long)]
    pub keep_factors: bool,
    /// Seconds to wait for services to hear, after the first look.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    pub wait: u64,
    /// Say who it would be, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// For scripts.
    #[arg(long)]
    pub json: bool,
}

/// `preau account thaw`.
#[derive(Debug, Args)]
pub struct ThawArgs {
    /// The name of the freeze.
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// Who of it: `class=6B;establishment=0990001N`. Given again: one of these populations.
    #[arg(long, value_name = "POPULATION", required = true)]
    pub population: Vec<String>,
}

/// `preau account stop`.
#[derive(Debug, Args)]
pub struct StopArgs {
    /// Login or id of the person.
    #[arg(value_name = "LOGIN_OR_ID")]
    pub person: String,
    /// Why, for whoever asks later: `preau explain` says it.
    #[arg(long, value_name = "REASON")]
    pub why: String,
}
