//! SIMULATORS of products that cannot be had, built from what is documented of them: not the GAR, but a client of its protocol (pysaml2) that
//! reads what it reads, and counts as a fault whatever it has no use for.

use anyhow::{Context, Result, ensure};
use preau_clients::{Application, Visitor, World};
use serde_json::Value;
use std::fs;

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
