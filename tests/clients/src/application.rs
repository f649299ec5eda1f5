//! A web application without the web: the script of a real client library, which is told what its browser did and says
//! what it understood. The scripts are beside this crate; their first lines say what they can be asked.

use anyhow::{Context, Result, bail, ensure};
use preau_rig::Tls;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Everything there is to ask for.
const SCOPE: &str = "openid profile email ent";

/// Which library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// authlib, for Python.
    Authlib,
    /// openid-client, for Node.
    OpenidClient,
}

/// A running script. It ends with this.
pub struct Application {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Application {
    /// Starts a script as the service `id`.
    pub fn start(client: Client, issuer: &str, id: &str, secret: &Path, callback: &str) -> Result<Application> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = match client {
            Client::Authlib => {
                let mut python = Command::new(python()?);
                python.arg(here.join("authlib_client.py"));
                python
            }
            Client::OpenidClient => {
                ensure!(here.join("node/node_modules").exists(), "run `tests/install.sh test`");
                let mut node = Command::new("node");
                node.arg(here.join("node/openid_client.mjs"));
                node
            }
        };
        command.args([issuer, id]).arg(secret).args([callback, SCOPE]);
        Application::of(command)
    }

    /// Starts openid-client as the service `id`, which shows the certificate of this file and believes that authority.
    pub fn showing(issuer: &str, id: &str, identity: &Path, callback: &str, authority: &Path) -> Result<Application> {
        Application::asking(issuer, id, identity, callback, SCOPE, authority)
    }

    /// Starts openid-client as the service `id`, whose secret or certificate is in this file, which asks for these scopes and
    /// believes that authority.
    pub fn asking(
        issuer: &str,
        id: &str,
        secret: &Path,
        callback: &str,
        scopes: &str,
        authority: &Path,
    ) -> Result<Application> {
        let mut node = Command::new("node");
        node.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("node/openid_client.mjs"));
        node.args([issuer, id]).arg(secret).args([callback, scopes]).env("NODE_EXTRA_CA_CERTS", authority);
        Application::of(node)
    }

    /// Starts python-cas as a service that opens others in the person's name, at its own address.
    pub fn proxy(server: &str, service: &str, tls: &Tls) -> Result<Application> {
        let mut command = Command::new(python()?);
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("python_cas_proxy.py"));
        command.args([server, service]).args([&tls.certificate, &tls.key]);
        Application::of(command)
    }

    /// Starts aiosmtpd on this port of the loopback, for whoever signs in so.
    pub fn mail_server(port: u16, tls: &Tls, user: &str, password: &str) -> Result<Application> {
        let mut command = Command::new(python()?);
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("mail_server.py")).arg(port.to_string());
        command.args([&tls.certificate, &tls.key]).args([user, password]);
        let mut server = Application::of(command)?;
        let mut line = String::new();
        server.from.read_line(&mut line)?;
        ensure!(line.contains("ready"), "the mail server does not start: {line}");
        Ok(server)
    }

    /// Starts pysaml2 as the service at `address`, whose files are kept in `folder` and who believes the provider of these
    /// metadata.
    pub fn pysaml2(folder: &Path, address: &str, provider: &Path) -> Result<Application> {
        // That of Debian, whose package it comes in.
        let mut command = Command::new("/usr/bin/python3");
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("pysaml2_sp.py"));
        command.arg(folder).arg(address).arg(provider);
        Application::of(command)
    }

    /// Starts node-saml as the service at `address`, whose files are kept in `folder` and who believes the provider of these
    /// metadata.
    pub fn node_saml(folder: &Path, address: &str, provider: &Path) -> Result<Application> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("node");
        ensure!(here.join("node_modules").exists(), "run `tests/install.sh test`");
        let mut command = Command::new("node");
        command.arg(here.join("node_saml.mjs")).arg(folder).arg(address).arg(provider);
        Application::of(command)
    }

    fn of(mut command: Command) -> Result<Application> {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", command.get_program().display()))?;
        let to = process.stdin.take().context("a script reads")?;
        let from = BufReader::new(process.stdout.take().context("a script writes")?);
        Ok(Application { process, to, from })
    }

    /// Tells the script a command and gives back what it said.
    pub fn ask(&mut self, command: &str) -> Result<Value> {
        writeln!(self.to, "{command}").context("the script does not listen")?;
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        ensure!(!line.is_empty(), "the script ended at `{command}`");
        serde_json::from_str(&line).with_context(|| format!("`{command}` said {line}"))
    }

    /// The address that a command answers with.
    pub fn address(&mut self, command: &str) -> Result<String> {
        let said = self.ask(command)?;
        Ok(said["url"].as_str().with_context(|| format!("`{command}` said {said}"))?.to_owned())
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The Python that has the clients of the tests.
pub(crate) fn python() -> Result<PathBuf> {
    let python = preau_rig::target_folder().join("python/bin/python");
    if !python.exists() {
        bail!("{} is missing: run `tests/install.sh test`", python.display());
    }
    Ok(python)
}
