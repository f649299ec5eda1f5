//! What a configuration may say of a directory, and what it may not.

use crate::support::open;
use preau_connector_ldap::KIND;
use std::fs;

/// A configuration whose files exist, with one text replaced by another.
fn changed(name: &str, from: &str, to: &str) -> Result<(), Vec<String>> {
    let folder = preau_rig::scratch(name);
    fs::create_dir_all(folder.join("secrets")).expect("the scratch folder is ours");
    fs::write(folder.join("secrets/annuaire.password"), "secret\n").expect("the scratch folder is ours");
    fs::write(folder.join("secrets/empty.password"), "\n").expect("the scratch folder is ours");
    let tls = preau_rig::Tls::make(&folder).expect("the scratch folder is ours");
    fs::copy(tls.authority, folder.join("secrets/annuaire-ca.pem")).expect("the scratch folder is ours");
    assert!(KIND.example.contains(from), "{from}");
    let text = KIND.example.replace(from, to).replace("\"secrets/", &format!("\"{}/secrets/", folder.display()));
    open(&text).map(drop).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[test]
fn the_example_is_a_configuration() {
    assert_eq!(changed("ldap-config-example", "url", "url"), Ok(()));
    let schema = (KIND.schema)();
    let documented = schema["properties"].as_object().expect("a table has keys");
    for key in documented.keys() {
        assert!(KIND.example.contains(&format!("{key} = ")), "{key} is not in the example");
    }
}

#[test]
fn every_problem_is_named_with_its_place() {
    for (from, to, at) in [
        ("ldaps://annuaire", "ldap://annuaire", "sources.annuaire.url: passwords would travel in clear"),
        ("ldaps://annuaire", "https://annuaire", "sources.annuaire.url: an address looks like"),
        ("ldaps://annuaire", "ldaps://me:secret@annuaire", "sources.annuaire.url: an address looks like"),
        ("starttls = false", "starttls = true", "sources.annuaire.starttls: ldaps:// is encrypted already"),
        ("starttls = false", "no_verify = true", "sources.annuaire: unknown field `no_verify`"),
        ("annuaire-ca.pem", "annuaire.password", "sources.annuaire.ca: "),
        ("annuaire.password", "missing.password", "sources.annuaire.password_file: cannot read"),
        ("annuaire.password", "empty.password", "sources.annuaire.password_file: "),
        ("page_size = 1000", "page_size = 0", "sources.annuaire.page_size: 0 is outside"),
        ("# mapping = \"mapping.toml\"", "mapping = \"/nowhere.toml\"", "sources.annuaire.mapping: cannot read"),
    ] {
        let outcome = changed("ldap-config-problem", from, to);
        let problems = outcome.expect_err(to);
        assert!(problems.iter().any(|problem| problem.starts_with(at)), "{to}: {problems:?}");
        assert!(problems.iter().all(|problem| !problem.contains("secret\n")), "{problems:?}");
    }
    let in_clear = changed("ldap-config-loopback", "ldaps://annuaire.ac-notos.example", "ldap://127.0.0.1:3389");
    assert_eq!(in_clear, Ok(()), "control: loopback needs no encryption");
}

/// A directory with other attribute names needs a file, not a release.
#[tokio::test]
async fn another_schema_is_another_file() {
    let annuaire = crate::support::Annuaire::start("ldap-mapping");
    let built_in = include_str!("../../../ent/mapping/ldap.toml");
    let other = built_in.replace("login = \"ENTPersonLogin\"", "login = \"uid\"").replace("(ENTPersonLogin=", "(uid=");
    let file = annuaire.folder.join("mapping.toml");
    fs::write(&file, other).expect("the scratch folder is ours");
    let connector = annuaire.connector_with(&format!("mapping = {file:?}"));
    let head = annuaire.account("head");
    let uid = head.dn.split(['=', ',']).nth(1).expect("the name begins with uid").to_lowercase();
    let check = crate::support::passwords(&connector);
    assert!(matches!(check.check(&uid, &head.password).await, Ok(preau_connector_api::Verdict::Proven { .. })));
    assert_eq!(crate::support::Everything::of(&connector).await.person(&uid).family_name, "Granite");
}
