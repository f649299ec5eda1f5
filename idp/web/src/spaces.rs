//! What shared spaces make of a person, wherever a record is read for a decision.
//!
//! A guest of another ENT is nothing here but that: without a space in force they have no session, no tile and no answer. Everybody else is
//! in the groups of their spaces besides what their source says.

use crate::{Fault, Hub};
use preau_domain::{Convention, FederatedIdentity, Ids, Instant, JoinKey, Person, SourceId, Space, SpaceGrant};
use preau_hosting::{Head, Listed, Problem};
use preau_keys::Keyring;
use preau_keys::jose::{self, Alg, Expect, Jwks, Typ};
use preau_store::{Admitted, Result, Store, StoreError};

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

/// A list of guests, believed: its head was signed by the other party of the convention, and vouches for every line. Whether it may be taken in
/// is `preau_hosting::check`'s to say.
pub fn open_list(text: &str, convention: &Convention) -> std::result::Result<(Head, Vec<Listed>), Vec<Problem>> {
    let first = |what: String| vec![Problem { line: Some(1), what }];
    let (head, body) = text.split_once('\n').ok_or_else(|| first("this is no list of guests".to_owned()))?;
    let keys = Jwks::parse(convention.peer.keys.as_bytes());
    let keys = keys.map_err(|error| first(format!("the keys of the other party cannot be used: {error}")))?;
    let expect =
        Expect { algs: &[Alg::ES256, Alg::PS256, Alg::RS256, Alg::EdDSA], typ: Typ::Is(&[preau_hosting::TYP]) };
    let verified = jose::verify(head.trim_end(), &keys, expect);
    let verified = verified.map_err(|error| first(format!("not signed by the other party: {error}")))?;
    let head = preau_hosting::read_head(verified.into_claims().into()).map_err(|problem| vec![problem])?;
    if !preau_keys::constant_time_eq(head.digest.as_bytes(), preau_keys::fingerprint(body.as_bytes()).as_bytes()) {
        return Err(vec![Problem { line: None, what: "the lines are not those that were signed".to_owned() }]);
    }
    Ok((head, preau_hosting::read_body(body)?))
}

/// Who a subject of the other party of a convention is to the provider by which they come, and the key of their account here. One person who
/// comes by two conventions is two guests: what one of them gives ends with it.
pub fn guest_of(
    keyring: &Keyring,
    convention: &Convention,
    provider: &SourceId,
    subject: &str,
) -> (FederatedIdentity, JoinKey) {
    let issuer = &convention.peer.issuer;
    let digest = crate::upstream::digest(keyring, provider, issuer, "sub", subject);
    let identity = FederatedIdentity { provider: provider.clone(), issuer: issuer.clone(), subject: digest };
    let key = keyring.mac("guest", &[&convention.id, provider.as_str(), issuer, subject]);
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
    /// What came of it; nothing where it was only looked at.
    pub admitted: Option<Admitted>,
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

fn refused(what: String) -> NotTaken {
    NotTaken::Refused(vec![Problem { line: None, what }])
}

/// Takes in a list of guests, or, unless `write`, says what that would do. `us` is our own public address. What is refused is refused whole:
/// nothing of it is written.
pub async fn take_in(
    store: &dyn Store,
    (keyring, ids): (&Keyring, &dyn Ids),
    us: &str,
    text: &str,
    now: Instant,
    write: bool,
) -> std::result::Result<Taken, NotTaken> {
    let head = text.split_once('\n').map_or(text, |(head, _)| head);
    let claimed = jose::claimed_issuer(head.trim_end()).map_err(|_| refused("this is no list of guests".to_owned()))?;
    let mut why = refused("there is no convention with whoever it says to be from".to_owned());
    let (mut after, mut found) = (String::new(), None);
    'all: loop {
        let page = store.conventions(&after, 100).await?;
        for convention in &page {
            if convention.peer.url != claimed {
                continue;
            }
            match open_list(text, convention) {
                Ok((head, guests)) if head.convention == convention.id => {
                    found = Some((head, guests, convention.clone()));
                    break 'all;
                }
                Ok(_) => why = refused("it is under no convention of ours".to_owned()),
                Err(problems) => why = NotTaken::Refused(problems),
            }
        }
        match page.last() {
            Some(last) => after.clone_from(&last.id),
            None => break,
        }
    }
    let Some((head, guests, convention)) = found else { return Err(why) };
    let space = store.space(&head.space).await?;
    let space = space.ok_or_else(|| refused("there is no space of the name it says".to_owned()))?;
    let problems = preau_hosting::check(&head, &guests, &convention, &space, us, now);
    if !problems.is_empty() {
        return Err(NotTaken::Refused(problems));
    }
    let provider = convention.peer.provider.clone().ok_or_else(|| {
        refused(
            "our convention names no source by which these guests would sign in: it is for guests of theirs".to_owned(),
        )
    })?;
    let there = store.guest_count(&convention.id).await?;
    let identify = |subject: &str| guest_of(keyring, &convention, &provider, subject);
    let admission = preau_hosting::admission(&head, &guests, &convention, &space, now, ids, identify);
    let mut taken = Taken { head, guests, convention, space, there, admitted: None };
    if write {
        taken.admitted = Some(match store.admit(&admission, now).await? {
            Admitted::NotInForce => return Err(refused("the convention or the space ended meanwhile".to_owned())),
            Admitted::OverQuota { quota, there, more } => {
                return Err(refused(format!(
                    "{more} guests more than the {there} there are would exceed the {quota} of the convention"
                )));
            }
            Admitted::AreOurs(places) => {
                let what = "this guest is a pupil of ours by now, and comes in no more by another ENT";
                let problem = |place| Problem { line: Some(place + 2), what: what.to_owned() };
                return Err(NotTaken::Refused(places.into_iter().map(problem).collect()));
            }
            admitted => admitted,
        });
    }
    Ok(taken)
}
