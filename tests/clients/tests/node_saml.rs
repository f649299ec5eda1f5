//! Stories with node-saml as a service provider that no one here wrote, as applications of Node have it: signatures are checked by
//! xml-crypto, and what is encrypted is opened by xml-encryption.

use anyhow::{Context, Result};
use preau_clients::{Application, Form, Page, Visitor, World};
use serde_json::Value;

#[tokio::test]
async fn node_saml_asks_in_both_ways_and_believes_what_it_is_told_once() -> Result<()> {
    let world = World::with_saml("node-saml")?;
    let mut application = world.node_saml().await?;
    let mut visitor = world.visitor()?;

    let asked = application.ask("begin redirect passive")?;
    let page = until_asked(&world, &mut visitor, &asked).await?;
    assert_eq!(finish(&mut application, &page, &asked)?["nobody"], true);

    world.sign_in(&mut visitor, world.base(), "librarian").await?;
    let librarian = world.account("librarian");
    let mut names = Vec::new();
    for how in ["redirect", "post"] {
        let asked = application.ask(&format!("begin {how}"))?;
        let page = until_asked(&world, &mut visitor, &asked).await?;
        let said = finish(&mut application, &page, &asked)?;
        assert_eq!(said["format"], "persistent", "{said}");
        // Under the names of the standard: node-saml knows no friendly ones.
        assert_eq!(said["attributes"]["urn:oid:2.16.840.1.113730.3.1.241"], librarian.name.as_str(), "{said}");
        assert!(finish(&mut application, &page, &asked)?["error"].is_string(), "it answered that already");
        names.push(said["name"].as_str().unwrap_or_default().to_owned());

        let asked = application.ask(&format!("begin {how}"))?;
        let page = until_asked(&world, &mut visitor, &asked).await?;
        let message = page.form_with("SAMLResponse")?.value("SAMLResponse").context("an answer")?.to_owned();
        let middle = message.len() / 2;
        let other = if &message[middle..=middle] == "A" { "B" } else { "A" };
        let changed = format!("{}{other}{}", &message[..middle], &message[middle + 1..]);
        assert!(application.ask(&format!("finish {changed}"))?["error"].is_string(), "a letter was changed");
    }
    assert_eq!(names[0], names[1], "a persistent name is one name");

    let asked = application.ask("begin post force")?;
    let page = until_asked(&world, &mut visitor, &asked).await?;
    assert!(page.carries().is_none(), "the session alone does not do: {}", page.words());
    Ok(())
}

#[tokio::test]
async fn node_saml_ends_the_session_and_hears_of_its_end() -> Result<()> {
    let world = World::with_saml("node-saml-out")?;
    let mut application = world.node_saml().await?;
    let (kiosque, mut visitor) = (world.site("kiosque"), world.visitor()?);
    world.sign_in(&mut visitor, &kiosque, "teacher").await?;
    let asked = application.ask("begin redirect")?;
    let page = until_asked(&world, &mut visitor, &asked).await?;
    let name = finish(&mut application, &page, &asked)?["name"].clone();

    // Its metadata have one address for ends, to which a browser posts: on a round, from here.
    let page = world.sign_out(&mut visitor).await?;
    let told = page.form_with("SAMLRequest").with_context(|| page.words())?;
    let value = |name: &str| told.value(name).unwrap_or_default();
    let heard = application.ask(&format!("told {} {}", value("SAMLRequest"), value("RelayState")))?;
    assert_eq!(heard["name"], name, "{heard}");
    let goodbye = visitor.open(heard["url"].as_str().with_context(|| heard.to_string())?).await?;
    assert!(goodbye.url.as_str().starts_with(world.base()), "{}", goodbye.words());
    world.until_forgotten(&mut visitor, &kiosque).await?;

    // And from there.
    world.sign_in(&mut visitor, &kiosque, "teacher").await?;
    let asked = application.ask("begin redirect")?;
    let page = until_asked(&world, &mut visitor, &asked).await?;
    finish(&mut application, &page, &asked)?;
    let page = visitor.open(&application.address("logout")?).await?;
    let answer = page.form_with("SAMLResponse").with_context(|| page.words())?;
    let said = application.ask(&format!("ended {}", answer.value("SAMLResponse").unwrap_or_default()))?;
    assert_eq!(said["out"], true, "{said}");
    world.until_forgotten(&mut visitor, &kiosque).await
}

/// The browser goes where node-saml sends it.
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

/// What node-saml makes of what the page carries.
fn finish(application: &mut Application, page: &Page, asked: &Value) -> Result<Value> {
    let form = page.form_with("SAMLResponse")?;
    assert_eq!(form.value("RelayState"), asked["relay"].as_str());
    application.ask(&format!("finish {}", form.value("SAMLResponse").unwrap_or_default()))
}
