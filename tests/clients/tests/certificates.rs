//! openid-client shows certificates (RFC 8705) at the port of their own, and reads answers that are encrypted for it.

use anyhow::Result;
use preau_clients::{Application, Client, Visitor, Workshop, World};
use serde_json::Value;
use std::path::Path;

/// Where the application would be answered; nobody listens.
const BACK: &str = "https://localhost:1/callback";

#[tokio::test]
async fn openid_client_shows_a_certificate_that_was_issued_to_it() -> Result<()> {
    let workshop = Workshop::open("certificate-issued")?;
    let proof = "authentication = \"tls_client_auth\"\ntls_client_auth_san_dns = \"greffe.example\"";
    workshop.mount("greffe", &instance(proof)).await?;
    let own = workshop.services.issue("greffe.example")?;
    whole_way(&workshop, &own).await?;
    for (stranger, why) in [
        (workshop.services.issue("autre.example")?, "of somebody else"),
        (workshop.services.self_signed("greffe.example")?, "that nobody issued"),
    ] {
        refused(&workshop, &stranger, why).await?;
    }
    Ok(())
}

#[tokio::test]
async fn openid_client_shows_a_certificate_of_its_own() -> Result<()> {
    let workshop = Workshop::open("certificate-own")?;
    let own = workshop.services.self_signed("greffe.example")?;
    let keys = workshop.showing("greffe", &own, BACK)?.ask("own")?;
    let proof = format!("authentication = \"self_signed_tls_client_auth\"\njwks = '{keys}'");
    workshop.mount("greffe", &instance(&proof)).await?;
    whole_way(&workshop, &own).await?;
    refused(&workshop, &workshop.services.self_signed("greffe.example")?, "of another key").await
}

#[tokio::test]
async fn openid_client_reads_what_is_encrypted_for_it_by_rsa() -> Result<()> {
    reads_what_is_encrypted("RSA-OAEP-256", "A128CBC-HS256").await
}

#[tokio::test]
async fn openid_client_reads_what_is_encrypted_for_it_by_agreement() -> Result<()> {
    reads_what_is_encrypted("ECDH-ES", "A256GCM").await
}

/// The instance file of a service that proves itself so.
fn instance(proof: &str) -> String {
    let home = BACK.trim_end_matches("/callback");
    format!(
        "connector = \"oidc-application\"\nnetwork = \"private\"\n\n[parameters]\nurl = \"{home}\"\n\n[oidc]\n{proof}\n\
             tls_client_certificate_bound_access_tokens = true\n"
    )
}

/// Somebody signs in; the tokens are of use with the certificate and of none without.
async fn whole_way(workshop: &Workshop, own: &Path) -> Result<()> {
    let mut visitor = workshop.visitor()?;
    let librarian = workshop.account("librarian");
    visitor.sign_in(workshop.base(), librarian).await?;
    let mut application = workshop.showing("greffe", own, BACK)?;
    let said = comes(&mut visitor, &mut application).await?;
    assert_eq!(said["userinfo"]["name"], librarian.name.as_str(), "{said}");
    assert!(application.ask("introspect")?["cnf"]["x5t#S256"].is_string());
    application.ask("hide")?;
    for without in ["userinfo", "introspect", "refresh"] {
        let told = application.ask(without)?;
        assert!(told["error"].is_string(), "{without}: {told}");
    }
    application.ask("show")?;
    let said = application.ask("refresh")?;
    assert_eq!((&said["renewed"], &said["userinfo"]["name"]), (&Value::from(true), &Value::from(&*librarian.name)));
    Ok(())
}

/// A certificate that is not the service's redeems no code.
async fn refused(workshop: &Workshop, stranger: &Path, why: &str) -> Result<()> {
    let mut visitor = workshop.visitor()?;
    visitor.sign_in(workshop.base(), workshop.account("librarian")).await?;
    let mut application = workshop.showing("greffe", stranger, BACK)?;
    let said = comes(&mut visitor, &mut application).await?;
    assert!(said["error"].is_string() && said["userinfo"].is_null(), "{why}: {said}");
    Ok(())
}

async fn comes(visitor: &mut Visitor, application: &mut Application) -> Result<Value> {
    let asked = application.address("begin")?;
    let page = visitor.open_until(&asked, |url| url.as_str().starts_with(BACK)).await?;
    assert!(page.url.as_str().starts_with(BACK), "{}: {}", page.url, page.words());
    application.ask(&format!("finish {}", page.url))
}

async fn reads_what_is_encrypted(alg: &str, enc: &str) -> Result<()> {
    let world = World::start(&format!("encrypted-{}", &alg[..3]))?;
    let mut application = world.application(Client::OpenidClient, "cahier")?;
    let keys = application.ask(&format!("seal {alg}"))?;
    let secret = world.folder().join("preau/services/cahier.secret");
    let home = world.site("cahier");
    let sealed = format!("{{ alg = \"{alg}\", enc = \"{enc}\" }}");
    let instance = format!(
        "connector = \"oidc-application\"\nnetwork = \"private\"\n\n[parameters]\nurl = \"{}\"\n\n[oidc]\n\
         client_secret_file = \"{}\"\njwks = '{keys}'\nuserinfo_signing = \"ES256\"\nid_token_encryption = {sealed}\n\
         userinfo_encryption = {sealed}\n",
        home.trim_end_matches('/'),
        secret.display()
    );
    // The service was there before: what tells that the new file is read is an ID token that only its reader opens.
    world.mount("cahier", &instance).await?;
    let mut visitor = world.visitor()?;
    world.sign_in(&mut visitor, world.base(), "librarian").await?;
    let librarian = world.account("librarian").name.as_str();
    let sealed = async {
        loop {
            let asked = application.address("begin")?;
            let page = visitor.open_until(&asked, |url| url.as_str().starts_with(&home)).await?;
            let said = application.ask(&format!("finish {}", page.url))?;
            assert_eq!(said["userinfo"]["name"], librarian, "{said}");
            if said["parts"] == 5 {
                return anyhow::Ok(said);
            }
        }
    };
    let said = tokio::time::timeout(std::time::Duration::from_secs(20), sealed).await??;
    assert_eq!(said["userinfo"]["sub"], said["claims"]["sub"], "{said}");
    // Without its key nobody reads it.
    let mut other = world.application(Client::OpenidClient, "cahier")?;
    let asked = other.address("begin")?;
    let page = visitor.open_until(&asked, |url| url.as_str().starts_with(&home)).await?;
    assert!(other.ask(&format!("finish {}", page.url))?["error"].is_string());
    Ok(())
}
