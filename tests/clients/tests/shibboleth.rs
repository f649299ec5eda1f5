//! Stories with Shibboleth as a service provider that no one here wrote, the one most of education runs: it believes our metadata
//! by their signature, signs what it asks, opens what is encrypted for it, fetches answers by their tickets, and hears of the end.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_clients::{Page, Visitor, World};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};

/// The type of an envelope that a program takes to a site, and what a program says that it speaks.
const PAOS: &str = "application/vnd.paos+xml";
const SPEAKS: &str = r#"ver="urn:liberty:paos:2003-08";"urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp""#;

#[tokio::test]
async fn shibboleth_believes_what_it_is_told_by_a_form_and_by_a_ticket() -> Result<()> {
    let world = World::with_shibboleth("shibboleth").await?;
    let (coffre, mut visitor) = (world.site("coffre"), world.visitor()?);
    let teacher = world.account("teacher-two-schools");
    world.sign_in(&mut visitor, world.base(), "teacher-two-schools").await?;

    let asked = visitor.open(&format!("{coffre}index.php?cours=6A")).await?;
    let form = asked.carries().with_context(|| asked.words())?;
    let message = String::from_utf8(STANDARD.decode(form.value("SAMLResponse").unwrap_or_default())?)?;
    assert!(message.contains("EncryptedAssertion") && !message.contains(&teacher.name), "{message}");
    let page = visitor.carry(asked).await?;
    assert_eq!(page.url.as_str(), format!("{coffre}index.php?cours=6A"), "{}", page.words());
    assert_eq!(page.texts("data-attribute", "displayName"), [teacher.name.as_str()], "{}", page.words());
    assert_eq!(page.texts("data-attribute", "ENTPersonProfils"), ["National_ENS"]);
    let pairwise = page.texts("data-attribute", "pairwise-id");
    assert!(pairwise.first().is_some_and(|name| name.ends_with("@localhost")), "its domain is ours: {pairwise:?}");

    // Another browser, by the way of tickets: what it carries says nothing of anybody.
    let mut other = world.visitor()?;
    world.sign_in(&mut other, world.base(), "teacher-two-schools").await?;
    let carried = other.open(&by_ticket(&world, &mut visitor).await?).await?;
    let form = carried.carries().with_context(|| carried.words())?;
    assert!(form.value("SAMLart").is_some() && form.value("SAMLResponse").is_none(), "{:?} {form:?}", carried.trail);
    let page = other.carry(carried).await?;
    assert_eq!(page.texts("data-attribute", "pairwise-id"), pairwise, "the same person: {}", page.words());
    Ok(())
}

#[tokio::test]
async fn whoever_signs_out_here_or_at_the_site_of_shibboleth_is_signed_out_at_both() -> Result<()> {
    let world = World::with_shibboleth("shibboleth-out").await?;
    let (coffre, kiosque, mut visitor) = (world.site("coffre"), world.site("kiosque"), world.visitor()?);
    world.sign_in(&mut visitor, &kiosque, "cpe").await?;
    assert!(enters(&mut visitor, &coffre).await?.contains("Aubépine"), "control");
    // The daemon is told by SOAP, without the browser.
    world.sign_out(&mut visitor).await?;
    for site in [&coffre, &kiosque] {
        world.until_forgotten(&mut visitor, site).await?;
    }

    world.sign_in(&mut visitor, &kiosque, "cpe").await?;
    assert!(enters(&mut visitor, &coffre).await?.contains("Aubépine"), "control");
    let back = format!("{coffre}look.css");
    let gone = visitor.open(&format!("{coffre}Shibboleth.sso/Logout?return={back}")).await?;
    let gone = visitor.carry(gone).await?;
    assert!(gone.status == 200, "{}: {}", gone.url, gone.words());
    for site in [&kiosque, &coffre] {
        world.until_forgotten(&mut visitor, site).await?;
    }
    assert!(visitor.open(world.base()).await?.asks_for("public"));
    Ok(())
}

/// Where the site asks for a ticket: its address for them is one of its metadata.
async fn by_ticket(world: &World, visitor: &mut Visitor) -> Result<String> {
    let coffre = world.site("coffre");
    let metadata = visitor.open(&format!("{coffre}Shibboleth.sso/Metadata")).await?.text;
    let place = metadata.split("<md:AssertionConsumerService ").skip(1).find(|one| one.contains("HTTP-Artifact"));
    let index = place.and_then(|one| one.split("index=\"").nth(1)?.split('"').next()).context("no such address")?;
    Ok(format!("{coffre}Shibboleth.sso/Login?acsIndex={index}&target={coffre}"))
}

/// What the site says to somebody who has a session here.
async fn enters(visitor: &mut Visitor, site: &str) -> Result<String> {
    let page: Page = visitor.open(site).await?;
    let page = visitor.carry(page).await?;
    assert_eq!(page.url.as_str(), site, "{}", page.words());
    Ok(page.words())
}

/// A program that is no browser and knows no library: it takes the request out of one envelope and puts it into another.
#[tokio::test]
async fn a_program_with_a_password_enters_the_site_of_shibboleth() -> Result<()> {
    let world = World::with_shibboleth("shibboleth-program").await?;
    world.open_to_programs("coffre")?;
    let (coffre, account) = (world.site("coffre"), world.account("librarian"));
    let client = Client::builder().redirect(Policy::none()).no_proxy().build()?;
    let asked =
        client.get(&coffre).header("Accept", format!("text/html, {PAOS}")).header("PAOS", SPEAKS).send().await?;
    let own = cookies(&asked);
    let asked = asked.text().await?;
    let consumer = between(&asked, "responseConsumerURL=\"", "\"")?;
    let relay = format!("<ecp:RelayState{}</ecp:RelayState>", between(&asked, "<ecp:RelayState", "</ecp:RelayState>")?);

    let envelope = with_header(&asked, "")?;
    // The running server takes up within seconds that the site is open to programs.
    let open = async || Ok(ask(&client, &world, &envelope, None).await?.status() == StatusCode::UNAUTHORIZED);
    preau_clients::until("it stays closed to programs", open).await?;
    let answer = ask(&client, &world, &envelope, Some((&account.login, &account.password))).await?.text().await?;
    assert_eq!(between(&answer, "AssertionConsumerServiceURL=\"", "\"")?, consumer, "the address is the site's own");
    assert!(answer.contains("EncryptedAssertion") && !answer.contains(&account.name), "{answer}");

    let taken = with_header(&answer, &relay.replace("S:", "soap:"))?;
    let taken = client.post(consumer).header("Content-Type", PAOS).header("Cookie", &own).body(taken).send().await?;
    assert_eq!(taken.status(), StatusCode::FOUND, "the site believes it");
    let session = cookies(&taken);
    let page = client.get(&coffre).header("Cookie", &session).send().await?.text().await?;
    assert!(page.contains(&account.name), "{page}");
    let wrong = ask(&client, &world, &envelope, Some((&account.login, "wrong"))).await?;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED, "another password");
    Ok(())
}

/// Brings an envelope to preau, with the password of somebody or without.
async fn ask(client: &Client, world: &World, envelope: &str, who: Option<(&str, &str)>) -> Result<Response> {
    let asked = client.post(format!("{}saml/ecp", world.base())).header("Content-Type", "text/xml");
    let asked = match who {
        Some((login, password)) => asked.basic_auth(login, Some(password)),
        None => asked,
    };
    Ok(asked.body(envelope.to_owned()).send().await?)
}

/// What stands between two texts.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Result<&'a str> {
    let after = text.split(from).nth(1).with_context(|| format!("no {from} in {text}"))?;
    Ok(after.split(to).next().unwrap_or_default())
}

/// The envelope with this header in place of its own.
fn with_header(envelope: &str, header: &str) -> Result<String> {
    let own = between(envelope, "Header>", "Header>")?;
    let end = own.rfind("</").with_context(|| format!("no header in {envelope}"))?;
    Ok(envelope.replace(&own[..end], header))
}

/// The cookies that an answer sets, as a browser sends them back.
fn cookies(answer: &Response) -> String {
    let set = answer.headers().get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
    set.filter_map(|cookie| cookie.split(';').next()).collect::<Vec<_>>().join("; ")
}
