//! Radicale, calendars: it knows people by a header that `mod_auth_openidc` sets, and keeps what is theirs from others by its own rules.

use crate::{block, mount, run, site, with_secret};
use anyhow::{Context, Result, ensure};
use preau_clients::{Visitor, Workshop};
use preau_rig::{Apache, SiteKind, free_port};
use reqwest::Method;
use std::fs;

/// An event of a calendar.
const EVENT: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//ecole//FR\r\nBEGIN:VEVENT\r\nUID:sortie\r\nDTSTAMP:20261129T080000Z\r\n\
                     DTSTART:20261203T090000Z\r\nSUMMARY:Sortie au musée\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

#[tokio::test]
async fn radicale_keeps_the_calendar_of_whoever_signs_in_from_everybody_else() -> Result<()> {
    let workshop = Workshop::plain("product-radicale")?;
    let (port, behind) = (free_port()?, free_port()?);
    let url = format!("http://localhost:{port}");
    let printed = block(&mount(&workshop, "apache-openid", &["--url", &url]).await?, "apache")?;
    let lines = with_secret(&workshop, "apache-openid", &printed)?;
    let around = format!(
        "ProxyPass /oidc-callback !\nProxyPass / http://127.0.0.1:{behind}/\nRequestHeader set X-Remote-User expr=%{{REMOTE_USER}}\n"
    );
    let folder = workshop.folder().join("radicale");
    fs::create_dir_all(&folder)?;
    let settings = format!(
        "[server]\nhosts = 127.0.0.1:{behind}\n[auth]\ntype = http_x_remote_user\n[rights]\ntype = owner_only\n\
         [storage]\nfilesystem_folder = {}\n",
        folder.display()
    );
    fs::write(folder.join("config"), settings)?;
    let _radicale = run(&folder, behind, "exec bin/python -m radicale --config config", &[])?;
    let _apache = Apache::start(
        &workshop.folder().join("apache"),
        &[site(&workshop, SiteKind::ModAuthOpenidc, port, lines + &around)],
    )?;

    let mut teacher = workshop.visitor()?;
    let page = teacher.sign_in(&format!("{url}/.web/"), workshop.account("teacher")).await?;
    ensure!(page.status == 200 && page.url.as_str().starts_with(&url), "{}: {}", page.url, page.words());
    let own = whose(&mut teacher, &url).await?;
    let calendar = format!("{url}{own}classe/");
    let made = teacher.ask(Method::from_bytes(b"MKCALENDAR")?, &calendar, "").await?;
    assert_eq!(made.status, 201, "{}", made.text);
    let kept = teacher.ask(Method::PUT, &format!("{calendar}sortie.ics"), EVENT).await?;
    assert_eq!(kept.status, 201, "{}", kept.text);
    ensure!(teacher.open(&calendar).await?.text.contains("Sortie au musée"));

    let mut pupil = workshop.visitor()?;
    pupil.sign_in(&format!("{url}/.web/"), workshop.account("pupil-6e")).await?;
    assert_ne!(whose(&mut pupil, &url).await?, own);
    let refused = pupil.open(&calendar).await?;
    ensure!(refused.status == 403 && !refused.text.contains("Sortie"), "{}: {}", refused.status, refused.text);
    let stranger = workshop.visitor()?.open(&calendar).await?;
    ensure!(stranger.url.as_str().starts_with(workshop.base()), "{}", stranger.url);
    Ok(())
}

/// Where Radicale keeps what belongs to whoever asks.
async fn whose(visitor: &mut Visitor, url: &str) -> Result<String> {
    let asked = "<propfind xmlns=\"DAV:\"><prop><current-user-principal/></prop></propfind>";
    let told = visitor.ask(Method::from_bytes(b"PROPFIND")?, &format!("{url}/"), asked).await?;
    let principal = told.text.split("current-user-principal>").nth(1).and_then(|text| text.split("href>").nth(1));
    let principal = principal.and_then(|text| text.split('<').next());
    Ok(principal.with_context(|| format!("{}: {}", told.status, told.text))?.to_owned())
}
