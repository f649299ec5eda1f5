//! Stories with pysaml2 as a service provider that no one here wrote: it has its requests signed, and what it is answered
//! verified and opened, by xmlsec1.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_clients::{Application, Form, Page, Visitor, World};
use serde_json::Value;

#[tokio::test]
async fn pysaml2_asks_in_both_ways_for_every_name_and_believes_what_it_is_told() -> Result<()> {
    let world = World::with_saml("pysaml2")?;
    let mut application = world.pysaml2().await?;
    let mut visitor = world.visitor()?;
    world.sign_in(&mut visitor, world.base(), "cpe").await?;

    let mut names = Vec::new();
    for (how, format) in
        [("redirect", "persistent"), ("post", "persistent"), ("redirect", "transient"), ("post", "transient")]
    {
        let asked = application.ask(&format!("begin {how} {format}"))?;
        let page = until_asked(&world, &mut visitor, &asked).await?;
        let said = finish(&mut application, &page, &asked)?;
        assert!(message(&page)?.contains("EncryptedAssertion"), "its metadata hold a key for that");
        assert_eq!(said["format"], format, "{said}");
        // This world has no TLS, and does not say that it had.
        assert_eq!(said["class"], "urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "{said}");
        assert_eq!(said["attributes"]["displayName"], Value::from(vec![world.account("cpe").name.clone()]), "{said}");
        assert_eq!(said["attributes"]["sn"], Value::from(vec!["Aubépine"]), "{said}");
        assert!(said["attributes"]["ENTPersonProfils"].is_null(), "it did not ask for that: {said}");
        names.push(said["name"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(names[0], names[1], "a persistent name is one name");
    assert_ne!(names[2], names[3], "a transient name is another one each time");
    assert!(!names.iter().any(|name| name.contains(&world.account("cpe").login)));

    // A name that its settings do not give is refused, and the refusal is signed like an answer.
    let asked = application.ask("begin post emailAddress")?;
    let page = until_asked(&world, &mut visitor, &asked).await?;
    assert_eq!(finish(&mut application, &page, &asked)?["error"], "StatusInvalidNameidPolicy");
    Ok(())
}

#[tokio::test]
async fn pysaml2_has_the_password_typed_again_and_believes_nothing_that_was_changed() -> Result<()> {
    let world = World::with_saml("pysaml2-force")?;
    let mut application = world.pysaml2().await?;
    let mut visitor = world.visitor()?;

    let asked = application.ask("begin redirect persistent passive")?;
    let page = until_asked(&world, &mut visitor, &asked).await?;
    assert_eq!(finish(&mut application, &page, &asked)?["error"], "StatusNoPassive");

    world.sign_in(&mut visitor, world.base(), "librarian").await?;
    let asked = application.ask("begin post persistent force")?;
    let page = until_asked(&world, &mut visitor, &asked).await?;
    assert!(page.carries().is_none(), "the session alone does not do");
    let page = if page.asks_for("password") {
        page
    } else {
        visitor.send(&page.form_with("public")?.with("public", "staff")).await?
    };
    let librarian = world.account("librarian");
    let typed = page.form_with("password")?.with("login", &librarian.login).with("password", &librarian.password);
    let page = visitor.send(&typed).await?;

    let form = page.carries().with_context(|| page.words())?;
    let message = form.value("SAMLResponse").context("an answer")?;
    let middle = message.len() / 2;
    let other = if &message[middle..=middle] == "A" { "B" } else { "A" };
    let changed = format!("{}{other}{}", &message[..middle], &message[middle + 1..]);
    assert!(application.ask(&format!("finish {changed}"))?["error"].is_string(), "a letter was changed");
    assert!(application.ask(&format!("replay {message}"))?["error"].is_string(), "nobody asked for it");
    let said = finish(&mut application, &page, &asked)?;
    assert_eq!(said["attributes"]["displayName"], Value::from(vec![librarian.name.clone()]), "control: {said}");
    Ok(())
}

#[tokio::test]
async fn pysaml2_ends_the_session_without_a_browser_and_through_it() -> Result<()> {
    let world = World::with_saml("pysaml2-out")?;
    let mut application = world.pysaml2().await?;
    let kiosque = world.site("kiosque");
    for how in ["soap", "redirect"] {
        let mut visitor = world.visitor()?;
        world.sign_in(&mut visitor, &kiosque, "teacher").await?;
        let asked = application.ask("begin redirect persistent")?;
        let page = until_asked(&world, &mut visitor, &asked).await?;
        finish(&mut application, &page, &asked)?;
        let said = application.ask(&format!("logout {how}"))?;
        if how == "soap" {
            assert_eq!(said["status"], true, "{said}");
        } else {
            let address = said["url"].as_str().with_context(|| said.to_string())?.to_owned();
            let page = visitor.open_until(&address, |url| url.path() == "/slo").await?;
            assert_eq!(application.ask(&format!("ended {}", page.url))?["status"], true, "{}", page.words());
        }
        world.until_forgotten(&mut visitor, &kiosque).await?;
        assert!(visitor.open(world.base()).await?.asks_for("public"));
    }
    Ok(())
}

#[tokio::test]
async fn pysaml2_fetches_what_it_is_told_with_the_ticket_that_the_browser_brings() -> Result<()> {
    let world = World::with_saml("pysaml2-ticket")?;
    let mut application = world.pysaml2().await?;
    let mut visitor = world.visitor()?;
    let principal = world.account("cpe");
    world.sign_in(&mut visitor, world.base(), "cpe").await?;

    let page = visitor.open(&application.address("begin redirect persistent artifact")?).await?;
    let form = page.form_with("SAMLart")?;
    assert!(form.action().ends_with("/ticket") && form.value("SAMLResponse").is_none(), "{}", form.action());
    let ticket = form.value("SAMLart").unwrap_or_default();
    let said = application.ask(&format!("fetch {ticket}"))?;
    assert_eq!(said["attributes"]["displayName"], Value::from(vec![principal.name.clone()]), "{said}");
    let again = application.ask(&format!("fetch {ticket}"))?;
    assert!(again["error"].is_string(), "a ticket is good once: {again}");

    let asked = application.ask("begin redirect persistent")?;
    let page = until_asked(&world, &mut visitor, &asked).await?;
    assert_eq!(finish(&mut application, &page, &asked)?["name"], said["name"], "control: the same name by a form");
    Ok(())
}

#[tokio::test]
async fn pysaml2_signs_somebody_in_for_a_program() -> Result<()> {
    let world = World::with_saml("pysaml2-program")?;
    let mut application = world.pysaml2().await?;
    let (agent, pupil) = (world.account("cpe"), world.account("pupil-6e"));

    let closed = application.ask(&format!("program {} {}", agent.login, agent.password))?;
    assert!(closed["why"].as_str().is_some_and(|why| why.contains("(400)")), "nobody opened it: {closed}");
    world.open_to_programs("registre")?;
    world.until(|| refused(&mut application, &pupil.login, &pupil.password).map(|why| why.contains("(401)"))).await?;
    assert!(refused(&mut application, "nobody", "at-all")?.contains("(401)"), "the same for a name that nobody has");
    let said = application.ask(&format!("program {} {}", agent.login, agent.password))?;
    assert_eq!(said["attributes"]["displayName"], Value::from(vec![agent.name.clone()]), "control: {said}");
    assert_eq!(said["relay"], "registre", "{said}");
    Ok(())
}

/// Why a program was refused.
fn refused(application: &mut Application, login: &str, password: &str) -> Result<String> {
    let said = application.ask(&format!("program {login} {password}"))?;
    Ok(said["why"].as_str().with_context(|| format!("it was told {said}"))?.to_owned())
}

/// The browser goes where pysaml2 sends it.
async fn until_asked(world: &World, visitor: &mut Visitor, asked: &Value) -> Result<Page> {
    let page = match asked["url"].as_str() {
        Some(address) => visitor.open(address).await?,
        None => {
            let field = |name: &str| asked[name].as_str().with_context(|| format!("it said {asked}"));
            let fields = [("SAMLRequest", field("request")?), ("RelayState", field("relay")?)];
            visitor.send(&Form::post(field("action")?, &fields)?).await?
        }
    };
    assert!(page.url.as_str().starts_with(world.base()), "{}", page.url);
    Ok(page)
}

/// The message that a page carries.
fn message(page: &Page) -> Result<String> {
    let form = page.carries().with_context(|| page.words())?;
    Ok(String::from_utf8(STANDARD.decode(form.value("SAMLResponse").unwrap_or_default())?)?)
}

/// What pysaml2 makes of what the page carries.
fn finish(application: &mut Application, page: &Page, asked: &Value) -> Result<Value> {
    let form = page.carries().with_context(|| page.words())?;
    assert_eq!(form.value("RelayState"), asked["relay"].as_str());
    application.ask(&format!("finish {}", form.value("SAMLResponse").unwrap_or_default()))
}
