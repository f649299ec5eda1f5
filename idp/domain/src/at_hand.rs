//! What a person keeps at hand on the home page of one establishment. It says nothing of when, and nothing beyond the last few.

use crate::ServiceId;

/// Services a person keeps at hand in one establishment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AtHand {
    /// Those they marked, in the order they did.
    pub favourites: Vec<ServiceId>,
    /// Those they opened from the home page, the latest first.
    pub recent: Vec<ServiceId>,
}

impl AtHand {
    /// Most favourites a person has in one establishment.
    pub const MOST_FAVOURITES: usize = 24;
    /// How many of the services opened last are remembered, in one establishment.
    pub const MOST_RECENT: usize = 5;
}
