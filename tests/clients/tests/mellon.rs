//! Stories with `mod_auth_mellon`, a service provider of SAML that no one here wrote, against preau as a process and a real
//! OpenLDAP. Its sites are mounted by `preau sp add`, from metadata that its own tools wrote.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_clients::{Visitor, World};

#[tokio::test]
async fn mod_auth_mellon_opens_an_encrypted_assertion_and_hears_the_sign_out() -> Result<()> {
    let world = World::with_saml("mellon")?;
    let mut visitor = world.visitor()?;
    let textes = world.site("textes");

    let deep = format!("{textes}index.php?cours=6A");
    let page = world.sign_in(&mut visitor, &deep, "teacher-two-schools").await?;
    assert_eq!(page.url.as_str(), deep, "{}", page.words());
    let teacher = world.account("teacher-two-schools");
    assert_eq!(page.texts("data-attribute", "displayName"), [teacher.name.as_str()]);
    assert_eq!(page.texts("data-attribute", "ENTPersonProfils"), ["National_ENS"]);
    let classes = page.texts("data-attribute", "ENTClasses");
    for school in &teacher.establishments {
        assert!(classes.iter().any(|class| class.starts_with(&format!("{school}$"))), "{school}: {classes:?}");
    }

    // The session of Apache alone opens the page again, and what a browser says of itself counts for nothing.
    visitor.forge("MELLON_displayName", "Somebody Else");
    visitor.forge("MELLON-displayName", "Somebody Else");
    let again = visitor.open(&textes).await?;
    assert_eq!(again.trail.len(), 1);
    assert_eq!(again.texts("data-attribute", "displayName"), [teacher.name.as_str()]);

    let goodbye = world.sign_out(&mut visitor).await?;
    assert!(goodbye.words().contains("ne dit pas s’il a fermé la sienne"), "{}", goodbye.words());
    assert_eq!(visitor.load_frames(&goodbye).await?, 1, "{}", goodbye.words());
    // What it answered in its frame was counted: asked for again, the page says so.
    let again = visitor.open(goodbye.url.as_str()).await?;
    assert!(again.words().contains("tout est fermé"), "{}", again.words());
    assert!(again.frames().is_empty(), "it is not told once more");
    world.until_forgotten(&mut visitor, &textes).await?;
    assert!(visitor.open(&textes).await?.asks_for("public"));
    Ok(())
}

#[tokio::test]
async fn mod_auth_mellon_signs_its_requests_and_reads_what_nobody_on_the_way_can() -> Result<()> {
    let world = World::with_saml("mellon-sealed")?;
    let mut visitor = world.visitor()?;
    let textes = world.site("textes");
    world.sign_in(&mut visitor, world.base(), "cpe").await?;

    let page = visitor.open(&textes).await?;
    let asked = page.trail.iter().find(|url| url.path() == "/saml/sso").context("the site asked")?.clone();
    let form = page.carries().with_context(|| page.words())?;
    let message = String::from_utf8(STANDARD.decode(form.value("SAMLResponse").unwrap_or_default())?)?;
    assert!(message.contains("xmlenc11#aes256-gcm") && message.contains("EncryptedAssertion"), "{message}");
    assert!(!message.contains("NameID") && !message.contains("National_EVS"), "{message}");
    let page = visitor.carry(page).await?;
    // An accent goes through every layer.
    assert_eq!(page.texts("data-attribute", "sn"), ["Aubépine"]);
    assert_eq!(page.texts("data-attribute", "displayName"), [world.account("cpe").name.as_str()]);

    // The metadata say that requests are signed: without its signature, or with another RelayState, one is refused.
    let without = |name: &str| {
        let mut url = asked.clone();
        let kept: Vec<(String, String)> =
            asked.query_pairs().into_owned().filter(|(key, _)| !key.starts_with(name)).collect();
        url.query_pairs_mut().clear().extend_pairs(kept);
        url
    };
    for changed in [without("Sig"), without("RelayState")] {
        let page = visitor.open(changed.as_str()).await?;
        assert_eq!(page.status, 400, "{}: {}", changed, page.words());
        assert!(page.carries().is_none() && page.url.as_str().starts_with(world.base()));
    }
    assert!(visitor.open(asked.as_str()).await?.carries().is_some(), "control");
    Ok(())
}

#[tokio::test]
async fn whoever_signs_out_at_the_site_of_mod_auth_mellon_is_signed_out_everywhere() -> Result<()> {
    let world = World::with_saml("mellon-out")?;
    let mut visitor = world.visitor()?;
    let (textes, kiosque, agenda) = (world.site("textes"), world.site("kiosque"), world.site("agenda"));
    world.sign_in(&mut visitor, &kiosque, "head").await?;
    visitor.open(&agenda).await?;
    assert!(open(&mut visitor, &textes).await?, "no second password");

    let back = format!("{textes}look.css");
    let out = format!("{textes}mellon/logout?ReturnTo={back}");
    let page = visitor.open_until(&out, |url| url.as_str() == back).await?;
    assert_eq!(page.url.as_str(), back, "the browser comes back to where the site asked: {}", page.words());
    for site in [&kiosque, &agenda, &textes] {
        world.until_forgotten(&mut visitor, site).await?;
    }
    assert!(visitor.open(world.base()).await?.asks_for("public"));
    Ok(())
}

#[tokio::test]
async fn a_site_that_writes_its_own_metadata_is_mounted_while_the_server_runs_and_told_without_a_browser() -> Result<()>
{
    let world = World::with_saml("mellon-own")?;
    let rendezvous = world.site("rendezvous");
    let mut visitor = world.visitor()?;
    world.sign_in(&mut visitor, world.base(), "parent").await?;
    let address = world.mellon("rendezvous").entity_id.clone();
    let said = world.preau(&["sp", "add", &address, "--id", "rendezvous", "--private", "--release", "displayName"])?;
    assert!(said.contains("released      displayName as urn:oid:2.16.840.1.113730.3.1.241"), "{said}");
    assert!(said.contains("mellon/logout (SOAP)"), "{said}");
    world.until_open(&mut visitor, &rendezvous).await?;

    let page = visitor.open(&rendezvous).await?;
    assert_eq!(page.texts("data-attribute", "displayName"), [world.account("parent").name.as_str()]);
    // By the protocol of another service, and no frame is loaded.
    visitor.open(&format!("{}/logout", world.cas())).await?;
    world.until_forgotten(&mut visitor, &rendezvous).await?;
    Ok(())
}

#[tokio::test]
async fn whom_the_rule_refuses_the_site_of_mod_auth_mellon_does_not_see() -> Result<()> {
    let world = World::with_saml("mellon-refused")?;
    let (textes, kiosque) = (world.site("textes"), world.site("kiosque"));
    let mut pupil = world.visitor()?;
    let page = world.sign_in(&mut pupil, &textes, "pupil-6e").await?;
    assert_eq!(page.status, 403, "{}", page.words());
    assert!(page.url.as_str().starts_with(world.base()) && page.carries().is_none());
    assert_eq!(pupil.open(&kiosque).await?.values("data-user").len(), 1, "control");

    // Where nobody may be asked the site hears no more than that, and opens nothing.
    let quietly = format!("{textes}mellon/login?IsPassive=true&ReturnTo={textes}");
    for visitor in [&mut pupil, &mut world.visitor()?] {
        let told = visitor.open(&quietly).await?;
        let told = visitor.carry(told).await?;
        assert!(told.url.as_str().starts_with(&textes) && told.status == 401, "{} {}", told.status, told.url);
    }
    let mut teacher = world.visitor()?;
    world.sign_in(&mut teacher, world.base(), "teacher").await?;
    let told = teacher.open(&quietly).await?;
    assert_eq!(teacher.carry(told).await?.url.as_str(), textes, "control");
    Ok(())
}

/// Whether a site opens for somebody who is signed in.
async fn open(visitor: &mut Visitor, site: &str) -> Result<bool> {
    let page = visitor.open(site).await?;
    let page = visitor.carry(page).await?;
    Ok(page.url.as_str() == site && page.values("data-user").len() == 1)
}
