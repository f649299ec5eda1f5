//! `make demo`: an invented annuaire in a real OpenLDAP, Apache sites behind `mod_auth_cas`, `mod_auth_openidc` and
//! `mod_auth_mellon`, PHP pages behind phpCAS, Etherpad, SimpleSAMLphp in the place of EduConnect, and preau between them, all as plain
//! processes of this machine that end together. Beside it a second preau is the ENT of écoles nearby: the two vouch for their people to one another.
//! A third is that of an école which has nothing but lists: passwords live there, and begin with a code on paper.
//!
//! What it keeps between two runs is in one folder, `target/demo/`. How each server is started is in `tests/rig`; what
//! preau is told is in [`settings`]; what the demo says of itself, to people and to scripts, is in [`facts`].

mod ecoles;
mod facts;
mod lilas;
mod ports;
mod settings;
mod sharing;

use anyhow::{Context, Result, bail};
use clap::Parser;
use ecoles::Ecoles;
use facts::{Account, Directory, Facts, Provider, Service};
use lilas::Lilas;
use ports::{DIRECTORY, ECOLES, ECOLES_DIRECTORY, EDUCONNECT, ETHERPAD, LILAS, LILAS_SITE, Ports};
use preau_rig::{Apache, Etherpad, Preau, Process, SimpleSaml, Slapd, SlapdOptions};
use settings::{EDUCONNECT_TITLE, Place, SERVICES};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How many people live in the annuaire of the demo.
const PEOPLE: usize = 1500;

/// Shows Préau at work on this machine: a real directory, real applications of CAS, OpenID Connect and SAML.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Port of the portal on localhost; 0 takes any free one.
    #[arg(long, env = "PREAU_DEMO_PORT", default_value_t = 8080)]
    port: u16,
    /// Where the demo keeps its data. `target/demo` unless said otherwise.
    #[arg(long, env = "PREAU_DEMO_FOLDER")]
    folder: Option<PathBuf>,
    /// How many people to invent, the first time: 1500 unless said otherwise.
    #[arg(long)]
    people: Option<usize>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // One thread for everything: the servers are told to end when the thread that started them does.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = runtime.context("starting").and_then(|runtime| runtime.block_on(run(&arguments)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nThe demo could not go on: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<()> {
    let folder = arguments.folder.clone().unwrap_or_else(|| preau_rig::target_folder().join("demo"));
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let folder = folder.canonicalize()?;
    let _only_one = lock(&folder)?;
    let facts_file = folder.join("demo.json");
    remove(&facts_file)?;

    let listening = [DIRECTORY, EDUCONNECT, ETHERPAD, ECOLES, ECOLES_DIRECTORY, LILAS, LILAS_SITE].into_iter();
    let listening: Vec<&str> = listening.chain(SERVICES.iter().map(|one| one.id)).collect();
    let ports = Ports::choose(&folder, arguments.port, &listening)?;
    let place = Place { folder: folder.clone(), ports };

    step("Starting OpenLDAP");
    let fresh = !Slapd::is_loaded(&folder.join("slapd"));
    let ldif = folder.join("annuaire.ldif");
    if fresh {
        // A new annuaire has nothing to do with what an older one left behind.
        place.forget_synchronisation()?;
        let people = arguments.people.unwrap_or(PEOPLE);
        let accounts = invent(people, &ldif)?;
        facts::save(&folder.join("accounts.json"), &accounts)?;
        facts::save(&folder.join("people.json"), &people)?;
    } else {
        goes_on(arguments.people, &folder.join("people.json"))?;
    }
    let options =
        SlapdOptions { port: Some(place.ports.of(DIRECTORY)), ldif: Some(ldif.clone()), ..SlapdOptions::default() };
    let mut slapd = Slapd::start(&folder.join("slapd"), &options)?;
    remove(&ldif)?;
    let mut accounts: Vec<Account> = facts::load(&folder.join("accounts.json"))?;

    step("Starting SimpleSAMLphp in the place of EduConnect");
    let port = place.ports.of(EDUCONNECT);
    let mut educonnect =
        SimpleSaml::start(&folder.join("educonnect"), port, EDUCONNECT_TITLE, &settings::citizens(&accounts))?;

    let mut ecoles = Ecoles::start(&folder, &place.ports, place.base().trim_end_matches('/').to_owned())?;
    let neighbour = ecoles.as_neighbour()?;
    let configuration = place.configuration(&slapd, &educonnect, &neighbour);
    let config = place.write(&configuration)?;
    let preau = Preau::new(&config)?;
    if !place.is_synchronised() {
        step("First synchronisation of the annuaire");
        preau.show(&["sync", preau_rig::SOURCE])?;
        place.mark_synchronised()?;
    }
    accounts.push(settings::guest(&preau, &place, &accounts)?);

    step("Starting Préau");
    let portal = place.ports.of(ports::PORTAL);
    let serve = preau.serve(&["--demo"], portal, true, &folder.join("preau.log"))?;

    step("Starting the Préau of the écoles");
    let (theirs, mut serving_ecoles) = ecoles.serve(&neighbour, &configuration)?;
    let sides = (ecoles.college(&accounts, &preau)?, ecoles.side(&neighbour.base, &theirs)?);
    let shared = sharing::share(&folder, &sides.0, &sides.1)?;

    step("Starting the Préau of an école that has nothing but lists");
    let lilas = Lilas::new(&folder, &place.ports);
    let (of_lilas, mut serving_lilas) = lilas.serve()?;

    step("Starting Etherpad");
    let mut etherpad = Etherpad::start(&folder.join(ETHERPAD), place.ports.of(ETHERPAD))?;

    step("Starting Apache with mod_auth_cas, mod_auth_openidc, mod_auth_mellon and phpCAS");
    let mut sites = place.sites()?;
    sites.push(lilas.site());
    for saml in sites.iter().filter_map(|site| site.saml.as_ref()) {
        fs::write(&saml.provider, preau_rig::preau::metadata(portal, "/saml/metadata")?)?;
    }
    let path = format!("/upstream/{}/metadata", preau_rig::EDUCONNECT);
    educonnect.trust(&preau_rig::preau::metadata(portal, &path)?)?;
    let mut apache = Apache::start(&folder.join("apache"), &sites)?;

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut child = signal(SignalKind::child())?;

    let facts = Facts {
        base: place.base(),
        accounts,
        services: SERVICES.iter().map(|one| Service::of(one, &place)).collect(),
        providers: vec![Provider {
            id: preau_rig::EDUCONNECT.to_owned(),
            title: EDUCONNECT_TITLE.to_owned(),
            address: educonnect.address(),
            protocol: "SAML 2.0",
            program: "SimpleSAMLphp",
            publics: ["pupil", "guardian"],
            several: settings::SEVERAL,
        }],
        neighbour: ecoles.facts(),
        shared,
        lists: of_lilas,
        service_instances: place.instances(),
        mail: folder.join(settings::MAIL),
        program: preau.program().to_owned(),
        config,
        ldap: Directory {
            address: slapd.url(),
            base_dn: slapd.suffix().to_owned(),
            bind_dn: slapd.service_dn(),
            password_file: slapd.password_file(),
        },
        ports: place.ports.clone(),
        pids: [("demo", std::process::id()), ("preau", serve.pid()), ("slapd", slapd.pid())]
            .into_iter()
            .chain([("apache", apache.process().pid()), ("educonnect", educonnect.process().pid())])
            .chain([(ETHERPAD, etherpad.process().pid())])
            .chain([(ECOLES, serving_ecoles.pid()), (ECOLES_DIRECTORY, ecoles.directory().pid())])
            .chain([(LILAS, serving_lilas.pid())])
            .map(|(name, pid)| (name.to_owned(), pid))
            .collect(),
    };
    facts::save(&facts_file, &facts)?;
    print!("{}", facts::shown(&facts));
    std::io::stdout().flush().ok();

    let mut preau = serve;
    let mut gone = [false; 7];
    let ended = wait(&mut interrupt, &mut terminate, &mut child, || {
        if let Some(status) = preau.exited()? {
            bail!("{} has ended by itself ({status}):\n{}", preau.name(), preau.last_lines());
        }
        let (apache, etherpad, educonnect) = (apache.process(), etherpad.process(), educonnect.process());
        let ents = (&mut serving_ecoles, &mut serving_lilas);
        let others = [slapd.process(), apache, etherpad, educonnect, ents.0, ents.1, ecoles.directory()];
        say_who_went(others, &mut gone)
    })
    .await;
    remove(&facts_file)?;
    // The order matters to people: first the door, then what stands behind it.
    preau.stop();
    serving_ecoles.stop();
    serving_lilas.stop();
    ecoles.stop();
    drop(apache);
    drop(etherpad);
    drop(educonnect);
    slapd.stop();
    match ended {
        Ok(()) => {
            println!("\nThe demo has ended. `make demo` goes on from here; `make demo-reset` forgets it.");
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Waits for Ctrl-C or SIGTERM, and has `look` look at the servers whenever one of them ends.
async fn wait(
    interrupt: &mut Signal,
    terminate: &mut Signal,
    child: &mut Signal,
    mut look: impl FnMut() -> Result<()>,
) -> Result<()> {
    loop {
        // A server may have ended before the first signal is listened to.
        look()?;
        tokio::select! {
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            _ = child.recv() => {}
        }
    }
}

/// Says once of each server that it has ended. Préau goes on without any of them, as it does where a directory or a service is away, and so
/// does the demo: whoever wants to see that stops one.
fn say_who_went<const N: usize>(processes: [&mut Process; N], gone: &mut [bool; N]) -> Result<()> {
    for (process, gone) in processes.into_iter().zip(gone) {
        if let Some(status) = process.exited()?.filter(|_| !std::mem::replace(gone, true)) {
            eprintln!(
                "\n{} has ended ({status}). Préau goes on without it; Ctrl-C ends the demo, and the next make demo starts \
                 it again.\n{}",
                process.name(),
                process.last_lines()
            );
        }
    }
    Ok(())
}

fn step(text: &str) {
    println!("==> {text}");
}

/// Two demos in one folder would take each other's data apart.
fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path)?;
    if file.try_lock().is_err() {
        bail!(
            "a demo is already running from {}. End it first (Ctrl-C where it runs), or give this one a folder of its \
             own: PREAU_DEMO_FOLDER=target/demo-2 PREAU_DEMO_PORT=0 make demo",
            folder.display()
        );
    }
    Ok(file)
}

/// An annuaire that is there already has the people it has.
fn goes_on(asked: Option<usize>, file: &Path) -> Result<()> {
    let there: usize = if file.exists() { facts::load(file)? } else { PEOPLE };
    if let Some(asked) = asked.filter(|asked| *asked != there) {
        bail!(
            "{asked} people are asked for, and the annuaire of an earlier run has {there}. Forget it first \
             (make demo-reset), or go on with it (make demo)"
        );
    }
    Ok(())
}

fn invent(people: usize, ldif: &Path) -> Result<Vec<Account>> {
    let mut out = BufWriter::new(File::create(ldif).with_context(|| format!("creating {}", ldif.display()))?);
    let options = preau_annuaire::Options { people, faults: true, ..preau_annuaire::Options::default() };
    let summary = preau_annuaire::generate(&options, &mut out)?;
    out.flush()?;
    summary.accounts.iter().map(|account| Account::of(account, &summary.establishments)).collect()
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}
