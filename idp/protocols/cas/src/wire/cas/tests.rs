//! Every answer, byte by byte, and answers about people with hostile names.

use super::*;
use crate::TicketFault;
use preau_domain::{
    AccountState, Affiliation, Credentials, Fact, Identifier, Person, PersonId, Profile, ReleaseRule, Uai,
};
use preau_policy::{Facts, release};
use quick_xml::events::Event;

pub fn uai() -> Uai {
    format!("0990001{}", Uai::key_letter(990_001)).parse().unwrap()
}

pub fn person(family_name: &str) -> Person {
    let mut teacher = Affiliation::new(uai(), Profile::Teacher);
    teacher.classes = vec!["6A".into(), "6B".into()];
    Person {
        id: PersonId::new("palice0000000000"),
        join: None,
        state: AccountState::Active,
        given_name: "Élodie".into(),
        family_name: family_name.into(),
        title: None,
        login: Some("elodie.exemple".into()),
        mail: None,
        credentials: Credentials::Local,
        affiliations: vec![teacher],
        children: Vec::new(),
    }
}

pub fn rule(name: &str, fact: Fact) -> ReleaseRule {
    ReleaseRule {
        name: name.into(),
        when: None,
        copy: Some(fact),
        add: Vec::new(),
        map: Default::default(),
        limit: Vec::new(),
        scope: None,
        first: false,
        join: None,
    }
}

pub fn success_of(person: &Person, rules: &[ReleaseRule]) -> Success {
    let facts = Facts::of(person, None, None, None);
    Success {
        released: release(&facts, Identifier::Login, rules, &[], || "pairwise".into()).unwrap(),
        authenticated: Instant(1_788_000_000_123),
        method: AuthnMethod::DirectoryPassword,
        fresh: true,
        address: "https://app.example/cas/?a=1&b=2".into(),
        pgt_iou: None,
        proxies: Vec::new(),
        context: None,
    }
}

fn success() -> Success {
    success_of(&person("Exemple"), &[rule("nom", Fact::FamilyName), rule("classes", Fact::Classes)])
}

fn proxied() -> Success {
    Success {
        pgt_iou: Some("PGTIOU-abc".into()),
        proxies: vec!["https://b.example/pgt?x=1&y=2".into(), "https://a.example/pgt".into()],
        ..success()
    }
}

#[test]
fn cas_1_says_yes_and_the_user() {
    assert_eq!(success().cas1(), "yes\nelodie.exemple\n");
}

#[test]
fn cas_2_says_the_user_and_nothing_else() {
    assert_eq!(
        success().write(Format::Xml, false),
        "<cas:serviceResponse xmlns:cas=\"http://www.yale.edu/tp/cas\"><cas:authenticationSuccess>\
         <cas:user>elodie.exemple</cas:user></cas:authenticationSuccess></cas:serviceResponse>\n"
    );
}

#[test]
fn cas_3_says_attributes_a_ticket_and_the_proxies() {
    assert_eq!(
        proxied().write(Format::Xml, true),
        "<cas:serviceResponse xmlns:cas=\"http://www.yale.edu/tp/cas\"><cas:authenticationSuccess>\
         <cas:user>elodie.exemple</cas:user><cas:attributes>\
         <cas:authenticationDate>2026-08-29T10:40:00.123Z</cas:authenticationDate>\
         <cas:longTermAuthenticationRequestTokenUsed>false</cas:longTermAuthenticationRequestTokenUsed>\
         <cas:isFromNewLogin>true</cas:isFromNewLogin><cas:nom>Exemple</cas:nom><cas:classes>6A</cas:classes>\
         <cas:classes>6B</cas:classes></cas:attributes>\
         <cas:proxyGrantingTicket>PGTIOU-abc</cas:proxyGrantingTicket><cas:proxies>\
         <cas:proxy>https://b.example/pgt?x=1&amp;y=2</cas:proxy><cas:proxy>https://a.example/pgt</cas:proxy>\
         </cas:proxies></cas:authenticationSuccess></cas:serviceResponse>\n"
    );
}

#[test]
fn json_says_the_same() {
    assert_eq!(
        proxied().write(Format::Json, true),
        "{\"serviceResponse\":{\"authenticationSuccess\":{\"user\":\"elodie.exemple\",\
         \"proxyGrantingTicket\":\"PGTIOU-abc\",\
         \"proxies\":[\"https://b.example/pgt?x=1\\u0026y=2\",\"https://a.example/pgt\"],\
         \"attributes\":{\"authenticationDate\":\"2026-08-29T10:40:00.123Z\",\
         \"longTermAuthenticationRequestTokenUsed\":false,\"isFromNewLogin\":true,\
         \"nom\":\"Exemple\",\"classes\":[\"6A\",\"6B\"]}}}}"
    );
    assert_eq!(
        success().write(Format::Json, false),
        "{\"serviceResponse\":{\"authenticationSuccess\":{\"user\":\"elodie.exemple\"}}}"
    );
}

/// Those of a block stand together where the first of it stood, in one element or one object.
#[test]
fn a_block_is_one_element_of_several() {
    let rules = [
        rule("FRANCE5/Nom", Fact::FamilyName),
        rule("classes", Fact::Classes),
        rule("FRANCE5/Classe", Fact::Classes),
        rule("attributes/Nom", Fact::FamilyName),
    ];
    let success = success_of(&person("</cas:FRANCE5>"), &rules);
    let (xml, json) = (success.write(Format::Xml, true), success.write(Format::Json, true));
    assert!(
        xml.contains(
            "<cas:isFromNewLogin>true</cas:isFromNewLogin><cas:FRANCE5><cas:Nom>&lt;/cas:FRANCE5&gt;</cas:Nom>\
             <cas:Classe>6A</cas:Classe><cas:Classe>6B</cas:Classe></cas:FRANCE5><cas:classes>6A</cas:classes>\
             <cas:classes>6B</cas:classes></cas:attributes>"
        ),
        "{xml}"
    );
    let read: serde_json::Value = serde_json::from_str(&json).unwrap();
    let told = &read["serviceResponse"]["authenticationSuccess"]["attributes"];
    assert_eq!(told["FRANCE5"], serde_json::json!({ "Nom": "</cas:FRANCE5>", "Classe": ["6A", "6B"] }), "{json}");
    assert_eq!(told["classes"], serde_json::json!(["6A", "6B"]));
}

#[test]
fn a_failure_says_its_code_and_never_what_was_sent() {
    assert_eq!(
        failure(CasError::InvalidTicket(TicketFault::Expired), Format::Xml),
        "<cas:serviceResponse xmlns:cas=\"http://www.yale.edu/tp/cas\"><cas:authenticationFailure \
         code=\"INVALID_TICKET\">the ticket was presented too late</cas:authenticationFailure></cas:serviceResponse>\n"
    );
    assert_eq!(
        failure(CasError::InvalidService, Format::Json),
        "{\"serviceResponse\":{\"authenticationFailure\":{\"code\":\"INVALID_SERVICE\",\
         \"description\":\"the ticket was issued for another service address\"}}}"
    );
}

#[test]
fn a_proxy_ticket_is_said_in_both_forms() {
    assert_eq!(
        proxy_success("PT-abc", Format::Xml),
        "<cas:serviceResponse xmlns:cas=\"http://www.yale.edu/tp/cas\"><cas:proxySuccess>\
         <cas:proxyTicket>PT-abc</cas:proxyTicket></cas:proxySuccess></cas:serviceResponse>\n"
    );
    assert_eq!(
        proxy_success("PT-abc", Format::Json),
        "{\"serviceResponse\":{\"proxySuccess\":{\"proxyTicket\":\"PT-abc\"}}}"
    );
    assert_eq!(
        proxy_failure(CasError::UnauthorizedService, Format::Xml),
        "<cas:serviceResponse xmlns:cas=\"http://www.yale.edu/tp/cas\"><cas:proxyFailure \
         code=\"UNAUTHORIZED_SERVICE\">the service may not do this for this person</cas:proxyFailure>\
         </cas:serviceResponse>\n"
    );
}

#[test]
fn a_format_nobody_knows_is_an_invalid_request() {
    assert_eq!(Format::read(None), Ok(Format::Xml));
    assert_eq!(Format::read(Some("json")), Ok(Format::Json));
    assert_eq!(Format::read(Some("YAML")).unwrap_err().code(), "INVALID_REQUEST");
}

/// Names and texts of the elements of an answer, in order; panics on anything that is not well formed.
pub fn elements(xml: &str) -> Vec<(String, String)> {
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut open: Vec<(String, String)> = Vec::new();
    let mut found = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(e) => open.push((String::from_utf8(e.local_name().as_ref().to_vec()).unwrap(), String::new())),
            Event::Text(t) => {
                if let Some((_, text)) = open.last_mut() {
                    text.push_str(&t.decode().unwrap());
                }
            }
            Event::GeneralRef(r) => {
                let char = r.resolve_char_ref().unwrap().map(String::from);
                let char = char
                    .or_else(|| quick_xml::escape::resolve_predefined_entity(&r.decode().unwrap()).map(str::to_owned));
                open.last_mut().unwrap().1.push_str(&char.unwrap());
            }
            Event::End(_) => found.push(open.pop().unwrap()),
            Event::Empty(_) => {}
            Event::Eof => {
                assert!(open.is_empty());
                return found;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_hostile_name_stays_one_text() {
    for hostile in [
        "</cas:attributes><cas:user>admin</cas:user>",
        "]]>",
        "&#0;&bomb;",
        "a\u{fffe}b",
        "<!-- x -->",
        "<![CDATA[x]]>",
        "'\"",
    ] {
        let success = success_of(&person(hostile), &[rule("nom", Fact::FamilyName)]);
        let found = elements(&success.write(Format::Xml, true));
        let of = |name: &str| found.iter().filter(|(n, _)| n == name).map(|(_, t)| t.as_str()).collect::<Vec<_>>();
        assert_eq!(of("user"), ["elodie.exemple"], "{hostile}");
        assert_eq!(of("nom"), [hostile.replace('\u{fffe}', "")], "{hostile}");
        let json: serde_json::Value = serde_json::from_str(&success.write(Format::Json, true)).unwrap();
        assert_eq!(json["serviceResponse"]["authenticationSuccess"]["attributes"]["nom"], hostile);
    }
}

#[test]
fn an_attribute_cannot_take_a_word_of_the_protocol() {
    let rules = [rule("user", Fact::FamilyName), rule("proxy", Fact::FamilyName), rule("urn:nom", Fact::FamilyName)];
    let success = success_of(&person("admin"), &rules);
    assert!(!success.write(Format::Xml, true).contains("admin"));
    assert!(!success.write(Format::Json, true).contains("admin"));
}
