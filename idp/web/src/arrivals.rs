//! Who was a guest and may be a pupil of ours by now: what is read for it, for the page of the head as for the command line. What says so is
//! `preau_hosting`'s to say; that it is so, somebody's who knows the child.

use preau_domain::{PersonId, Profile, SchoolPair, Uai};
use preau_hosting::Arrival;
use preau_store::{Result, Store};

/// Pupils of an establishment looked at.
const MOST_PUPILS: u32 = 20_000;
/// Rows read at once.
const AT_ONCE: u32 = 1_000;
/// Two accounts each, asked of at once.
const PAIRS: usize = 500;

/// The pair of a collège: what somebody declared, else what the annuaire says of the sector of its écoles. Whether it was declared, besides.
pub async fn pair_of(store: &dyn Store, college: &Uai) -> Result<Option<(SchoolPair, bool)>> {
    if let Some(pair) = store.school_pair(college).await? {
        return Ok(Some((pair, true)));
    }
    let ecoles = store.ecoles_of_sector(college).await?;
    Ok((!ecoles.is_empty()).then(|| (SchoolPair { college: college.clone(), ecoles }, false)))
}

/// Who of those who were guests of an establishment may be which of its pupils; not whom somebody said to be two people, nor a pupil who is another guest
/// already. Costs what the establishment has,
/// and next to nothing where nobody was a guest.
pub async fn proposed(store: &dyn Store, at: &Uai) -> Result<Vec<Arrival>> {
    let (mut departed, mut after) = (Vec::new(), PersonId::new(""));
    loop {
        let page = store.departed(at, &after, AT_ONCE).await?;
        let Some(last) = page.last() else { break };
        after = last.person.id.clone();
        departed.extend(page);
    }
    if departed.is_empty() {
        return Ok(Vec::new());
    }
    let pupils = store.people_as(at, &[Profile::Pupil], MOST_PUPILS).await?;
    let pair = pair_of(store, at).await?;
    let found = preau_hosting::arrivals(departed, &pupils, at, pair.as_ref());
    let mut left = Vec::with_capacity(found.len());
    for part in found.chunks(PAIRS) {
        let pairs: Vec<_> = part.iter().map(|one| (one.was.id.clone(), one.pupil.id.clone())).collect();
        let may = store.may_be_paired(&pairs).await?;
        left.extend(part.iter().zip(may).filter(|(_, may)| *may).map(|(one, _)| one.clone()));
    }
    Ok(left)
}
