//! A mail server that no one here wrote (aiosmtpd), reached by STARTTLS: a partner of a school who lost their password reads the letter and chooses
//! another one; a server that puts off is asked again, and so is one that takes no letter from our sender until somebody mends that;
//! one that offers no TLS is told nothing. And the how-to, followed to the letter.

use anyhow::{Context, Result, ensure};
use preau_clients::{Application, Visitor, Workshop, until};
use preau_rig::{Tls, free_port};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

const USER: &str = "preau";
const PASSWORD: &str = "poste-restante-7";
const ADDRESS: &str = "ondine@association.example";
const CHOSEN: &str = "girafe-lente-verte";

/// A house and its mail server.
fn set_up(name: &str) -> Result<(Workshop, Application)> {
    let folder: PathBuf = preau_rig::scratch(&format!("{name}-server"));
    let (tls, port) = (Tls::make(&folder)?, free_port()?);
    let server = Application::mail_server(port, &tls, USER, PASSWORD)?;
    let password = folder.join("password");
    fs::write(&password, format!("{PASSWORD}\n"))?;
    let more = format!(
        "\n[mail]\nserver = \"localhost\"\nport = {port}\nusername = \"{USER}\"\npassword_file = \"{}\"\n\
         from = \"ne-pas-repondre@ent.example\"\ntrusted_ca_files = [\"{}\"]\n",
        password.display(),
        tls.authority.display(),
    );
    Ok((Workshop::plain_with(name, &more)?, server))
}

/// A partner of a school, whose password lives here; their browser, and what they type.
fn partner(house: &Workshop) -> Result<(Visitor, &'static str)> {
    let school = house.account("teacher").establishments.first().context("a teacher works in a school")?.clone();
    let file = house.folder().join("former");
    fs::write(&file, "tortue-vive-mauve")?;
    let (file, login) = (file.display().to_string(), "ondine.basalte");
    let who = ["--login", login, "--given-name", "Ondine", "--family-name", "Basalte", "--mail", ADDRESS];
    house.preau(&[&["account", "add", "--establishment", &school, "--password-file", &file], &who[..]].concat())?;
    Ok((house.visitor()?, login))
}

/// Asks for a letter.
async fn forget(house: &Workshop, visitor: &mut Visitor, login: &str) -> Result<()> {
    let page = visitor.to_password(house.base(), "guest").await?;
    let to = page.link_to("/forgotten").context("a way for whoever forgot")?;
    let page = visitor.open(&to).await?;
    let said = visitor.send(&page.form_with("who")?.with("who", login)).await?;
    ensure!(said.words().contains("Regardez vos mails"), "{}", said.words());
    Ok(())
}

fn letters(said: &Value) -> Vec<Value> {
    said["letters"].as_array().cloned().unwrap_or_default()
}

/// The letters when there are so many.
async fn arrived(server: &mut Application, count: usize) -> Result<Vec<Value>> {
    until("no letter came", async || Ok(letters(&server.ask("letters")?).len() >= count)).await?;
    Ok(letters(&server.ask("letters")?))
}

/// A body as it was written, without the soft breaks of its way.
fn body(letter: &Value) -> String {
    let message = letter["message"].as_str().unwrap_or_default().replace("\r\n", "\n");
    let (_, body) = message.split_once("\n\n").unwrap_or_default();
    body.replace("=\n", "").replace("=C2=A0", " ").replace("=3D", "=")
}

#[tokio::test]
async fn a_partner_reads_a_letter_and_chooses_another_password() -> Result<()> {
    let (house, mut server) = set_up("mail-reset")?;
    let doctor = house.shell("preau --demo --config preau.toml doctor || true")?;
    ensure!(doctor.contains("localhost takes letters from ne-pas-repondre@ent.example, over TLS"), "{doctor}");
    let (mut partner, login) = partner(&house)?;
    server.ask("away 1")?;
    forget(&house, &mut partner, login).await?;
    let all = arrived(&mut server, 1).await?;
    let letter = &all[0];
    ensure!(letter["tls"] == true && letter["account"] == true, "{letter}");
    assert_eq!((all.len(), letter["from"].as_str()), (1, Some("ne-pas-repondre@ent.example")));
    let text = body(letter);
    let address = format!("{}reset#", house.base());
    let (_, code) = text.split_once(&address).with_context(|| text.clone())?;
    let code = code.split_whitespace().next().context("a code")?;
    let page = partner.open(&format!("{}reset", house.base())).await?;
    let page = partner.send(&page.form_with("code")?.with("code", code)).await?;
    let form = page.form_with("password")?.with("password", CHOSEN).with("again", CHOSEN);
    let done = partner.send(&form).await?;
    ensure!(done.words().contains("Mot de passe changé"), "{}", done.words());
    let page = partner.to_password(house.base(), "guest").await?;
    let home = partner.send(&page.form_with("password")?.with("login", login).with("password", CHOSEN)).await?;
    ensure!(home.words().contains("Bonjour"), "{}", home.words());
    let news = arrived(&mut server, 2).await?;
    ensure!(body(&news[1]).contains("vient d=E2=80=99=C3=AAtre chang=C3=A9"), "{}", body(&news[1]));
    let log = fs::read_to_string(house.folder().join("preau.log"))?;
    ensure!(!log.contains(code) && !log.contains(letter["to"][0].as_str().unwrap_or("@")), "the log names somebody");
    Ok(())
}

/// Such a refusal is of the operator's settings, and not of the letter, which waits for them.
#[tokio::test]
async fn a_letter_waits_for_a_sender_that_is_refused() -> Result<()> {
    let (house, mut server) = set_up("mail-sender")?;
    let (mut partner, login) = partner(&house)?;
    server.ask("sender 1")?;
    let doctor = house.shell("preau --demo --config preau.toml doctor || true")?;
    ensure!(doctor.contains("takes no letter from mail.from: 550 5.7.60"), "{doctor}");
    server.ask("sender 1")?;
    forget(&house, &mut partner, login).await?;
    arrived(&mut server, 1).await?;
    let log = fs::read_to_string(house.folder().join("preau.log"))?;
    ensure!(log.contains("takes no letter from mail.from") && log.contains("it is tried again"), "{log}");
    ensure!(!log.contains("ne-pas-repondre@"), "the log names somebody: {log}");
    let doctor = house.shell("preau --demo --config preau.toml doctor || true")?;
    ensure!(doctor.contains("localhost takes letters from"), "{doctor}");
    Ok(())
}

#[tokio::test]
async fn a_server_without_tls_is_told_nothing() -> Result<()> {
    let (house, mut server) = set_up("mail-plain")?;
    let (mut partner, login) = partner(&house)?;
    server.ask("plain")?;
    forget(&house, &mut partner, login).await?;
    let log = house.folder().join("preau.log");
    until("nobody tried", async || Ok(fs::read_to_string(&log)?.contains("a letter was not sent"))).await?;
    let doctor = house.shell("preau --demo --config preau.toml doctor || true")?;
    ensure!(doctor.contains("does not offer what is needed: TLS"), "{doctor}");
    assert_eq!(letters(&server.ask("letters")?).len(), 0);
    Ok(())
}

/// The blocks of a language in `docs/how-to/send-mail.md`, without the indent of lists, and the whole page.
fn guide(language: &str) -> Result<(Vec<String>, String)> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/how-to/send-mail.md"))?;
    let fence = format!("```{language}\n");
    let inside = page.split(fence.as_str()).skip(1).filter_map(|rest| rest.split("```").next());
    let blocks = inside.map(|block| block.lines().map(|line| line.trim_start().to_owned() + "\n").collect());
    Ok((blocks.collect(), page))
}

/// Changed is what the page gives as examples, or says besides: where the server and the folder are, whose the folder is, and whose school it is; a pipe is the terminal.
#[tokio::test]
async fn the_how_to_is_followed_to_the_letter() -> Result<()> {
    let ((commands, page), (files, _)) = (guide("sh")?, guide("toml")?);
    let [secret, doctor, restart, account] = &commands[..] else { anyhow::bail!("other commands: {commands:?}") };
    let (mut house, port) = (Workshop::open("mail-guide")?, free_port()?);
    let mut server = Application::mail_server(port, house.tls(), USER, PASSWORD)?;
    let (home, school) = (house.home().display().to_string(), house.account("teacher").establishments[0].clone());
    let here = |text: &str| {
        let own = [("/var/lib/preau", &*home), ("smtp.example.fr", "localhost"), ("0990001N", &*school)];
        let text = own.iter().fold(text.to_owned(), |text, (example, own)| text.replace(example, own));
        text.replace("-o preau", "-o \"$(id -un)\"").replace("runuser -u preau -- ", "")
    };
    // 2: the password of the account.
    house.shell(&format!("printf '{PASSWORD}\\n' | {}", here(secret)))?;
    // 3: the section, and an authority of one's own.
    let authority = "trusted_ca_files = [\"tls/ca.pem\"]";
    ensure!(page.contains(authority) && restart.trim() == "systemctl restart preau", "{page}");
    fs::create_dir_all(house.home().join("tls"))?;
    fs::copy(house.authority(), house.home().join("tls/ca.pem"))?;
    let config = fs::read_to_string(house.home().join("preau.toml"))?;
    fs::write(house.home().join("preau.toml"), format!("{config}\n{}port = {port}\n{authority}\n", here(&files[0])))?;
    // 4: the doctor says what the page says that it says.
    let said = house.shell(&format!("{{ {}; }} || true", here(doctor).trim()))?;
    let told = "takes letters from ne-pas-repondre@ent.example.fr, over TLS";
    ensure!(said.contains(&format!("localhost {told}")) && page.contains(&format!("smtp.example.fr {told}")), "{said}");
    assert_eq!(letters(&server.ask("letters")?).len(), 0, "it sends nothing");
    // 5 and 6: somebody forgets their password.
    house.restart()?;
    house.shell(&here(account))?;
    let mut visitor = house.visitor()?;
    forget(&house, &mut visitor, "essai").await?;
    let first = arrived(&mut server, 1).await?.remove(0);
    ensure!(first["tls"] == true && first["account"] == true && first["to"][0] == "you@example.fr", "{first}");
    let text = body(&first);
    let code = text.split("reset#").nth(1).and_then(|rest| rest.split_whitespace().next()).context("a code")?;
    let page = visitor.open(&format!("{}reset", house.base())).await?;
    let page = visitor.send(&page.form_with("code")?.with("code", code)).await?;
    visitor.send(&page.form_with("password")?.with("password", CHOSEN).with("again", CHOSEN)).await?;
    ensure!(arrived(&mut server, 2).await?[1]["message"].as_str().is_some_and(|news| news.contains("Bonjour")));
    // What is sent besides: a code for the account page.
    let page = visitor.to_password(house.base(), "guest").await?;
    visitor.send(&page.form_with("password")?.with("login", "essai").with("password", CHOSEN)).await?;
    let asks = visitor.open(&format!("{}account/mail", house.base())).await?;
    let asks = visitor.send(&asks.form_to("/account/mail")?).await?;
    let letter = body(&arrived(&mut server, 3).await?[2]);
    let code = letter.split("Votre code est ").nth(1).and_then(|rest| rest.get(..6)).with_context(|| letter.clone())?;
    let account = visitor.send(&asks.form_with("code")?.with("code", code)).await?;
    ensure!(account.words().contains("Code par mail"), "{}", account.words());
    Ok(())
}
