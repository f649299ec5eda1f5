use super::*;
use preau_connector_api::{Encryption, KeyManagement, ProofAlgorithm};
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

/// Whether an operator would look again at the second who said yes to the first.
fn again(first: &dyn Fn(&mut Registered), second: &dyn Fn(&mut Registered)) -> bool {
    let [mut before, mut after] = [registered(), registered()];
    first(&mut before);
    second(&mut after);
    after.differs_at_the_door(&before)
}

#[test]
fn an_operator_looks_again_at_another_name_or_another_place() {
    let with = |change: &dyn Fn(&mut Registered)| again(&|_| (), change);
    assert!(!with(&|_| ()));
    assert!(!with(&|one| one.settings.redirect_uris = Some(vec!["https://atelier.example/other".into()])));
    assert!(!with(&|one| one.settings.backchannel_logout_uri = Some("https://atelier.example/out".into())));
    assert!(with(&|one| one.title = "Pronote".into()));
    assert!(with(&|one| one.url = "https://evil.example".into()));
    assert!(with(&|one| one.native = true));
    assert!(with(&|one| one.settings.redirect_uris = Some(vec!["https://atelier.example:8443/cb".into()])));
    assert!(with(&|one| one.settings.redirect_uris.as_mut().unwrap().push("https://evil.example/cb".into())));
}

#[test]
fn an_operator_looks_again_at_answers_that_go_where_only_keys_were() {
    let keys = |one: &mut Registered| one.settings.jwks_uri = Some("https://keys.example/set".into());
    let answers = |one: &mut Registered| {
        keys(one);
        one.settings.redirect_uris = Some(vec!["https://keys.example/cb".into()]);
    };
    assert!(again(&keys, &answers));
    assert!(!again(&keys, &|one| one.settings.jwks_uri = Some("https://keys.example/other".into())), "control");
}

#[test]
fn an_operator_looks_again_at_more_or_at_less_proof() {
    use ClientAuthentication::{PrivateKeyJwt, TlsClientAuth};
    type Change = fn(&mut Registered);
    let words = |all: &[&str]| Some(all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
    let scopes = |all: &'static [&'static str]| move |one: &mut Registered| one.settings.scopes = words(all);
    assert!(again(&scopes(&["profile"]), &scopes(&["profile", "ent"])));
    assert!(again(&scopes(&["profile"]), &|one| one.settings.scopes = None), "as the product has it");
    assert!(!again(&scopes(&["profile", "ent"]), &scopes(&["ent"])), "control");
    let encryption = Encryption { alg: KeyManagement::EcdhEs, enc: Default::default() };
    let by = |way, dn: Option<&'static str>| {
        move |one: &mut Registered| {
            one.settings.authentication = Some(way);
            one.settings.tls_client_auth_subject_dn = dn.map(str::to_owned);
        }
    };
    assert!(again(&by(PrivateKeyJwt, None), &by(ClientAuthentication::ClientSecretPost, None)));
    assert!(again(&by(TlsClientAuth, Some("CN=a")), &by(TlsClientAuth, Some("CN=b"))), "another name");
    assert!(again(&by(TlsClientAuth, Some("CN=a")), &by(PrivateKeyJwt, None)), "nobody vouches for it any more");
    let kept: [Change; 6] = [
        |one| one.settings.require_dpop = Some(true),
        |one| one.settings.require_pushed = Some(true),
        |one| one.settings.tls_client_certificate_bound_access_tokens = Some(true),
        |one| one.settings.assertion_signing = Some(ProofAlgorithm::ES256),
        |one| one.settings.request_signing = Some(ProofAlgorithm::ES256),
        |one| one.settings.authentication = Some(PrivateKeyJwt),
    ];
    for protection in kept {
        assert!(again(&protection, &|_| ()) && !again(&|_| (), &protection));
    }
    assert!(again(&|one| one.settings.id_token_encryption = Some(encryption), &|_| ()));
    assert!(again(&|one| one.settings.userinfo_encryption = Some(encryption), &|_| ()));
}
