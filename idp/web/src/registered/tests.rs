use super::*;
use preau_domain::{Instant, Population};

fn registered() -> Registered {
    Registered {
        title: "Atelier".into(),
        url: "https://atelier.example".into(),
        settings: OidcSettings {
            redirect_uris: Some(vec!["https://atelier.example/cb".into()]),
            ..OidcSettings::default()
        },
        native: false,
        access: "digest".into(),
        audience: Audience::default(),
    }
}

fn stored(doc: String) -> Registration {
    let (id, kind) = (ServiceId::new("dyn-a"), RegistrationKind::Dynamic);
    Registration { id, kind, owner: None, doc, created: Instant(0), expires: None }
}

#[test]
fn a_registration_is_read_as_it_was_written_and_closed_unless_it_says_who() {
    let open =
        Registered { audience: Audience { allow: vec![Population::default()], ..Audience::default() }, ..registered() };
    for one in [registered(), open] {
        assert_eq!(Registered::read(&stored(one.write().unwrap())), Some(one));
    }
    let bare = r#"{"title":"a","url":"https://a.example","settings":{},"access":"d"}"#;
    assert_eq!(Registered::read(&stored(bare.into())).unwrap().audience, Audience::default(), "nobody");
    assert_eq!(Registered::read(&stored("{}".into())), None);
}

#[test]
fn an_operator_looks_again_at_another_name_or_another_place() {
    let with = |change: &dyn Fn(&mut Registered)| {
        let mut one = registered();
        change(&mut one);
        one.differs_at_the_door(&registered())
    };
    assert!(!with(&|_| ()));
    assert!(!with(&|one| one.settings.redirect_uris = Some(vec!["https://atelier.example/other".into()])));
    assert!(!with(&|one| one.settings.backchannel_logout_uri = Some("https://atelier.example/out".into())));
    assert!(with(&|one| one.title = "Pronote".into()));
    assert!(with(&|one| one.url = "https://evil.example".into()));
    assert!(with(&|one| one.native = true));
    assert!(with(&|one| one.settings.redirect_uris = Some(vec!["https://atelier.example:8443/cb".into()])));
    assert!(with(&|one| one.settings.redirect_uris.as_mut().unwrap().push("https://evil.example/cb".into())));
}
