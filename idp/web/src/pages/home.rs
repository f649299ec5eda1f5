//! The home page as a template sees it. What stands on it is in `board`, how tiles are sorted and searched in `tiles`.

use super::Page;
use super::board::Board;
use super::tiles::{self, Section, Tile};
use crate::logout::SIGN_OUT_FORM;
use crate::words::{in_language, paragraphs};
use crate::{Live, Locale, Notice};
use askama::Template;
use preau_domain::{AtHand, Person, Profile, Uai};

/// Name of the form that changes the establishment.
pub(super) const ESTABLISHMENT_FORM: &str = "establishment";
/// Name of the form that says for which child a parent acts.
pub(super) const CHILD_FORM: &str = "child";
/// Name of the form that marks favourites.
pub(super) const FAVOURITES_FORM: &str = "favourites";

#[derive(Template)]
#[template(path = "home.html")]
pub(super) struct Home<'a> {
    pub page: Page<'a>,
    pub greeting: String,
    pub place: Place,
    pub profiles: String,
    /// For whom a parent of one child acts, as a sentence.
    pub acting: Option<String>,
    /// The children a parent of several may act for.
    pub children: Vec<ChildChoice>,
    pub child_token: String,
    pub sign_out_token: String,
    pub establishment_token: String,
    pub favourites_token: String,
    pub query: String,
    /// There is a place, and so something to look for.
    pub searchable: bool,
    /// Tiles the person has, whatever the search.
    pub total: usize,
    pub found: String,
    /// Titles and paragraphs of what the operator says to them.
    pub notices: Vec<(String, Vec<String>)>,
    /// There are services that wait for the key of the person's establishment.
    pub offers: bool,
    /// They work with pupils where services may be shared.
    pub spaces: bool,
    /// A space they manage is over soon.
    pub ends_soon: bool,
    /// What is said of inspections: of theirs, and of whoever looks at their spaces.
    pub inspections: Vec<String>,
    /// They grant inspections.
    pub grants: bool,
    /// They print activation codes.
    pub desk: bool,
    /// They help pupils who lost their password.
    pub helps: bool,
    /// They make cards for young pupils, and open lessons.
    pub cards: bool,
    /// They signed in with such a card: the page is their tiles and the way out.
    pub by_card: bool,
    /// A code waits for them that somebody made, as a sentence.
    pub waits: Option<String>,
    /// Some they have to read again, as a sentence.
    pub to_read: Option<String>,
    pub favourites: Vec<Tile>,
    /// There is room for one more favourite.
    pub room: bool,
    pub recent: Vec<Tile>,
    pub sections: Vec<Section>,
    /// Names of services that the search names, and why they are not among the tiles.
    pub missing: Vec<(String, String)>,
    /// They proved a second factor, and a passkey would have been less work.
    pub nudge: bool,
    pub empty_title: String,
    pub empty_text: String,
}

/// Where a person works now.
pub(super) enum Place {
    /// In no establishment.
    Nowhere,
    /// In the only one they have.
    One(String),
    /// In one of these.
    Several(Vec<Workplace>),
}

/// An establishment a person can choose.
pub(super) struct Workplace {
    pub uai: String,
    pub name: String,
    pub current: bool,
}

/// A child somebody can act for.
pub(super) struct ChildChoice {
    pub id: String,
    pub name: String,
    pub current: bool,
}

/// What is known of the person of a home page besides what stands on it.
pub(super) struct Owner<'p> {
    pub person: &'p Person,
    /// The child for whom they act.
    pub child: Option<&'p Person>,
    /// The children they may act for.
    pub children: &'p [Person],
    pub at_hand: &'p AtHand,
    /// What the operator says to them now.
    pub notices: Vec<&'p Notice>,
}

impl<'a> Home<'a> {
    /// The home page of a person, over what stands on it.
    pub fn new(
        page: Page<'a>,
        live: &Live,
        owner: Owner<'_>,
        query: String,
        board: &Board<'_>,
        token: impl Fn(&str) -> String,
    ) -> Home<'a> {
        let (locale, Owner { person, child, children, at_hand, notices }) = (page.locale, owner);
        let sections = tiles::sections(board.open.iter().copied(), locale, &query, at_hand, |key| page.t(key));
        let found = match tiles::shown(&sections) {
            _ if query.is_empty() => String::new(),
            0 => page.t("search-none"),
            1 => page.t("search-found-one"),
            many => page.count("search-found-many", many),
        };
        // A search looks at everything: what is at hand would be found twice.
        let at_hand_of = |doors: &[&crate::Door]| -> Vec<Tile> {
            let shown = doors.iter().filter(|_| query.is_empty());
            shown.map(|door| tiles::tile(door, locale, at_hand)).collect()
        };
        let title = |door: &crate::Door| match locale {
            Locale::Fr => door.title.fr.clone(),
            Locale::En => door.title.en.clone(),
        };
        let why = |reason: preau_policy::Reason| page.t(&format!("refusal-{}", reason.key()));
        let missing = board.missing.iter().map(|(door, reason)| (title(door), why(*reason))).collect();
        let said = |notice: &Notice| (in_language(&notice.title, locale).to_owned(), paragraphs(&notice.text, locale));
        let (place, query_is_empty) = (place(live, person), query.is_empty());
        let empty = if matches!(place, Place::Nowhere) { "home-nowhere" } else { "home-empty" };
        Home {
            greeting: page.with("home-greeting", "name", &person.display_name()),
            profiles: profiles(&page, live, person),
            acting: match (children, child) {
                ([_], Some(child)) => Some(page.with("child-only", "name", &child_name(child))),
                _ => None,
            },
            children: if children.len() > 1 { choices(child, children) } else { Vec::new() },
            child_token: token(CHILD_FORM),
            sign_out_token: token(SIGN_OUT_FORM),
            establishment_token: token(ESTABLISHMENT_FORM),
            favourites_token: token(FAVOURITES_FORM),
            favourites: at_hand_of(&board.favourites),
            room: board.favourites.len() < AtHand::MOST_FAVOURITES,
            recent: at_hand_of(&board.recent),
            missing,
            nudge: false,
            spaces: false,
            ends_soon: false,
            offers: board.to_read.is_some() && query.is_empty(),
            inspections: Vec::new(),
            grants: false,
            desk: false,
            helps: false,
            cards: false,
            by_card: live.session.authentication.by_card(),
            waits: None,
            to_read: board.to_read.filter(|count| *count > 0).map(|count| page.count("offers-waiting", count)),
            searchable: !matches!(place, Place::Nowhere) && !live.session.authentication.by_card(),
            total: board.open.len(),
            empty_title: page.t(&format!("{empty}-title")),
            empty_text: page.t(&format!("{empty}-text")),
            page: page.at(here(&query, None)),
            place,
            query,
            found,
            notices: notices.into_iter().filter(|_| query_is_empty).map(said).collect(),
            sections,
        }
    }
}

/// The address of the home page with a search, and of a place on it.
pub(super) fn here(query: &str, at: Option<&str>) -> String {
    let place = at.map(|at| format!("#{at}")).unwrap_or_default();
    match query {
        "" => format!("/{place}"),
        query => {
            let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", query).finish();
            format!("/?{query}{place}")
        }
    }
}

fn choices(child: Option<&Person>, children: &[Person]) -> Vec<ChildChoice> {
    let current = child.map(|child| &child.id);
    let choice = |child: &Person| ChildChoice {
        id: child.id.to_string(),
        name: child_name(child),
        current: Some(&child.id) == current,
    };
    children.iter().map(choice).collect()
}

/// The name of a child, with the class by which a parent of several tells what it is about.
fn child_name(child: &Person) -> String {
    match child.affiliations.iter().find_map(|one| one.classes.first()) {
        Some(class) => format!("{} ({class})", child.display_name()),
        None => child.display_name(),
    }
}

fn place(live: &Live, person: &Person) -> Place {
    let current = live.session.establishment.as_ref();
    let mut places: Vec<Workplace> = person
        .establishments()
        .into_iter()
        .map(|uai| Workplace { uai: uai.to_string(), name: place_name(live, uai), current: Some(uai) == current })
        .collect();
    match places.len() {
        0 => Place::Nowhere,
        1 => Place::One(places.remove(0).name),
        _ => Place::Several(places),
    }
}

/// The name of an establishment, with its town when another of the person's bears the same name; its number when it is
/// not known yet.
pub(super) fn place_name(live: &Live, uai: &Uai) -> String {
    let Some(establishment) = live.establishment(uai) else { return uai.to_string() };
    let namesakes = live.establishments.iter().filter(|other| other.name == establishment.name).count();
    match &establishment.city {
        Some(city) if namesakes > 1 => format!("{} ({city})", establishment.name),
        _ => establishment.name.clone(),
    }
}

/// What the person is in the establishment of now, such as "Enseignante, Direction".
fn profiles(page: &Page<'_>, live: &Live, person: &Person) -> String {
    let Some(current) = live.session.establishment.as_ref() else { return String::new() };
    let title = person.title.as_deref().unwrap_or_default();
    let mut labels: Vec<String> = Vec::new();
    for affiliation in person.affiliations.iter().filter(|a| &a.establishment == current) {
        let label = page.with(profile_key(affiliation.profile), "title", title);
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels.join(", ")
}

/// The key of what people read for a profile.
pub(super) fn profile_key(profile: Profile) -> &'static str {
    match profile {
        Profile::Pupil => "profile-pupil",
        Profile::Guardian => "profile-guardian",
        Profile::Teacher => "profile-teacher",
        Profile::Head => "profile-head",
        Profile::SchoolLife => "profile-school-life",
        Profile::SchoolStaff => "profile-school-staff",
        Profile::Academy => "profile-academy",
        Profile::Librarian => "profile-librarian",
        Profile::LocalAuthority => "profile-local-authority",
        Profile::Guest => "profile-guest",
    }
}
