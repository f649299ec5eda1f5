//! The configurations that the bench lets people copy, run as they stand: the text is written to a file, the real client is
//! started with it, and somebody goes the whole way. Changed is only what a text cannot know: where this machine keeps the secret, the
//! cookies and the authority. What cannot be installed from Debian, PyPI or npm is not here.

use anyhow::{Context, Result};
use preau_clients::{Page, Sandbox, Visitor, Workshop};
use preau_rig::{Apache, Process, Site, SiteKind};
use std::path::{Path, PathBuf};

/// The family name of everybody on the bench.
const CAST: &str = "Banc-d’Essai";

#[tokio::test]
async fn the_configuration_for_node_runs_as_it_stands() -> Result<()> {
    node(&Workshop::open("bench-node")?).await
}

#[tokio::test]
async fn the_configuration_for_python_runs_as_it_stands() -> Result<()> {
    python_oidc(&Workshop::open("bench-python")?).await
}

#[tokio::test]
async fn the_configuration_for_python_cas_runs_as_it_stands() -> Result<()> {
    python_cas(&Workshop::open("bench-python-cas")?).await
}

#[tokio::test]
async fn the_configuration_for_phpcas_runs_as_it_stands() -> Result<()> {
    phpcas(&Workshop::open("bench-phpcas")?).await
}

#[tokio::test]
async fn the_configuration_for_mod_auth_openidc_runs_as_it_stands() -> Result<()> {
    mod_auth_openidc(&Workshop::open("bench-apache-oidc")?).await
}

#[tokio::test]
async fn the_configuration_for_mod_auth_cas_runs_as_it_stands() -> Result<()> {
    mod_auth_cas(&Workshop::open("bench-apache-cas")?).await
}

/// The hub of `make demo`, where an editor who has none begins: no encryption, on this machine.
#[tokio::test]
async fn the_configurations_run_at_a_demo_too() -> Result<()> {
    let workshop = Workshop::plain("bench-demo")?;
    node(&workshop).await.context("node")?;
    python_oidc(&workshop).await.context("python")?;
    python_cas(&workshop).await.context("python-cas")?;
    phpcas(&workshop).await.context("phpcas")?;
    mod_auth_openidc(&workshop).await.context("mod_auth_openidc")?;
    mod_auth_cas(&workshop).await.context("mod_auth_cas")
}

async fn node(workshop: &Workshop) -> Result<()> {
    let (port, sandbox) = registered(workshop, "oidc", "/callback").await?;
    let folder = laid(workshop, &sandbox, "Node (openid-client)", "app.mjs")?;
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("node/node_modules");
    std::os::unix::fs::symlink(modules, folder.join("node_modules"))?;
    let _running = run(workshop, &folder, port, &["node", "app.mjs"])?;
    let page = comes(workshop, port).await?;
    assert!(page.text.contains(CAST) && page.text.contains("\"ent_profiles\":[{"), "{}", page.text);
    Ok(())
}

async fn python_oidc(workshop: &Workshop) -> Result<()> {
    let (port, sandbox) = registered(workshop, "oidc", "/callback").await?;
    let folder = laid(workshop, &sandbox, "Python (Authlib)", "app.py")?;
    let _running = run(workshop, &folder, port, &[&python(), "app.py"])?;
    let page = comes(workshop, port).await?;
    let told: serde_json::Value = serde_json::from_str(&page.text).context("userinfo")?;
    assert_eq!((&told["family_name"], &told["ent_establishment"]), (&CAST.into(), &"0990001N".into()), "{told}");
    Ok(())
}

async fn python_cas(workshop: &Workshop) -> Result<()> {
    let (port, sandbox) = registered(workshop, "cas", "/").await?;
    let folder = laid(workshop, &sandbox, "Python (python-cas)", "app.py")?;
    let _running = run(workshop, &folder, port, &[&python(), "app.py"])?;
    let page = comes(workshop, port).await?;
    let told: serde_json::Value = serde_json::from_str(&page.text).context("user and attributes")?;
    assert_eq!((&told["user"], &told["attributes"]["sn"]), (&"bench-teacher".into(), &CAST.into()), "{told}");
    Ok(())
}

/// Debian has phpCAS without composer: one line stands for what composer would have made.
async fn phpcas(workshop: &Workshop) -> Result<()> {
    let (port, sandbox) = registered(workshop, "cas", "/").await?;
    let folder = laid(workshop, &sandbox, "PHP (phpCAS)", "app.php")?;
    std::fs::create_dir(folder.join("vendor"))?;
    std::fs::write(folder.join("vendor/autoload.php"), "<?php require 'CAS.php';")?;
    let _running = run(workshop, &folder, port, &["php", "-S", &format!("localhost:{port}"), "app.php"])?;
    let page = comes(workshop, port).await?;
    assert!(page.text.contains("bench-teacher") && page.text.contains(CAST), "{}", page.text);
    Ok(())
}

async fn mod_auth_openidc(workshop: &Workshop) -> Result<()> {
    let (port, sandbox) = registered(workshop, "oidc", "/oidc/callback").await?;
    let folder = workshop.folder().join("etc");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("client-secret.conf"), format!("OIDCClientSecret {}\n", sandbox.secret))?;
    std::fs::write(folder.join("passphrase"), "une phrase de cette seule machine\n")?;
    let copied = sandbox.copied("Apache (mod_auth_openidc)")?;
    let text =
        copied.replace("/etc/apache2/", &format!("{}/", folder.display())) + "\nOIDCCABundlePath \"{authority}\"";
    let _apache = apache(workshop, port, SiteKind::ModAuthOpenidc, text)?;
    let page = comes(workshop, port).await?;
    assert_eq!(page.texts("data-attribute", "family_name"), [CAST], "{}", page.words());
    assert_eq!(page.values("data-user").len(), 1);
    Ok(())
}

async fn mod_auth_cas(workshop: &Workshop) -> Result<()> {
    let (port, sandbox) = registered(workshop, "cas", "/").await?;
    let copied = sandbox.copied("Apache (mod_auth_cas)")?;
    let text = copied.replace("/var/cache/apache2/mod_auth_cas/", "{sessions}/");
    let text = text.replace("/etc/ssl/certs/ca-certificates.crt", "{authority}");
    let _apache = apache(workshop, port, SiteKind::ModAuthCas, text)?;
    let page = comes(workshop, port).await?;
    assert_eq!(page.values("data-user"), ["bench-teacher"], "{}", page.words());
    assert_eq!(page.texts("data-attribute", "sn"), [CAST], "{}", page.words());
    Ok(())
}

/// A sandbox answered at this path of an address of this machine.
async fn registered(workshop: &Workshop, protocol: &str, path: &str) -> Result<(u16, Sandbox)> {
    let port = preau_rig::free_port()?;
    let address = format!("http://localhost:{port}{path}");
    Ok((port, workshop.sandbox("Atelier", protocol, &address, &[]).await?))
}

/// A folder with the text of a stack under that name, and the secret beside it.
fn laid(workshop: &Workshop, sandbox: &Sandbox, stack: &str, name: &str) -> Result<PathBuf> {
    let folder = workshop.folder().join(stack);
    std::fs::create_dir_all(&folder)?;
    let authority = workshop.authority().display().to_string();
    let text = sandbox.copied(stack)?.replace("/etc/ssl/certs/ca-certificates.crt", &authority);
    std::fs::write(folder.join(name), text)?;
    std::fs::write(folder.join("client-secret"), format!("{}\n", sandbox.secret))?;
    Ok(folder)
}

/// Runs a program in a folder, where the authority of the workshop is believed, until it answers at the port.
fn run(workshop: &Workshop, folder: &Path, port: u16, program: &[&str]) -> Result<Process> {
    let script = ["-c", "cd \"$0\" && exec \"$@\""].map(str::to_owned);
    let rest = program.iter().map(|word| (*word).to_owned());
    let args: Vec<String> = script.into_iter().chain([folder.display().to_string()]).chain(rest).collect();
    let authority = workshop.authority().display().to_string();
    let believed = ["NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"].map(|name| (name, authority.clone()));
    let log = folder.join("application.log");
    let mut process = Process::start("application", Path::new("/bin/sh"), &args, &believed, &log)?;
    process.wait_until(|| preau_rig::process::answers(port))?;
    Ok(process)
}

fn python() -> String {
    preau_rig::target_folder().join("python/bin/python").display().to_string()
}

fn apache(workshop: &Workshop, port: u16, kind: SiteKind, directives: String) -> Result<Apache> {
    let site = Site {
        name: "copied".into(),
        title: "Atelier".into(),
        kind,
        directives: Some(directives),
        port,
        tls: None,
        preau: workshop.base().trim_end_matches('/').to_owned(),
        preau_authority: Some(workshop.authority().to_owned()),
        secret: None,
        behind: None,
        shibboleth: None,
        proxies_to: None,
        accepts_proxies: false,
        saml: None,
    };
    Apache::start(&workshop.folder().join(kind.client()), &[site])
}

/// Somebody opens the application, and comes in as the teacher of the cast.
async fn comes(workshop: &Workshop, port: u16) -> Result<Page> {
    let mut visitor: Visitor = workshop.visitor()?;
    let asked = visitor.open(&format!("http://localhost:{port}/")).await?;
    let form = asked.form_with("bench_person")?.with("bench_person", "teacher");
    visitor.send(&form).await
}
