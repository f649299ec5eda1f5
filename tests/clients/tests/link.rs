//! The plain application of `docs/how-to/integrate-a-plain-application.md`, as it stands there: it is mounted, receives a person, and
//! believes no context twice, of another application or altered.

use anyhow::{Context, Result, ensure};
use preau_clients::Workshop;
use preau_rig::{Process, free_port};
use std::path::Path;

const HUB: &str = "https://ent.example.fr";
const APPLICATION: &str = "https://club.example.fr";

/// The block of that language among the steps of the page, without the indent of the list.
fn block(language: &str) -> Result<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/how-to/integrate-a-plain-application.md");
    let page = std::fs::read_to_string(page)?;
    let (_, rest) = page.split_once(&format!("```{language}\n")).context("the page has no such block")?;
    let lines = rest.split("```").next().unwrap_or_default().lines();
    Ok(lines.map(|line| line.strip_prefix("   ").unwrap_or(line).to_owned() + "\n").collect())
}

#[tokio::test]
async fn a_plain_application_opens_for_the_right_person() -> Result<()> {
    let workshop = Workshop::plain("link-plain")?;
    let port = free_port()?;
    let (hub, url) = (workshop.base().trim_end_matches('/').to_owned(), format!("http://localhost:{port}"));
    let here = |text: &str| text.replace(HUB, &hub).replace(APPLICATION, &url);
    let printed = workshop.shell(&here(&block("sh")?))?;
    ensure!(printed.contains(&format!("`{hub}/oidc/jwks`")) && printed.contains("`club`"), "{printed}");
    workshop.preau(&["mount", "signed-link", "--id", "autre", "--url", &format!("{url}/autre")])?;
    let mut visitor = workshop.visitor()?;
    for id in ["club", "autre"] {
        let door = format!("{hub}/open/{id}");
        let known = async || Ok(visitor.open(&door).await?.status != 404);
        preau_clients::until(&format!("{id} is not mounted"), known).await?;
    }
    let program = workshop.folder().join("club.py");
    std::fs::write(&program, here(&block("python")?))?;
    let python = preau_rig::target_folder().join("python/bin/python");
    let args = ["-m", "flask", "--app", &program.display().to_string(), "run", "--port", &port.to_string()];
    let args = args.map(str::to_owned);
    let log = workshop.folder().join("club.log");
    let mut site = Process::start("club", &python, &args, &[] as &[(&str, String)], &log)?;
    site.wait_until(|| preau_rig::process::answers(port))?;

    let pupil = workshop.account("pupil-6e");
    visitor.sign_in(workshop.base(), pupil).await?;
    let given = pupil.name.split(' ').next().unwrap_or_default();
    let posting = visitor.open(&format!("{hub}/open/club")).await?;
    let form = posting.form_with("context")?;
    let token = form.value("context").unwrap_or_default().to_owned();
    let (head, signature) = token.rsplit_once('.').context("a context has a signature")?;
    let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
    let other = visitor.open(&format!("{hub}/open/autre")).await?.form_with("context")?;
    let other = other.value("context").unwrap_or_default().to_owned();
    for hostile in [&forged, &other] {
        let refused = visitor.send(&posting.form_with("context")?.with("context", hostile)).await?;
        ensure!(refused.words().contains("Forbidden"), "it is believed: {}", refused.words());
    }
    let told = visitor.send(&form).await?;
    ensure!(told.words().contains(&format!("Bonjour {given}")), "control: {}", told.words());
    let again = workshop.visitor()?.send(&form).await?;
    ensure!(again.words().contains("Forbidden"), "a second time, in another browser: {}", again.words());
    Ok(())
}
