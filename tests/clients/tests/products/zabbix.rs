//! Zabbix, which watches servers: it speaks SAML by itself, with php-saml, and ends its session when a browser brings word of the end.

use crate::{Database, block, psql};
use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_clients::{Visitor, Workshop, until};
use preau_rig::{Process, free_port, process::answers};
use reqwest::Method;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Where Debian puts its pages, and what its database is made of.
const PAGES: &str = "/usr/share/zabbix";
const SCHEMA: &str = "/usr/share/zabbix-server-pgsql";
/// The tables of which a fresh database holds rows that somebody needs to sign in.
const TABLES: [&str; 7] = ["hstgrp", "usrgrp", "config", "role", "role_rule", "users", "users_groups"];

#[tokio::test]
async fn zabbix_lets_in_whoever_signs_in_by_saml_and_ends_with_the_session() -> Result<()> {
    let Some(database) = Database::new("zabbix")? else { return Ok(()) };
    let workshop = Workshop::open("product-zabbix")?;
    let port = free_port()?;
    let url = format!("http://localhost:{port}");
    let populations = ["--who", "profile=National_ENS"];
    let mounting = [&["mount", "zabbix", "--url", &url, "--private"], &populations[..]].concat();
    let printed = workshop.preau(&mounting)?;
    let _zabbix = zabbix(&workshop, &database, port).await?;
    let teacher = workshop.account("teacher");
    set_up(&workshop, &url, &block(&printed, "")?, &teacher.login).await?;

    let start = format!("{url}/index_sso.php");
    until("preau takes Zabbix up", async || Ok(workshop.visitor()?.open(&start).await?.asks_for("public"))).await?;
    let mut visitor = workshop.visitor()?;
    ensure!(!knows(&mut visitor, &url, &teacher.login).await?, "control: a stranger");
    let page = visitor.sign_in(&start, teacher).await?;
    ensure!(page.url.as_str().starts_with(&format!("{url}/zabbix.php")), "{}: {}", page.url, page.words());
    ensure!(knows(&mut visitor, &url, &teacher.login).await?, "Zabbix knows who it is");
    let refused = workshop.visitor()?.sign_in(&start, workshop.account("pupil-6e")).await?;
    ensure!(!refused.url.as_str().starts_with(&url), "a pupil comes no further: {}", refused.url);

    let home = visitor.open(workshop.base()).await?;
    let farewell = visitor.send(&home.form_to("/sign-out")?).await?;
    ensure!(knows(&mut visitor, &url, &teacher.login).await?, "control: before the browser brought word");
    ensure!(visitor.load_frames(&farewell).await? == 1, "{}", farewell.text);
    ensure!(!knows(&mut visitor, &url, &teacher.login).await?, "Zabbix heard of the end");
    Ok(())
}

/// Whether Zabbix shows this person their own profile.
async fn knows(visitor: &mut Visitor, url: &str, login: &str) -> Result<bool> {
    Ok(visitor.open(&format!("{url}/zabbix.php?action=userprofile.edit")).await?.text.contains(login))
}

/// The pages of Debian's package, served by PHP itself from a copy that looks for its settings in a folder of this test, over a database made
/// by the files of Debian.
async fn zabbix(workshop: &Workshop, database: &Database, port: u16) -> Result<Process> {
    ensure!(Path::new(PAGES).exists(), "Zabbix is not installed: run `tests/install.sh test`");
    let folder = workshop.folder().join("zabbix");
    fs::create_dir_all(&folder)?;
    let unpacked = |name: &str| -> Result<String> {
        let output = Command::new("zcat").arg(format!("{SCHEMA}/{name}.sql.gz")).output()?;
        ensure!(output.status.success(), "{name} of {SCHEMA} cannot be read");
        Ok(String::from_utf8(output.stdout)?)
    };
    let rows = unpacked("data")?;
    let needed = |line: &&str| TABLES.iter().any(|table| line.starts_with(&format!("INSERT INTO {table} ")));
    let rows: Vec<&str> = rows.lines().filter(needed).collect();
    let statements = folder.join("database.sql");
    fs::write(&statements, unpacked("schema")? + &rows.join("\n"))?;
    psql(&database.url("postgres"), &["-1", "-f", &statements.display().to_string()])?;

    let copied = Command::new("cp").args(["-r", PAGES]).arg(folder.join("pages")).status()?;
    ensure!(copied.success(), "the pages of Zabbix cannot be copied");
    let place = folder.join("pages/include/classes/core/CConfigFile.php");
    let settings = folder.join("zabbix.conf.php").display().to_string();
    let class = fs::read_to_string(&place)?;
    ensure!(class.contains("/etc/zabbix/zabbix.conf.php"), "Zabbix looks for its settings elsewhere");
    fs::write(&place, class.replace("/etc/zabbix/zabbix.conf.php", &settings))?;
    let certificate = folder.join("preau.pem");
    let metadata = workshop.visitor()?.open(&format!("{}saml/metadata", workshop.base())).await?.text;
    fs::write(&certificate, signer(&metadata)?)?;
    let (host, number) = database.server.split_once(':').context("a server at a port")?;
    let php = format!(
        "<?php\n$DB = ['TYPE' => 'POSTGRESQL', 'SERVER' => '{host}', 'PORT' => '{number}', 'DATABASE' => '{}', 'USER' => 'preau',\n\
         'PASSWORD' => 'none', 'SCHEMA' => '', 'ENCRYPTION' => false, 'KEY_FILE' => '', 'CERT_FILE' => '', 'CA_FILE' => '',\n\
         'VERIFY_HOST' => false, 'CIPHER_LIST' => '', 'VAULT_URL' => '', 'VAULT_DB_PATH' => '', 'VAULT_TOKEN' => '',\n\
         'DOUBLE_IEEE754' => true];\n$ZBX_SERVER_NAME = '';\n$IMAGE_FORMAT_DEFAULT = IMAGE_FORMAT_PNG;\n\
         $SSO['IDP_CERT'] = '{}';\n",
        database.name,
        certificate.display(),
    );
    fs::write(&settings, php)?;
    let args = ["-S", &format!("127.0.0.1:{port}"), "-t", "."].map(str::to_owned);
    let args = ["-c".to_owned(), format!("cd '{}' && exec php {}", folder.join("pages").display(), args.join(" "))];
    let mut process = Process::start("zabbix", Path::new("/bin/sh"), &args, &[], &folder.join("php.log"))?;
    process.wait_until(|| answers(port))?;
    Ok(process)
}

/// The first certificate of the metadata, as a file of certificates.
fn signer(metadata: &str) -> Result<String> {
    let found = metadata.split("X509Certificate>").nth(1).and_then(|rest| rest.split('<').next());
    let text: String = found.context("metadata with a certificate")?.split_whitespace().collect();
    STANDARD.decode(&text).context("a certificate in its letters")?;
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap_or_default()).collect();
    Ok(format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n")))
}

/// Tells Zabbix the lines that were printed, and makes an account for this person.
async fn set_up(workshop: &Workshop, url: &str, lines: &str, login: &str) -> Result<()> {
    let session = call(workshop, url, "user.login", json!({ "username": "Admin", "password": "zabbix" }), None).await?;
    let printed: Value =
        serde_json::from_str(&format!("{{{lines}}}")).with_context(|| format!("parameters: {lines}"))?;
    call(workshop, url, "authentication.update", printed, Some(&session)).await?;
    let account =
        json!({ "username": login, "roleid": "1", "usrgrps": [{ "usrgrpid": "7" }], "passwd": "Uv9-kxQ.2bWf-m" });
    call(workshop, url, "user.create", account, Some(&session)).await.map(drop)
}

/// What the API of Zabbix answers.
async fn call(workshop: &Workshop, url: &str, method: &str, params: Value, session: Option<&Value>) -> Result<Value> {
    let mut asked = json!({ "jsonrpc": "2.0", "method": method, "params": params, "id": 1 });
    if let Some(session) = session {
        asked["auth"] = session.clone();
    }
    let address = format!("{url}/api_jsonrpc.php");
    let answer = workshop.visitor()?.ask_as(Method::POST, &address, "application/json", &asked.to_string()).await?;
    let said: Value = serde_json::from_str(&answer.text).with_context(|| format!("{method}: {}", answer.text))?;
    ensure!(said.get("error").is_none(), "{method}: {said}");
    Ok(said["result"].clone())
}
