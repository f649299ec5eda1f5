//! Stories with SimpleSAMLphp as the provider that vouches for pupils and families, in the place of EduConnect: it checks our
//! signed request by the metadata we show, and what it answers is verified, matched and believed. And one with it as a service.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_clients::{Page, Visitor, World};

#[tokio::test]
async fn a_pupil_signs_in_at_simplesamlphp_opens_a_site_and_signs_out_of_both() -> Result<()> {
    let world = World::with_saml("simplesamlphp")?;
    let (kiosque, mut visitor) = (world.site("kiosque"), world.visitor()?);
    let pupil = world.account("pupil-6e");

    let asked = elsewhere(&world, &mut visitor, &kiosque, "pupil").await?;
    let typed = asked.form_with("username")?.with("username", &pupil.login);
    let wrong = visitor.send(&typed.clone().with("password", "not this one")).await?;
    assert!(wrong.asks_for("username") && wrong.carries().is_none());
    let page = visitor.send(&typed.with("password", &pupil.password)).await?;
    let page = visitor.carry(page).await?;
    assert!(page.url.as_str().starts_with(&kiosque), "{}: {}", page.url, page.words());
    assert_eq!(page.texts("data-attribute", "displayName"), [pupil.name.as_str()]);

    // The way out there is offered, and ends that session too: the next one is asked for a password again.
    let goodbye = world.sign_out(&mut visitor).await?;
    world.until_forgotten(&mut visitor, &kiosque).await?;
    let there = goodbye.link_to("SingleLogoutService").with_context(|| goodbye.text.clone())?;
    let page = visitor.open(&there).await?;
    assert!(page.url.as_str().starts_with(world.base()), "{}: {}", page.url, page.words());
    assert!(elsewhere(&world, &mut visitor, &kiosque, "pupil").await?.asks_for("username"));
    Ok(())
}

#[tokio::test]
async fn families_sign_in_at_simplesamlphp_or_by_a_password_of_here() -> Result<()> {
    let world = World::with_saml("simplesamlphp-families")?;
    let parent = world.account("parent");
    let mut visitor = world.visitor()?;
    let asked = elsewhere(&world, &mut visitor, world.base(), "guardian").await?;
    let typed = asked.form_with("username")?.with("username", &parent.login).with("password", &parent.password);
    let page = visitor.send(&typed).await?;
    let page = visitor.carry(page).await?;
    assert!(page.url.as_str() == world.base() && page.words().contains(&parent.name), "{}", page.words());

    let mut another = world.visitor()?;
    let page = world.sign_in(&mut another, world.base(), "parent").await?;
    assert!(page.words().contains(&parent.name), "{}", page.words());
    // Whoever works in a school is not sent there.
    let asked = world.to_password(&mut world.visitor()?, world.base(), "teacher").await?;
    assert!(asked.link_to("/elsewhere/").is_none());
    Ok(())
}

#[tokio::test]
async fn simplesamlphp_believes_what_it_is_told_opens_it_and_signs_out_of_everything() -> Result<()> {
    let world = World::with_saml("simplesamlphp-service")?;
    let service = world.simplesamlphp().await?;
    let (kiosque, mut visitor) = (world.site("kiosque"), world.visitor()?);
    world.sign_in(&mut visitor, &kiosque, "cpe").await?;

    let page = visitor.open(&service).await?;
    let message = page.form_with("SAMLResponse")?.value("SAMLResponse").unwrap_or_default().to_owned();
    assert!(String::from_utf8(STANDARD.decode(&message)?)?.contains("aes256-gcm"), "its metadata hold a key for that");
    let middle = message.len() / 2;
    let other = if &message[middle..=middle] == "A" { "B" } else { "A" };
    let changed = format!("{}{other}{}", &message[..middle], &message[middle + 1..]);
    let changed = page.form_with("SAMLResponse")?.with("SAMLResponse", &changed);
    let refused = world.visitor()?.send(&changed).await?;
    assert!(!refused.words().contains(&world.account("cpe").name), "{}", refused.words());
    let page = visitor.carry(page).await?;
    assert!(page.url.as_str() == service && page.words().contains(&world.account("cpe").name), "{}", page.words());

    let page = visitor.open(&format!("{service}&logout")).await?;
    let page = visitor.carry(page).await?;
    assert!(!page.url.as_str().starts_with(world.base()), "the browser comes back: {} {}", page.url, page.words());
    world.until_forgotten(&mut visitor, &kiosque).await?;
    assert!(visitor.open(&service).await?.asks_for("public"), "and it asks again");
    Ok(())
}

/// The page of the other provider.
async fn elsewhere(world: &World, visitor: &mut Visitor, address: &str, public: &str) -> Result<Page> {
    let page = visitor.open(address).await?;
    let page = visitor.send(&page.form_with("public")?.with("public", public)).await?;
    let there = page.link_to("/elsewhere/").with_context(|| page.words())?;
    let page = visitor.open(&there).await?;
    assert!(!page.url.as_str().starts_with(world.base()), "{}: {}", page.url, page.words());
    Ok(page)
}
