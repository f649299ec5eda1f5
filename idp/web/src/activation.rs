//! How somebody comes by a password that lives here: codes on paper, whom they are for, and the sheets they stand on.
//!
//! A code is of 60 bits and good once; what is kept of it is its code under the master key. It stands in the address of a sheet's drawing
//! behind `#`, which browsers send to nobody. Using one is a step of a sign-in (`sign_in/activate`); handing them out is a page of heads of
//! establishment (`activation/desk`), a command, and a page of teachers.

pub(crate) mod class;
pub(crate) mod desk;
mod lots;
mod printed;

pub(crate) use desk::document;
pub use lots::{Lot, Named, lots};
pub use printed::{Printed, sheet};

use crate::{Fault, Hub};
use axum::Router;
use preau_domain::{Activation, Ids, Instant, OneTimeKey, Person, PersonId, Public, Seconds};
use preau_keys::Keyring;
use preau_store::{Store, StoreError};
use std::sync::Arc;

/// Letters of a code: 60 bits, so that nobody need count tries.
pub const LETTERS: usize = 12;
/// How long a code is good for, unless whoever makes it says otherwise.
pub const LASTS: Seconds = Seconds(60 * 86_400);
/// Codes written at once: others write between two lots.
const AT_ONCE: usize = 100;

/// The routes of this concern.
pub fn routes() -> Router<Arc<Hub>> {
    desk::routes().merge(class::routes())
}

/// A code as it is kept, of whatever somebody typed: letters in any case, in groups or not, and those that look alike for one another.
/// `None` for what cannot be one.
pub fn read(typed: &str) -> Option<String> {
    let code = crate::codes::read(typed);
    (code.len() == LETTERS && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())).then_some(code)
}

/// A code as people read it: three groups of four, in capitals.
pub fn shown(code: &str) -> String {
    let letters: Vec<char> = code.to_ascii_uppercase().chars().collect();
    letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// The name under which a code is kept: nobody without the master key tells the code by it.
pub fn key(keyring: &Keyring, code: &str) -> OneTimeKey {
    OneTimeKey::new(keyring.mac("activation", &[code]))
}

/// Makes a code for each of these people, in place of the one they had; `by` is who hands them out. Gives the codes, this once.
pub async fn make(
    store: &dyn Store,
    keyring: &Keyring,
    ids: &dyn Ids,
    people: &[PersonId],
    (made, lasts): (Instant, Seconds),
    by: Option<&PersonId>,
) -> Result<Vec<String>, StoreError> {
    let codes: Vec<String> = people.iter().map(|_| ids.text(LETTERS)).collect();
    let one = |(person, code): (&PersonId, &String)| Activation {
        person: person.clone(),
        key: key(keyring, code),
        made,
        expires: made + lasts,
        by: by.cloned(),
    };
    let all: Vec<Activation> = people.iter().zip(&codes).map(one).collect();
    for lot in all.chunks(AT_ONCE) {
        store.put_activations(lot).await?;
    }
    Ok(codes)
}

/// Whether everything somebody is proves itself here: whoever has a password in a directory, or an account elsewhere, gets none here
/// besides.
pub fn proves_here(person: &Person, here: impl Fn(Public) -> bool) -> bool {
    !person.affiliations.is_empty() && person.affiliations.iter().all(|one| here(one.profile.public()))
}

impl Hub {
    /// Whether a public proves itself by a password that lives here.
    pub fn proves_here(&self, public: Public) -> bool {
        self.source_of(public).is_none()
    }

    /// Whose code it is that somebody typed, if it opens something now.
    pub(crate) async fn activation_typed(&self, typed: &str) -> Result<Option<(OneTimeKey, Person)>, Fault> {
        let Some(code) = read(typed) else { return Ok(None) };
        let key = key(&self.keyring, &code);
        let Some(found) = self.store.activation(&key, self.now()).await? else { return Ok(None) };
        let person = self.store.person(&found.person).await?;
        let may = |person: &Person| {
            person.state.may_sign_in() && !person.is_hosted() && proves_here(person, |public| self.proves_here(public))
        };
        Ok(person.filter(may).map(|person| (key, person)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        for typed in ["7k2m9xq4hd3w", "7K2M-9XQ4-HD3W", " 7k2m 9xq4 hd3w ", "7K2M–9XQ4–HD3W"] {
            assert_eq!(read(typed).as_deref(), Some("7k2m9xq4hd3w"), "{typed}");
        }
        assert_eq!(read("OIL0-1111-uvwx").as_deref(), Some("01101111vvwx"), "letters that look alike");
        for wrong in ["", "7k2m-9xq4-hd3", "7k2m-9xq4-hd3w-x", "7k2m-9xq4-hd3é", "7k2m/9xq4/hd3w"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(read(&shown("7k2m9xq4hd3w")).as_deref(), Some("7k2m9xq4hd3w"));
    }
}
