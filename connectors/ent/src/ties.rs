//! What a pupil's entry says of adults, as texts that are stored with the pupil's record: when an adult changes, or another
//! child of theirs, it need not be read again.
//!
//! One text a tie: legal weight, link, where the pupil is and under which number, and the adult's name as the entry gives it.

use crate::entry::comparable_dn;
use crate::guardians::{Links, legal};
use crate::structures::{Place, Table};
use preau_domain::Legal;

/// Attribute by which a directory names an entry for as long as it lives (RFC 4530).
pub const ENTRY: &str = "entryUUID";

/// The adult of a tie: a join key, or a DN in the spelling that is compared.
pub fn adult_of(tie: &str) -> Option<&str> {
    tie.splitn(4, '|').nth(3)
}

/// The ties of a pupil who is in these places, with a number in some of them.
pub(crate) fn of(adults: &[(String, String, Legal)], places: &[(Place, Option<&str>)], table: &Table) -> Vec<String> {
    let place =
        |(place, number): &(Place, Option<&str>)| format!("{}:{}", table.uai(*place), number.unwrap_or_default());
    let places = places.iter().map(place).collect::<Vec<_>>().join(" ");
    let tie = |(adult, link, legal): &(String, String, Legal)| {
        let weight = match legal {
            Legal::Representative => "1",
            Legal::InCharge => "2",
            Legal::Contact => "0",
        };
        let adult = if adult.contains('=') { comparable_dn(adult) } else { adult.clone() };
        format!("{weight}|{}|{places}|{adult}", link.replace('|', ""))
    };
    let mut ties: Vec<String> = adults.iter().map(tie).collect();
    ties.sort();
    ties
}

/// Adds a tie of this pupil to the links; false when there is no room left. A structure that is not known any more gives nothing.
pub(crate) fn add(links: &mut Links, pupil: &str, tie: &str, table: &Table) -> bool {
    let mut parts = tie.splitn(4, '|');
    let (Some(weight), Some(link), Some(places), Some(adult)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return true;
    };
    places.split(' ').filter_map(|place| place.split_once(':')).all(|(uai, number)| {
        let Some(place) = uai.parse().ok().and_then(|uai| table.place(&uai)) else { return true };
        links.add(adult, pupil, Some(number).filter(|number| !number.is_empty()), place, link, legal(weight))
    })
}
