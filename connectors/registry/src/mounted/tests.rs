//! What may stand side by side.

use super::*;
use crate::{catalogue, mount};

fn service(id: &str, url: &str) -> MountedService {
    let text = format!("connector = \"grr\"\nnetwork = \"private\"\n[parameters]\nurl = \"{url}\"\n");
    mount("f.toml", id, &text, catalogue()).unwrap().expect("enabled")
}

#[test]
fn a_thousand_services_stand_on_one_host() {
    let many = (0..1000).map(|n| service(&format!("s{n}"), &format!("https://a.example/{n}")));
    let mounted = Mounted::new(many).unwrap();
    assert_eq!(mounted.len(), 1000);
    assert_eq!(mounted.audiences().count(), 1000);
}

#[test]
fn two_services_do_not_share_a_name() {
    let both = [service("a", "https://a.example"), service("a", "https://b.example")];
    assert!(Mounted::new(both).is_err());
    assert!(Mounted::new([]).unwrap().is_empty());
}

#[test]
fn an_entity_id_belongs_to_one_service() {
    let named = |id: &str, entity_id: &str| {
        let mut one = service(id, &format!("https://{id}.example"));
        let text = format!(
            "connector = \"saml-application\"\n[parameters]\nurl = \"https://{id}.example\"\nscope = \"ent.example\"\n[saml]\nentity_id = \"{entity_id}\"\n"
        );
        one.saml = crate::mount("test.toml", id, &text, crate::catalogue()).unwrap().unwrap().saml;
        one
    };
    assert!(Mounted::new([named("a", "urn:x:a"), named("b", "urn:x:b")]).is_ok());
    let twice = [named("a", "urn:x:a"), named("b", "urn:x:a"), named("c", "urn:x:c")];
    let problems = Mounted::new(twice.clone()).unwrap_err();
    assert!(problems.len() == 1 && problems[0].what.contains("entity id of `a`"), "{problems:?}");
    let (mounted, problems) = Mounted::sound(twice.to_vec());
    assert_eq!(mounted.services().map(|one| one.service.id.as_str()).collect::<Vec<_>>(), ["c"]);
    assert_eq!(problems.len(), 2, "each of the two hears of it");
}
