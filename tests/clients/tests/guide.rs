//! The ten-minute guide of `docs/how-to/integrate-oidc.md`, followed to the letter: its commands are run, its file is written, and
//! its table is what a real library is told. Changed is only what the page says is an example: where the hub and the
//! application live.

use anyhow::{Context, Result, ensure};
use preau_clients::{Application, Workshop};
use std::path::Path;

const HUB: &str = "https://ent.example.fr";
const APPLICATION: &str = "https://atelier.example.fr";

/// The page.
struct Guide(String);

impl Guide {
    fn open() -> Result<Guide> {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/how-to/integrate-oidc.md");
        Ok(Guide(std::fs::read_to_string(page)?))
    }

    /// The blocks of that language among the numbered steps, without the indent of the list.
    fn blocks(&self, language: &str) -> Vec<String> {
        let steps = self.0.split("\n## ").next().unwrap_or_default();
        let fence = format!("```{language}\n");
        let inside = steps.split(fence.as_str()).skip(1).filter_map(|rest| rest.split("```").next());
        inside.map(|block| block.lines().map(|line| line.trim_start().to_owned() + "\n").collect()).collect()
    }

    /// The value beside a setting of the table, without its marks.
    fn value(&self, setting: &str) -> Result<String> {
        let start = format!("| {setting} | ");
        let row = self.0.lines().find_map(|line| line.trim_start().strip_prefix(start.as_str()));
        let row = row.with_context(|| format!("the guide has no row {setting}"))?;
        Ok(row.trim_end_matches(" |").trim_matches('`').to_owned())
    }
}

#[tokio::test]
async fn the_ten_minute_guide_is_followed_to_the_letter() -> Result<()> {
    let (guide, workshop) = (Guide::open()?, Workshop::open("guide")?);
    let application = format!("http://localhost:{}", preau_rig::free_port()?);
    let hub = workshop.base().trim_end_matches('/').to_owned();
    let here = |text: &str| text.replace(HUB, &hub).replace(APPLICATION, &application);

    // 1 and 2: a secret, and the file.
    let (commands, files) = (guide.blocks("sh"), guide.blocks("toml"));
    ensure!(commands.len() == 2 && files.len() == 1, "{commands:?} {files:?}");
    workshop.shell(&commands[0])?;
    std::fs::write(workshop.home().join("services/atelier.toml"), here(&files[0]))?;
    // 3: it is mounted.
    ensure!(workshop.shell(&commands[1])?.contains("atelier"), "preau services does not list it");
    let mut visitor = workshop.visitor()?;
    visitor.until_known(workshop.base(), "atelier").await?;
    // 4 and 5: five values, and somebody signs in.
    let [issuer, id, callback, scopes] =
        ["issuer", "client id", "redirect URI", "scopes"].map(|setting| guide.value(setting).map(|value| here(&value)));
    let (callback, secret) = (callback?, workshop.home().join("services/atelier.secret"));
    let mut library = Application::asking(&issuer?, &id?, &secret, &callback, &scopes?, workshop.authority())?;
    let asked = library.address("begin")?;
    let librarian = workshop.account("librarian");
    visitor.sign_in(workshop.base(), librarian).await?;
    let page = visitor.open_until(&asked, |url| url.as_str().starts_with(&application)).await?;
    ensure!(page.url.as_str().starts_with(&callback), "{}: {}", page.url, page.words());
    let said = library.ask(&format!("finish {}", page.url))?;
    assert_eq!(said["userinfo"]["name"], librarian.name.as_str(), "{said}");
    assert_eq!(said["userinfo"]["sub"], said["claims"]["sub"]);
    assert_eq!(said["userinfo"]["ent_profiles"][0]["establishment"], librarian.establishments[0].as_str(), "{said}");
    Ok(())
}
