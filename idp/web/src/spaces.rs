//! What shared spaces make of a person, wherever a record is read for a decision.
//!
//! A guest of another ENT is nothing here but that: without a space in force they have no session, no tile and no answer. Everybody else is
//! in the groups of their spaces besides what their source says.

use crate::{Fault, Hub};
use preau_domain::{
    Convention, FederatedIdentity, Ids, Instant, JoinKey, Person, Public, SourceId, Space, SpaceGrant, Uai,
};
use preau_hosting::{Head, Listed, Problem, Why};
use preau_keys::Keyring;
use preau_keys::jose::{self, Alg, Expect, Jwks, Typ};
use preau_store::{Admission, Admitted, Result, Store, StoreError};
use std::collections::HashSet;

/// The person in their spaces at that instant, and what those give; also what has not begun.
pub async fn of(store: &dyn Store, person: Person, now: Instant) -> Result<(Person, Vec<SpaceGrant>)> {
    let grants = match person.is_hosted() {
        true => store.spaces_of_guest(&person.id, now).await?,
        false => match person.members() {
            // Families: nobody asks for them at each session that is read.
            none if none.is_empty() => Vec::new(),
            members => store.spaces_of(&members, now).await?,
        },
    };
    Ok((person.in_spaces(&grants, now), grants))
}

impl Hub {
    /// Whether somebody may come in at all: everybody whose account is active, and of the guests of another ENT those who are in a space
    /// that is in force.
    pub(crate) async fn may_enter(&self, person: &Person) -> std::result::Result<bool, Fault> {
        if !person.state.may_sign_in() || !person.is_hosted() {
            return Ok(person.state.may_sign_in());
        }
        let now = self.now();
        Ok(self.store.spaces_of_guest(&person.id, now).await?.iter().any(|grant| grant.holds(now)))
    }
}

/// The fingerprint of a convention: short enough to be read aloud, and the same at both parties if they agreed on the same. `us` is our own public address.
pub fn fingerprint(convention: &Convention, us: &str) -> String {
    let digest = preau_keys::fingerprint(preau_hosting::terms(convention, us).as_bytes());
    let parts: Vec<&str> = (0..5).filter_map(|part| digest.get(4 * part..4 * part + 4)).collect();
    parts.join("-")
}

/// A list of guests, believed: its head was signed by the other party of the convention, and vouches for every line. Whether it may be taken in
/// is `preau_hosting::check`'s to say.
pub fn open_list(text: &str, convention: &Convention) -> std::result::Result<(Head, Vec<Listed>), Vec<Problem>> {
    let first = |why: Why| vec![Problem::on(1, why)];
    let (head, body) = text.split_once('\n').ok_or_else(|| first(Why::Plain("no-list")))?;
    let keys = Jwks::parse(convention.peer.keys.as_bytes());
    let not_signed = |error: &dyn std::fmt::Display| first(Why::NotSigned { how: error.to_string() });
    let keys = keys.map_err(|error| not_signed(&error))?;
    let expect =
        Expect { algs: &[Alg::ES256, Alg::PS256, Alg::RS256, Alg::EdDSA], typ: Typ::Is(&[preau_hosting::TYP]) };
    let verified = jose::verify(head.trim_end(), &keys, expect);
    let verified = verified.map_err(|error| not_signed(&error))?;
    let head = preau_hosting::read_head(verified.into_claims().into()).map_err(|problem| vec![problem])?;
    if !preau_keys::constant_time_eq(head.digest.as_bytes(), preau_keys::fingerprint(body.as_bytes()).as_bytes()) {
        return Err(vec![Problem::whole(Why::Plain("other-lines"))]);
    }
    Ok((head, preau_hosting::read_body(body)?))
}

/// Who a subject of the other party of a convention is to the provider by which they come, and the key of their account here. That is the same
/// under every convention with that provider, also next year's: whoever comes by two of them is one person, and what one gives ends with it.
pub fn guest_of(
    keyring: &Keyring,
    convention: &Convention,
    provider: &SourceId,
    subject: &str,
) -> (FederatedIdentity, JoinKey) {
    let issuer = &convention.peer.issuer;
    let digest = crate::upstream::digest(keyring, provider, issuer, "sub", subject);
    let identity = FederatedIdentity { provider: provider.clone(), issuer: issuer.clone(), subject: digest };
    let key = keyring.mac("guest", &[provider.as_str(), issuer, subject]);
    (identity, preau_domain::guest_key(key))
}

/// A list that may be taken in, or was.
#[derive(Clone, Debug)]
pub struct Taken {
    /// What its head says.
    pub head: Head,
    /// Whom it names.
    pub guests: Vec<Listed>,
    /// By which convention.
    pub convention: Convention,
    /// Into which space.
    pub space: Space,
    /// How many guests there were before.
    pub there: u64,
    /// How many of them are new guests.
    pub added: u64,
    /// How many were guests of the convention before.
    pub known: u64,
    /// Which of them are new, by their places on the list.
    pub new: Vec<bool>,
    /// Whom it does not bring in, by their places on the list: somebody here stopped them.
    pub stopped: Vec<usize>,
}

/// Why a list was not taken in.
#[derive(Debug)]
pub enum NotTaken {
    /// It is refused, whole.
    Refused(Vec<Problem>),
    /// The database did not do it.
    Store(StoreError),
}

impl From<StoreError> for NotTaken {
    fn from(error: StoreError) -> NotTaken {
        NotTaken::Store(error)
    }
}

fn refused(why: Why) -> NotTaken {
    NotTaken::Refused(vec![Problem::whole(why)])
}

/// A list that was read, believed and found right: it may be taken in as things stand.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What its head says.
    pub head: Head,
    /// By which convention.
    pub convention: Convention,
    guests: Vec<Listed>,
    space: Space,
    there: u64,
    new: Vec<bool>,
    admission: Admission,
}

/// Reads a list of guests, once. `us` is our own public address. What is refused is refused whole.
pub async fn check_list(
    store: &dyn Store,
    (keyring, ids): (&Keyring, &dyn Ids),
    us: &str,
    text: &str,
    now: Instant,
) -> std::result::Result<Checked, NotTaken> {
    let head = text.split_once('\n').map_or(text, |(head, _)| head);
    // Which convention to look at: what it says of itself is believed once that one's keys say so.
    let claimed = jose::claimed(head.trim_end(), "convention");
    let claimed = claimed.map_err(|_| refused(Why::Plain("no-list")))?;
    let convention = store.convention(&claimed).await?;
    let convention = convention.ok_or_else(|| refused(Why::Plain("no-convention")))?;
    let (head, guests) = open_list(text, &convention).map_err(NotTaken::Refused)?;
    let space = store.space(&head.space).await?;
    let space = space.ok_or_else(|| refused(Why::Plain("no-space")))?;
    let problems = preau_hosting::check(&head, &guests, &convention, &space, (us, &fingerprint(&convention, us)), now);
    if !problems.is_empty() {
        return Err(NotTaken::Refused(problems));
    }
    found_right(store, (keyring, ids), (head, guests), (convention, space), now, false).await
}

/// A list that somebody of ours writes for a space, where the other party signs none and the head of the establishment said yes: whom a school named
/// to them, each by given name and initial. They are people whom nobody knows from elsewhere: each list makes accounts of its own, and no name finds one.
pub async fn write_list(
    store: &dyn Store,
    (keyring, ids): (&Keyring, &dyn Ids),
    us: &str,
    (convention, space): (&Convention, &Space),
    (name, home, class): (&str, &Uai, &str),
    people: &[(String, String)],
    now: Instant,
) -> std::result::Result<Checked, NotTaken> {
    if !preau_hosting::may_be_typed(convention) {
        return Err(refused(Why::Plain("typed-not-allowed")));
    }
    let listed = |(place, (given_name, initial)): (usize, &(String, String))| Listed {
        given_name: given_name.clone(),
        initial: initial.clone(),
        home: home.clone(),
        class: class.to_owned(),
        level: String::new(),
        public: Public::Pupil,
        subject: keyring.mac("typed-guest", &[&convention.id, name, &place.to_string()]),
    };
    let guests: Vec<Listed> = people.iter().enumerate().map(listed).collect();
    let terms = fingerprint(convention, us);
    let head = Head {
        iss: convention.peer.url.clone(),
        aud: us.to_owned(),
        jti: name.to_owned(),
        iat: now.seconds(),
        exp: now.seconds() + 60,
        convention: convention.id.clone(),
        terms: terms.clone(),
        space: space.id.clone(),
        guests: guests.len(),
        digest: String::new(),
    };
    let problems = preau_hosting::check(&head, &guests, convention, space, (us, &terms), now);
    if !problems.is_empty() {
        return Err(NotTaken::Refused(problems));
    }
    found_right(store, (keyring, ids), (head, guests), (convention.clone(), space.clone()), now, true).await
}

/// What a list would do that was found right.
async fn found_right(
    store: &dyn Store,
    (keyring, ids): (&Keyring, &dyn Ids),
    (head, guests): (Head, Vec<Listed>),
    (convention, space): (Convention, Space),
    now: Instant,
    typed: bool,
) -> std::result::Result<Checked, NotTaken> {
    let provider = convention.peer.comes_by().ok_or_else(|| refused(Why::Plain("one-way")))?;
    let there = store.guest_count(&convention.id).await?;
    let identify = |subject: &str| guest_of(keyring, &convention, &provider, subject);
    let admission = preau_hosting::admission(&head, &guests, &convention, &space, now, ids, identify);
    let admission = Admission { typed, ..admission };
    let keys = admission.guests.iter().filter_map(|one| one.person.join.as_ref()).map(|join| join.key.clone());
    let keys: Vec<String> = keys.collect();
    let before: HashSet<String> = store.guests_known(&convention.id, &keys).await?.into_iter().collect();
    let new = keys.iter().map(|key| !before.contains(key)).collect();
    Ok(Checked { head, convention, guests, space, there, new, admission })
}

impl Checked {
    /// Into which space it is.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// Takes the list in, or, unless `write`, says what that would do.
    pub async fn settle(&self, store: &dyn Store, now: Instant, write: bool) -> std::result::Result<Taken, NotTaken> {
        let admission = &self.admission;
        let admitted =
            if write { store.admit(admission, now).await? } else { store.would_admit(admission, now).await? };
        match admitted {
            Admitted::All { added, known, stopped } => Ok(Taken {
                head: self.head.clone(),
                guests: self.guests.clone(),
                convention: self.convention.clone(),
                space: self.space.clone(),
                there: self.there,
                added,
                known,
                new: self.new.clone(),
                stopped,
            }),
            Admitted::NotInForce => Err(refused(Why::Plain("ended"))),
            Admitted::NotAllowed => Err(refused(Why::Plain("typed-not-allowed"))),
            Admitted::Stopped => Err(refused(Why::Plain("stopped"))),
            Admitted::TooOften => Err(refused(Why::Plain("too-often"))),
            Admitted::AlreadyIn => Err(refused(Why::Plain("already"))),
            Admitted::OverQuota { quota, there, more } => Err(refused(Why::OverQuota { quota, there, more })),
            Admitted::AreOurs(places) => {
                let problem = |place| Problem::on(place + 2, Why::Plain("line-ours"));
                Err(NotTaken::Refused(places.into_iter().map(problem).collect()))
            }
        }
    }
}

/// Takes in a list of guests, or, unless `write`, says what that would do: what is refused is refused whole, and nothing of it is written.
pub async fn take_in(
    store: &dyn Store,
    by: (&Keyring, &dyn Ids),
    us: &str,
    text: &str,
    now: Instant,
    write: bool,
) -> std::result::Result<Taken, NotTaken> {
    check_list(store, by, us, text, now).await?.settle(store, now, write).await
}
