//! Etherpad, a text that many write at once, as npm packages it: Node runs it on loopback, and a site of Apache behind
//! `mod_auth_openidc` is its door (`SiteKind::Etherpad`). It knows nobody itself: the door hands over the name to show.

use crate::process::{Process, answers};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// A running Etherpad.
#[derive(Debug)]
pub struct Etherpad {
    process: Process,
}

impl Etherpad {
    /// Starts it on this loopback port and waits until it answers; its pads are kept in `folder`.
    pub fn start(folder: &Path, port: u16) -> Result<Etherpad> {
        let server = installed()?.join("src/node/server.js");
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        let settings = folder.join("settings.json");
        fs::write(&settings, configuration(folder, port)).with_context(|| format!("writing {}", settings.display()))?;
        let named = |option: &str, name: &str| [option.to_owned(), folder.join(name).display().to_string()];
        let files = [
            named("--settings", "settings.json"),
            named("--credentials", "credentials.json"),
            named("--sessionkey", "session.key"),
            named("--apikey", "api.key"),
        ];
        let args: Vec<String> = [server.display().to_string()].into_iter().chain(files.into_iter().flatten()).collect();
        // It would ask the internet for newer versions: here that address answers nothing.
        let env = [("NODE_ENV", "production".to_owned()), ("HTTPS_PROXY", "http://127.0.0.1:9".to_owned())];
        let mut process = Process::start("etherpad", Path::new("node"), &args, &env, &folder.join("etherpad.log"))?;
        process.wait_until(|| answers(port))?;
        Ok(Etherpad { process })
    }

    /// The server as a process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

/// Where `tests/install.sh` put it.
fn installed() -> Result<PathBuf> {
    let place = crate::target_folder().join("etherpad");
    ensure!(place.join("src").exists(), "{} is missing: run `tests/install.sh demo`", place.display());
    Ok(place)
}

/// What it is told. Its browsers poll instead of keeping a connection, so that every letter passes the door, also
/// after the session there has ended.
fn configuration(folder: &Path, port: u16) -> String {
    let pads = folder.join("pads.db");
    format!(
        "{{\n\"title\": \"Etherpad\", \"ip\": \"127.0.0.1\", \"port\": {port}, \"trustProxy\": true, \"minify\": false,\n\
         \"dbType\": \"dirty\", \"dbSettings\": {{ \"filename\": \"{pads}\" }}, \"suppressErrorsInPadText\": true,\n\
         \"defaultPadText\": \"\", \"skinName\": \"colibris\", \"padOptions\": {{ \"lang\": \"fr\" }},\n\
         \"disableIPlogging\": true, \"showSettingsInAdminPage\": false, \"loglevel\": \"WARN\",\n\
         \"socketTransportProtocols\": [\"polling\"]\n}}\n",
        pads = pads.display()
    )
}
