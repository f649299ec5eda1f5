//! What settings make of a service, and what is refused. Each refusal stands beside settings that are taken.

use super::*;
use preau_connector_api::{SamlEncryption, SamlSigned};

const PEM: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const GOOD: &str = "entity_id = \"{url}/saml\"\nmetadata = \"app.xml\"\n";

fn rule(name: &str) -> ReleaseRule {
    toml::from_str(&format!("name = \"{name}\"\ncopy = \"mail\"")).unwrap()
}

fn resolved_on(text: &str, network: Network, rules: &[&str]) -> (Option<SamlService>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("signer.pem"), PEM).unwrap();
    std::fs::write(folder.path().join("key.pem"), format!("{PEM}# PRIVATE KEY of somebody\n")).unwrap();
    let settings: SamlSettings = toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let values = BTreeMap::from([("url".to_owned(), "https://app.example".to_owned())]);
    let release: Vec<ReleaseRule> = rules.iter().map(|name| rule(name)).collect();
    let around =
        Around { values: &values, network, identifier: Identifier::Pairwise, release: &release, folder: folder.path() };
    let mut problems = Vec::new();
    let service = resolve(settings, &around, &mut |key: &str, what: String| problems.push(format!("{key}: {what}")));
    (service, problems)
}

fn resolved(text: &str) -> (Option<SamlService>, Vec<String>) {
    resolved_on(text, Network::Public, &["mail", "ENTPersonProfils"])
}

fn taken(text: &str) -> SamlService {
    let (service, problems) = resolved(text);
    assert_eq!(problems, Vec::<String>::new(), "{text}");
    service.unwrap()
}

#[test]
fn a_product_and_an_installation_make_a_service() {
    let service = taken(GOOD);
    assert_eq!(service.entity_id, "https://app.example/saml");
    assert!(
        matches!(&service.metadata, SamlMetadata::File { path, signers } if path.ends_with("app.xml") && signers.is_empty())
    );
    assert_eq!((service.nameid, service.sign), (NameIdKind::Persistent, SamlSigned::Both));
    assert_eq!((service.signing, service.encrypt), (SigningAlgorithm::RS256, SamlEncryption::Auto));
    let product: SamlSettings =
        toml::from_str("acs = [\"{url}/acs\"]\nslo = \"{url}/slo\"\nnames = \"basic\"").unwrap();
    let both = toml::from_str::<SamlSettings>(GOOD).unwrap().over(product.clone());
    assert!(both.acs.is_none() && both.slo.is_none(), "metadata of the installation replace what the product writes");
    assert_eq!(both.names, Some(AttributeNames::Basic));
    let none = toml::from_str::<SamlSettings>("sign = \"assertion\"").unwrap().over(product);
    assert!(none.acs.is_some() && none.slo.is_some());
}

#[test]
fn metadata_are_found_in_one_place() {
    for (text, is) in [
        ("metadata = \"app.xml\"\nmetadata_certificates = [\"signer.pem\"]\n", "File"),
        ("metadata_url = \"{url}/saml\"\n", "Url"),
        ("", "Sources"),
        ("acs = [\"{url}/acs\"]\nslo = \"{url}/slo\"\ncertificates = [\"signer.pem\"]\n", "Written"),
    ] {
        let service = taken(&format!("entity_id = \"{{url}}/saml\"\n{text}"));
        assert!(format!("{:?}", service.metadata).starts_with(is), "{text}: {service:?}");
    }
}

#[test]
fn attributes_are_named_by_their_identifier_or_by_their_name() {
    let mail = |text: &str| taken(&format!("{GOOD}{text}")).wire("mail").cloned();
    let uri = WireName { name: "urn:oid:0.9.2342.19200300.100.1.3".into(), friendly: Some("mail".into()), uri: true };
    assert_eq!(mail(""), Some(uri.clone()));
    assert_eq!(mail("names = \"basic\""), Some(WireName { name: "mail".into(), friendly: None, uri: false }));
    assert_eq!(
        mail("wire = { mail = \"email\" }"),
        Some(WireName { name: "email".into(), friendly: None, uri: false })
    );
    assert_eq!(mail("attributes = [\"ENTPersonProfils\"]"), None, "what is not chosen does not leave");
    let plain = WireName { name: "ENTPersonProfils".into(), friendly: None, uri: false };
    assert_eq!(taken(GOOD).wire("ENTPersonProfils"), Some(&plain));
    assert_eq!(taken(GOOD).wire("sn"), None, "what the product does not release has no name");
}

#[test]
fn the_gar_is_told_two_attributes_and_no_more() {
    let gar = format!("{GOOD}dialect = \"gar\"\nnameid = \"transient\"\nnames = \"basic\"\n");
    let told = |rules: &[&str], text: &str| resolved_on(text, Network::Public, rules).1;
    assert_eq!(told(&["idEnt", "GARPersonIdentifiant"], &gar), Vec::<String>::new(), "control");
    for rules in [&["idEnt"][..], &["idEnt", "GARPersonIdentifiant", "mail"], &[]] {
        let problems = told(rules, &gar);
        assert!(problems.len() == 1 && problems[0].contains("and nothing else"), "{rules:?}: {problems:?}");
    }
    let three = told(&["idEnt", "GARPersonIdentifiant", "mail"], &format!("{gar}attributes = [\"idEnt\", \"mail\"]"));
    assert!(three[0].contains("and nothing else"), "{three:?}");
    let persistent = told(&["idEnt", "GARPersonIdentifiant"], &gar.replace("transient", "persistent"));
    assert!(persistent[0].contains("`transient`"), "{persistent:?}");
}

#[test]
fn what_cannot_work_is_told() {
    for (text, told) in [
        ("metadata = \"app.xml\"\n".to_owned(), "`entity_id` is needed"),
        (GOOD.replace("{url}/saml", "app"), "a URI of at most"),
        (GOOD.replace("{url}/saml", "https://app.example/ saml"), "a URI of at most"),
        (GOOD.replace("{url}/saml", &format!("urn:{}", "x".repeat(1100))), "a URI of at most"),
        ("entity_id = \"http://app.example/saml\"\n".into(), "begins with http://"),
        (format!("{GOOD}metadata_url = \"{{url}}/saml\"\n"), "in one of them"),
        (format!("{GOOD}acs = [\"{{url}}/acs\"]\n"), "in one of them"),
        (format!("{GOOD}slo = \"{{url}}/slo\"\n"), "goes with `acs`"),
        ("entity_id = \"{url}\"\nmetadata_certificates = [\"signer.pem\"]\n".into(), "goes with `metadata`"),
        (format!("{GOOD}metadata_certificates = [\"absent.pem\"]\n"), "no file that can be read"),
        (format!("{GOOD}metadata_certificates = []\n"), "names a file at least"),
        (format!("{GOOD}metadata_certificates = [\"key.pem\"]\n"), "holds a private key"),
        ("entity_id = \"{url}\"\nmetadata_url = \"http://app.example/saml\"\n".into(), "https is required"),
        ("entity_id = \"{url}\"\nacs = [\"http://app.example/acs\"]\n".into(), "https is required"),
        ("entity_id = \"{url}\"\nacs = [\"{url}/*\"]\n".into(), "no wildcard"),
        ("entity_id = \"{url}\"\nacs = []\n".into(), "1 to 20 addresses"),
        (format!("{GOOD}signing = \"EdDSA\"\n"), "RS256 or ES256"),
        (format!("{GOOD}attributes = [\"uid\"]\n"), "does not release `uid`"),
        (format!("{GOOD}wire = {{ uid = \"x\" }}\n"), "does not release `uid`"),
        (format!("{GOOD}wire = {{ mail = \"a b\" }}\n"), "no white space"),
        (format!("{GOOD}wire = {{ mail = \"ENTPersonProfils\" }}\n"), "one name on the wire"),
        (format!("{GOOD}relay_state = \"{}\"\n", "x".repeat(81)), "at most 80 bytes"),
    ] {
        let (_, problems) = resolved(&text);
        assert!(problems.len() == 1 && problems[0].contains(told), "{text}\n{problems:?}");
    }
    let named = format!("{GOOD}nameid = \"email\"\n");
    let (_, problems) = resolved_on(&named, Network::Public, &["ENTPersonProfils"]);
    assert!(problems.len() == 1 && problems[0].contains("knows people by `mail`"), "{problems:?}");
    assert_eq!(taken(&named).nameid, NameIdKind::Email, "control: it has a rule of that name");
    let private = resolved_on("entity_id = \"http://app.example/saml\"", Network::Private, &[]);
    assert_eq!(private.1, Vec::<String>::new());
    assert!(toml::from_str::<SamlSettings>("entityID = \"x\"").is_err(), "an unknown key is refused");
}
