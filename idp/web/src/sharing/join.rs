//! At home: a teacher accepts the invitation of a colleague of another ENT, sees whom of their class it would name and by what, and sends the list,
//! signed, from this ENT to that one. It may be taken back.

use super::draft::of_class;
use super::invite::{self, Invitation};
use super::receive::MOST_PROBLEMS;
use super::{Member, asks, journal, nothing, outgoing, sent};
use crate::lately::Lately;
use crate::pages::{self, JoinPage, Sending};
use crate::spaces::fingerprint;
use crate::{Door, Fault, FaultKind, Fields, Hub, Visitor};
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use preau_connector_api::Network;
use preau_domain::{
    Affiliation, Bounded, Convention, GuestList, Identifier, Person, PersonId, Profile, Public, ServiceId, Uai,
    display_safe,
};
use preau_hosting::{Head, LIST_HOLDS, Listed, RECALL_TYP, Reason, Recall, TYP, Why, write_body};
use preau_keys::jose::Alg;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// Longest answer of another ENT that is read.
const MOST_OF_AN_ANSWER: usize = 64 * 1024;

/// Whom an invitation would name.
pub(crate) struct Whom {
    /// Of which class of ours.
    pub class: String,
    pub pupils: Vec<Listed>,
    /// The teacher themselves, where the space is for teachers.
    pub teacher: Option<Listed>,
    /// Their accounts, by what they are called on the list.
    pub accounts: HashMap<String, PersonId>,
}

impl Whom {
    /// What a form says for one of them: nothing that anybody else calls them by.
    pub fn code(one: &Listed) -> String {
        preau_keys::fingerprint(one.subject.as_bytes()).chars().take(16).collect()
    }

    /// The same without some of the pupils, by their codes.
    fn without(mut self, codes: &[String]) -> Whom {
        self.pupils.retain(|one| !codes.contains(&Whom::code(one)));
        self
    }

    /// What is shown, in one word: a form says it again, so that nobody leaves unseen.
    pub fn word(&self) -> String {
        let all: Vec<String> =
            self.all().into_iter().map(|one| format!("{} {}", one.subject, one.given_name)).collect();
        preau_keys::fingerprint(all.join("\n").as_bytes())
    }

    pub fn all(&self) -> Vec<Listed> {
        let mut all: Vec<Listed> = self.pupils.iter().chain(&self.teacher).cloned().collect();
        // In no order that says anything of anybody.
        all.sort_by(|one, other| one.subject.cmp(&other.subject));
        all
    }
}

/// The classes of an establishment for which somebody may answer: their own; of the direction every class.
async fn classes(hub: &Hub, member: &Member, at: &Uai) -> Result<Vec<String>, Fault> {
    let own = || member.known.person.affiliations.iter().filter(|own| own.establishment == *at);
    let teaches = |own: &&Affiliation| own.profile.public() == Public::Staff;
    let mut classes: Vec<String> =
        own().filter(teaches).flat_map(|own| own.classes.iter().chain(&own.groups).cloned()).collect();
    if own().any(|own| own.profile == Profile::Head)
        && let Some(place) = hub.store.establishment(at).await?
    {
        classes.extend(place.groups.into_iter().map(|group| group.code));
    }
    classes.retain(|code| !code.starts_with(preau_domain::SPACE_GROUP));
    classes.sort();
    classes.dedup();
    Ok(classes)
}

/// The door by which our people sign in at the other ENT.
fn door(hub: &Hub, convention: &Convention) -> Option<Door> {
    let door = hub.services().get(convention.peer.service.as_ref()?).cloned()?;
    // Nothing else is a name that they alone know.
    (door.identifier == Identifier::Pairwise).then_some(door)
}

/// The first letter of a family name, with its stop.
fn initial(family_name: &str) -> String {
    let letter = family_name.chars().find(|c| c.is_alphabetic());
    let letter: String = letter.into_iter().flat_map(char::to_uppercase).collect();
    if letter.is_empty() { "-".to_owned() } else { format!("{letter}.") }
}

fn listed(hub: &Hub, door: &Door, person: &Person, invitation: &Invitation, public: Public) -> Listed {
    let plain = |text: &str| text.chars().filter(|c| !c.is_control()).take(60).collect::<String>().trim().to_owned();
    Listed {
        given_name: match preau_domain::bounded(&person.given_name, 60) {
            Bounded::Fits(fits) if !fits.is_empty() => fits.to_owned(),
            _ => plain(&person.given_name),
        },
        initial: initial(&person.family_name),
        home: invitation.establishment.clone(),
        // As the host calls the class: what ours is called stays here.
        class: invitation.class.clone(),
        // What the annuaire says of a child's level may say more than a class does.
        level: String::new(),
        public,
        subject: hub.keyring.pairwise(door.sector(), &person.id),
    }
}

async fn whom(hub: &Hub, member: &Member, door: &Door, invitation: &Invitation, class: &str) -> Result<Whom, Fault> {
    let people = match invitation.role {
        Some(_) => of_class(hub, &invitation.establishment, class).await?,
        None => Vec::new(),
    };
    let mut pupils: Vec<Listed> =
        people.iter().map(|person| listed(hub, door, person, invitation, Public::Pupil)).collect();
    pupils.sort_by(|one, other| (&one.given_name, &one.initial).cmp(&(&other.given_name, &other.initial)));
    let own: &Person = &member.known.person;
    let teacher = invitation.staff.map(|_| listed(hub, door, own, invitation, Public::Staff));
    let subject = |person: &Person| (hub.keyring.pairwise(door.sector(), &person.id), person.id.clone());
    let accounts = people.iter().chain([own]).map(subject).collect();
    Ok(Whom { class: class.to_owned(), pupils, teacher, accounts })
}

/// What a token and a choice lead to.
struct Invited {
    invitation: Invitation,
    convention: Convention,
    door: Door,
    classes: Vec<String>,
}

async fn invited(hub: &Hub, member: &Member, token: &str) -> Result<Result<Invited, &'static str>, Fault> {
    let (invitation, convention) = match invite::read(hub, token, hub.now()).await? {
        Ok(read) => read,
        Err(why) => return Ok(Err(why)),
    };
    let Some(door) = door(hub, &convention) else { return Ok(Err("join-problem-convention")) };
    let classes = classes(hub, member, &invitation.establishment).await?;
    if classes.is_empty() {
        return Ok(Err("join-problem-classes"));
    }
    Ok(Ok(Invited { invitation, convention, door, classes }))
}

/// The class an invitation means, where it is called so here.
fn meant<'c>(classes: &'c [String], named: &str) -> Option<&'c String> {
    let plain =
        |code: &str| code.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    classes.iter().find(|code| plain(code) == plain(named)).or_else(|| classes.first().filter(|_| classes.len() == 1))
}

/// The page of an invitation.
fn here(token: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("i", token).finish();
    format!("/spaces/join?{query}")
}

pub(super) async fn ask(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let query = query.unwrap_or_default();
    let fields = Fields::parse(&query)?;
    let token = fields.one("i")?.unwrap_or_default();
    let here = here(token);
    let member = match asks(&hub, &visitor, &here, true).await? {
        Lately::Proved(member) => member,
        Lately::Onward(response) => return Ok(response),
    };
    let sending = match invited(&hub, &member, token).await? {
        Err(why) => Sending::Not(why),
        Ok(invited) => {
            let asked = fields.one("class")?.and_then(|code| invited.classes.iter().find(|own| *own == code));
            let class = asked.or_else(|| meant(&invited.classes, &invited.invitation.class));
            let whom = match class {
                Some(class) => Some(whom(&hub, &member, &invited.door, &invited.invitation, class).await?),
                None => None,
            };
            let Invited { invitation, convention, classes, .. } = invited;
            Sending::Ask {
                invitation: Box::new(invitation),
                peer: convention.peer.name,
                classes,
                whom: whom.map(Box::new),
                without: Vec::new(),
            }
        }
    };
    let page = JoinPage { sending, invitation: token.to_owned(), token: member.token(&hub) };
    Ok(pages::join(&hub, &visitor, &member.live, page))
}

/// What another ENT answers to a list that it takes in.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answered {
    pub added: u64,
    pub known: u64,
    /// Whom somebody there stopped: they stay out.
    #[serde(default)]
    pub stopped: u64,
}

/// And to one that it refuses: why, with the lines.
#[derive(Debug, Deserialize)]
struct Refusing {
    problems: Vec<String>,
    /// The same by keys, of a version that has them.
    #[serde(default)]
    reasons: Vec<Reason>,
}

/// Why another ENT refuses a list.
pub(crate) enum Refusal {
    /// In words of ours.
    Known(Reason),
    /// In theirs.
    Told(String),
}

impl Refusing {
    fn read(self) -> Vec<Refusal> {
        let mut reasons = self.reasons.into_iter();
        let one = |told: String| match reasons.next() {
            Some(reason) if Why::knows(&reason.key) => Refusal::Known(reason),
            _ => Refusal::Told(display_safe(&told, 200)),
        };
        self.problems.into_iter().take(MOST_PROBLEMS).map(one).collect()
    }
}

/// Hands something signed to the other ENT; nothing where it is not reached, or answers nothing that is understood.
async fn hand_over(
    hub: &Hub,
    convention: &Convention,
    network: Network,
    path: &str,
    text: String,
) -> Option<Result<Answered, Vec<Refusal>>> {
    let request = http::Request::post(format!("{}{path}", convention.peer.url));
    let request = request.header(http::header::CONTENT_TYPE, "text/plain; charset=utf-8");
    let request = request.header(http::header::ACCEPT, "application/json").body(text.into_bytes()).ok()?;
    match hub.egress.send(request, network, MOST_OF_AN_ANSWER).await {
        Ok(answer) if answer.status() == http::StatusCode::OK => {
            serde_json::from_slice(answer.body()).ok().map(|answered: Answered| Ok(answered))
        }
        Ok(answer) if answer.status() == http::StatusCode::UNPROCESSABLE_ENTITY => {
            let refusing: Option<Refusing> = serde_json::from_slice(answer.body()).ok();
            refusing.filter(|one| !one.problems.is_empty()).map(|one| Err(one.read()))
        }
        Ok(answer) => {
            tracing::warn!(status = answer.status().as_u16(), convention = %convention.id, "another ENT took no list");
            None
        }
        Err(error) => {
            tracing::warn!(%error, convention = %convention.id, "another ENT is not reached");
            None
        }
    }
}

pub(super) async fn send(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    // Whoever is asked again who they are comes back to the invitation.
    let here = here(Fields::of_message(&body)?.required("invitation")?);
    let (member, fields) = match sent(&hub, &visitor, &here, &body).await? {
        Ok(sent) => sent,
        Err(onward) => return Ok(onward),
    };
    let token = fields.required("invitation")?;
    let sending = match invited(&hub, &member, token).await? {
        Err(why) => Sending::Not(why),
        Ok(invited) => {
            let chosen = fields.required("class")?;
            let class = invited.classes.iter().find(|own| *own == chosen);
            let class = class.ok_or_else(|| Fault::new(FaultKind::BadRequest, "not a class of theirs"))?;
            let whom = whom(&hub, &member, &invited.door, &invited.invitation, class).await?;
            // Whose family objects, or who is not to go for another reason: that is for the teacher to say, and nobody asks why.
            let without = fields.iter().filter(|(name, _)| *name == "without").map(|(_, code)| code.to_owned());
            let without: Vec<String> = without.collect();
            if fields.required("shown")? != whom.word() {
                let Invited { invitation, convention, classes, .. } = invited;
                let (invitation, peer) = (Box::new(invitation), convention.peer.name);
                let sending = Sending::Ask { invitation, peer, classes, whom: Some(Box::new(whom)), without };
                let page = JoinPage { sending, invitation: token.to_owned(), token: member.token(&hub) };
                return Ok(pages::join(&hub, &visitor, &member.live, page));
            }
            send_list(&hub, &visitor, &member, invited, &whom.without(&without)).await?
        }
    };
    let page = JoinPage { sending, invitation: String::new(), token: member.token(&hub) };
    Ok(pages::join(&hub, &visitor, &member.live, page))
}

async fn send_list(
    hub: &Hub,
    visitor: &Visitor,
    member: &Member,
    invited: Invited,
    whom: &Whom,
) -> Result<Sending, Fault> {
    let Invited { invitation, convention, door, .. } = invited;
    let (guests, now) = (whom.all(), hub.now());
    let internal = |error: &dyn std::fmt::Display| Fault::new(FaultKind::Internal, format!("a list: {error}"));
    if guests.is_empty() {
        return Ok(Sending::Not("join-problem-nobody"));
    }
    let body = write_body(&guests).map_err(|error| internal(&error))?;
    let head = Head {
        iss: hub.base().to_owned(),
        aud: convention.peer.url.clone(),
        jti: hub.ids.text(16),
        iat: now.seconds(),
        exp: (now + LIST_HOLDS).seconds(),
        convention: convention.id.clone(),
        terms: fingerprint(&convention, hub.base()),
        space: invitation.space.clone(),
        guests: guests.len(),
        digest: preau_keys::fingerprint(body.as_bytes()),
    };
    let token = hub.signers.sign(Alg::ES256, TYP, &head, now).map_err(|error| internal(&error))?;
    let list = GuestList {
        convention: convention.id.clone(),
        id: head.jti,
        sent: true,
        space: invitation.space.clone(),
        title: invitation.title.clone(),
        home: invitation.establishment.clone(),
        class: whom.class.clone(),
        one_class: true,
        guests: u32::try_from(guests.len()).unwrap_or(u32::MAX),
        by: Some(member.known.person.id.clone()),
        at: now,
        way: Some(visitor.correlation().clone()),
        withdrawn: None,
    };
    let people: Vec<PersonId> = guests.iter().filter_map(|one| whom.accounts.get(&one.subject).cloned()).collect();
    outgoing::note(hub, visitor, &list, &people);
    journal(hub, visitor, member, format!("guests-sent {} of {} to {}", list.id, list.convention, list.space)).await?;
    // Noted before it goes: what may have arrived can be taken back.
    hub.store.note_list(&list).await?;
    let answered = hand_over(hub, &convention, door.network, "/hosting/lists", format!("{token}\n{body}")).await;
    match answered {
        Some(Ok(answered)) => Ok(Sending::Done { title: invitation.title, peer: convention.peer.name, answered }),
        Some(Err(problems)) => {
            hub.store.note_list(&GuestList { withdrawn: Some(now), ..list }).await?;
            Ok(Sending::Refused { peer: convention.peer.name, problems })
        }
        None => Ok(Sending::Not("join-problem-unreached")),
    }
}

/// Takes back a list of theirs, or, of the direction, of the establishment: the other ENT is told, signed.
pub(super) async fn recall(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let (member, fields) = match sent(&hub, &visitor, "/spaces", &body).await? {
        Ok(sent) => sent,
        Err(onward) => return Ok(onward),
    };
    let now = hub.now();
    let named = (fields.required("convention")?, fields.required("list")?);
    let list = outgoing::theirs(&hub, &member, named).await?;
    let list = list.filter(|one| one.withdrawn.is_none()).ok_or_else(nothing)?;
    let convention = hub.store.convention(&list.convention).await?.ok_or_else(nothing)?;
    let network = network(&hub, convention.peer.service.as_ref());
    let recall = Recall {
        iss: hub.base().to_owned(),
        aud: convention.peer.url.clone(),
        iat: now.seconds(),
        convention: convention.id.clone(),
        list: list.id.clone(),
    };
    let token = hub.signers.sign(Alg::ES256, RECALL_TYP, &recall, now);
    let token = token.map_err(|error| Fault::new(FaultKind::Internal, format!("a recall: {error}")))?;
    journal(&hub, &visitor, &member, format!("guests-recalled {} of {}", list.id, convention.id)).await?;
    match hand_over(&hub, &convention, network, "/hosting/recalls", token).await {
        Some(Ok(_)) => {
            hub.store.note_list(&GuestList { withdrawn: Some(now), ..list }).await?;
            Ok(hub.see_other("/spaces"))
        }
        _ => {
            let sending = Sending::Not("join-problem-recall");
            let page = JoinPage { sending, invitation: String::new(), token: member.token(&hub) };
            Ok(pages::join(&hub, &visitor, &member.live, page))
        }
    }
}

fn network(hub: &Hub, service: Option<&ServiceId>) -> Network {
    service.and_then(|id| hub.services().get(id).map(|door| door.network)).unwrap_or(Network::Public)
}
