//! The command line: what an operator may type, and the exit code each command ends with.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | failed: the reason is on standard error |
//! | 2 | the command line or the configuration is wrong |
//! | 3 | the synchronisation was held by its guard: nothing was written |

mod account;
mod activation;
mod audience;
mod hosting;
mod inspections;
mod sp;

pub use account::{AccountCommand, AddArgs, FreezeArgs, PasswordArgs, StopArgs, ThawArgs};
pub use activation::{ActivationCommand, CodeArgs, SheetsArgs};
pub use audience::{
    CloseServiceArgs, DiffArgs, MountArgs, OpenServiceArgs, PolicyCommand, ServiceCommand, ServiceStatusArgs,
};

pub use hosting::{
    AmendArgs, ConventionsCommand, DraftArgs, EndArgs, GuestsCommand, GuestsOfArgs, OpenSpaceArgs, PairsCommand,
    SpacesCommand, Until,
};

pub use inspections::{GrantInspectionArgs, InspectionsCommand, InspectionsOfArgs};

use crate::commands::{self, links::LinksCommand};
use crate::config::{self, Loaded};
use clap::{Args, CommandFactory, Parser, Subcommand};
use preau_connector_api::Problem;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

pub use sp::SpAddArgs;

/// Signs the people of schools in once, with the password of their directory, and opens the services they have a right to.
#[derive(Debug, Parser)]
#[command(
    name = "preau",
    version,
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong command line or configuration, 3 synchronisation held."
)]
pub struct Cli {
    /// Configuration file.
    #[arg(long, global = true, value_name = "FILE", default_value = "preau.toml")]
    pub config: PathBuf,
    /// Accept the keys and secrets that are published with the source, and plain http on this machine: for a demonstration,
    /// never for people.
    #[arg(long, global = true)]
    pub demo: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What an operator may ask for.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Answer requests until told to stop.
    Serve,
    /// Bring accounts in line with a source, once.
    Sync(SyncArgs),
    /// Say why a person may or may not open a service.
    Explain(ExplainArgs),
    /// Show what a service would receive of somebody who does not exist.
    Bench(BenchArgs),
    /// Show an example of the configuration, check one, or print its schema.
    Config {
        /// Which.
        #[command(subcommand)]
        what: ConfigCommand,
    },
    /// Look at configuration, database, directories, clock, keys and services, and say what to do.
    Doctor {
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// List the mounted services.
    Services {
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// The products there are: what each is for, and what it is sent.
    Connectors(ConnectorsArgs),
    /// Mount a product of the catalogue: write its instance file, and say what will be released and what to type on its side.
    Mount(MountArgs),
    /// The two keys of a service: the academy offers it, the head of an establishment opens it there.
    Service {
        /// What to do.
        #[command(subcommand)]
        what: ServiceCommand,
    },
    /// What a change of rules does to people, before it is made.
    Policy {
        /// What to do.
        #[command(subcommand)]
        what: PolicyCommand,
    },
    /// Services that speak SAML, mounted from their metadata.
    Sp {
        /// What to do.
        #[command(subcommand)]
        what: SpCommand,
    },
    /// Accounts kept here, and accounts stopped by hand.
    Account {
        /// What to do with one.
        #[command(subcommand)]
        what: AccountCommand,
    },
    /// Codes on paper by which people choose a password that lives here.
    Activation {
        /// What to do.
        #[command(subcommand)]
        what: ActivationCommand,
    },
    /// Read the journal, or check that nobody altered it.
    Audit {
        /// Which.
        #[command(subcommand)]
        what: AuditCommand,
    },
    /// Services that register themselves, and the tokens that let them.
    Registration {
        /// What to do about them.
        #[command(subcommand)]
        what: RegistrationCommand,
    },
    /// The record of processing of an establishment: who receives which data of whom, why, where, for how long.
    Register(commands::register::RegisterArgs),
    /// What is agreed with other ENTs about guests.
    Conventions {
        /// What to do.
        #[command(subcommand)]
        what: ConventionsCommand,
    },
    /// The écoles of each collège.
    Pairs {
        /// What to do.
        #[command(subcommand)]
        what: PairsCommand,
    },
    /// Spaces that establishments share, with guests of other ENTs or without.
    Spaces {
        /// What to do.
        #[command(subcommand)]
        what: SpacesCommand,
    },
    /// Guests of other ENTs.
    Guests {
        /// What to do.
        #[command(subcommand)]
        what: GuestsCommand,
    },
    /// Inspectors who look at the space of a teacher, for some days.
    Inspections {
        /// What to do.
        #[command(subcommand)]
        what: InspectionsCommand,
    },
    /// The keys tokens are signed with.
    Keys {
        /// What to do with them.
        #[command(subcommand)]
        what: KeysCommand,
    },
    /// List the latest synchronisations of a source.
    Runs(RunsArgs),
}

/// `preau sync`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct SyncArgs {
    /// What to do; without a word, what `apply` does.
    #[command(subcommand)]
    pub what: Option<SyncCommand>,
    /// Name of the source.
    #[arg(required = true)]
    pub source: Option<String>,
    /// Read, plan and judge, but write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Options of every synchronisation.
    #[command(flatten)]
    pub options: SyncOptions,
}

/// How a synchronisation behaves.
#[derive(Debug, Args)]
pub struct SyncOptions {
    /// Read the source even when it says that nothing changed.
    #[arg(long)]
    pub full: bool,
    /// Print the report as JSON.
    #[arg(long)]
    pub json: bool,
    /// Apply a run the guard held, as long as at most that many people are suspended, lose an establishment or a profile,
    /// or move to another school: the number its report gives.
    #[arg(long, value_name = "NUMBER")]
    pub accept_suspensions: Option<u64>,
    /// Apply what this held run would have done: the same, with the number of its report. It must be the latest of its source.
    #[arg(long, value_name = "RUN", conflicts_with = "accept_suspensions")]
    pub accept_run: Option<String>,
}

/// `preau sync …`.
#[derive(Debug, Subcommand)]
pub enum SyncCommand {
    /// Say what a synchronisation would do, and write nothing.
    Plan {
        /// Name of the source.
        source: String,
        /// Options of every synchronisation.
        #[command(flatten)]
        options: SyncOptions,
    },
    /// Bring accounts in line with a source, once.
    Apply {
        /// Name of the source.
        source: String,
        /// Options of every synchronisation.
        #[command(flatten)]
        options: SyncOptions,
    },
    /// Suspend the people of a source that the configuration names no more, as a reading would that finds nobody: it is held until
    /// the number is given.
    Retire {
        /// Name that the source had.
        source: String,
        /// Options of every synchronisation.
        #[command(flatten)]
        options: SyncOptions,
    },
    /// Show what is in the files of a source and who would be made of it, propose which column is what, and write nothing.
    Preview {
        /// Name of the source.
        source: String,
        /// How many people, and how many rows that do not fit, of each file.
        #[arg(long, value_name = "NUMBER", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
        rows: u32,
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// List the sources whose latest run was held, why, and the number that lets it go.
    Held {
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// Say who may be one person in two sources, and join or separate their accounts.
    Links {
        /// What to do.
        #[command(subcommand)]
        what: LinksCommand,
    },
    /// Undo a run of the last thirty days: people and establishments are as they were before it, as far as nobody wrote them
    /// again since. Whom it added is suspended. The next run of the source is held until somebody accepts it.
    Undo {
        /// Name of the run, as `preau sync runs` gives it.
        run: String,
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// Show the report of a run.
    Show {
        /// Name of the run, as `preau sync runs` gives it.
        run: String,
        /// For scripts.
        #[arg(long)]
        json: bool,
        /// The entries it rejected, for a spreadsheet.
        #[arg(long, conflicts_with = "json")]
        csv: bool,
    },
    /// List the latest synchronisations of a source.
    Runs(RunsArgs),
}

/// `preau runs` and `preau sync runs`.
#[derive(Debug, Args)]
pub struct RunsArgs {
    /// Name of the source.
    pub source: String,
    /// How many.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    /// For scripts.
    #[arg(long)]
    pub json: bool,
    /// For a spreadsheet: one line a run.
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
}

/// `preau explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Login or id of the person.
    #[arg(long, value_name = "LOGIN_OR_ID")]
    pub person: String,
    /// Id of the service.
    #[arg(long, value_name = "ID")]
    pub service: String,
    /// For scripts.
    #[arg(long)]
    pub json: bool,
}

/// `preau connectors`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ConnectorsArgs {
    /// What to do, in place of a look.
    #[command(subcommand)]
    pub what: Option<ConnectorsCommand>,
    /// Name of a product; without it all are listed.
    pub name: Option<String>,
    /// For scripts.
    #[arg(long)]
    pub json: bool,
}

/// `preau connectors …`.
#[derive(Debug, Subcommand)]
pub enum ConnectorsCommand {
    /// Make the four files of a product of this site, sound as they stand, to be filled in.
    New {
        /// Its name: a-z, 0-9 and -.
        name: String,
        /// The folder of the products of this site; `services.catalogue` unless said otherwise.
        #[arg(long, value_name = "FOLDER")]
        into: Option<PathBuf>,
    },
    /// Try the products of this site: whether each is sound, and tells what its golden answers say.
    Check {
        /// The folder of the products of this site; `services.catalogue` unless said otherwise.
        folder: Option<PathBuf>,
    },
}

/// `preau bench`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct BenchArgs {
    /// Sandboxes, in place of a look at a service.
    #[command(subcommand)]
    pub what: Option<BenchCommand>,
    /// Id of the service; without it services and people are listed.
    #[arg(long, value_name = "ID")]
    pub service: Option<String>,
    /// Who goes there: `teacher`, `pupil`, `guardian`…; a wrong word lists them all.
    #[arg(long, value_name = "WORD", default_value = "teacher")]
    pub person: String,
    /// For scripts.
    #[arg(long)]
    pub json: bool,
}

/// `preau bench …`.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Register a sandbox client for an editor, for seven days. Its secret is shown once.
    Register(WishArgs),
    /// List the sandboxes there are.
    Sandboxes,
    /// Print a configuration to copy, filled in for a service or a sandbox; without `--stack` those there are.
    Stacks {
        /// Id of the service, or name of the sandbox.
        id: String,
        /// Which, such as `node`, `python` or `nextcloud`: the beginning of its name.
        #[arg(long, value_name = "NAME")]
        stack: Option<String>,
    },
    /// Ask a sign-on request again, without effect: whether it would pass now, or which parameter is at fault.
    Replay {
        /// Id of the service, or name of the sandbox.
        id: String,
        /// The request, as the browser shows it in its address bar.
        #[arg(value_name = "URL")]
        request: String,
    },
    /// Take a sandbox away before its time.
    Forget {
        /// Its name.
        id: String,
    },
}

/// `preau bench register`.
#[derive(Debug, Args)]
pub struct WishArgs {
    /// What the application is called.
    #[arg(long)]
    pub name: String,
    /// `oidc` or `cas`.
    #[arg(long, default_value = "oidc")]
    pub protocol: String,
    /// Where it is answered, such as `http://localhost:3000/callback`; up to five times.
    #[arg(long = "address", value_name = "URL", required = true)]
    pub addresses: Vec<String>,
    /// It has no secret: a page or a mobile application.
    #[arg(long)]
    pub public: bool,
    /// Tokens signed by RS256, for libraries that know no ES256.
    #[arg(long)]
    pub rsa: bool,
}

/// `preau config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print a complete commented file.
    Example,
    /// Read the file and tell everything that is wrong with it.
    Check,
    /// Print the JSON Schema of the file.
    Schema,
    /// Print the reference page, in Markdown.
    Reference,
}

/// `preau registration`.
#[derive(Debug, Subcommand)]
pub enum RegistrationCommand {
    /// Make an initial access token for an editor: whoever holds it may register services. It is shown once.
    Token(TokenArgs),
    /// List the initial access tokens that still count.
    Tokens {
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// Take an initial access token back. What was registered with it stays.
    Revoke {
        /// Its name in the list.
        token: String,
    },
    /// List the services that registered themselves, and who may open them.
    List {
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// Say who may open a service that registered itself. Before that nobody may.
    Open(OpenArgs),
    /// Close it to everybody again.
    Close {
        /// Name of the service.
        id: String,
    },
    /// Take a service away that registered itself.
    Remove {
        /// Name of the service.
        id: String,
    },
}

/// `preau registration token`.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// How many days it counts.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=366))]
    pub days: u32,
    /// How many services may register with it; as many as there is room for when it is not said.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=500))]
    pub uses: Option<u32>,
    /// For whom: shown in the list.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub note: String,
}

/// `preau registration open`.
#[derive(Debug, Args)]
pub struct OpenArgs {
    /// Name of the service.
    pub id: String,
    /// Profiles that may open it, such as `National_ENS`; several with commas.
    #[arg(long = "for", value_name = "PROFILES", value_delimiter = ',', required = true)]
    pub profiles: Vec<String>,
    /// Establishments they must be in; everywhere when it is not said.
    #[arg(long = "in", value_name = "UAI", value_delimiter = ',')]
    pub establishments: Vec<String>,
}

/// `preau sp`.
#[derive(Debug, Subcommand)]
pub enum SpCommand {
    /// Mount a service: read its metadata, write its instance file, and say what will be released to it.
    Add(SpAddArgs),
    /// List the services that speak SAML, and whether their metadata are in force.
    List {
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// Say what is known of one: addresses, keys, what it asks for, what is released and what is not.
    Show {
        /// Id of the service.
        id: String,
    },
    /// Take one away: its instance file, and the metadata beside it.
    Remove {
        /// Id of the service.
        id: String,
    },
}

/// `preau keys`.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List them, and where each stands in its life.
    List {
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// Make new ones ahead of time. The server does this by itself: every ninety days for tokens, every three years for
    /// SAML.
    Rotate(RotateArgs),
}

/// `preau keys rotate`.
#[derive(Debug, Args)]
pub struct RotateArgs {
    /// Only for this use: RS256, ES256 or EdDSA for tokens, saml-RS256, saml-ES256 or saml-RSA-OAEP for SAML.
    #[arg(long, value_name = "ALGORITHM")]
    pub alg: Option<String>,
    /// Days until the new key takes over: it is published from now on beside the old one. Three for tokens and ninety for
    /// SAML unless said, so that services have had the time to learn it.
    #[arg(long, value_name = "DAYS", conflicts_with = "compromised")]
    pub in_days: Option<u16>,
    /// A private key may be known to others: the new key signs at once, the old ones leave the published set, and nothing
    /// they signed is believed any more. Services that keep the set for a while refuse sign-ons until they read it again.
    #[arg(long)]
    pub compromised: bool,
}

/// `preau audit`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Check the whole journal against its codes: say what was altered, removed, inserted or moved, and where.
    Verify {
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// Show what happened on one way, from the first page to what the service was told, or about one person.
    Show(ShowArgs),
}

/// `preau audit show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Of what.
    #[command(flatten)]
    pub of: ShowOf,
    /// How many events of a person, at most.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// For scripts.
    #[arg(long)]
    pub json: bool,
}

/// One of the two.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct ShowOf {
    /// Number of a request: the incident number of a page, or `correlation` in the log.
    #[arg(long, value_name = "NUMBER")]
    pub correlation: Option<String>,
    /// Login or id of a person: what happened latest, first.
    #[arg(long, value_name = "LOGIN_OR_ID")]
    pub person: Option<String>,
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// The command line or the configuration is wrong.
    Config(Vec<Problem>),
    /// It was tried and failed.
    Failed(String),
    /// The guard held a synchronisation; its report was printed.
    Held,
    /// It ran and found something; what it found was printed.
    Found,
}

impl Failure {
    /// A failure with its reason.
    pub fn new(reason: impl ToString) -> Self {
        Failure::Failed(reason.to_string())
    }

    fn code(&self) -> ExitCode {
        match self {
            Failure::Config(problems) => {
                for problem in problems {
                    eprintln!("preau: {problem}");
                }
                ExitCode::from(2)
            }
            Failure::Failed(reason) => {
                eprintln!("preau: {reason}");
                ExitCode::from(1)
            }
            Failure::Found => ExitCode::from(1),
            Failure::Held => ExitCode::from(3),
        }
    }
}

impl From<preau_store::StoreError> for Failure {
    fn from(error: preau_store::StoreError) -> Self {
        Failure::new(error)
    }
}

/// The reference page of the command line, in Markdown, from what the program itself prints.
pub fn page() -> String {
    let mut out = String::from(
        "# Command line\n\nGenerated from the program: do not edit. Answers go to standard output, everything else to standard \
         error.\n\n| exit code | meaning |\n|---|---|\n| 0 | done |\n| 1 | failed: the reason is on standard error |\n\
         | 2 | the command line or the configuration is wrong |\n\
         | 3 | the synchronisation was held by its guard: nothing was written |\n",
    );
    let mut program = Cli::command().term_width(100);
    program.build();
    describe(&mut out, &mut program, 2);
    out
}

fn describe(out: &mut String, command: &mut clap::Command, depth: usize) {
    let help = command.render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    let name = command.get_bin_name().unwrap_or("preau").to_owned();
    let _written = writeln!(out, "\n{} {name}\n\n```text\n{}\n```", "#".repeat(depth), help.join("\n").trim());
    for inner in command.get_subcommands_mut().filter(|inner| inner.get_name() != "help") {
        describe(out, inner, (depth + 1).min(4));
    }
}

/// Reads the command line and obeys it.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match obey(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.code(),
    }
}

fn obey(cli: Cli) -> Result<(), Failure> {
    if let Command::Config { what } = &cli.command {
        return commands::config::run(what, &cli.config, cli.demo);
    }
    if let Command::Doctor { json } = cli.command {
        // A doctor sees the patient even when the configuration is ill.
        let loaded = config::load(&cli.config, cli.demo, &variable);
        return runtime(|| ())?.block_on(commands::doctor::run(loaded, cli.demo, json));
    }
    // Plain http endangers people who sign in: it is serving that asks for --demo, not looking.
    let plain = cli.demo || !matches!(cli.command, Command::Serve);
    let loaded = config::load(&cli.config, plain, &variable).map_err(Failure::Config)?;
    let runtime = match cli.command {
        Command::Sync(_) => runtime(crate::aside::give_way)?,
        _ => runtime(|| ())?,
    };
    runtime.block_on(async {
        match &cli.command {
            Command::Serve => commands::serve::run(loaded, cli.demo).await,
            Command::Sync(args) => {
                quiet(&loaded);
                commands::sync::obey(&loaded, args).await
            }
            Command::Explain(args) => commands::explain::run(&loaded, args).await,
            Command::Bench(args) => commands::bench::run(&loaded, cli.demo, args).await,
            Command::Services { json } => commands::services::run(&loaded, *json),
            Command::Connectors(args) => commands::connectors::run(&loaded, args),
            Command::Mount(args) => commands::mount::run(&loaded, args).await,
            Command::Service { what: ServiceCommand::Offer { id } } => commands::service::offer(&loaded, id),
            Command::Service { what: ServiceCommand::Open(args) } => commands::service::open(&loaded, args).await,
            Command::Service { what: ServiceCommand::Close(args) } => commands::service::close(&loaded, args).await,
            Command::Service { what: ServiceCommand::Status(args) } => commands::service::status(&loaded, args).await,
            Command::Policy { what: PolicyCommand::Diff(args) } => commands::policy::diff(&loaded, args).await,
            Command::Sp { what: SpCommand::Add(args) } => commands::sp::add(&loaded, args).await,
            Command::Sp { what: SpCommand::List { json } } => commands::sp::list(&loaded, *json).await,
            Command::Sp { what: SpCommand::Show { id } } => commands::sp::show(&loaded, id).await,
            Command::Sp { what: SpCommand::Remove { id } } => commands::sp::remove(&loaded, id),
            Command::Account { what: AccountCommand::Add(args) } => commands::account::add(&loaded, args).await,
            Command::Account { what: AccountCommand::Password(args) } => {
                commands::account::password(&loaded, args).await
            }
            Command::Account { what: AccountCommand::Show { person, json } } => {
                commands::account::show(&loaded, person, *json).await
            }
            Command::Account { what: AccountCommand::Stop(args) } => commands::account::stop(&loaded, args).await,
            Command::Account { what: AccountCommand::Start { person } } => {
                commands::account::start(&loaded, person).await
            }
            Command::Account { what: AccountCommand::ForgetFactors { person } } => {
                commands::account::forget_factors(&loaded, person).await
            }
            Command::Account { what: AccountCommand::Freeze(args) } => commands::freeze::freeze(&loaded, args).await,
            Command::Account { what: AccountCommand::Thaw(args) } => commands::freeze::thaw(&loaded, args).await,
            Command::Account { what: AccountCommand::TrustClock } => commands::account::trust_clock(&loaded).await,
            Command::Activation { what: ActivationCommand::Sheets(args) } => {
                commands::activation::sheets(&loaded, args).await
            }
            Command::Activation { what: ActivationCommand::Code(args) } => {
                commands::activation::code(&loaded, args).await
            }
            Command::Audit { what: AuditCommand::Verify { json } } => commands::audit::verify(&loaded, *json).await,
            Command::Audit { what: AuditCommand::Show(args) } => commands::audit::show(&loaded, args).await,
            Command::Registration { what } => commands::registration::run(&loaded, what).await,
            Command::Keys { what: KeysCommand::List { json } } => commands::keys::list(&loaded, cli.demo, *json).await,
            Command::Keys { what: KeysCommand::Rotate(args) } => commands::keys::rotate(&loaded, cli.demo, args).await,
            Command::Register(args) => commands::register::run(&loaded, args).await,
            Command::Conventions { what } => commands::hosting::conventions(&loaded, what).await,
            Command::Pairs { what } => commands::hosting::pairs(&loaded, what).await,
            Command::Spaces { what } => commands::hosting::spaces(&loaded, what).await,
            Command::Guests { what } => commands::guests::run(&loaded, cli.demo, what).await,
            Command::Inspections { what } => commands::inspections::run(&loaded, what).await,
            Command::Runs(args) => commands::runs::run(&loaded, args).await,
            Command::Config { .. } | Command::Doctor { .. } => Ok(()),
        }
    })
}

/// A command says what it has to say itself: of its log only warnings are worth a line.
fn quiet(loaded: &Loaded) {
    crate::logging::init(&crate::logging::LogConfig {
        level: crate::logging::LogLevel::Warn,
        ..loaded.config.log.clone()
    });
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A runtime whose threads begin with this. The thread that waits for its end is none of them.
fn runtime(begin: fn()) -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .on_thread_start(begin)
        .build()
        .map_err(|error| Failure::new(format!("the runtime does not start: {error}")))
}
