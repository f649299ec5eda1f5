//! The pages of shared spaces: a teacher's spaces, a new one, one that they manage; and the head's page of guests.

use super::home::place_name;
use super::offers::day_in_words;
use super::outgoing::address;
use super::stops::KeptOut;
use super::written::Writing;
use super::{Page, html};
use crate::sharing::{
    Change, Draft, Estimate, Framed, Invitation, ListLine, Offered, Preview, ROLES, ShownGuest, Standing, Stops, Turn,
    Typing,
};
use crate::words::in_language;
use crate::{Hub, Live, Locale, Visitor};
use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use preau_domain::{Convention, GuestList, Instant, LocalTime, PersonId, Public, Role, Space, Uai, display_safe};
use preau_hosting::Reason;
use std::collections::HashMap;

/// The same for a letter.
pub(crate) fn last_day_of(hub: &Hub, locale: Locale, until: Instant) -> String {
    last_day(&Page::of(&hub.texts, &hub.config, locale), until)
}

/// The last day before that instant, as people read one.
pub(super) fn last_day(page: &Page<'_>, until: Instant) -> String {
    match LocalTime::in_paris(Instant(until.0 - 1)) {
        Some(local) => day_in_words(page, local.day),
        None => page.moment(until),
    }
}

fn role_word(page: &Page<'_>, role: Role) -> String {
    page.t(&format!("role-{}", role.as_str()))
}

/// The way to the page before and to the one after.
pub(super) struct Turning {
    pub before: Option<String>,
    pub after: Option<String>,
}

impl Turning {
    /// Nothing where there is one page alone.
    pub(super) fn of(at: &str, turn: Turn) -> Option<Turning> {
        let to = |page: u32| format!("{at}?{}={page}", turn.field);
        let (before, after) = ((turn.page > 1).then(|| to(turn.page - 1)), turn.more.then(|| to(turn.page + 1)));
        (before.is_some() || after.is_some()).then_some(Turning { before, after })
    }
}

fn state_word(page: &Page<'_>, state: Standing) -> String {
    page.t(match state {
        Standing::Open => "space-open",
        Standing::Over => "space-over",
        Standing::Closed => "space-closed",
        Standing::Stopped => "space-stopped",
    })
}

/// What [`spaces`] shows.
pub struct SpacesPage {
    pub(crate) spaces: Vec<(Standing, bool, Space)>,
    pub(crate) sent: Vec<GuestList>,
    /// What the other party of each convention is called.
    pub(crate) peers: HashMap<String, String>,
    /// Of the spaces, and of the lists.
    pub(crate) turns: [Turn; 2],
    pub(crate) head: bool,
    pub(crate) token: String,
    pub(crate) now: Instant,
}

struct SpaceLine {
    id: String,
    title: String,
    state: String,
    until: String,
    manages: bool,
    /// Its end is near, and somebody may say that it goes on.
    soon: bool,
}

struct SentLine {
    id: String,
    convention: String,
    /// Its own page.
    to: String,
    space: String,
    peer: String,
    class: String,
    guests: String,
    at: String,
    withdrawn: bool,
}

#[derive(Template)]
#[template(path = "spaces.html")]
pub(super) struct Spaces<'a> {
    page: Page<'a>,
    place: String,
    spaces: Vec<SpaceLine>,
    sent: Vec<SentLine>,
    turning: Option<Turning>,
    lists_turning: Option<Turning>,
    head: bool,
    token: String,
}

impl<'a> Spaces<'a> {
    pub(super) fn new(page: Page<'a>, place: String, shown: SpacesPage) -> Self {
        let soon = shown.now + preau_domain::Seconds(30 * 86_400);
        let line = |(state, manages, space): &(Standing, bool, Space)| SpaceLine {
            id: space.id.clone(),
            title: display_safe(&space.title, 100),
            state: state_word(&page, *state),
            until: last_day(&page, space.until),
            manages: *manages,
            soon: *manages && *state == Standing::Open && space.until <= soon,
        };
        let sent = |list: &GuestList| SentLine {
            id: list.id.clone(),
            convention: list.convention.clone(),
            to: address(list),
            peer: display_safe(shown.peers.get(&list.convention).unwrap_or(&list.convention), 60),
            space: display_safe(if list.title.is_empty() { &list.space } else { &list.title }, 100),
            class: display_safe(&list.class, 64),
            guests: page.count("space-people", list.guests as usize),
            at: page.moment(list.at),
            withdrawn: list.withdrawn.is_some(),
        };
        Spaces {
            spaces: shown.spaces.iter().map(line).collect(),
            sent: shown.sent.iter().map(sent).collect(),
            turning: Turning::of("/spaces", shown.turns[0]),
            lists_turning: Turning::of("/spaces", shown.turns[1]),
            head: shown.head,
            token: shown.token,
            place,
            page: page.at("/spaces"),
        }
    }
}

/// The spaces of somebody, and the lists they sent.
pub fn spaces(hub: &Hub, visitor: &Visitor, live: &Live, at: &Uai, shown: SpacesPage) -> Response {
    html("spaces", &Spaces::new(Page::new(hub, visitor), place_name(live, at), shown))
}

/// What [`new_space`] shows.
pub struct SpaceForm {
    pub(crate) draft: Draft,
    pub(crate) offered: Offered,
    /// What it would be.
    pub(crate) space: Option<Space>,
    pub(crate) estimate: Option<Estimate>,
    /// The key of what is wrong.
    pub(crate) problem: Option<&'static str>,
    /// The space that is changed; none where a new one is made.
    pub(crate) change: Option<Change>,
    pub(crate) token: String,
}

pub(super) struct Choice {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

struct Promised {
    until: String,
    groups: Vec<String>,
    services: Vec<String>,
    /// Of the other school the pupils of a list that is written here come, and nobody else.
    only_written: bool,
    estimate: Option<String>,
    fits: bool,
}

#[derive(Template)]
#[template(path = "new_space.html")]
pub(super) struct NewSpace<'a> {
    page: Page<'a>,
    place: String,
    /// What the page is called, where it is, and where the yes goes.
    heading: String,
    here: String,
    yes: String,
    /// It is a space that is there.
    changes: bool,
    title: String,
    until: String,
    partners: Vec<Choice>,
    services: Vec<Choice>,
    classes: Vec<Choice>,
    roles: Vec<Choice>,
    their_classes: String,
    /// How they are called, and who says which of them come.
    their_classes_hint: String,
    their_roles: Vec<Choice>,
    /// None where their teachers cannot come.
    their_staff: Vec<Choice>,
    /// What was said of them, for another school.
    said_of_staff: String,
    /// There are schools whose lists are written here.
    some_written: bool,
    promised: Option<Promised>,
    problem: Option<String>,
    /// The fields of the form, for the yes.
    fields: Vec<(&'static str, String)>,
    token: String,
}

/// One line for each group of a space from which somebody may come.
fn groups(page: &Page<'_>, space: &Space, only_written: bool) -> Vec<String> {
    let comes = |group: &&preau_domain::SpaceGroup| {
        !only_written || group.public != Public::Staff || group.establishment == space.host
    };
    let line = |group: &preau_domain::SpaceGroup| {
        let class = display_safe(&group.code, 64);
        let place = group.establishment.as_str();
        let role = role_word(page, group.role);
        let key = if group.public == Public::Staff { "space-group-staff" } else { "space-group-pupils" };
        page.texts.with(page.locale, key, &[("class", &class), ("place", place), ("role", &role)])
    };
    space.groups.iter().filter(comes).map(line).collect()
}

impl<'a> NewSpace<'a> {
    pub(super) fn new(page: Page<'a>, place: String, form: SpaceForm) -> Self {
        let SpaceForm { draft, offered, space, estimate, problem, change, token } = form;
        let (here, yes) = match &change {
            Some(change) => (format!("/space/{}/change", change.id), format!("/space/{}/change", change.id)),
            None => ("/spaces/new".to_owned(), "/spaces".to_owned()),
        };
        let heading = match &change {
            Some(change) => page.with("space-change-title", "title", &display_safe(&change.title, 100)),
            None => page.t("spaces-new"),
        };
        let title = |door: &crate::Door| in_language(&door.title, page.locale).to_owned();
        let roles = |chosen: Option<Role>| -> Vec<Choice> {
            let role = |role: Role| Choice {
                value: role.as_str().to_owned(),
                label: role_word(&page, role),
                chosen: chosen == Some(role),
            };
            ROLES.into_iter().map(role).collect()
        };
        let their_staff = std::iter::once(Choice {
            value: String::new(),
            label: page.t("space-no-staff"),
            chosen: draft.their_staff.is_none(),
        });
        let written = |one: &crate::sharing::Partner| !one.convention.staff_comes();
        let only_written = draft.partner(&offered).is_some_and(written);
        let some_written = offered.partners.iter().any(written);
        let all_written = some_written && offered.partners.iter().all(written);
        let (their_staff, hint) = match only_written || all_written {
            true => (Vec::new(), "space-their-classes-written"),
            false => {
                let hint = if some_written { "space-their-classes-either" } else { "space-their-classes-hint" };
                (their_staff.chain(roles(draft.their_staff)).collect(), hint)
            }
        };
        let said_of_staff = draft.their_staff.map_or_else(String::new, |role| role.as_str().to_owned());
        let nobody = Choice { value: String::new(), label: page.t("space-with-nobody"), chosen: draft.with.is_empty() };
        let partner = |one: &crate::sharing::Partner| Choice {
            value: one.value.clone(),
            label: one.label.clone(),
            chosen: one.value == draft.with,
        };
        let promised = space.as_ref().map(|space| Promised {
            until: last_day(&page, space.until),
            groups: groups(&page, space, only_written),
            only_written,
            services: offered
                .services
                .iter()
                .filter(|one| space.services.contains(&one.service.id))
                .map(title)
                .collect(),
            fits: estimate.as_ref().is_none_or(Estimate::fits),
            estimate: estimate.as_ref().map(|one| {
                let key = if one.fits() { "space-estimate" } else { "space-estimate-over" };
                let left = u64::from(one.quota).saturating_sub(one.there).to_string();
                let (about, quota) = (one.about.to_string(), one.quota.to_string());
                page.texts.with(page.locale, key, &[("about", &about), ("left", &left), ("quota", &quota)])
            }),
        });
        let until = draft.until.map(|day| day.to_string()).unwrap_or_default();
        let their_classes = draft.their_classes.join(", ");
        let mut fields = vec![
            ("title", draft.title.clone()),
            ("with", draft.with.clone()),
            ("until", until.clone()),
            ("role", draft.role.as_str().to_owned()),
            ("their-classes", their_classes.clone()),
            ("their-role", draft.their_role.as_str().to_owned()),
            ("their-staff", said_of_staff.clone()),
        ];
        fields.extend(draft.services.iter().map(|id| ("service", id.clone())));
        fields.extend(draft.classes.iter().map(|code| ("class", code.clone())));
        NewSpace {
            heading,
            yes,
            changes: change.is_some(),
            place,
            title: draft.title.clone(),
            until,
            partners: std::iter::once(nobody).chain(offered.partners.iter().map(partner)).collect(),
            services: offered
                .services
                .iter()
                .map(|door| Choice {
                    value: door.service.id.to_string(),
                    label: title(door),
                    chosen: draft.services.iter().any(|id| id.as_str() == door.service.id.as_str()),
                })
                .collect(),
            classes: offered
                .classes
                .iter()
                .map(|(code, label)| Choice {
                    value: code.clone(),
                    label: label.clone(),
                    chosen: draft.classes.contains(code),
                })
                .collect(),
            roles: roles(Some(draft.role)),
            their_classes,
            their_classes_hint: page.t(hint),
            their_roles: roles(Some(draft.their_role)),
            their_staff,
            said_of_staff,
            some_written,
            promised,
            problem: problem.map(|key| page.t(key)),
            fields,
            token,
            page: page.at(here.clone()),
            here,
        }
    }
}

/// The form of a new space, and what it would be.
pub fn new_space(hub: &Hub, visitor: &Visitor, live: &Live, at: &Uai, form: SpaceForm) -> Response {
    let wrong = form.problem.is_some();
    let page = html("new-space", &NewSpace::new(Page::new(hub, visitor), place_name(live, at), form));
    if wrong { (StatusCode::UNPROCESSABLE_ENTITY, page).into_response() } else { page }
}

/// What [`space`] shows.
pub struct SpacePage {
    pub(crate) space: Space,
    pub(crate) state: Standing,
    pub(crate) convention: Option<Convention>,
    /// How many guests the convention has, and how many it allows.
    pub(crate) quota: Option<(u64, u32)>,
    pub(crate) guests: Vec<ShownGuest>,
    /// The account after which the next page of guests begins.
    pub(crate) after: Option<PersonId>,
    /// Who is kept out of it.
    pub(crate) stops: Stops,
    pub(crate) lists: Vec<ListLine>,
    pub(crate) turn: Turn,
    /// The invitations, each with the address at which it is accepted.
    pub(crate) invitations: Vec<(Invitation, String)>,
    /// Whether the form of a space can say what it is.
    pub(crate) can_change: bool,
    /// Until when it may go on.
    pub(crate) longest: Option<Instant>,
    /// Whether lists may be written here: none where somebody signs them, or nobody comes.
    pub(crate) typed: Option<Typing>,
    /// A list that was handed in.
    pub(crate) preview: Option<Preview>,
    pub(crate) token: String,
}

struct GuestLine {
    id: String,
    name: String,
    until: String,
}

/// The guests of one class.
struct Class {
    title: String,
    guests: Vec<GuestLine>,
}

struct TakenLine {
    id: String,
    said: String,
    withdrawn: bool,
}

struct Invite {
    title: String,
    to: String,
    mail: String,
}

struct Looked {
    text: String,
    /// Of a list that is written here: what the form says for its class, and its name.
    typed: Option<(String, String)>,
    problems: Vec<String>,
    /// What it would do, in a sentence; nothing where it is refused.
    would: Option<String>,
    /// Names, and what there is to say of them.
    people: Vec<(String, Option<String>)>,
}

#[derive(Template)]
#[template(path = "space.html")]
pub(super) struct OneSpace<'a> {
    page: Page<'a>,
    id: String,
    title: String,
    state: String,
    open: bool,
    until: String,
    peer: Option<String>,
    quota: Option<String>,
    groups: Vec<String>,
    services: Vec<String>,
    classes: Vec<Class>,
    /// The next page of guests.
    after: Option<String>,
    kept_out: KeptOut,
    lists: Vec<TakenLine>,
    turning: Option<Turning>,
    invitations: Vec<Invite>,
    /// Its guests come by cards, and nobody of theirs opens an invitation.
    by_card: bool,
    /// They are the pupils of lists that are written here, and nobody else.
    only_written: bool,
    /// The form of a list that is written here.
    writing: Option<Writing>,
    can_change: bool,
    longest: Option<String>,
    looked: Option<Looked>,
    token: String,
}

/// Guests by school and class, in the order they come in.
fn classes(page: &Page<'_>, guests: &[ShownGuest]) -> Vec<Class> {
    let mut classes: Vec<Class> = Vec::new();
    for guest in guests {
        let (class, place) = (display_safe(&guest.class, 64), guest.home.as_str());
        let title = page.texts.with(page.locale, "space-class", &[("class", &class), ("place", place)]);
        if classes.last().is_none_or(|last| last.title != title) {
            classes.push(Class { title, guests: Vec::new() });
        }
        let line = GuestLine {
            id: guest.person.to_string(),
            name: display_safe(&guest.name, 100),
            until: last_day(page, guest.until),
        };
        if let Some(last) = classes.last_mut() {
            last.guests.push(line);
        }
    }
    classes
}

fn invite(page: &Page<'_>, (invitation, to): &(Invitation, String)) -> Invite {
    let class = display_safe(&invitation.class, 64);
    let place = invitation.establishment.as_str();
    let subject = page.with("space-invite-subject", "title", &invitation.title);
    let text = page.texts.with(page.locale, "space-invite-mail", &[("class", &class), ("title", &invitation.title)]);
    let said = format!("{text}\n\n{to}");
    let encoded =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    Invite {
        title: page.texts.with(page.locale, "space-class", &[("class", &class), ("place", place)]),
        to: to.clone(),
        mail: format!("mailto:?subject={}&body={}", encoded(&subject), encoded(&said)),
    }
}

/// Why a list is refused. What stands in it besides may be another ENT's word.
pub(super) fn reason(page: &Page<'_>, reason: &Reason) -> String {
    let said: Vec<(&str, String)> =
        reason.said.iter().take(5).map(|(name, value)| (name.as_str(), display_safe(value, 80))).collect();
    let said: Vec<(&str, &str)> = said.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let said = page.texts.with(page.locale, &format!("list-no-{}", reason.key), &said);
    match reason.line {
        Some(line) => page.texts.with(page.locale, "list-line", &[("line", &line.to_string()), ("said", &said)]),
        None => said,
    }
}

fn looked(page: &Page<'_>, preview: Preview) -> Looked {
    let (mut people, mut would) = (Vec::new(), None);
    if let Some(taken) = &preview.taken {
        let (added, known) = (taken.added.to_string(), taken.known.to_string());
        would = Some(page.texts.with(page.locale, "space-list-would", &[("added", &added), ("known", &known)]));
        for (place, (guest, new)) in taken.guests.iter().zip(&taken.new).enumerate() {
            let name = format!("{} {} ({})", guest.given_name, guest.initial, guest.class);
            let stopped = taken.stopped.contains(&place);
            let key = if stopped { Some("space-list-stopped") } else { new.then_some("space-list-new") };
            people.push((display_safe(&name, 140), key.map(|key| page.t(key))));
        }
    }
    let problems = preview.problems.iter().map(|one| reason(page, one)).collect();
    Looked { text: preview.text, typed: preview.typed, problems, would, people }
}

impl<'a> OneSpace<'a> {
    pub(super) fn new(page: Page<'a>, shown: SpacePage, title_of: impl Fn(&preau_domain::ServiceId) -> String) -> Self {
        let SpacePage {
            space,
            state,
            convention,
            quota,
            guests,
            after,
            stops,
            lists,
            turn,
            invitations,
            can_change,
            longest,
            typed,
            preview,
            token,
        } = shown;
        let taken = |list: &ListLine| TakenLine {
            id: list.id.clone(),
            said: {
                let (class, guests) = (display_safe(&list.class, 64), page.count("space-people", list.guests as usize));
                let at = page.moment(list.at);
                page.texts.with(page.locale, "space-list-line", &[("class", &class), ("guests", &guests), ("at", &at)])
            },
            withdrawn: list.withdrawn.is_some(),
        };
        let only_written = convention.as_ref().is_some_and(|one| !one.staff_comes());
        OneSpace {
            title: display_safe(&space.title, 100),
            state: state_word(&page, state),
            open: state == Standing::Open || state == Standing::Stopped,
            until: last_day(&page, space.until),
            by_card: state == Standing::Open && convention.as_ref().is_some_and(|one| one.peer.comes_by_card()),
            peer: convention.map(|one| display_safe(&one.peer.name, 60)),
            writing: typed.map(|typing| Writing::of(&page, &space, typing, preview.as_ref())),
            quota: quota.map(|(there, quota)| {
                let (there, quota) = (there.to_string(), quota.to_string());
                page.texts.with(page.locale, "space-quota", &[("there", &there), ("quota", &quota)])
            }),
            groups: groups(&page, &space, only_written),
            only_written,
            services: space.services.iter().map(title_of).collect(),
            classes: classes(&page, &guests),
            after: after.map(|person| format!("/space/{}?after={person}", space.id)),
            kept_out: KeptOut::of(&page, &format!("/space/{}", space.id), &stops),
            turning: Turning::of(&format!("/space/{}", space.id), turn),
            lists: lists.iter().map(taken).collect(),
            invitations: invitations.iter().map(|one| invite(&page, one)).collect(),
            can_change: can_change && state == Standing::Open,
            longest: longest.map(|until| last_day(&page, until)),
            looked: preview.map(|preview| looked(&page, preview)),
            token,
            page: page.at(format!("/space/{}", space.id)),
            id: space.id,
        }
    }
}

/// A space, for whoever manages it.
pub fn space(hub: &Hub, visitor: &Visitor, _: &Live, shown: SpacePage) -> Response {
    let page = Page::new(hub, visitor);
    let (table, locale) = (hub.services(), page.locale);
    let title = |id: &preau_domain::ServiceId| {
        table.get(id).map_or_else(|| id.to_string(), |door| in_language(&door.title, locale).to_owned())
    };
    let refused = shown.preview.as_ref().is_some_and(|preview| !preview.problems.is_empty());
    let page = html("space", &OneSpace::new(page, shown, title));
    if refused { (StatusCode::UNPROCESSABLE_ENTITY, page).into_response() } else { page }
}

/// What [`guests`] shows.
pub struct GuestsPage {
    pub(crate) framed: Vec<Framed>,
    /// Conventions by which lists are written here, and whether the head says yes.
    pub(crate) written: Vec<(Convention, bool)>,
    pub(crate) stops: Stops,
    pub(crate) turn: Turn,
    /// There are more guests in these spaces than one page shows.
    pub(crate) cut: bool,
    pub(crate) token: String,
}

struct UnderConvention {
    id: String,
    peer: String,
    said: String,
    spaces: Vec<UnderSpace>,
}

struct UnderSpace {
    id: String,
    title: String,
    state: String,
    until: String,
    opens: String,
    classes: Vec<Class>,
}

/// A convention by which lists are written here.
struct Written {
    id: String,
    peer: String,
    allowed: bool,
}

#[derive(Template)]
#[template(path = "guests.html")]
pub(super) struct Guests<'a> {
    page: Page<'a>,
    place: String,
    conventions: Vec<UnderConvention>,
    written: Vec<Written>,
    kept_out: KeptOut,
    turning: Option<Turning>,
    cut: bool,
    token: String,
}

impl<'a> Guests<'a> {
    pub(super) fn new(
        page: Page<'a>,
        place: String,
        shown: &GuestsPage,
        title_of: impl Fn(&preau_domain::ServiceId) -> String,
    ) -> Self {
        let under = |(space, state, guests): &(Space, Standing, Vec<ShownGuest>)| UnderSpace {
            id: space.id.clone(),
            title: display_safe(&space.title, 100),
            state: state_word(&page, *state),
            until: last_day(&page, space.until),
            opens: space.services.iter().map(&title_of).collect::<Vec<_>>().join(", "),
            classes: classes(&page, guests),
        };
        let one = |framed: &Framed| UnderConvention {
            id: framed.convention.id.clone(),
            peer: display_safe(&framed.convention.peer.name, 60),
            said: {
                let until = last_day(&page, framed.convention.until);
                let said = [("until", until.as_str()), ("terms", framed.terms.as_str())];
                page.texts.with(page.locale, "guests-convention", &said)
            },
            spaces: framed.spaces.iter().map(under).collect(),
        };
        let conventions = shown.framed.iter().map(one).collect();
        let written = shown.written.iter().map(|(one, allowed)| Written {
            id: one.id.clone(),
            peer: display_safe(&one.peer.name, 60),
            allowed: *allowed,
        });
        Guests {
            conventions,
            written: written.collect(),
            kept_out: KeptOut::of(&page, "/spaces/guests", &shown.stops),
            turning: Turning::of("/spaces/guests", shown.turn),
            cut: shown.cut,
            place,
            token: shown.token.clone(),
            page: page.at("/spaces/guests"),
        }
    }
}

/// Who comes into the spaces of an establishment, for its head.
pub fn guests(hub: &Hub, visitor: &Visitor, live: &Live, at: &Uai, shown: GuestsPage) -> Response {
    let page = Page::new(hub, visitor);
    let (table, locale) = (hub.services(), page.locale);
    let title = |id: &preau_domain::ServiceId| {
        table.get(id).map_or_else(|| id.to_string(), |door| in_language(&door.title, locale).to_owned())
    };
    html("guests", &Guests::new(page, place_name(live, at), &shown, title))
}
