//! Every product of the catalogue against invented people: its golden answers, and one matrix of all of them.
#![expect(clippy::unwrap_used, reason = "a test stops where its premises fail")]

use preau_connector_api::MountedService;
use preau_connectors::{Mounted, catalogue, mount};
use preau_domain::{Audience, AuthnMethod, Person, ServiceId, Uai};
use preau_policy::{AccessRules, Decision, Facts, Reason, access, check_release, opens, release};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

#[derive(Deserialize)]
struct People {
    person: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    key: String,
    #[serde(flatten)]
    person: Person,
}

fn people() -> Vec<Named> {
    let people: People = toml::from_str(include_str!("../../../policy/cases/persons.toml")).unwrap();
    people.person
}

/// One installation of a product, with every parameter that has no value of its own: an address where it is one.
fn installed(product: &str) -> MountedService {
    let descriptor = &catalogue().product(product).unwrap().descriptor;
    let mut text = format!("connector = \"{product}\"\n[parameters]\n");
    for (name, _) in descriptor.parameters.iter().filter(|(_, one)| one.default.is_none()) {
        let value = match name.strip_prefix("url") {
            Some(rest) => format!("https://{}{product}.example", rest.replace('_', "-").trim_start_matches('-')),
            None => format!("{name}-value"),
        };
        writeln!(text, "{name} = \"{value}\"").unwrap();
    }
    if descriptor.oidc.is_some() {
        writeln!(text, "[oidc]\nclient_secret_hash = \"{}\"", "A".repeat(43)).unwrap();
    }
    mount("test.toml", product, &text, catalogue()).unwrap().unwrap()
}

fn rules(service: &ServiceId, audience: &Audience) -> AccessRules {
    AccessRules::compile([(service, audience)].into_iter()).unwrap()
}

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What the case is about, when the person and the answer do not say it.
    #[serde(default)]
    about: String,
    person: String,
    /// The establishment the person works in at that moment; their first without it.
    r#in: Option<Uai>,
    /// The audience of the installation; that of the product without it.
    audience: Option<Audience>,
    /// `allow`, or the key of a reason.
    expect: String,
    user: Option<String>,
    #[serde(default)]
    attributes: Vec<Vec<String>>,
}

#[test]
fn golden_answers() {
    let people: BTreeMap<String, Person> = people().into_iter().map(|named| (named.key, named.person)).collect();
    for product in catalogue().products() {
        let service = installed(&product.name);
        let text = fs::read_to_string(format!("../services/{}/cases.toml", product.name)).unwrap();
        let cases: Cases = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", product.name));
        let expected: BTreeSet<bool> = cases.case.iter().map(|case| case.expect == "allow").collect();
        assert_eq!(expected.len(), 2, "{}: a product is opened by some and refused to others", product.name);
        for case in cases.case {
            let what = format!("{}, {} {}", product.name, case.person, case.about);
            let facts =
                Facts::of(&people[&case.person], case.r#in.as_ref(), None, Some(AuthnMethod::DirectoryPassword));
            let audience = case.audience.as_ref().unwrap_or(&service.audience);
            match access(&facts, &rules(&service.service.id, audience), &service.service.id) {
                Decision::Deny(refusal) => assert_eq!(refusal.reason.key(), case.expect, "{what}"),
                Decision::Allow { .. } => {
                    assert_eq!("allow", case.expect, "{what}");
                    let told = release(&facts, service.identifier, &service.release, || "pairwise".to_owned()).unwrap();
                    assert_eq!(Some(told.user()), case.user.as_deref(), "{what}");
                    let told: Vec<Vec<&str>> =
                        told.attributes().map(|(name, values)| std::iter::once(name).chain(values).collect()).collect();
                    assert_eq!(told, case.attributes, "{what}");
                }
            }
        }
    }
}

#[test]
fn every_folder_is_whole_and_sound() {
    let folders: BTreeSet<String> = fs::read_dir("../services")
        .unwrap()
        .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().is_dir()))
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    let known: BTreeSet<String> = catalogue().products().map(|product| product.name.clone()).collect();
    assert_eq!(folders, known, "a folder that is not in the catalogue");
    for name in &folders {
        let files: BTreeSet<String> = fs::read_dir(Path::new("../services").join(name))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        assert_eq!(files, ["README.md", "cases.toml", "icon.svg", "service.toml"].map(str::to_owned).into(), "{name}");
        let service = installed(name);
        assert_eq!(check_release(&service.release), Vec::<String>::new(), "{name}");
        assert!(service.other_side.contains("{preau}"), "{name}: the other side must hear where we are");
    }
}

/// `+` opens, a letter is the reason of the refusal.
fn matrix() -> String {
    let services: Vec<MountedService> = catalogue().products().map(|product| installed(&product.name)).collect();
    let mounted = Mounted::new(services).unwrap();
    let rules = AccessRules::compile(mounted.audiences()).unwrap();
    let mut text = String::from(
        "Who opens what, with the audience each product has unless an installation says otherwise.\n\
         Made by the tests of connectors/registry from policy/cases/persons.toml and connectors/services:\n\
         UPDATE_MATRIX=1 writes it. A changed line is a changed right: read the difference.\n\n+ opens",
    );
    let people = people();
    let mut used = BTreeSet::new();
    let mut rows = String::new();
    for named in &people {
        let facts = Facts::of(&named.person, None, None, None);
        write!(rows, "{:<24}", named.key).unwrap();
        for service in mounted.services() {
            let decision = access(&facts, &rules, &service.service.id);
            assert_eq!(opens(&facts.prepared(), &rules, &service.service.id, None), decision.allows());
            let cell = match decision {
                Decision::Allow { .. } => '+',
                Decision::Deny(refusal) => {
                    used.insert(refusal.reason);
                    refusal.reason.letter()
                }
            };
            let width = service.connector.len().max(11) + 1;
            write!(rows, "{cell:<width$}").unwrap();
        }
        let end = rows.trim_end().len();
        rows.truncate(end);
        rows.push('\n');
    }
    for reason in Reason::ALL.into_iter().filter(|reason| used.contains(reason)) {
        write!(text, ", {} {}", reason.letter(), reason.key()).unwrap();
    }
    write!(text, "\n\n{:<24}", "").unwrap();
    for service in mounted.services() {
        let width = service.connector.len().max(11) + 1;
        write!(text, "{:<width$}", service.connector).unwrap();
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text.push_str(&rows);
    text
}

#[test]
fn the_matrix_is_the_one_that_was_read() {
    let path = "../../policy/matrix.txt";
    let made = matrix();
    if std::env::var_os("UPDATE_MATRIX").is_some() {
        fs::write(path, &made).unwrap();
    }
    let read = fs::read_to_string(path).unwrap_or_default();
    assert_eq!(read, made, "who may open what has changed: read the difference, then run with UPDATE_MATRIX=1");
}

/// A product that is told more than a user must be sent to an address that answers attributes.
#[test]
fn nobody_is_sent_to_an_address_without_the_attributes_of_their_service() {
    for product in catalogue().products().filter(|product| !product.descriptor.release.is_empty()) {
        let text = &product.descriptor.other_side;
        for word in ["serviceValidate", "proxyValidate"] {
            let bare = text.match_indices(word).filter(|(at, _)| !text[..*at].ends_with("/p3/")).count();
            assert_eq!(bare, 0, "{}: {word} answers no attribute, /p3/{word} does", product.name);
        }
    }
}
