//! Roundcube and Dovecot, the mail of an ENT: Roundcube signs in by OpenID Connect, and the token it was given opens the mailbox by
//! XOAUTH2, which Dovecot believes because we say whose it is.

use crate::{block, mount, with_secret};
use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_clients::Workshop;
use preau_rig::{Dovecot, Process, free_port};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;

/// The domain of the mailboxes.
const DOMAIN: &str = "ent.example";
/// Where Debian puts its pages.
const PAGES: &str = "/var/lib/roundcube";

#[tokio::test]
async fn roundcube_opens_the_mailbox_of_whoever_signs_in_and_dovecot_no_other() -> Result<()> {
    let workshop = Workshop::plain("product-roundcube")?;
    let port = free_port()?;
    let url = format!("http://localhost:{port}");
    let printed = mount(&workshop, "roundcube", &["--url", &url, "--param", &format!("domain={DOMAIN}")]).await?;
    let (teacher, pupil) = (workshop.account("teacher"), workshop.account("pupil-6e"));
    let mailbox = |login: &str| format!("{login}@{DOMAIN}");
    let dovecot = Dovecot::start(&workshop.folder().join("dovecot"), &block(&printed, "ini")?)?;
    for (account, letter) in [(teacher, "La sortie est jeudi."), (pupil, "Le devoir est rendu.")] {
        dovecot.deliver(&mailbox(&account.login), letter)?;
    }
    let lines = with_secret(&workshop, "roundcube", &block(&printed, "php")?)?;
    let _roundcube = roundcube(&workshop.folder().join("roundcube"), port, dovecot.port(), &lines)?;

    for (account, letter) in [(teacher, "La sortie est jeudi."), (pupil, "Le devoir est rendu.")] {
        let mut visitor = workshop.visitor()?;
        let page = visitor.sign_in(&format!("{url}/"), account).await?;
        ensure!(page.text.contains(&mailbox(&account.login)), "{}: {}", page.url, page.words());
        let shown = visitor.open(&format!("{url}/?_task=mail&_mbox=INBOX&_uid=1&_action=show")).await?;
        ensure!(shown.words().contains(letter), "{}: {}", shown.url, shown.words());
    }
    let said = authenticate(dovecot.port(), &mailbox(&teacher.login), "a-token-nobody-made")?;
    ensure!(said.starts_with("a NO"), "a token that is not ours opens nothing: {said}");
    Ok(())
}

/// What the IMAP server says to somebody who shows this token for that mailbox.
fn authenticate(port: u16, user: &str, token: &str) -> Result<String> {
    let mut out = TcpStream::connect(("127.0.0.1", port))?;
    let mut lines = BufReader::new(out.try_clone()?).lines();
    let asked = STANDARD.encode(format!("user={user}\u{1}auth=Bearer {token}\u{1}\u{1}"));
    write!(out, "a AUTHENTICATE XOAUTH2 {asked}\r\n")?;
    loop {
        let line = lines.next().context("it hung up")??;
        if line.starts_with("+ ") {
            // It tells why, and waits for a word.
            write!(out, "\r\n")?;
        } else if line.starts_with("a ") {
            return Ok(line);
        }
    }
}

/// Roundcube as Debian packages it, which PHP serves by itself, set up with these lines besides where things are.
fn roundcube(folder: &Path, port: u16, imap: u16, lines: &str) -> Result<Process> {
    let configuration = folder.join("config");
    fs::create_dir_all(&configuration)?;
    fs::copy("/etc/roundcube/defaults.inc.php", configuration.join("defaults.inc.php"))
        .context("Roundcube is not installed: run `tests/install.sh test`")?;
    let place = folder.display();
    let around = format!(
        "<?php\n$config['db_dsnw'] = 'sqlite:///{place}/roundcube.db?mode=0600';\n\
         $config['imap_host'] = '127.0.0.1:{imap}';\n$config['smtp_host'] = '127.0.0.1:9';\n\
         $config['des_key'] = 'twenty-four-letters-here';\n$config['log_driver'] = 'stdout';\n\
         $config['temp_dir'] = '{place}';\n$config['plugins'] = [];\n$config['language'] = 'fr_FR';\n"
    );
    fs::write(configuration.join("config.inc.php"), around + lines)?;
    let args = ["-S".to_owned(), format!("127.0.0.1:{port}"), "-t".to_owned(), PAGES.to_owned()];
    let env = [("ROUNDCUBE_CONFIG_DIR", configuration.display().to_string())];
    let mut process = Process::start("roundcube", Path::new("/usr/bin/php"), &args, &env, &folder.join("php.log"))?;
    process.wait_until(|| preau_rig::process::answers(port))?;
    Ok(process)
}
