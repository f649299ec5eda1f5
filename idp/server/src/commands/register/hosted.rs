//! What the record of an establishment says of guests: those of other ENTs who come into its spaces, which services receive what of them, and whom of its own
//! people it names to other ENTs; each under its convention.

use super::record::{COLUMNS, Place, name, pick};
use preau_connector_api::MountedService;
use preau_domain::{
    AccountState, Affiliation, Convention, ConventionState, Credentials, Instant, LocalTime, Person, PersonId, Profile,
    Role, SPACE_GROUP, Space, guest_key,
};
use preau_policy::{Facts, identifier_words, release, sent};
use preau_store::{Result, Store};
use preau_web::Locale;
use std::collections::BTreeMap;

/// Rows read at once.
const PAGE: u32 = 200;

/// The spaces that an establishment shares with other ENTs, and the conventions that concern it.
pub struct Shared {
    conventions: Vec<Convention>,
    spaces: Vec<Space>,
}

impl Shared {
    /// What there is at that instant: of a convention that one party signed, or that is over, nothing.
    pub async fn of(store: &dyn Store, place: &Place<'_>, now: Instant) -> Result<Shared> {
        let (mut conventions, mut after) = (Vec::new(), String::new());
        loop {
            let page = store.conventions(&after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.id);
            let signed = |one: &Convention| {
                matches!(one.state, ConventionState::SignedByBoth | ConventionState::Suspended) && now < one.until
            };
            conventions.extend(page.into_iter().filter(|one| signed(one) && one.is_for(place.uai)));
        }
        let mut spaces = Vec::new();
        for skip in (0..).step_by(PAGE as usize) {
            let page = store.spaces_at(place.uai, skip, PAGE).await?;
            let last = page.len() < PAGE as usize;
            spaces.extend(page.into_iter().filter(|one| !one.closed && now < one.until && one.convention.is_some()));
            if last {
                break;
            }
        }
        Ok(Shared { conventions, spaces })
    }

    /// The rows: by convention.
    pub fn rows(&self, place: &Place<'_>, services: &[&MountedService]) -> Vec<[String; COLUMNS]> {
        let mut rows = Vec::new();
        for convention in &self.conventions {
            let own = self.spaces.iter().filter(|one| one.convention.as_ref() == Some(&convention.id));
            let own: Vec<&Space> = own.collect();
            if !own.is_empty() {
                rows.push(come(place, convention, &own));
            }
            let mut mounted: BTreeMap<&str, Vec<&Space>> = BTreeMap::new();
            for space in own {
                space.services.iter().for_each(|id| mounted.entry(id.as_str()).or_default().push(space));
            }
            for (id, spaces) in mounted {
                let service = services.iter().find(|one| one.service.id.as_str() == id);
                rows.extend(service.map(|service| receives(place, convention, service, &spaces)));
            }
            if convention.peer.service.is_some() {
                rows.push(go(place, convention));
            }
        }
        rows
    }
}

fn titles(spaces: &[&Space]) -> String {
    spaces.iter().map(|one| format!("« {} »", one.title)).collect::<Vec<_>>().join(", ")
}

/// By which convention, and until when.
fn framed(locale: Locale, convention: &Convention) -> String {
    let last = LocalTime::in_paris(Instant(convention.until.0 - 1)).map(|local| local.day.to_string());
    let (id, last) = (&convention.id, last.unwrap_or_default());
    pick(locale, &format!("convention {id}, jusqu’au {last}"), &format!("convention {id}, until {last}"))
}

fn schools(convention: &Convention) -> String {
    convention.establishments.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// How long this house keeps what it knows of a guest.
fn kept(place: &Place<'_>, convention: &Convention) -> String {
    let (delete, purge) = (place.predelete_after_days, place.purge_after_days);
    let fr = format!(
        "au plus tard jusqu’à la fin de la convention, au 31 juillet ou à 180 jours sans venir ; compte vidé {delete} jours puis effacé {purge} jours \
         après, prénom gardé jusqu’au 31 octobre au plus ; une liste ou un arrêt, sous un code : 400 jours"
    );
    let en = format!(
        "until the end of the convention, 31 July or 180 days of absence at the latest; account emptied {delete} days and erased {purge} days after \
         that, given name until 31 October at most; a list or a stop, under a code: 400 days"
    );
    format!("{} ({})", pick(place.locale, &fr, &en), framed(place.locale, convention))
}

/// Guests come in.
fn come(place: &Place<'_>, convention: &Convention, spaces: &[&Space]) -> [String; COLUMNS] {
    let (locale, peer, titles) = (place.locale, &convention.peer.name, titles(spaces));
    let said = convention.data.join(", ");
    let (identifier, data) = match convention.peer.lists_are_typed() {
        false => (
            pick(
                locale,
                "nom de code que leur ENT donne à celui-ci seul",
                "code name that their workspace gives to this one alone",
            ),
            pick(
                locale,
                &format!(
                    "reçues de leur ENT : prénom, initiale, établissement, classe, niveau, élève ou enseignant (selon la convention : {said}) ; tenu ici : espaces, journal des connexions"
                ),
                &format!(
                    "received from their workspace: given name, initial, establishment, class, level, pupil or teacher (by the convention: {said}); kept here: spaces, journal of sign-ins"
                ),
            ),
        ),
        true => (
            pick(
                locale,
                "nom de code tiré ici, porté par une carte pour une seule fois",
                "code name drawn here, on a card for one use",
            ),
            pick(
                locale,
                &format!(
                    "écrites ici par qui gère l’espace, de ce que leur école a nommé : prénom, initiale, établissement, classe (selon la convention : {said}) ; tenu ici : espaces, journal des connexions"
                ),
                &format!(
                    "written here by whoever manages the space, as their school named them: given name, initial, establishment, class (by the convention: {said}); kept here: spaces, journal of sign-ins"
                ),
            ),
        ),
    };
    [
        pick(locale, &format!("Invités ({peer})"), &format!("Guests ({peer})")),
        convention.purposes.join("\n"),
        pick(
            locale,
            &format!("élèves et enseignants invités de {}", schools(convention)),
            &format!("invited pupils and teachers of {}", schools(convention)),
        ),
        identifier,
        data,
        place.controller.clone(),
        place.hosting.clone(),
        kept(place, convention),
        pick(
            locale,
            &format!("qui gère les espaces {titles} ; direction"),
            &format!("whoever manages the spaces {titles}; the head"),
        ),
    ]
}

/// Somebody as a guest is in these spaces: what a service receives of a guest is what leaves of this one.
fn guest(spaces: &[&Space]) -> Option<Person> {
    let host = spaces.first()?.host.clone();
    let mut own = Affiliation::new(host, Profile::Guest);
    for space in spaces {
        own.groups.push(format!("{SPACE_GROUP}{}", space.id));
        own.groups.push(format!("{SPACE_GROUP}{}:{}", space.id, Role::Redacteur.as_str()));
    }
    Some(Person {
        id: PersonId::new("invite"),
        join: Some(guest_key("invite".to_owned())),
        state: AccountState::Active,
        given_name: "Lou".to_owned(),
        family_name: "V.".to_owned(),
        title: None,
        login: None,
        mail: None,
        credentials: Credentials::Directory,
        affiliations: vec![own],
        children: Vec::new(),
    })
}

/// A service receives something of guests.
fn receives(
    place: &Place<'_>,
    convention: &Convention,
    service: &MountedService,
    spaces: &[&Space],
) -> [String; COLUMNS] {
    let (locale, peer, titles) = (place.locale, &convention.peer.name, titles(spaces));
    let facts = guest(spaces).map(|guest| Facts::of(&guest, None, Some(place.name), None));
    let told = facts.and_then(|facts| {
        release(&facts, service.identifier, &service.release, &service.audience.roles, || "invite".to_owned()).ok()
    });
    let leaves: Vec<&str> = told.iter().flat_map(|told| told.names()).filter(|one| service.sends(one)).collect();
    let all = sent(&service.release);
    let words = all.iter().filter(|one| leaves.contains(&one.name));
    let words: Vec<String> =
        words.map(|one| format!("{} : {}", one.name, pick(locale, &one.fr(), &one.en()))).collect();
    let nothing = pick(locale, "rien d’autre que l’identifiant", "nothing but the identifier");
    let (identifier, data) = match &told {
        // Whoever has no such name is not let in by it.
        None => {
            let none =
                pick(locale, "aucun : ce service n’ouvre à aucun invité", "none: this service opens to no guest");
            (none.clone(), none)
        }
        Some(_) if !service.speaks() => {
            (pick(locale, "aucun", "none"), pick(locale, "aucune : simple lien", "none: a plain link"))
        }
        Some(_) => {
            let identifier = identifier_words(service.identifier);
            let data = if words.is_empty() { nothing } else { words.join("\n") };
            (pick(locale, identifier.fr, identifier.en), data)
        }
    };
    let (title, legal) = (name(locale, &service.title), &service.legal);
    [
        pick(locale, &format!("{title} : invités ({peer})"), &format!("{title}: guests ({peer})")),
        convention.purposes.join("\n"),
        pick(locale, &format!("invités des espaces {titles}"), &format!("guests in the spaces {titles}")),
        identifier,
        data,
        name(locale, &legal.controller),
        name(locale, &legal.hosting),
        format!("{} ({})", name(locale, &legal.retention), framed(locale, convention)),
        service.origins().join("\n"),
    ]
}

/// People of ours are named to another ENT.
fn go(place: &Place<'_>, convention: &Convention) -> [String; COLUMNS] {
    let (locale, peer) = (place.locale, &convention.peer.name);
    let said = convention.data.join(", ");
    [
        pick(locale, &format!("Listes envoyées à {peer}"), &format!("Lists sent to {peer}")),
        convention.purposes.join("\n"),
        pick(
            locale,
            "élèves des classes qu’un enseignant envoie, et cet enseignant",
            "pupils of the classes that a teacher sends, and that teacher",
        ),
        pick(locale, "nom de code propre à cet ENT", "code name for that workspace alone"),
        pick(
            locale,
            &format!(
                "prénom, initiale, établissement, classe comme l’autre ENT l’appelle, élève ou enseignant (selon la convention : {said})"
            ),
            &format!(
                "given name, initial, establishment, class as the other workspace calls it, pupil or teacher (by the convention: {said})"
            ),
        ),
        place.controller.clone(),
        peer.clone(),
        framed(locale, convention),
        convention.peer.url.clone(),
    ]
}
