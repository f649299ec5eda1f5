//! The page on which whoever is there for pupils helps one who lost their password: a new code, shown once.
//!
//! It is there for the teacher of a class (its *professeur principal*; in an école, whoever teaches it), for the direction and for school life
//! of the establishment, each for their own pupils and nobody else, and who proved it within a quarter of an hour. The pupil reads on their home
//! page that a code was made, and by whom; the journal keeps both.

use super::{make, proves_here, shown};
use crate::lately::{Lately, RECENT};
use crate::pages::{self, ClassPage, PupilCodePage, PupilRow};
use crate::{Fault, FaultKind, Fields, Hub, Known, Live, Visitor};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use preau_domain::{
    AuditEvent, AuditKind, Establishment, EstablishmentKind, GroupKind, Person, PersonId, Profile, Public, Seconds, Uai,
};
use std::sync::Arc;

const HERE: &str = "/pupils";
const FORM: &str = "pupil-code";
/// How long a code is good for that is handed over at once.
const LASTS: Seconds = Seconds(3 * 86_400);
/// Most pupils of a class.
const MOST: u32 = 1_000;

pub(super) fn routes() -> Router<Arc<Hub>> {
    Router::new().route("/pupils", get(show)).route("/pupils/code", get(back).post(code))
}

async fn back(State(hub): State<Arc<Hub>>) -> Response {
    hub.see_other(HERE)
}

fn nothing() -> Fault {
    Fault::new(FaultKind::NotFound, "a page of who helps pupils, for whom there is none")
}

/// The classes whose pupils somebody helps in an establishment, in the order of their codes.
pub(crate) fn classes(person: &Person, at: &Establishment) -> Vec<String> {
    let mut own: Vec<String> = Vec::new();
    for one in person.affiliations.iter().filter(|one| one.establishment == at.uai) {
        match one.profile {
            Profile::Head | Profile::SchoolLife => {
                own.extend(at.groups.iter().filter(|g| g.kind == GroupKind::Class).map(|g| g.code.clone()));
            }
            Profile::Teacher if at.kind == EstablishmentKind::Ecole => own.extend(one.classes.iter().cloned()),
            Profile::Teacher => own.extend(one.head_teacher_of.iter().cloned()),
            _ => {}
        }
    }
    own.sort();
    own.dedup();
    own
}

/// Whether the page is there for somebody where they work now.
pub(crate) fn is_for(hub: &Hub, live: &Live, person: &Person) -> bool {
    let here = live.session.establishment.as_ref().and_then(|at| live.establishment(at));
    hub.proves_here(Public::Pupil) && here.is_some_and(|at| !classes(person, at).is_empty())
}

struct Helper {
    live: Arc<Live>,
    at: Uai,
    classes: Vec<String>,
}

async fn door(hub: &Hub, visitor: &Visitor) -> Result<Lately<Helper>, Fault> {
    if !hub.proves_here(Public::Pupil) {
        return Err(nothing());
    }
    let since = hub.now() - RECENT;
    if let Some(live) = visitor.live(hub).await? {
        let Known { person, .. } = live.known()?;
        let at = live.session.establishment.as_ref().and_then(|at| live.establishment(at)).ok_or_else(nothing)?;
        let (classes, at) = (classes(&person, at), at.uai.clone());
        if classes.is_empty() {
            return Err(nothing());
        }
        if hub.proved_lately(&live, since).await? {
            return Ok(Lately::Proved(Helper { live, at, classes }));
        }
    }
    hub.prove_again(visitor, HERE.to_owned(), since).await
}

/// Whether somebody is a pupil of one of these classes there, who proves themselves here. Whoever is something else besides is helped by
/// whoever looks after that.
fn is_one(hub: &Hub, person: &Person, at: &Uai, classes: &[String]) -> bool {
    let own = |one: &preau_domain::Affiliation| {
        one.profile == Profile::Pupil
            && one.establishment == *at
            && one.classes.iter().any(|class| classes.contains(class))
    };
    let only = person.affiliations.iter().all(|one| one.profile == Profile::Pupil);
    only && person.state.may_sign_in()
        && person.affiliations.iter().any(own)
        && proves_here(person, |public| hub.proves_here(public))
}

/// Those of a class, in the order of their names.
async fn pupils(hub: &Hub, at: &Uai, class: &String) -> Result<Vec<Person>, Fault> {
    let mut found = hub.store.pupils_of_class(at, class, MOST).await?;
    found.retain(|one| is_one(hub, one, at, std::slice::from_ref(class)));
    found.sort_by_cached_key(|one| (one.family_name.to_lowercase(), one.given_name.to_lowercase(), one.id.clone()));
    Ok(found)
}

async fn show(State(hub): State<Arc<Hub>>, visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let helper = match door(&hub, &visitor).await? {
        Lately::Proved(helper) => helper,
        Lately::Onward(response) => return Ok(response),
    };
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    let asked = fields.one("class")?.map(str::to_owned).or_else(|| helper.classes.first().cloned());
    let class = asked.filter(|class| helper.classes.contains(class)).ok_or_else(nothing)?;
    let mut rows = Vec::new();
    for pupil in pupils(&hub, &helper.at, &class).await? {
        let active = hub.store.password_hash(&pupil.id).await?.is_some();
        rows.push(PupilRow { name: pupil.display_name(), id: pupil.id.to_string(), active });
    }
    let token = hub.form_token(&helper.live.session.id, FORM);
    Ok(pages::class(&hub, &visitor, ClassPage { classes: helper.classes, class, rows, token }))
}

/// Makes a code for one pupil.
async fn code(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let helper = match door(&hub, &visitor).await? {
        Lately::Proved(helper) => helper,
        Lately::Onward(response) => return Ok(response),
    };
    let fields = Fields::of_body(&body)?;
    hub.check_form(&helper.live.session.id, FORM, fields.required("token")?)?;
    let wanted = hub.store.person(&PersonId::new(fields.required("pupil")?)).await?;
    let own = wanted.filter(|one| is_one(&hub, one, &helper.at, &helper.classes));
    let pupil = own.ok_or_else(nothing)?;
    let words = ("code-made-for-them", "code-made");
    tell(&hub, &visitor, (&helper.live, &helper.at), [&pupil.id], words).await?;
    let (now, by) = (hub.now(), Some(&helper.live.session.person));
    let people = [pupil.id.clone()];
    let codes = make(&*hub.store, &hub.keyring, &*hub.ids, &people, (now, LASTS), by).await?;
    let shown = PupilCodePage {
        name: pupil.display_name(),
        code: codes.first().map(|code| shown(code)).unwrap_or_default(),
        address: format!("{}/activate", hub.base()),
        expires: now + LASTS,
    };
    Ok(pages::pupil_code(&hub, &visitor, shown))
}

/// What is done is said before it is done: of each pupil, and last of whoever does it there, in whose session it is done. The words are
/// those of the pupils and that of whoever does it.
pub(crate) async fn tell<'p>(
    hub: &Hub,
    visitor: &Visitor,
    (by, at): (&Live, &Uai),
    pupils: impl IntoIterator<Item = &'p PersonId>,
    (of_pupils, of_whoever): (&str, &str),
) -> Result<(), Fault> {
    let kind = AuditKind::CredentialsChanged;
    for pupil in pupils {
        let event = AuditEvent::new(hub.now(), kind, visitor.correlation().clone(), of_pupils);
        hub.audit(AuditEvent { person: Some(pupil.clone()), establishment: Some(at.clone()), ..event });
    }
    let event = hub.event_of(visitor, by, kind, of_whoever);
    hub.audit_before(AuditEvent { establishment: Some(at.clone()), ..event }).await
}
