//! How somebody comes by a password that lives here: a code on paper, good once, and the login and password they choose with it.

use crate::{Instant, OneTimeKey, PersonId};

/// A login and the hash of its password, of somebody whose account comes from a source and whose password is checked here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Whose.
    pub person: PersonId,
    /// What they type to sign in, normalised by [`crate::normalised_login`].
    pub login: String,
    /// The hash of the password, as a PHC string.
    pub hash: String,
    /// Since when this password.
    pub since: Instant,
}

/// A code by which its person chooses a password, once. A person has one at most: another one takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// Whose.
    pub person: PersonId,
    /// The digest of the code: the code itself is on paper and nowhere else.
    pub key: OneTimeKey,
    /// When it was made.
    pub made: Instant,
    /// From then on it opens nothing.
    pub expires: Instant,
    /// Who made it; an operator at the command line is nobody.
    pub by: Option<PersonId>,
}
