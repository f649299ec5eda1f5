//! Every product of the catalogue against invented people: its golden answers, and one matrix of all of them.
#![expect(clippy::unwrap_used, reason = "a test stops where its premises fail")]

use preau_connector_api::MountedService;
use preau_connectors::{Mounted, catalogue, mount, needs};
use preau_domain::Person;
use preau_policy::{
    AccessRules, Decision, Facts, GoldenAnswers, INVENTED, InventedPeople, Judged, Reason, access, check_release, opens,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

fn people() -> Vec<(String, Person)> {
    toml::from_str::<InventedPeople>(INVENTED).unwrap().by_key()
}

/// One installation of a product.
fn installed(product: &str) -> MountedService {
    let text = catalogue().product(product).unwrap().sample();
    mount("test.toml", product, &text, catalogue()).unwrap().unwrap()
}

#[test]
fn golden_answers() {
    let people: BTreeMap<String, Person> = people().into_iter().collect();
    for product in catalogue().products() {
        let MountedService { service, audience, identifier, release, .. } = installed(&product.name);
        let text = fs::read_to_string(format!("../services/{}/cases.toml", product.name)).unwrap();
        let answers: GoldenAnswers = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", product.name));
        let judged = Judged { service: &service.id, audience: &audience, identifier, release: &release };
        assert_eq!(answers.problems(&people, judged), Vec::<(usize, String)>::new(), "{}", product.name);
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
        assert_eq!(check_release(&service.release), Vec::<(usize, String)>::new(), "{name}");
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
    for (key, person) in &people {
        let facts = Facts::of(person, None, None, None);
        write!(rows, "{key:<24}").unwrap();
        for service in mounted.services() {
            let decision = access(&facts, &rules, &service.service.id);
            assert_eq!(opens(&facts.prepared(), &rules, &service.service.id, None), decision.allows());
            let cell = match decision {
                Decision::Allow { .. } | Decision::StepUp(_) => '+',
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

/// What an ENT offers is filled by products there are, and no product is there for nothing.
#[test]
fn every_need_is_met_by_products_that_exist_and_every_product_meets_one() {
    let known: BTreeSet<&str> = catalogue().products().map(|product| product.name.as_str()).collect();
    let named: BTreeSet<&str> = needs().iter().flat_map(|need| need.connectors.iter().map(String::as_str)).collect();
    assert_eq!(named, known);
    for need in needs().iter().filter(|need| need.connectors.is_empty()) {
        assert!(!need.note.is_empty(), "{}: by no product, and nothing says why", need.en);
    }
}
