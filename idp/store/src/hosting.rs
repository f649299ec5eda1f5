//! What two ENTs share: conventions, paired establishments, spaces, and the guests in them.

use crate::Result;
use async_trait::async_trait;
use preau_domain::{
    Convention, ConventionState, FederatedIdentity, Guest, GuestList, Instant, Person, PersonId, Role, SchoolPair,
    Space, SpaceGrant, Uai,
};

/// A guest to let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGuest {
    /// The account, with the join key of a guest ([`preau_domain::guest_key`]). If there is one with that key, its id is kept.
    pub person: Person,
    /// Who they are at the provider of the convention.
    pub identity: FederatedIdentity,
    /// What is known besides. Its account and its list count for nothing: they are those of the account and of the admission.
    pub guest: Guest,
    /// What they are in the space.
    pub role: Role,
}

/// Guests who come into a space together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// By which convention.
    pub convention: String,
    /// Into which space.
    pub space: String,
    /// The name of their list, one of its convention.
    pub batch: String,
    /// Who.
    pub guests: Vec<NewGuest>,
}

/// What came of an admission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// Everybody is in.
    All {
        /// So many were not guests before.
        added: u64,
        /// And so many were.
        known: u64,
    },
    /// The convention is not in force, or the space is not open or not one of its spaces: nobody is in.
    NotInForce,
    /// A list of that name was taken in by this convention before: nobody is in.
    AlreadyIn,
    /// There would be more guests than the convention allows: nobody is in.
    OverQuota {
        /// How many it allows.
        quota: u64,
        /// How many there are.
        there: u64,
        /// How many more would have come.
        more: u64,
    },
    /// Some were guests and share an account with people of ours by now, who do not come in by another ENT: nobody is in. Their places among
    /// the guests of the admission.
    AreOurs(Vec<usize>),
}

/// Which guests are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestsOf<'a> {
    /// Of a convention.
    Convention(&'a str),
    /// In a space.
    Space(&'a str),
    /// Whom a list holds in a space.
    Batch(&'a str),
}

/// Which lists of guests are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListsOf<'a> {
    /// Taken in for a space.
    Space(&'a str),
    /// Sent for an establishment of ours.
    Home(&'a Uai),
}

/// Conventions, spaces and guests. Guests are accounts ([`crate::People`]) of the source [`preau_domain::GUESTS`]: what time does to
/// accounts ([`crate::Lives`]) it does to them.
#[async_trait]
pub trait Hosting: Send + Sync {
    /// Adds a convention, or replaces it. `Conflict` unless what is stored is `before`: among concurrent callers who read the same,
    /// exactly one replaces it.
    async fn put_convention(&self, convention: &Convention, before: Option<&Convention>) -> Result<()>;

    /// The convention of that name.
    async fn convention(&self, id: &str) -> Result<Option<Convention>>;

    /// Conventions whose name comes after this one, ordered by name, at most `limit`.
    async fn conventions(&self, after: &str, limit: u32) -> Result<Vec<Convention>>;

    /// Says which écoles are paired with a collège, from now on.
    async fn put_school_pair(&self, pair: &SchoolPair) -> Result<()>;

    /// The écoles paired with a collège.
    async fn school_pair(&self, college: &Uai) -> Result<Option<SchoolPair>>;

    /// Suspends or ends a convention, whatever somebody else writes of it meanwhile: its guests have no session after it, and of one that
    /// ends they are guests no more. Returns how many guests it had; absent when there is none of that name that could be stopped so.
    async fn stop_convention(&self, id: &str, state: ConventionState, now: Instant) -> Result<Option<u64>>;

    /// Adds a space, or replaces it with the groups it names. A guest in it has the role of their class from then on; whose class it
    /// names no longer is out of it, and their sessions fall. Returns how many those were. `Conflict` as for
    /// [`Hosting::put_convention`], or if its convention is none.
    async fn put_space(&self, space: &Space, before: Option<&Space>, now: Instant) -> Result<u64>;

    /// Closes a space, whatever somebody else writes of it meanwhile: no guest is in it any more, and their sessions fall. Returns how many
    /// were; absent when there is none of that name.
    async fn close_space(&self, id: &str, now: Instant) -> Result<Option<u64>>;

    /// The space of that name.
    async fn space(&self, id: &str) -> Result<Option<Space>>;

    /// Spaces whose name comes after this one, ordered by name, at most `limit`.
    async fn spaces(&self, after: &str, limit: u32) -> Result<Vec<Space>>;

    /// Spaces an establishment answers for, those that are open first and then those that end last, at most `limit`.
    async fn spaces_at(&self, host: &Uai, limit: u32) -> Result<Vec<Space>>;

    /// Open spaces that end at `until` at the latest, have passed two thirds of their time, and of whose end nobody was reminded; those that end
    /// first, at most `limit`. Costs what ends until then, however many spaces there are.
    async fn spaces_to_remind_of(&self, now: Instant, until: Instant, limit: u32) -> Result<Vec<Space>>;

    /// Notes that those who manage a space were reminded of that end.
    async fn note_reminded(&self, id: &str, of: Instant) -> Result<()>;

    /// The names of all spaces an establishment answers for under a convention that nobody closed.
    async fn open_spaces_under(&self, host: &Uai, convention: &str) -> Result<Vec<String>>;

    /// What the open spaces of these members ([`Person::members`]) give, each space once with the most of its roles; at most
    /// [`SpaceGrant::MOST`]. What has not begun is among them, what has ended is not. Costs the same however many spaces there are.
    async fn spaces_of(&self, members: &[String], now: Instant) -> Result<Vec<SpaceGrant>>;

    /// What the open spaces of a guest give: each as long as the space, the convention and the guest last. Nothing when the
    /// convention is not signed by both, or they are a guest no more. What has not begun is among them, what has ended is not. Costs the
    /// same however many spaces there are.
    async fn spaces_of_guest(&self, person: &PersonId, now: Instant) -> Result<Vec<SpaceGrant>>;

    /// A guest, or one who was; of several conventions by the one that lasts longest.
    async fn guest(&self, person: &PersonId) -> Result<Option<Guest>>;

    /// Guests, ordered by account from the one after `after` on, at most `limit`. Of a convention or a list those who were are among them.
    async fn guests(&self, of: GuestsOf<'_>, after: &PersonId, limit: u32) -> Result<Vec<Guest>>;

    /// How many guests a convention has.
    async fn guest_count(&self, convention: &str) -> Result<u64>;

    /// Which of these are guests of a convention, by the keys of their accounts.
    async fn guests_known(&self, convention: &str, keys: &[String]) -> Result<Vec<String>>;

    /// Lets guests into a space, all or none, at most 20 000: accounts, who they are elsewhere, their membership, and the list itself.
    /// However many call at once, there are never more guests of a convention than its quota. `Conflict` if somebody is named twice.
    async fn admit(&self, admission: &Admission, now: Instant) -> Result<Admitted>;

    /// What would come of an admission. Nothing is written.
    async fn would_admit(&self, admission: &Admission, now: Instant) -> Result<Admitted>;

    /// Takes back what a list brought: nobody is in a space by it, and whoever is in none of the convention any more is its guest no more.
    /// A later list that named somebody for the same space holds them there. A list of that name that comes only then is not taken in any
    /// more. Returns how many left a space.
    async fn withdraw(&self, convention: &str, batch: &str, now: Instant) -> Result<u64>;

    /// Notes a list that was sent, or, that it was taken back.
    async fn note_list(&self, list: &GuestList) -> Result<()>;

    /// Lists of guests, the latest first, at most `limit`.
    async fn lists(&self, of: ListsOf<'_>, limit: u32) -> Result<Vec<GuestList>>;

    /// Ends guests, at most 1 000 at once, all or none, by whatever convention: they are in no space, their accounts are suspended, their sessions and tokens fall in
    /// the same stroke. Others are passed over. Returns how many there were.
    async fn end_guests(&self, people: &[PersonId], now: Instant) -> Result<u64>;

    /// Takes guests out of a space, at most 1 000 at once: their sessions fall, and whoever is in no other of its convention is its guest no
    /// more. Others are passed over. Returns how many there were.
    async fn leave_space(&self, space: &str, people: &[PersonId], now: Instant) -> Result<u64>;

    /// Makes one account of a guest and a person of ours, all or nothing: the guest ends, nobody comes in as them by another ENT any more, and
    /// what was known of the guest is forgotten. The name of the account is the guest's where `keep_guest`. Says whether the two can be one.
    async fn convert_guest(&self, guest: &PersonId, ours: &PersonId, keep_guest: bool, now: Instant) -> Result<bool>;

    /// Gives the guests of a space that end before `until` until then. Returns how many there were.
    async fn renew_guests(&self, space: &str, until: Instant) -> Result<u64>;

    /// Notes that a guest was here.
    async fn guest_used(&self, person: &PersonId, now: Instant) -> Result<()>;

    /// Ends guests whose time is over, at most `limit`: their own, that of their convention, that of every space of it they were in; or who
    /// were not here since `unused_since`. Whoever is a guest by another convention goes on by that one. Returns who ended.
    async fn end_due_guests(&self, now: Instant, unused_since: Instant, limit: u32) -> Result<Vec<PersonId>>;
}
