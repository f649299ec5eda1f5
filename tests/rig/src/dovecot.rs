//! Dovecot, an IMAP server, as Debian packages it: it takes the tokens of an identity provider in place of passwords, as lines for its
//! `oauth2` say that somebody copied.

use crate::process::{Process, answers, free_port};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

const SERVER: &str = "/usr/sbin/dovecot";
/// The account that the mail belongs to when root starts it.
const ACCOUNT: &str = "www-data";

/// A running IMAP server.
#[derive(Debug)]
pub struct Dovecot {
    process: Process,
    port: u16,
    /// What it keeps: below `/var/tmp`, for its sockets want short names and its children want to come through.
    folder: PathBuf,
}

impl Dovecot {
    /// Starts it with these lines on a free loopback port and waits until it answers; its log goes to `folder`.
    pub fn start(folder: &Path, lines: &str) -> Result<Dovecot> {
        ensure!(Path::new(SERVER).exists(), "{SERVER} is missing: run `tests/install.sh test`");
        let (port, log) = (free_port()?, folder.join("dovecot.log"));
        let folder = crate::apache::new_folder("dovecot")?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        let mail = folder.join("mail");
        fs::create_dir(&mail)?;
        let owner = crate::apache::account_if_root()?;
        if let Some((user, group)) = owner {
            chown(&mail, Some(user), Some(group))?;
        }
        fs::write(folder.join("oauth2.conf"), lines)?;
        fs::write(folder.join("dovecot.conf"), configuration(&folder, port, owner.is_some())?)?;
        let args = ["-F".to_owned(), "-c".to_owned(), folder.join("dovecot.conf").display().to_string()];
        let mut process = Process::start("dovecot", Path::new(SERVER), &args, &[], &log)?;
        process.wait_until(|| answers(port))?;
        Ok(Dovecot { process, port, folder })
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Puts a letter into a mailbox.
    pub fn deliver(&self, mailbox: &str, text: &str) -> Result<()> {
        let home = self.folder.join("mail").join(mailbox);
        let new = home.join("Maildir/new");
        fs::create_dir_all(&new).with_context(|| format!("creating {}", new.display()))?;
        let head = format!("From: ecole@ent.example\r\nTo: {mailbox}\r\nSubject: Lettre\r\n");
        let kind = "Content-Type: text/plain; charset=utf-8\r\n";
        fs::write(new.join("1.letter"), format!("{head}{kind}\r\n{text}\r\n"))?;
        if let Some((user, group)) = crate::apache::account_if_root()? {
            let parts = [home.clone(), home.join("Maildir"), new.clone(), new.join("1.letter")];
            parts.iter().try_for_each(|part| chown(part, Some(user), Some(group)))?;
        }
        Ok(())
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.process.stop();
        fs::remove_dir_all(&self.folder).ok();
    }
}

fn configuration(folder: &Path, port: u16, root: bool) -> Result<String> {
    let place = folder.display();
    let account = if root { ACCOUNT.to_owned() } else { me()? };
    // Root has accounts of Debian's for the parts that talk to strangers; anybody else is one account.
    let accounts = if root {
        String::new()
    } else {
        format!(
            "default_login_user = {account}\ndefault_internal_user = {account}\n\
             service anvil {{\n  chroot =\n}}\nservice imap-login {{\n  chroot =\n}}\n"
        )
    };
    Ok(format!(
        "protocols = imap\nlisten = 127.0.0.1\nbase_dir = {place}/run\nstate_dir = {place}/run\nlog_path = /dev/stderr\n\
         ssl = no\ndisable_plaintext_auth = no\nauth_mechanisms = oauthbearer xoauth2\nfirst_valid_uid = 1\n{accounts}\
         passdb {{\n  driver = oauth2\n  mechanisms = oauthbearer xoauth2\n  args = {place}/oauth2.conf\n}}\n\
         userdb {{\n  driver = static\n  args = uid={account} gid={account} home={place}/mail/%u\n}}\n\
         mail_location = maildir:~/Maildir\nnamespace inbox {{\n  inbox = yes\n}}\n\
         service imap-login {{\n  inet_listener imap {{\n    port = {port}\n  }}\n  inet_listener imaps {{\n    port = 0\n  }}\n}}\n"
    ))
}

/// The name of the account this runs as.
fn me() -> Result<String> {
    let said = Command::new("id").arg("-un").output().context("asking who we are")?;
    Ok(String::from_utf8(said.stdout)?.trim().to_owned())
}
