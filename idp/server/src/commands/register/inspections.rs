//! What the record of an establishment says of inspections: in which services people of an academy look at spaces of its teachers, and what those
//! services are told of them. It is read off what was really granted, and names nobody.

use super::record::{COLUMNS, Place, name, pick};
use preau_connector_api::MountedService;
use preau_domain::{Inspection, Instant, LocalTime, Person, PersonId};
use preau_policy::{AccessRules, Facts, identifier_words, inspecting, release, sent};
use preau_store::{InspectionsOf, Result, Store};
use preau_web::Locale;
use preau_web::inspections::may_be_inspected;
use std::collections::{BTreeMap, BTreeSet};

/// Most of one establishment that are read, those that end last first.
const MOST: u32 = 10_000;

/// What is known of one establishment: what holds, and what was over for as long as anything is kept of it.
pub struct Inspected {
    all: Vec<Inspection>,
    inspectors: BTreeMap<PersonId, Person>,
    now: Instant,
}

impl Inspected {
    /// What there is at that instant.
    pub async fn of(store: &dyn Store, place: &Place<'_>, now: Instant) -> Result<Inspected> {
        let of = InspectionsOf::Establishment(place.uai);
        let all = store.inspections(of, now - Inspection::KEPT, MOST).await?;
        let mut inspectors = BTreeMap::new();
        for one in &all {
            if !inspectors.contains_key(&one.inspector)
                && let Some(person) = store.person(&one.inspector).await?
            {
                inspectors.insert(one.inspector.clone(), person);
            }
        }
        Ok(Inspected { all, inspectors, now })
    }

    /// The rows, one for each service that is mounted.
    pub fn rows(&self, place: &Place<'_>, services: &[&MountedService]) -> Vec<[String; COLUMNS]> {
        let mut by_service: BTreeMap<&str, Vec<&Inspection>> = BTreeMap::new();
        for one in &self.all {
            by_service.entry(one.service.as_str()).or_default().push(one);
        }
        let mounted = |id: &str| services.iter().find(|service| service.service.id.as_str() == id);
        by_service.iter().filter_map(|(id, all)| Some(self.row(place, mounted(id)?, all))).collect()
    }

    fn row(&self, place: &Place<'_>, service: &MountedService, all: &[&Inspection]) -> [String; COLUMNS] {
        let (locale, title, legal) = (place.locale, name(place.locale, &service.title), &service.legal);
        let held = all.iter().filter(|one| self.now < one.until).count();
        let (identifier, data) = self.told(locale, service, all);
        [
            pick(locale, &format!("{title} : inspections"), &format!("{title}: inspections")),
            pick(
                locale,
                "Consultation de l’espace d’un enseignant par un inspecteur, accordée par la direction ou par l’académie pour un motif que \
                 l’enseignant lit",
                "A look at the space of a teacher by an inspector, granted by the head or by the academy for a reason that the teacher reads",
            ),
            pick(
                locale,
                &format!(
                    "inspecteurs de l’académie, et enseignants dont l’espace est consulté ({} en treize mois, dont {held} en cours)",
                    all.len()
                ),
                &format!(
                    "inspectors of the academy, and teachers whose space they look at ({} in thirteen months, {held} of them not over)",
                    all.len()
                ),
            ),
            identifier,
            data,
            name(locale, &legal.controller),
            name(locale, &legal.hosting),
            self.kept(locale, service, all),
            format!(
                "{}\n{}",
                pick(locale, "inspecteurs de l’académie", "inspectors of the academy"),
                service.origins().join("\n")
            ),
        ]
    }

    /// How the service knows these inspectors, and what leaves of any of them.
    fn told(&self, locale: Locale, service: &MountedService, all: &[&Inspection]) -> (String, String) {
        let rules = AccessRules::compile(std::iter::once((&service.service.id, &service.audience)));
        let rules = rules.ok().filter(|_| may_be_inspected(service)).map(|mut rules| {
            rules.receive_visitors(&service.service.id);
            rules
        });
        let leaves = rules.iter().flat_map(|rules| all.iter().flat_map(move |one| self.leaves(rules, service, one)));
        let leaves: BTreeSet<String> = leaves.collect();
        if leaves.is_empty() {
            let none = pick(
                locale,
                "aucun : ce service n’ouvre à aucun inspecteur",
                "none: this service opens to no inspector",
            );
            return (none.clone(), none);
        }
        let identifier = identifier_words(service.identifier);
        let all = sent(&service.release);
        let words = all.iter().filter(|one| leaves.contains(one.name));
        let said = |fr: String, en: String| pick(locale, &fr, &en);
        let words: Vec<String> = words
            .map(|one| said(format!("{} : {}", one.name, one.fr()), format!("{}: {}", one.name, one.en())))
            .collect();
        (pick(locale, identifier.fr, identifier.en), words.join("\n"))
    }

    /// The names of what leaves by one inspection; none where it opens nothing any more.
    fn leaves(&self, rules: &AccessRules, service: &MountedService, one: &Inspection) -> Vec<String> {
        let Some(inspector) = self.inspectors.get(&one.inspector) else { return Vec::new() };
        let facts = Facts::of(inspector, None, None, None);
        let facts = facts.with_inspections(std::slice::from_ref(one), one.from).at(one.from);
        let told = inspecting(&facts, rules, &service.service.id).and_then(|visitor| {
            let pairwise = || one.inspector.to_string();
            release(&visitor, service.identifier, &service.release, &service.audience.roles, pairwise).ok()
        });
        told.iter().flat_map(|told| told.names()).filter(|one| service.sends(one)).map(str::to_owned).collect()
    }

    /// How long it is looked at, and how long it is known that it was.
    fn kept(&self, locale: Locale, service: &MountedService, all: &[&Inspection]) -> String {
        let last = all.iter().map(|one| one.until.0 - 1).max();
        let last = last.and_then(|last| LocalTime::in_paris(Instant(last))).map(|local| local.day.to_string());
        let last = last.unwrap_or_default();
        let (own, days) = (name(locale, &service.legal.retention), Inspection::KEPT.0 / 86_400);
        pick(
            locale,
            &format!(
                "{own} ; accès jusqu’au {last} au plus tard ; qui a consulté quoi, et pourquoi : {days} jours après la fin"
            ),
            &format!(
                "{own}; access until {last} at the latest; who looked at what, and why: {days} days after the end"
            ),
        )
    }
}
