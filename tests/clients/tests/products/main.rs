//! Stories with products of the catalogue that no one here wrote: each is mounted by `preau mount`, set up with the very lines it
//! prints for the other side, and somebody goes the whole way. Changed is only what a text cannot know: where this machine keeps the
//! secret.

mod etherpad;
mod foreign_home;
mod jupyterhub;
mod radicale;
mod roundcube;
mod simulators;
mod sogo;
mod synapse;
mod zabbix;

use anyhow::{Context, Result, ensure};
use preau_clients::Workshop;
use preau_rig::{Process, Site, SiteKind};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Mounts a product that lives on this machine, and gives what is printed for the other side.
async fn mount(workshop: &Workshop, product: &str, more: &[&str]) -> Result<String> {
    let printed = workshop.preau(&[&["mount", product, "--private"], more].concat())?;
    workshop.visitor()?.until_known(workshop.base(), product).await?;
    Ok(printed)
}

/// The block in this language of what is printed.
fn block(printed: &str, language: &str) -> Result<String> {
    let opening = format!("```{language}\n");
    let block = printed.split(&opening).nth(1).and_then(|rest| rest.split("```").next());
    Ok(block.with_context(|| format!("no block in {language}: {printed}"))?.to_owned())
}

/// The file of the secret that a product shares with preau.
fn secret_file(workshop: &Workshop, product: &str) -> PathBuf {
    workshop.home().join(format!("services/{product}.secret"))
}

/// A text in which the secret stands where the printed lines say in words where it is.
fn with_secret(workshop: &Workshop, product: &str, text: &str) -> Result<String> {
    let secret = fs::read_to_string(secret_file(workshop, product))?;
    let said = "la ligne du fichier que nomme client_secret_file";
    ensure!(text.contains(said), "no place for the secret: {text}");
    Ok(text.replace(said, secret.trim_end()))
}

/// Starts a product that listens at this port, from the folder of Python's products.
fn run(folder: &Path, port: u16, command: &str, env: &[(&str, String)]) -> Result<Process> {
    let command = command.replace("bin/", &format!("{}/bin/", products()?.display()));
    let args = ["-c".to_owned(), format!("cd '{}' && {command}", folder.display())];
    let mut process = Process::start("product", Path::new("/bin/sh"), &args, env, &folder.join("product.log"))?;
    process.wait_until(|| preau_rig::process::answers(port))?;
    Ok(process)
}

/// The Python that has the clients of the tests.
fn python() -> Result<PathBuf> {
    let python = preau_rig::target_folder().join("python/bin/python");
    ensure!(python.exists(), "{} is missing: run `tests/install.sh test`", python.display());
    Ok(python)
}

/// A site of Apache with these lines.
fn site(workshop: &Workshop, kind: SiteKind, port: u16, lines: String) -> Site {
    Site {
        name: "product".into(),
        title: "Le produit".into(),
        kind,
        directives: Some(lines),
        port,
        tls: None,
        preau: workshop.base().trim_end_matches('/').to_owned(),
        preau_authority: None,
        secret: None,
        behind: None,
        saml: None,
        shibboleth: None,
        proxies_to: None,
        accepts_proxies: false,
    }
}

/// A database of PostgreSQL that a product has to itself.
struct Database {
    /// Host and port of the server.
    server: String,
    /// Its name.
    name: String,
}

impl Database {
    /// A new one beside that of the stories; absent where there is no PostgreSQL.
    fn new(name: &str) -> Result<Option<Database>> {
        let Ok(url) = std::env::var("TEST_POSTGRES_URL") else {
            println!("TEST_POSTGRES_URL is not set: {name} was not started");
            return Ok(None);
        };
        let server =
            url.split_once('@').and_then(|(_, rest)| rest.split_once('/')).context("an address with a host")?;
        let name = format!("{name}_{}", std::process::id());
        psql(&url, &["-c", &format!("CREATE DATABASE {name}")])?;
        Ok(Some(Database { server: server.0.to_owned(), name }))
    }

    /// Its address, for a program that wants a password in it, which the server does not ask for.
    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://preau:none@{}/{}", self.server, self.name)
    }

    /// Runs statements in it.
    fn run(&self, statements: &str) -> Result<()> {
        psql(&self.url("postgres"), &["-c", statements])
    }
}

fn psql(url: &str, args: &[&str]) -> Result<()> {
    let output = Command::new("psql").args([url, "-q", "-v", "ON_ERROR_STOP=1"]).args(args).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Where the products are that come from PyPI.
fn products() -> Result<PathBuf> {
    let products = preau_rig::target_folder().join("products");
    ensure!(products.exists(), "{} is missing: run `tests/install.sh test`", products.display());
    Ok(products)
}
