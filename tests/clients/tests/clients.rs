//! Stories with clients that no one here wrote: `mod_auth_cas`, phpCAS and python-cas, against preau as a process and a
//! real OpenLDAP.

use anyhow::Result;
use preau_clients::{Visitor, World};

#[tokio::test]
async fn mod_auth_cas_opens_with_the_academic_password_and_closes_at_sign_out() -> Result<()> {
    let world = World::start("mod-auth-cas")?;
    let mut visitor = world.visitor()?;
    let kiosque = world.site("kiosque");

    let page = world.sign_in(&mut visitor, &kiosque, "teacher").await?;
    assert!(page.url.as_str().starts_with(&kiosque), "{}", page.url);
    let user = page.values("data-user");
    assert_eq!(user.len(), 1, "{}", page.words());
    let teacher = world.account("teacher");
    assert_eq!(page.texts("data-attribute", "displayName"), [teacher.name.as_str()]);
    assert_eq!(page.texts("data-attribute", "ENTPersonStructRattachUAI"), [teacher.establishments[0].as_str()]);

    // What a browser says of itself under the name of an attribute counts for nothing.
    visitor.forge("CAS-displayName", "Somebody Else");
    visitor.forge("CAS-User", "somebody-else");
    let forged = visitor.open(&kiosque).await?;
    assert_eq!(forged.values("data-user"), user);
    assert_eq!(forged.texts("data-attribute", "displayName"), [teacher.name.as_str()]);

    // The ticket is gone from the address, and the session of Apache alone opens the page again.
    assert!(!page.url.as_str().contains("ticket="));
    assert_eq!(visitor.open(&kiosque).await?.trail.len(), 1);

    let goodbye = world.sign_out(&mut visitor).await?;
    assert_eq!(goodbye.status, 200);
    world.until_forgotten(&mut visitor, &kiosque).await?;
    // And preau asks who comes, instead of opening the door by itself.
    assert!(visitor.open(&kiosque).await?.asks_for("public"));
    Ok(())
}

#[tokio::test]
async fn phpcas_reads_attributes_proxies_in_the_persons_name_and_hears_the_sign_out() -> Result<()> {
    let world = World::start("phpcas")?;
    let mut visitor = world.visitor()?;
    let (atelier, fonds) = (world.site("atelier"), world.site("fonds"));

    let page = world.sign_in(&mut visitor, &atelier, "teacher-two-schools").await?;
    assert!(page.url.as_str().starts_with(&atelier), "{}: {}", page.url, page.words());
    let teacher = world.account("teacher-two-schools");
    assert_eq!(page.texts("data-attribute", "displayName"), [teacher.name.as_str()]);

    // phpCAS asks for a proxy ticket and opens the other site, which phpCAS guards too, with it.
    let proxied = visitor.open(&format!("{atelier}?proxy=1")).await?;
    assert_eq!(proxied.status, 200, "{}", proxied.words());
    assert_eq!(proxied.values("data-user").len(), 1, "{}", proxied.words());
    assert_eq!(proxied.values("data-proxy"), [atelier.as_str()]);
    assert!(proxied.words().contains("Le fonds"));

    // The visitor opens the other site too, with no second password.
    let other = visitor.open(&fonds).await?;
    assert!(other.url.as_str().starts_with(&fonds), "{}", other.url);
    assert_eq!(other.values("data-user").len(), 1);

    world.sign_out(&mut visitor).await?;
    world.until_forgotten(&mut visitor, &atelier).await?;
    world.until_forgotten(&mut visitor, &fonds).await?;
    Ok(())
}

#[tokio::test]
async fn whoever_the_rule_refuses_is_refused_at_the_door_of_a_real_service() -> Result<()> {
    let world = World::start("refused")?;
    let mut pupil = world.visitor()?;
    let atelier = world.site("atelier");
    let page = world.sign_in(&mut pupil, &atelier, "pupil-6e").await?;
    assert_eq!(page.status, 403, "{}", page.words());
    assert!(page.url.as_str().starts_with(world.base()));
    // The same person opens what is for everybody, with the session of the refused attempt.
    let kiosque = world.site("kiosque");
    let page = pupil.open(&kiosque).await?;
    assert_eq!(page.values("data-user").len(), 1, "{}: {}", page.url, page.words());

    // And a wrong password opens nothing, while somebody else's right one, typed into the same form, does.
    let mut visitor = world.visitor()?;
    let asked = world.to_password(&mut visitor, &kiosque, "cpe").await?;
    let typed = asked.form_with("password")?.with("login", &world.account("cpe").login);
    let page = visitor.send(&typed.with("password", "not this one")).await?;
    assert!(page.asks_for("password") && page.url.as_str().starts_with(world.base()));
    let head = world.account("head");
    let typed = page.form_with("password")?.with("login", &head.login).with("password", &head.password);
    let page = visitor.send(&typed).await?;
    assert!(page.url.as_str().starts_with(&kiosque), "{}: {}", page.url, page.words());
    Ok(())
}

#[tokio::test]
async fn neither_a_power_cut_nor_a_lost_directory_ends_a_session() -> Result<()> {
    let mut world = World::start("faults")?;
    let mut visitor = world.visitor()?;
    let kiosque = world.site("kiosque");
    world.sign_in(&mut visitor, &kiosque, "head").await?;

    world.cut_the_power()?;
    let fonds = world.site("fonds");
    let page = visitor.open(&fonds).await?;
    assert!(page.url.as_str().starts_with(&fonds), "a second password after a restart: {}", page.words());

    world.lose_the_directory();
    let atelier = world.site("atelier");
    let page = visitor.open(&atelier).await?;
    assert!(page.url.as_str().starts_with(&atelier), "a live session needs no directory: {}", page.words());

    // Whoever signs in now reads why it does not work, soon, and it is not their fault.
    let mut late = world.visitor()?;
    let asked = world.to_password(&mut late, &kiosque, "teacher").await?;
    let teacher = world.account("teacher");
    let form = asked.form_with("password")?.with("login", &teacher.login).with("password", &teacher.password);
    let began = std::time::Instant::now();
    let page = late.send(&form).await?;
    assert!(began.elapsed() < std::time::Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(page.status, 503, "{}", page.words());
    assert!(page.url.as_str().starts_with(world.base()));
    Ok(())
}

#[tokio::test]
async fn python_cas_validates_with_every_version_of_the_protocol() -> Result<()> {
    let world = World::start("python-cas")?;
    let mut visitor = world.visitor()?;
    world.sign_in(&mut visitor, world.base(), "librarian").await?;
    let name = &world.account("librarian").name;
    let service = world.site("carnet");
    let mut users = Vec::new();
    for protocol in ["1", "2", "3", "CAS_2_SAML_1_0"] {
        let ticket = ticket(&world, &mut visitor, &service).await?;
        let found = world.python_cas(protocol, &service, &ticket)?;
        let user = found["user"].as_str().unwrap_or_default().to_owned();
        assert!(!user.is_empty(), "version {protocol}: {found}");
        if matches!(protocol, "3" | "CAS_2_SAML_1_0") {
            assert_eq!(found["attributes"]["displayName"], name.as_str(), "version {protocol}: {found}");
        }
        users.push(user);
        let again = world.python_cas(protocol, &service, &ticket)?;
        assert!(again["user"].as_str().unwrap_or_default().is_empty(), "version {protocol}, used twice: {again}");
    }
    users.dedup();
    assert_eq!(users.len(), 1, "one person, one name: {users:?}");
    Ok(())
}

#[tokio::test]
async fn python_cas_proxies_in_the_persons_name_and_hears_the_sign_out() -> Result<()> {
    let world = World::start("python-cas-proxy")?;
    let mut visitor = world.visitor()?;
    world.sign_in(&mut visitor, world.base(), "librarian").await?;
    let (mut relay, fonds) = (world.proxy()?, world.site("fonds"));
    let ticket = ticket(&world, &mut visitor, &world.site("relais")).await?;
    let who = relay.ask(&format!("verify {ticket}"))?;
    assert_eq!(who["attributes"]["displayName"], world.account("librarian").name.as_str(), "{who}");
    assert_eq!(who["granted"], true, "{who}");

    // phpCAS, at the other end, takes the ticket and says who spoke in the person's name.
    let page = relay.ask(&format!("open {fonds}"))?;
    let body = page["body"].as_str().unwrap_or_default();
    assert!(page["status"] == 200 && body.contains("Le fonds") && body.contains("data-user=\""), "{page}");
    assert!(body.contains(&format!("data-proxy=\"{}callback\"", world.site("relais"))), "{body}");

    world.sign_out(&mut visitor).await?;
    world.until(|| Ok(relay.ask(&format!("ended {ticket}"))?["ended"] == true)).await?;
    assert_eq!(relay.ask("ended ST-another")?["ended"], false);
    let page = relay.ask(&format!("open {fonds}"))?;
    assert!(page["refused"].is_string(), "the right to speak ends with the session: {page}");
    Ok(())
}

/// A service ticket as the browser would carry it to the service.
async fn ticket(world: &World, visitor: &mut Visitor, service: &str) -> Result<String> {
    let login = format!("{}/login?service={service}", world.cas());
    let page = visitor.open_until(&login, |url| url.as_str().starts_with(service)).await?;
    let ticket = page.url.query_pairs().find(|(name, _)| name == "ticket").map(|(_, value)| value.into_owned());
    ticket.ok_or_else(|| anyhow::anyhow!("no ticket in {}: {}", page.url, page.words()))
}
