//! SOGo, calendars and mail: it speaks CAS by itself, with proxy tickets, and hears of the end of a session.

use crate::{Database, block, site};
use anyhow::{Context, Result, ensure};
use preau_clients::{Visitor, Workshop, until};
use preau_rig::{Apache, Process, Site, SiteKind, free_port, process::answers};
use std::fs;
use std::path::Path;

/// Where preau is: SOGo knows it, and itself, by a host without a port.
const PREAU: &str = "127.0.0.41";
const SOGO: &str = "https://localhost";
/// The account of Debian's SOGo, which alone may read the file that the program wants to see first.
const ACCOUNT: &str = "sogo";

#[tokio::test]
async fn sogo_opens_the_calendar_of_whoever_signs_in_and_closes_it_when_told() -> Result<()> {
    let Some(workshop) = Workshop::at_usual_port("product-sogo", PREAU)? else {
        println!("nobody but root listens at port 80 of this machine: SOGo was not started");
        return Ok(());
    };
    let Some(database) = Database::new("sogo")? else { return Ok(()) };
    let (teacher, pupil) = (workshop.account("teacher"), workshop.account("pupil-6e"));
    database.run("CREATE TABLE people (c_uid text PRIMARY KEY, c_name text, c_password text, c_cn text, mail text)")?;
    for one in [teacher, pupil] {
        let (login, name) = (&one.login, one.name.replace('\'', "''"));
        database
            .run(&format!("INSERT INTO people VALUES ('{login}', '{login}', '*', '{name}', '{login}@ent.example')"))?;
    }
    let printed = workshop.preau(&["mount", "sogo", "--url", SOGO, "--private"])?;
    let _sogo = Sogo::start(&workshop, &database, &block(&printed, "")?)?;

    let calendar = |login: &str| format!("{SOGO}/SOGo/so/{login}/Calendar/view");
    let mut visitor = workshop.visitor()?;
    until("preau takes SOGo up", async || {
        Ok(workshop.visitor()?.open(&format!("{SOGO}/SOGo/")).await?.asks_for("public"))
    })
    .await?;
    let page = visitor.sign_in(&format!("{SOGO}/SOGo/"), teacher).await?;
    ensure!(page.url.as_str() == calendar(&teacher.login), "{}: {}", page.url, page.words());
    ensure!(knows(&mut visitor, &calendar(&teacher.login)).await?, "control: it goes on");
    ensure!(!knows(&mut visitor, &calendar(&pupil.login)).await?, "nobody else's");
    let mut other = workshop.visitor()?;
    other.sign_in(&format!("{SOGO}/SOGo/"), pupil).await?;

    let home = visitor.open(workshop.base()).await?;
    let farewell = visitor.send(&home.form_to("/sign-out")?).await?;
    ensure!(farewell.words().contains("est averti"), "SOGo answered: {}", farewell.words());
    ensure!(!knows(&mut visitor, &calendar(&teacher.login)).await?, "SOGo heard of the end");
    ensure!(knows(&mut other, &calendar(&pupil.login)).await?, "and ended no other session");
    Ok(())
}

/// Whether SOGo shows this calendar without asking preau who it is.
async fn knows(visitor: &mut Visitor, calendar: &str) -> Result<bool> {
    let page = visitor.open(calendar).await?;
    Ok(page.status.is_success() && page.url.as_str() == calendar)
}

/// SOGo as Debian packages it, with memcached beside it and Apache before it.
struct Sogo {
    _apache: Apache,
    _sogo: Process,
    _memcached: Process,
}

impl Sogo {
    fn start(workshop: &Workshop, database: &Database, lines: &str) -> Result<Sogo> {
        let folder = workshop.folder().join("sogo");
        fs::create_dir_all(&folder)?;
        let (port, cache) = (free_port()?, free_port()?);
        let args = ["-l", "127.0.0.1", "-m", "8", "-u", "nobody", "-p"].map(str::to_owned);
        let args = [&args[..], &[cache.to_string()]].concat();
        let mut memcached =
            Process::start("memcached", Path::new("/usr/bin/memcached"), &args, &[], &folder.join("memcached.log"))?;
        memcached.wait_until(|| answers(cache))?;
        let people = database.url("postgresql");
        let own = format!(
            "WOPort = 127.0.0.1:{port}; WOLogFile = -; WOPidFile = /dev/null; WONoDetach = YES;\
             SOGoProfileURL = {people}/sogo_user_profile; OCSFolderInfoURL = {people}/sogo_folder_info;\
             OCSSessionsFolderURL = {people}/sogo_sessions_folder; SOGoMemcachedHost = 127.0.0.1:{cache};\
             SOGoLoginModule = Calendar; SOGoMailDomain = ent.example; SOGoIMAPServer = imap://127.0.0.1:9;"
        );
        let mut args: Vec<String> = Vec::new();
        // What stands in its file may be said on its command line.
        for line in own.split(';').chain(lines.split(';')).map(str::trim).filter(|line| !line.is_empty()) {
            let (key, value) = line.split_once(" = ").with_context(|| format!("no setting: {line}"))?;
            args.extend([format!("-{key}"), value.trim_matches('"').to_owned()]);
        }
        let source = format!(
            "({{ type = sql; id = people; viewURL = \"{people}/people\"; canAuthenticate = YES; userPasswordAlgorithm = plain; }})"
        );
        args.extend(["-SOGoUserSources".to_owned(), source]);
        let program = Path::new("/usr/sbin/sogod");
        ensure!(program.exists(), "SOGo is not installed: run `tests/install.sh test`");
        let as_itself = ["--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups", "--"].map(str::to_owned);
        let args = [&as_itself[..], &[program.display().to_string()], &args[..]].concat();
        let env = [("HOME", "/var/lib/sogo".to_owned())];
        let mut sogo = Process::start("sogo", Path::new("/usr/bin/setpriv"), &args, &env, &folder.join("sogo.log"))?;
        sogo.wait_until(|| answers(port))?;
        let lines = format!(
            "RequestHeader set x-webobjects-server-url {SOGO}\n\
             RequestHeader set x-webobjects-server-protocol HTTP/1.0\n\
             ProxyPreserveHost On\n\
             ProxyPass /SOGo http://127.0.0.1:{port}/SOGo retry=0 nocanon"
        );
        let front = site(workshop, SiteKind::PhpCas, 443, lines);
        let front = Site { tls: Some(workshop.tls().clone()), ..front };
        let apache = Apache::start(&folder.join("apache"), &[front])?;
        Ok(Sogo { _apache: apache, _sogo: sogo, _memcached: memcached })
    }
}
