//! Guests whose home has no Préau: SimpleSAMLphp is the identity provider of the école's ENT, and a script of joserfc signs its list with
//! the key of the convention. The guest signs in there, opens the pad of the space, and nothing else.

use crate::etherpad::{behind_its_door, name_shown};
use crate::{mount, python};
use anyhow::{Context, Result, ensure};
use preau_clients::{Page, Visitor, Workshop};
use preau_rig::{Citizen, SimpleSaml, free_port};
use serde_json::json;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// The école; the collège is that of the pupil of 6e.
const ECOLE: &str = "0990101X";
/// What home asks for.
const PASSWORD: &str = "plume-de-paon";

#[tokio::test]
async fn a_guest_whose_home_is_simplesamlphp_opens_the_pad_of_the_space_and_nothing_else() -> Result<()> {
    let people = ["lou", "max"].map(|login| Citizen {
        login: login.into(),
        password: PASSWORD.into(),
        attributes: vec![("uid", vec![format!("eleve-{login}")])],
    });
    let home = SimpleSaml::start(&preau_rig::scratch("foreign-home-idp"), free_port()?, "ENT des écoles", &people)?;
    let source = home.as_home("ecoles", "ENT des écoles", "uid");
    let workshop = Workshop::plain_with("foreign-home", &source)?;
    let ours = workshop.visitor()?.open(&format!("{}upstream/ecoles/metadata", workshop.base())).await?;
    home.trust(&ours.text)?;

    let who = ["--who", "profile=Invite"];
    let pad = behind_its_door(&workshop, &who).await?;
    let other = format!("http://localhost:{}", free_port()?);
    mount(&workshop, "hedgedoc", &[&["--url", &other], &who[..]].concat()).await?;
    share(&workshop, &home)?;
    let lou = json!({ "given_name": "Lou", "initial": "V.", "home": ECOLE, "class": "CM2A", "public": "pupil", "subject": "eleve-lou" });
    let forged = list(&workshop, &home, "another.key", &lou.to_string())?;
    ensure!(workshop.preau(&["guests", "import", &forged]).is_err(), "a list that another key signed is refused");
    let signed = list(&workshop, &home, "home.key", &lou.to_string())?;
    workshop.preau(&["guests", "import", &signed])?;

    let mut visitor = workshop.visitor()?;
    let page = come(&workshop, &mut visitor, "lou").await?;
    ensure!(page.words().contains("Lou") && !page.asks_for("public"), "{}: {}", page.url, page.words());
    let written = visitor.open(&format!("{}/p/fables", pad.url)).await?;
    ensure!(written.text.contains("clientVars"), "{}: {}", written.url, written.words());
    assert_eq!(name_shown(&written).as_deref(), Some("Lou V."));
    // The audience of this one would take a guest; no space mounts it.
    let refused = visitor.open(&format!("{}open/hedgedoc", workshop.base())).await?;
    ensure!(refused.url.as_str().starts_with(workshop.base()), "{}", refused.url);

    let page = come(&workshop, &mut workshop.visitor()?, "max").await?;
    ensure!(page.asks_for("public"), "whoever is on no list is nobody: {}", page.words());
    workshop.preau(&["conventions", "end", "cycle3"])?;
    until_nobody(&workshop, &mut visitor).await
}

/// Draws up the convention, has it signed, and opens the space.
fn share(workshop: &Workshop, home: &SimpleSaml) -> Result<()> {
    let keys = workshop.home().join("ecoles.json");
    std::fs::write(&keys, script(workshop, "home.key", &["keys"], "")?)?;
    let keys = keys.display().to_string();
    let days = workshop.shell("date -d yesterday +%F; date -d '+200 days' +%F")?;
    let (from, until) = days.trim().split_once('\n').context("two days")?;
    let college = workshop.account("pupil-6e").establishments.first().context("a collège")?;
    let (peer, issuer) = (peer(home), home.entity_id());
    let mut draft = vec!["conventions", "draft", "cycle3", "--peer", &peer, "--name", "ENT des écoles"];
    draft.extend(["--provider", "ecoles", "--issuer", &issuer, "--keys", &keys, "--purpose", "cycle 3"]);
    draft.extend(["--data", "prénom, initiale, classe", "--establishments", ECOLE, "--quota", "10"]);
    draft.extend(["--from", from, "--until", until]);
    workshop.preau(&draft)?;
    workshop.preau(&["conventions", "sign", "cycle3", "--by", "la principale"])?;
    workshop.preau(&["conventions", "sign", "cycle3", "--by", "l’IA-DASEN", "--peer"])?;
    let groups = [format!("{ECOLE}:CM2A:pupil:redacteur"), format!("{college}:6A:pupil:redacteur")];
    let mut open = vec!["spaces", "open", "fables", "--title", "Fables", "--host", college, "--convention", "cycle3"];
    open.extend(["--mount", "etherpad", "--until", until]);
    groups.iter().for_each(|group| open.extend(["--group", group]));
    workshop.preau(&open)?;
    Ok(())
}

/// The address the other party is known by.
fn peer(home: &SimpleSaml) -> String {
    home.address().trim_end_matches('/').to_owned()
}

/// The file of a list of these lines, signed with this key.
fn list(workshop: &Workshop, home: &SimpleSaml, key: &str, lines: &str) -> Result<String> {
    let us = workshop.base().trim_end_matches('/');
    let known: serde_json::Value = serde_json::from_str(&workshop.preau(&["conventions", "list", "--json"])?)?;
    let terms = known[0]["fingerprint"].as_str().context("a fingerprint")?;
    let file = workshop.home().join(format!("{key}.list"));
    std::fs::write(
        &file,
        script(workshop, key, &["list", &peer(home), us, "cycle3", terms, "fables"], &format!("{lines}\n"))?,
    )?;
    Ok(file.display().to_string())
}

/// What the script of the home says.
fn script(workshop: &Workshop, key: &str, args: &[&str], input: &str) -> Result<Vec<u8>> {
    let mut command = Command::new(python()?);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/guest_list.py")).arg(workshop.home().join(key)).args(args);
    let mut script = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("starting the script")?;
    script.stdin.take().context("it reads")?.write_all(input.as_bytes())?;
    let output = script.wait_with_output()?;
    ensure!(output.status.success(), "the script failed");
    Ok(output.stdout)
}

/// Signs in at home as this pupil, and gives the first page of the host after that.
async fn come(workshop: &Workshop, visitor: &mut Visitor, login: &str) -> Result<Page> {
    let page = visitor.open(workshop.base()).await?;
    let page = visitor.send(&page.form_with("public")?.with("public", "guest")).await?;
    let there = page.link_to("/elsewhere/ecoles").with_context(|| page.words())?;
    let asked = visitor.open(&there).await?;
    ensure!(!asked.url.as_str().starts_with(workshop.base()), "{}: {}", asked.url, asked.words());
    let page = visitor.send(&asked.form_with("username")?.with("username", login).with("password", PASSWORD)).await?;
    visitor.carry(page).await?;
    visitor.open(workshop.base()).await
}

/// What is ended by hand counts within three seconds, also in a live session.
async fn until_nobody(workshop: &Workshop, visitor: &mut Visitor) -> Result<()> {
    let nobody = async || Ok(visitor.open(workshop.base()).await?.asks_for("public"));
    preau_clients::until("the guest outlives the convention", nobody).await
}
