//! Who was a guest and may be a pupil of ours by now: what is read for it, for the page of the head as for the command line. What says so is
//! `preau_hosting`'s to say; that it is so, somebody's who knows the child.

use preau_domain::{PersonId, Profile, SchoolPair, Uai};
use preau_hosting::Arrival;
use preau_store::{Pairable, Result, Store};

/// Pupils of an establishment looked at.
const MOST_PUPILS: u32 = 20_000;
/// Rows read at once.
const AT_ONCE: u32 = 1_000;
/// Two accounts each, asked of at once.
const PAIRS: usize = 500;

/// Who of those who were guests may be which pupil; not whom somebody said to be two people.
#[derive(Debug, Default)]
pub struct Proposals {
    /// Of whom a yes makes one account.
    pub open: Vec<Arrival>,
    /// Whose pupil is another guest already, as somebody said. An account goes on as one guest alone: these stay apart.
    pub taken: Vec<Arrival>,
}

/// The pair of a collège: what somebody declared, else what the annuaire says of the sector of its écoles. Whether it was declared, besides.
pub async fn pair_of(store: &dyn Store, college: &Uai) -> Result<Option<(SchoolPair, bool)>> {
    if let Some(pair) = store.school_pair(college).await? {
        return Ok(Some((pair, true)));
    }
    let ecoles = store.ecoles_of_sector(college).await?;
    Ok((!ecoles.is_empty()).then(|| (SchoolPair { college: college.clone(), ecoles }, false)))
}

/// What is proposed at an establishment. Costs what the establishment has, and next to nothing where nobody was a guest.
pub async fn proposed(store: &dyn Store, at: &Uai) -> Result<Proposals> {
    let (mut departed, mut after) = (Vec::new(), (PersonId::new(""), String::new()));
    loop {
        let page = store.departed(at, (&after.0, &after.1), AT_ONCE).await?;
        let Some(last) = page.last() else { break };
        after = (last.person.id.clone(), last.guest.convention.clone());
        departed.extend(page);
    }
    if departed.is_empty() {
        return Ok(Proposals::default());
    }
    let pupils = store.people_as(at, &[Profile::Pupil], MOST_PUPILS).await?;
    let pair = pair_of(store, at).await?;
    as_they_stand(store, preau_hosting::arrivals(departed, &pupils, at, pair.as_ref())).await
}

/// The same of that guest and that pupil alone: at most one proposal, by the same signs, and nothing is read of anybody else.
pub async fn proposal(store: &dyn Store, at: &Uai, guest: &PersonId, pupil: &PersonId) -> Result<Proposals> {
    let departed = store.departure(at, guest).await?;
    let pupil = match departed.is_empty() {
        true => None,
        false => store.person(pupil).await?,
    };
    let Some(pupil) = pupil else { return Ok(Proposals::default()) };
    let pair = pair_of(store, at).await?;
    as_they_stand(store, preau_hosting::arrivals(departed, &[pupil], at, pair.as_ref())).await
}

async fn as_they_stand(store: &dyn Store, found: Vec<Arrival>) -> Result<Proposals> {
    let mut proposals = Proposals::default();
    for part in found.chunks(PAIRS) {
        let pairs: Vec<_> = part.iter().map(|one| (one.was.id.clone(), one.pupil.id.clone())).collect();
        for (one, may) in part.iter().zip(store.may_be_paired(&pairs).await?) {
            match may {
                Pairable::Yes => proposals.open.push(one.clone()),
                Pairable::OfOneSource => proposals.taken.push(one.clone()),
                Pairable::Apart | Pairable::No => {}
            }
        }
    }
    Ok(proposals)
}
