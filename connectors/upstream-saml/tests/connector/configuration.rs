//! What a configuration must say, and what it must not.

use crate::peer::{open, try_open};

#[test]
fn the_example_says_all_there_is() {
    let example: toml::Table = preau_connector_upstream_saml::KIND.example.parse().unwrap();
    let schema = (preau_connector_upstream_saml::KIND.schema)();
    let known = schema["properties"].as_object().unwrap();
    assert!(example.keys().all(|key| key == "sources" || known.contains_key(key)), "{example:?}");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (more, place) in [
        ("entity_id = \"\"", "entity_id"),
        ("sso = \"http://educonnect.example/sso\"", "sso"),
        ("sso = \"https://user@educonnect.example/sso\"", "sso"),
        ("certificates = []", "certificates"),
        ("certificates = [\"absent.pem\"]", "certificates"),
        ("certificates = [\"saml.key\"]", "certificates"),
        ("keys = []", "keys"),
        ("keys = [{ key = \"saml.pem\", certificate = \"saml.pem\" }]", "keys[0].key"),
        ("keys = [{ key = \"saml.key\", certificate = \"idp.pem\" }]", "keys[0].certificate"),
        ("keys = [{ key = \"elliptic.key\", certificate = \"elliptic.pem\" }]\nencrypted = true", "keys"),
        ("name = \"https://educonnect.example/idp\"", "name"),
        ("logout = \"single\"", "logout"),
        ("logout = \"soft\"\nslo = \"https://educonnect.example/slo\"", "logout"),
        ("logout_address = \"https://educonnect.example/out\"", "logout"),
        ("skew_seconds = 301", "skew_seconds"),
        ("title = { fr = \"\", en = \"x\" }", "title.fr"),
        ("match = [{ claim = \"mail\", as = \"login\", source = \"annuaire\" }]", "match[0].claim"),
    ] {
        let problems = try_open(more).err().unwrap_or_default();
        let at = format!("sources.educonnect.{place}:");
        assert!(problems.iter().any(|problem| problem.starts_with(&at)), "{more}: {problems:?}");
    }
    assert!(try_open("unknown = 1").is_err());
    open("");
    open("keys = [{ key = \"elliptic.key\", certificate = \"elliptic.pem\" }]");
    open(
        "keys = [{ key = \"saml.key\", certificate = \"saml.pem\" }, { key = \"elliptic.key\", certificate = \"elliptic.pem\" }]",
    );
}
