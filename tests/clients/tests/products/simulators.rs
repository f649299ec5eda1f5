//! SIMULATORS of products that cannot be had, built from what is documented of them: not PRONOTE and not the GAR, but a client of their
//! protocol (python-cas, pysaml2) that reads what they read, and counts as a fault whatever they have no use for.

use anyhow::{Context, Result, ensure};
use preau_clients::{Application, Visitor, World};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

/// What PRONOTE is documented to read of an answer of CAS.
const PRONOTE_READS: &[&str] = &["nom", "prenom", "dateNaissance", "codePostal", "categories"];
/// What CAS 3.0 says of every sign-on, whoever asks.
const CAS_SAYS: &[&str] = &["authenticationDate", "isFromNewLogin", "longTermAuthenticationRequestTokenUsed"];

/// Which space PRONOTE opens for a category.
fn space(category: &str) -> Option<&'static str> {
    Some(match category {
        "National_1" => "élèves",
        "National_2" => "parents",
        "National_3" => "professeurs",
        "National_4" => "direction",
        "National_5" => "vie scolaire",
        "National_6" => "personnels",
        _ => return None,
    })
}

#[tokio::test]
async fn simulated_pronote_finds_the_space_of_everybody_by_the_documented_attributes() -> Result<()> {
    let world = World::start("simulated-pronote")?;
    let address = format!("https://localhost:{}/", preau_rig::free_port()?);
    let url = address.trim_end_matches('/');
    let instance = format!("connector = \"pronote\"\n\n[parameters]\nurl = \"{url}\"\n");
    fs::write(world.folder().join("preau/services/pronote.toml"), instance)?;
    until_taken_up(&world, &address).await?;
    let mut known = BTreeMap::new();
    for (role, wanted) in [
        ("pupil-6e", "élèves"),
        ("parent", "parents"),
        ("teacher", "professeurs"),
        ("librarian", "professeurs"),
        ("head", "direction"),
        ("cpe", "vie scolaire"),
    ] {
        for visit in 0..2 {
            let told = pronote_is_told(&world, role, &address).await?;
            let attributes = told["attributes"].as_object().context("attributes")?;
            let useless = attributes.keys().find(|name| ![PRONOTE_READS, CAS_SAYS].concat().contains(&name.as_str()));
            ensure!(useless.is_none(), "{role}: PRONOTE has no use for {useless:?}");
            let text = |name: &str| attributes.get(name).and_then(Value::as_str).unwrap_or_default();
            assert_eq!(format!("{} {}", text("prenom"), text("nom")), world.account(role).name, "{role}");
            let spaces: Vec<_> = text("categories").split(';').map(space).collect();
            assert_eq!(spaces, [Some(wanted)], "{role}: {told}");
            // It keeps the name it learnt at the first visit.
            let user = told["user"].as_str().unwrap_or_default().to_owned();
            ensure!(!user.is_empty() && !user.contains(&world.account(role).login), "{role}: {user}");
            let first = known.entry(role).or_insert_with(|| user.clone());
            assert_eq!(*first, user, "{role}, visit {visit}");
        }
    }
    assert_eq!(known.values().collect::<std::collections::BTreeSet<_>>().len(), known.len(), "one person, one name");
    Ok(())
}

#[tokio::test]
async fn the_simulated_gar_is_told_two_attributes_and_no_parent_comes() -> Result<()> {
    let world = World::with_saml("simulated-gar")?;
    let address = world.site("registre");
    let mut gar = Application::pysaml2(world.folder(), &address, &world.folder().join("provider.xml"))?;
    let metadata = gar.ask("metadata")?;
    let services = world.folder().join("preau/services");
    fs::copy(metadata["file"].as_str().context("its metadata")?, services.join("gar.xml"))?;
    let url = address.trim_end_matches('/');
    let instance = format!(
        "connector = \"gar\"\n\n[parameters]\nurl = \"{url}\"\nproject = \"ENTTEST1\"\n\n\
         [saml]\nentity_id = \"{address}metadata\"\nmetadata = \"gar.xml\"\n"
    );
    fs::write(services.join("gar.toml"), instance)?;
    world.until_taken_up("gar").await?;

    for role in ["teacher", "pupil-6e"] {
        let mut names = Vec::new();
        for _ in 0..2 {
            let said = gar_is_told(&world, &mut gar, role).await?.with_context(|| format!("{role} does not come"))?;
            let told = said["attributes"].as_object().context("attributes")?;
            let expected = ["GARPersonIdentifiant", "idEnt"];
            let mut keys: Vec<&str> = told.keys().map(String::as_str).collect();
            keys.sort_unstable();
            assert_eq!(keys, expected, "{said}");
            assert_eq!(told["idEnt"], serde_json::json!(["ENTTEST1"]), "{said}");
            let name = told["GARPersonIdentifiant"][0].as_str().unwrap_or_default().to_owned();
            ensure!((1..=64).contains(&name.len()) && !name.contains(&world.account(role).login), "{said}");
            names.push((name, said["name"].as_str().unwrap_or_default().to_owned()));
        }
        assert_eq!(names[0].0, names[1].0, "the identifier stays");
        assert_ne!(names[0].1, names[1].1, "the name of the session does not");
    }
    ensure!(gar_is_told(&world, &mut gar, "parent").await?.is_none(), "the order names no parents");
    Ok(())
}

/// Waits until the running server has a door for this address, which it has within seconds.
async fn until_taken_up(world: &World, address: &str) -> Result<()> {
    let (mut anybody, login) = (world.visitor()?, format!("{}/login?service={address}", world.cas()));
    preau_clients::until("PRONOTE is not mounted", async || Ok(anybody.open(&login).await?.asks_for("public"))).await
}

/// What python-cas makes of the ticket of somebody who comes by the door of PRONOTE.
async fn pronote_is_told(world: &World, role: &str, address: &str) -> Result<Value> {
    let mut visitor = world.visitor()?;
    world.sign_in(&mut visitor, world.base(), role).await?;
    let login = format!("{}/login?service={address}", world.cas());
    let page = visitor.open_until(&login, |url| url.as_str().starts_with(address)).await?;
    let ticket = page.url.query_pairs().find(|(name, _)| name == "ticket").map(|(_, value)| value.into_owned());
    let ticket = ticket.with_context(|| format!("{role}: no ticket in {}: {}", page.url, page.words()))?;
    world.python_cas("3", address, &ticket)
}

/// What pysaml2 understood of what it was told of somebody; nothing if no answer came.
async fn gar_is_told(world: &World, gar: &mut Application, role: &str) -> Result<Option<Value>> {
    let mut visitor: Visitor = world.visitor()?;
    world.sign_in(&mut visitor, world.base(), role).await?;
    let asked = gar.ask("begin redirect transient")?;
    let page = visitor.open(asked["url"].as_str().with_context(|| asked.to_string())?).await?;
    let Ok(form) = page.form_with("SAMLResponse") else { return Ok(None) };
    let said = gar.ask(&format!("finish {}", form.value("SAMLResponse").unwrap_or_default()))?;
    Ok(said.get("error").is_none().then_some(said))
}
