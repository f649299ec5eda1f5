//! Names of things. Each kind of id is its own type, so that a person's id cannot be given where a session's is asked.
//! A name is copied wherever it goes, many times in a request: copies share its letters.
//! Randomness comes from [`Ids`], an argument everywhere.

use crate::Instant;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// What names are made of, in the order of their bytes.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Gives unguessable names. The production implementation lives in `idp/keys`; tests use a seeded one.
pub trait Ids: Send + Sync {
    /// Fills `out` with bytes nobody can predict.
    fn fill(&self, out: &mut [u8]);

    /// A new random text of `length` characters out of `[0-9a-z]` without look-alikes (32 letters, 5 bits each).
    fn text(&self, length: usize) -> String {
        let mut bytes = vec![0u8; length];
        self.fill(&mut bytes);
        bytes.iter().map(|b| char::from(LETTERS[usize::from(b & 31)])).collect()
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a text that is already a name of this kind.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Arc::from(text.as_ref()))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

id!(
    /// A person's account: opaque, never recycled, never derived from a name or a national number.
    PersonId
);
id!(
    /// A mounted service, as its instance file names it: `[a-z0-9-]{1,64}`.
    ServiceId
);
id!(
    /// A session in the store: the digest of the secret the browser carries, so that a stolen table opens nothing.
    SessionId
);
id!(
    /// A sign-in under way: public part of its address; the browser proves it is its own by a cookie.
    PendingId
);
id!(
    /// The digest of a single-use secret (ticket, code, form token). The secret itself is never stored.
    OneTimeKey
);
id!(
    /// What somebody proves themselves with besides a password: a passkey, or a secret of an application.
    FactorId
);
id!(
    /// A source of people, as the configuration names it: `[a-z0-9-]{1,64}`.
    SourceId
);
id!(
    /// One run of a synchronisation.
    RunId
);
id!(
    /// What ties the lines of a log and the events of the audit together, from browser to application. A person may
    /// quote it to the help desk, where it is called the incident number.
    CorrelationId
);

impl OneTimeKey {
    /// The key of something that is found by its family, and of which a family has one at a time.
    pub fn within(family: &OneTimeKey, own: &OneTimeKey) -> Self {
        Self::new(format!("{family}~{own}"))
    }

    /// The family such a key names, and what it says besides.
    pub fn family(&self) -> Option<(&str, &str)> {
        self.0.split_once('~')
    }
}

impl PersonId {
    /// A new account name: `p` and 15 random characters (75 bits).
    pub fn generate(ids: &dyn Ids) -> Self {
        Self::new(format!("p{}", ids.text(15)))
    }

    /// A new account name that begins with the six characters others begin with that are written together. It is as random as any
    /// other, but their rows stand side by side in every index of names, and writing them touches a few pages of it rather than one
    /// for each.
    pub fn beside(near: &str, ids: &dyn Ids) -> Self {
        Self::new(format!("p{near}{}", ids.text(9)))
    }
}

impl PendingId {
    /// A new name of 26 random characters (130 bits).
    pub fn generate(ids: &dyn Ids) -> Self {
        Self::new(ids.text(26))
    }
}

impl RunId {
    /// A new name of 12 random characters.
    pub fn generate(ids: &dyn Ids) -> Self {
        Self::new(ids.text(12))
    }
}

impl CorrelationId {
    /// A new name short enough to be read over the telephone: eight characters that say when, to the millisecond, and five
    /// random ones. The journal is searched by these names: those of one time stand together in its index, so that writing
    /// touches one page of it and not another one for every request.
    pub fn generate(ids: &dyn Ids, now: Instant) -> Self {
        let place = |five: i64| char::from(LETTERS[(now.0 >> (5 * five) & 31) as usize]);
        let mut name: String = (0..8).rev().map(place).collect();
        name.push_str(&ids.text(5));
        Self::new(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zeros;
    impl Ids for Zeros {
        fn fill(&self, out: &mut [u8]) {
            out.fill(0);
        }
    }

    #[test]
    fn a_person_id_is_sixteen_characters() {
        assert_eq!(PersonId::generate(&Zeros).as_str(), "p000000000000000");
    }

    #[test]
    fn correlations_of_later_are_greater_in_the_order_of_bytes() {
        let at = |ms| CorrelationId::generate(&Zeros, Instant(ms));
        // Every carry between the eight characters, from 2026 to 2039, where they begin again.
        for ms in (0..38).map(|bit| 1_790_000_000_000 + (1i64 << bit) - 1) {
            assert!(at(ms) < at(ms + 1), "{ms}");
            assert_eq!(at(ms).as_str().len(), 13);
        }
    }
}
