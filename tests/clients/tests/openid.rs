//! Stories with OpenID Connect clients that no one here wrote: `mod_auth_openidc`, authlib and openid-client, against preau
//! as a process and a real OpenLDAP.

use anyhow::Result;
use preau_clients::{Application, Client, Visitor, World};
use serde_json::Value;

#[tokio::test]
async fn mod_auth_openidc_opens_with_the_academic_password_and_hears_the_sign_out() -> Result<()> {
    let world = World::start("mod-auth-openidc")?;
    let mut visitor = world.visitor()?;
    let (agenda, kiosque) = (world.site("agenda"), world.site("kiosque"));

    let page = world.sign_in(&mut visitor, &agenda, "teacher").await?;
    assert!(page.url.as_str().starts_with(&agenda), "{}: {}", page.url, page.words());
    let teacher = world.account("teacher");
    let user = page.values("data-user");
    assert_eq!(user.len(), 1, "{}", page.words());
    assert!(!user[0].contains(&teacher.login), "a pairwise name says nothing: {user:?}");
    assert_eq!(page.texts("data-attribute", "name"), [teacher.name.as_str()]);
    assert_eq!(page.texts("data-attribute", "ent_establishment"), [teacher.establishments[0].as_str()]);
    assert_eq!(page.texts("data-attribute", "roles"), ["National_ENS"]);

    // What a browser says of itself under the name of a claim counts for nothing.
    visitor.forge("OIDC_CLAIM_name", "Somebody Else");
    visitor.forge("OIDC-CLAIM-name", "Somebody Else");
    let again = visitor.open(&agenda).await?;
    assert_eq!(again.trail.len(), 1, "the session of Apache alone opens it again");
    assert_eq!(again.texts("data-attribute", "name"), [teacher.name.as_str()]);

    // One session for both protocols, and one end: the site hears of it behind the browser's back.
    assert_eq!(visitor.open(&kiosque).await?.values("data-user").len(), 1);
    world.sign_out(&mut visitor).await?;
    world.until_forgotten(&mut visitor, &agenda).await?;
    world.until_forgotten(&mut visitor, &kiosque).await?;
    assert!(visitor.open(&agenda).await?.asks_for("public"));
    Ok(())
}

#[tokio::test]
async fn whoever_signs_out_at_the_site_of_mod_auth_openidc_is_signed_out_everywhere() -> Result<()> {
    let world = World::start("mod-auth-openidc-out")?;
    let mut visitor = world.visitor()?;
    let (agenda, kiosque) = (world.site("agenda"), world.site("kiosque"));
    world.sign_in(&mut visitor, &kiosque, "head").await?;
    let page = visitor.open(&agenda).await?;
    assert!(page.url.as_str().starts_with(&agenda), "no second password: {}", page.words());

    let back = url::form_urlencoded::byte_serialize(agenda.as_bytes()).collect::<String>();
    let address = format!("{agenda}oidc-callback?logout={back}");
    let page = visitor.open_until(&address, |url| url.as_str() == agenda).await?;
    assert_eq!(page.url.as_str(), agenda, "the browser comes back to where the site asked: {}", page.words());
    world.until_forgotten(&mut visitor, &kiosque).await?;
    assert!(visitor.open(&agenda).await?.asks_for("public"));
    Ok(())
}

#[tokio::test]
async fn authlib_reads_claims_refreshes_and_signs_out() -> Result<()> {
    an_application_signs_in("authlib", Client::Authlib, "bureau").await
}

#[tokio::test]
async fn openid_client_reads_claims_refreshes_and_signs_out() -> Result<()> {
    an_application_signs_in("openid-client", Client::OpenidClient, "cahier").await
}

#[tokio::test]
async fn openid_client_proves_a_key_and_its_tokens_are_worth_nothing_without() -> Result<()> {
    let world = World::start("openid-client-key")?;
    let mut visitor = world.visitor()?;
    let mut application = world.application(Client::OpenidClient, "cahier")?;
    application.ask("hold")?;
    world.sign_in(&mut visitor, world.base(), "librarian").await?;
    let asked = application.address("begin")?;
    let said = come_back(&world, &mut visitor, &mut application, "cahier", &asked).await?;
    assert_eq!(said["userinfo"]["name"], world.account("librarian").name.as_str(), "{said}");
    let told = application.ask("introspect")?;
    assert!(told["token_type"] == "DPoP" && told["cnf"]["jkt"].is_string(), "{told}");
    assert!(application.ask("bearer")?["error"].is_string(), "shown by itself");
    let said = application.ask("refresh")?;
    assert_eq!((&said["renewed"], &said["userinfo"]["sub"].is_string()), (&Value::from(true), &true), "{said}");
    Ok(())
}

async fn an_application_signs_in(folder: &str, client: Client, id: &str) -> Result<()> {
    let world = World::start(folder)?;
    let mut visitor = world.visitor()?;
    let mut application = world.application(client, id)?;
    let librarian = world.account("librarian");

    // The library itself checks the signature, the issuer, the audience, the nonce, `at_hash` and the state.
    let asked = application.address("begin")?;
    world.sign_in(&mut visitor, world.base(), "librarian").await?;
    let said = come_back(&world, &mut visitor, &mut application, id, &asked).await?;
    assert_eq!(said["userinfo"]["name"], librarian.name.as_str(), "{said}");
    assert_eq!(said["userinfo"]["sub"], said["claims"]["sub"]);
    assert_eq!(said["claims"]["iss"], world.base().trim_end_matches('/'));
    assert_eq!(said["userinfo"]["ent_establishment"], librarian.establishments[0].as_str(), "{said}");
    let profiles = said["userinfo"]["ent_profiles"].to_string();
    assert!(profiles.contains(&librarian.establishments[0]), "a profile says where: {profiles}");
    assert_eq!(application.ask("introspect")?["active"], true);

    // New tokens for the refresh token, and new ones for those.
    for _ in 0..2 {
        let said = application.ask("refresh")?;
        assert_eq!((&said["renewed"], &said["userinfo"]["name"]), (&Value::from(true), &Value::from(&*librarian.name)));
    }
    // A copy of the first refresh token ends them all.
    assert_eq!(application.ask("reuse")?["error"], "invalid_grant");
    assert_eq!(application.ask("introspect")?["active"], false);
    assert!(application.ask("userinfo")?["error"].is_string());
    assert_eq!(application.ask("refresh")?["error"], "invalid_grant");

    // The session of the browser is still there: signing in again asks nothing.
    let asked = application.address("begin")?;
    let said = come_back(&world, &mut visitor, &mut application, id, &asked).await?;
    assert_eq!(said["refresh"], true, "{said}");
    let home = world.site(id);
    let logout = application.address(&format!("logout {home}"))?;
    let page = visitor.open_until(&logout, |url| url.as_str().starts_with(&home)).await?;
    assert!(page.url.as_str().starts_with(&home), "{}: {}", page.url, page.words());
    assert!(visitor.open(world.base()).await?.asks_for("public"), "the session is over");
    assert_eq!(application.ask("refresh")?["error"], "invalid_grant", "and its tokens with it");
    Ok(())
}

/// The browser goes where the application sends it, and the application hears where it came back.
async fn come_back(
    world: &World,
    visitor: &mut Visitor,
    application: &mut Application,
    id: &str,
    asked: &str,
) -> Result<Value> {
    let home = world.site(id);
    let page = visitor.open_until(asked, |url| url.as_str().starts_with(&home)).await?;
    assert!(page.url.as_str().starts_with(&home), "{}: {}", page.url, page.words());
    application.ask(&format!("finish {}", page.url))
}
