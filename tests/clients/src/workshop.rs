//! Where an editor tries what they are building: a preau over TLS with its bench open, at which services show certificates
//! and register themselves, in front of a real OpenLDAP. No site is behind it: what the stories run, they bring.

use crate::application::Application;
use crate::{Page, Visitor};
use anyhow::{Context, Result, ensure};
use preau_annuaire::Account;
use preau_rig::{Preau, Process, SOURCE, ServiceAuthority, Slapd, SlapdOptions, Tls};
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where a workshop is found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Door<'a> {
    /// On `localhost`, over TLS.
    Encrypted,
    /// On `localhost`, over plain http.
    Plain,
    /// At port 80 of that loopback address.
    Usual(&'a str),
}

/// See the module.
pub struct Workshop {
    /// Who issues certificates to services.
    pub services: ServiceAuthority,
    accounts: Vec<Account>,
    base: String,
    folder: PathBuf,
    tls: Tls,
    preau: Preau,
    /// Where it listens, and whether without TLS.
    door: (u16, bool),
    serving: Option<Process>,
    _slapd: Slapd,
}

/// A sandbox client, as the command line told it.
pub struct Sandbox {
    /// Its secret; empty if it has none.
    pub secret: String,
    /// Its page.
    pub page: Page,
}

impl Workshop {
    /// Starts everything; `name` is the test's, for its folder.
    pub fn open(name: &str) -> Result<Workshop> {
        Workshop::start(name, Door::Encrypted, "")
    }

    /// The same over plain http, as a demo is: nobody shows a certificate there.
    pub fn plain(name: &str) -> Result<Workshop> {
        Workshop::start(name, Door::Plain, "")
    }

    /// The same, with these lines more in its configuration.
    pub fn plain_with(name: &str, more: &str) -> Result<Workshop> {
        Workshop::start(name, Door::Plain, more)
    }

    /// The same at port 80 of this loopback address, for products that know no other port; it believes its own authority when it calls a
    /// service. Absent where whoever runs this may not listen there.
    pub fn at_usual_port(name: &str, address: &str) -> Result<Option<Workshop>> {
        for (host, port) in [(address, 80), ("127.0.0.1", 443)] {
            match TcpListener::bind((host, port)) {
                Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return Ok(None),
                listener => drop(listener.with_context(|| format!("{host}:{port} is taken on this machine"))?),
            }
        }
        Workshop::start(name, Door::Usual(address), "").map(Some)
    }

    fn start(name: &str, door: Door<'_>, more: &str) -> Result<Workshop> {
        let plain = door != Door::Encrypted;
        let folder = preau_rig::scratch(name);
        let tls = Tls::make(&folder.join("tls"))?;
        let services = ServiceAuthority::make(&folder.join("tls"))?;
        let ldif = folder.join("annuaire.ldif");
        let invented = preau_annuaire::Options { people: 200, ..preau_annuaire::Options::default() };
        let mut out = std::io::BufWriter::new(fs::File::create(&ldif)?);
        let accounts = preau_annuaire::generate(&invented, &mut out)?.accounts;
        drop(out);
        let options = SlapdOptions { ldif: Some(ldif), ..SlapdOptions::default() };
        let slapd = Slapd::start(&folder.join("slapd"), &options)?;

        let (free, mtls) = (preau_rig::free_port()?, preau_rig::free_port()?);
        let (listen, port, public) = match door {
            Door::Usual(address) => (address, 80, address.to_owned()),
            _ => ("127.0.0.1", free, format!("localhost:{free}")),
        };
        let home = folder.join("preau");
        fs::create_dir_all(home.join("services"))?;
        let config = home.join("preau.toml");
        let suffix = slapd.suffix();
        let scheme = if plain { "http" } else { "https" };
        let encrypted = format!(
            "mtls_listen = \"127.0.0.1:{mtls}\"\ntls_cert_file = \"{certificate}\"\ntls_key_file = \"{key}\"\n\n\
             [services]\nclient_ca_files = [\"{authority}\"]\n",
            certificate = tls.certificate.display(),
            key = tls.key.display(),
            authority = services.certificate().display(),
        );
        let believing = format!("\n[services]\ntrusted_ca_files = [\"{}\"]\n", tls.authority.display());
        let text = format!(
            "[web]\npublic_url = \"{scheme}://{public}\"\n{aliases}bench = true\n\
             registration = true\n\n\
             [server]\nlisten = \"{listen}:{port}\"\n{encrypted}\n\
             [sources.{SOURCE}]\nkind = \"ldap\"\nurl = \"{ldap}\"\nbind_dn = \"{bind}\"\npassword_file = \"{password}\"\n\
             people = \"ou=people,{suffix}\"\nstructures = \"ou=structures,{suffix}\"\nacademy = \"{academy}\"\n{more}",
            aliases = if plain { String::new() } else { format!("mtls_url = \"https://localhost:{mtls}\"\n") },
            encrypted = match door {
                Door::Encrypted => &encrypted,
                Door::Usual(_) => &believing,
                Door::Plain => "",
            },
            ldap = slapd.url(),
            bind = slapd.service_dn(),
            password = slapd.password_file().display(),
            academy = invented.academy,
        );
        fs::write(&config, text)?;
        let preau = Preau::new(&config)?;
        preau.run(&["sync", SOURCE], "")?;
        let log = folder.join("preau.log");
        let serving = match door {
            Door::Usual(address) => {
                preau.serve_until(&["--demo"], &log, || TcpStream::connect((address, 80)).is_ok())?
            }
            _ => preau.serve(&["--demo"], port, plain, &log)?,
        };
        let base = format!("{scheme}://{public}/");
        let (door, serving) = ((port, plain), Some(serving));
        Ok(Workshop { services, accounts, base, folder, tls, preau, door, serving, _slapd: slapd })
    }

    /// Ends the server and starts it again, with its configuration as it is now.
    pub fn restart(&mut self) -> Result<()> {
        self.serving = None;
        let (port, plain) = self.door;
        self.serving = Some(self.preau.serve(&["--demo"], port, plain, &self.folder.join("preau.log"))?);
        Ok(())
    }

    /// Address of the portal, with a slash at the end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Folder of this workshop, for what a test wants to keep.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A certificate for `localhost`, and who signed it.
    pub fn tls(&self) -> &Tls {
        &self.tls
    }

    /// The authority that signed its certificate.
    pub fn authority(&self) -> &Path {
        &self.tls.authority
    }

    /// The account of this role.
    pub fn account(&self, role: &str) -> &Account {
        self.accounts.iter().find(|account| account.role == role).unwrap_or_else(|| panic!("no account {role}"))
    }

    /// Somebody at a fresh browser.
    pub fn visitor(&self) -> Result<Visitor> {
        Visitor::new(Some(&self.tls.authority))
    }

    /// Runs a command of preau beside its server.
    pub fn preau(&self, args: &[&str]) -> Result<String> {
        Ok(String::from_utf8(self.preau.run(args, "")?.stdout)?)
    }

    /// Types commands in a terminal, in the folder of the configuration, and gives back what they said.
    pub fn shell(&self, commands: &str) -> Result<String> {
        let programs = self.preau.program().parent().context("a program is in a folder")?.display();
        let path = format!("{programs}:{}", std::env::var("PATH")?);
        let mut shell = Command::new("sh");
        let output = shell.args(["-euc", commands]).current_dir(self.home()).env("PATH", path).output()?;
        ensure!(output.status.success(), "{commands}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Folder of the configuration.
    pub fn home(&self) -> PathBuf {
        self.folder.join("preau")
    }

    /// Mounts a service, and waits until the running server knows it.
    pub async fn mount(&self, id: &str, instance: &str) -> Result<()> {
        mount(&self.home().join("services"), id, instance)?;
        self.visitor()?.until_known(&self.base, id).await
    }

    /// openid-client as the service `id` at this callback, which shows the certificate of that file.
    pub fn showing(&self, id: &str, identity: &Path, callback: &str) -> Result<Application> {
        Application::showing(self.base.trim_end_matches('/'), id, identity, callback, self.authority())
    }

    /// Registers a sandbox with this name, protocol and address.
    pub async fn sandbox(&self, name: &str, protocol: &str, address: &str, more: &[&str]) -> Result<Sandbox> {
        let args =
            [&["bench", "register", "--name", name, "--protocol", protocol, "--address", address], more].concat();
        let told = self.preau(&args)?;
        let said = |word: &str| {
            let line = told.lines().find_map(|line| line.strip_prefix(word)).unwrap_or_default();
            line.split_whitespace().next().unwrap_or_default().to_owned()
        };
        let page = self.visitor()?.open(&said("page")).await?;
        Ok(Sandbox { secret: said("client_secret"), page })
    }
}

impl Sandbox {
    /// The configuration to copy for a stack, as the page shows it.
    pub fn copied(&self, stack: &str) -> Result<String> {
        let found = self.page.texts("aria-label", stack).into_iter().next();
        found.with_context(|| format!("nothing to copy for {stack}"))
    }
}

/// Puts an instance file in place whole: the server may look at any moment.
pub(crate) fn mount(services: &Path, id: &str, instance: &str) -> Result<()> {
    let partial = services.join(format!("{id}.partial"));
    fs::write(&partial, instance)?;
    fs::rename(&partial, services.join(format!("{id}.toml"))).with_context(|| format!("mounting {id}"))
}
