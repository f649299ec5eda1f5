//! Etherpad behind `mod_auth_openidc`. That many write in one pad at once is walked through in `tests/browser`.

use crate::{block, mount, site, with_secret};
use anyhow::{Result, ensure};
use preau_clients::{Page, Workshop};
use preau_rig::{Apache, Etherpad, SiteKind, free_port};

/// A running Etherpad that is mounted.
pub struct Pad {
    /// Address of its door, without a slash at the end.
    pub url: String,
    _apache: Apache,
    _etherpad: Etherpad,
}

#[tokio::test]
async fn etherpad_shows_who_writes_and_nobody_writes_past_the_door() -> Result<()> {
    let workshop = Workshop::plain("product-etherpad")?;
    let url = &behind_its_door(&workshop, &[]).await?.url;
    let pad = format!("{url}/p/devoir");
    let mut visitor = workshop.visitor()?;
    let page = visitor.sign_in(&pad, workshop.account("teacher")).await?;
    ensure!(page.url.path() == "/p/devoir" && page.text.contains("clientVars"), "{}: {}", page.url, page.text);
    assert_eq!(name_shown(&page).as_deref(), Some(workshop.account("teacher").name.as_str()));
    // What a browser polls for its letters passes the same door.
    let letters = format!("{url}/socket.io/?EIO=3&transport=polling");
    ensure!(visitor.open(&letters).await?.text.contains("\"sid\""), "the door lets letters through");

    let home = visitor.open(workshop.base()).await?;
    visitor.send(&home.form_to("/sign-out")?).await?;
    let asked = visitor.open(&letters).await?;
    ensure!(!asked.text.contains("\"sid\""), "the pad hears of the end of the session: {}", asked.url);
    let stranger = workshop.visitor()?.open(&format!("{pad}?userName=Personne")).await?;
    ensure!(stranger.url.as_str().starts_with(workshop.base()), "{}", stranger.url);
    Ok(())
}

/// Mounts Etherpad and starts it, with Apache set up by the lines that are printed.
pub async fn behind_its_door(workshop: &Workshop, more: &[&str]) -> Result<Pad> {
    let (port, behind) = (free_port()?, free_port()?);
    let url = format!("http://localhost:{port}");
    let printed = block(&mount(workshop, "etherpad", &[&["--url", &url], more].concat()).await?, "apache")?;
    let lines = with_secret(workshop, "etherpad", &printed)?.replace("127.0.0.1:9001", &format!("127.0.0.1:{behind}"));
    let etherpad = Etherpad::start(&workshop.folder().join("etherpad"), behind)?;
    let apache = Apache::start(&workshop.folder().join("apache"), &[site(workshop, SiteKind::Etherpad, port, lines)])?;
    Ok(Pad { url, _apache: apache, _etherpad: etherpad })
}

/// The name that the door has told a pad.
pub fn name_shown(page: &Page) -> Option<String> {
    page.url.query_pairs().find(|(key, _)| key == "userName").map(|(_, name)| name.into_owned())
}
