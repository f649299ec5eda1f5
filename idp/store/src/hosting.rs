//! What two ENTs share: conventions, paired establishments, spaces, and the guests in them.

use crate::Result;
use async_trait::async_trait;
use preau_domain::{
    Convention, ConventionState, FederatedIdentity, Guest, GuestList, GuestStop, Instant, Person, PersonId, Role,
    SchoolPair, Space, SpaceGrant, StopLift, Uai,
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
    /// Somebody of ours wrote the list, and no other ENT signed it.
    pub typed: bool,
    /// Who.
    pub guests: Vec<NewGuest>,
}

/// Lists for one space that are taken in within a day. Each leaves a row, and a line in the journal for each guest.
pub const MOST_LISTS_A_DAY: u32 = 200;

/// What came of an admission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// Everybody is in.
    All {
        /// So many were not guests before.
        added: u64,
        /// And so many were.
        known: u64,
        /// But for these, by their places among the guests of the admission: somebody of the host stopped them, and they stay out.
        stopped: Vec<usize>,
    },
    /// Whoever heads the host stopped everybody by this convention there: nobody is in.
    Stopped,
    /// The list was written here, and the head of the establishment did not say that this may be ([`Hosting::allow_typing`]): nobody is in.
    NotAllowed,
    /// The convention is not in force, or the space is not open or not one of its spaces: nobody is in.
    NotInForce,
    /// A list of that name was taken in by this convention before: nobody is in.
    AlreadyIn,
    /// So many lists for that space were taken in within a day ([`MOST_LISTS_A_DAY`]): nobody is in.
    TooOften,
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

/// A guest in a space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosted {
    /// In which.
    pub space: String,
    /// Who.
    pub guest: Guest,
    /// Given name and initial.
    pub name: String,
}

/// Somebody who was a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departed {
    /// What is known of the guest.
    pub guest: Guest,
    /// What their account says.
    pub person: Person,
    /// What the space is called for which the list came that brought them.
    pub space: String,
    /// When that list came.
    pub since: Instant,
}

/// How a guest and a person of ours become one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// Its name is the guest's.
    pub keep_guest: bool,
    /// Also where somebody said that the two are two people ([`crate::Pairings::keep_apart`]).
    pub despite: bool,
}

/// Guests whose time was over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DueGuests {
    /// Who ended.
    pub ended: Vec<PersonId>,
    /// There may be more to look at.
    pub more: bool,
}

/// Which conventions of an establishment are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConventionsAt<'a> {
    /// Those that name it.
    Named,
    /// Of those for all of ours, those by which people of one of these establishments of the other party come.
    Meeting(&'a [Uai]),
    /// Those for all of ours.
    ForAll,
}

/// Which lists of guests are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListsOf<'a> {
    /// Taken in for a space.
    Space(&'a str),
    /// Sent for an establishment of ours.
    Home(&'a Uai),
    /// Of those, by somebody.
    SentBy(&'a Uai, &'a PersonId),
}

/// Which stops are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopsOf<'a> {
    /// All of an establishment.
    Host(&'a Uai),
    /// Those of a space of it.
    Space(&'a Uai, &'a str),
    /// Those, and those that are for every space of it.
    SpaceAndAll(&'a Uai, &'a str),
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

    /// The conventions of these names, at most 200.
    async fn conventions_named(&self, ids: &[String]) -> Result<Vec<Convention>>;

    /// Conventions whose name comes after this one, ordered by name, at most `limit`.
    async fn conventions(&self, after: &str, limit: u32) -> Result<Vec<Convention>>;

    /// Conventions in force by which guests may come to an establishment of ours and that nobody stopped there ([`Hosting::stop_here`]), whose name comes
    /// after this one, ordered by name, at most `limit`. Of others nothing is read.
    async fn conventions_of(
        &self,
        at: &Uai,
        which: ConventionsAt<'_>,
        now: Instant,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Convention>>;

    /// Says which écoles are paired with a collège, from now on.
    async fn put_school_pair(&self, pair: &SchoolPair) -> Result<()>;

    /// The écoles paired with a collège.
    async fn school_pair(&self, college: &Uai) -> Result<Option<SchoolPair>>;

    /// The écoles whose sector is that of a collège, as their sources say, at most 200.
    async fn ecoles_of_sector(&self, college: &Uai) -> Result<Vec<Uai>>;

    /// Suspends or ends a convention, whatever somebody else writes of it meanwhile: its guests have no session after it, and of one that
    /// ends they are guests no more. Returns how many guests it had; absent when there is none of that name that could be stopped so.
    async fn stop_convention(&self, id: &str, state: ConventionState, now: Instant) -> Result<Option<u64>>;

    /// Adds a space, or replaces it with the groups it names. A guest in it has the role of their class from then on; whose class it
    /// names no longer is out of it, and their sessions fall. Returns how many those were. `Conflict` as for
    /// [`Hosting::put_convention`], if its convention is none, if the host stopped it ([`Hosting::stop_here`]) and the space is not closed, or if another
    /// establishment would answer for it. Their class is what the list that brought them calls it, where that names one alone.
    async fn put_space(&self, space: &Space, before: Option<&Space>, now: Instant) -> Result<u64>;

    /// Closes a space, whatever somebody else writes of it meanwhile: no guest is in it any more, and their sessions fall. Returns how many
    /// were; absent when there is none of that name.
    async fn close_space(&self, id: &str, now: Instant) -> Result<Option<u64>>;

    /// The space of that name.
    async fn space(&self, id: &str) -> Result<Option<Space>>;

    /// The spaces of these names, at most 200.
    async fn spaces_named(&self, ids: &[String]) -> Result<Vec<Space>>;

    /// Spaces whose name comes after this one, ordered by name, at most `limit`.
    async fn spaces(&self, after: &str, limit: u32) -> Result<Vec<Space>>;

    /// Spaces an establishment answers for, those that are open first and then those that end last, without the first `skip`, at most `limit`.
    async fn spaces_at(&self, host: &Uai, skip: u32, limit: u32) -> Result<Vec<Space>>;

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

    /// The same of several people at once, at most 1 000; who never was one is passed over.
    async fn guests_named(&self, people: &[PersonId]) -> Result<Vec<Guest>>;

    /// Guests, ordered by account from the one after `after` on, at most `limit`. Of a convention or a list those who were are among them.
    async fn guests(&self, of: GuestsOf<'_>, after: &PersonId, limit: u32) -> Result<Vec<Guest>>;

    /// The guests in these spaces, with their names, ordered by space and account, of each space from the one after `after` on, at most `limit`.
    async fn guests_in(&self, spaces: &[String], after: &PersonId, limit: u32) -> Result<Vec<Hosted>>;

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

    /// Lists of guests, the latest first, without the first `skip`, at most `limit`.
    async fn lists(&self, of: ListsOf<'_>, skip: u32, limit: u32) -> Result<Vec<GuestList>>;

    /// The list of that name of a convention that was sent, or taken in.
    async fn guest_list(&self, convention: &str, id: &str, sent: bool) -> Result<Option<GuestList>>;

    /// Ends guests, at most 1 000 at once, all or none, by whatever convention: they are in no space, their accounts are suspended, their sessions and tokens fall in
    /// the same stroke. Others are passed over. Returns how many there were.
    async fn end_guests(&self, people: &[PersonId], now: Instant) -> Result<u64>;

    /// Takes guests out of a space, at most 1 000 at once: their sessions fall, and whoever is in no other of its convention is its guest no
    /// more. Others are passed over. Returns how many there were.
    async fn leave_space(&self, space: &str, people: &[PersonId], now: Instant) -> Result<u64>;

    /// Takes a guest out of a space of an establishment, or, where none is named, out of every one, and keeps them out whatever lists name them, until that
    /// is lifted. Sessions fall as in [`Hosting::leave_space`]. Returns how many spaces they were in; absent when they are no guest.
    async fn stop_guest(
        &self,
        host: &Uai,
        space: Option<&str>,
        person: &PersonId,
        by_head: bool,
        now: Instant,
    ) -> Result<Option<u64>>;

    /// Lets nobody in by a convention at an establishment, and no space be opened there under it, until that is lifted. What is open is closed by
    /// [`Hosting::close_space`].
    async fn stop_here(&self, host: &Uai, convention: &str, now: Instant) -> Result<()>;

    /// Whether somebody is a guest in a space. Costs the same however many are.
    async fn is_guest_in(&self, space: &str, person: &PersonId) -> Result<bool>;

    /// The head of an establishment says yes to lists that are written there, by a convention.
    async fn allow_typing(&self, host: &Uai, convention: &str, now: Instant) -> Result<()>;

    /// Takes that back: no list that was not taken in before comes in. Says whether there was a yes.
    async fn forbid_typing(&self, host: &Uai, convention: &str) -> Result<bool>;

    /// By which of these conventions lists may be written at an establishment.
    async fn typing_allowed(&self, host: &Uai, conventions: &[String]) -> Result<Vec<String>>;

    /// What keeps somebody out of a space of an establishment, or, where none is named, out of every one.
    async fn stop_of(&self, host: &Uai, whom: &str, space: Option<&str>) -> Result<Option<GuestStop>>;

    /// Who is kept out of the spaces of an establishment, conventions first, but for so many, at most `limit`.
    async fn stops(&self, of: StopsOf<'_>, skip: u32, limit: u32) -> Result<Vec<GuestStop>>;

    /// Lifts a stop: whoever it kept out may come by a later list. Says whether there was one. Whoever manages a space leaves what the head said as it
    /// is. That it was lifted is known for a while ([`StopLift::KEPT`]), of the person whom the stop names, until somebody says it again.
    async fn lift_stop(&self, lift: &StopLift) -> Result<bool>;

    /// Stops that were lifted after that instant, the latest first, at most `limit`.
    async fn lifts(&self, of: StopsOf<'_>, since: Instant, limit: u32) -> Result<Vec<StopLift>>;

    /// Makes one account of a guest and a person of ours, all or nothing: the guest ends, nobody comes in as them by another ENT any more, and
    /// what was known of the guest is forgotten. Says whether the two can be one: among concurrent callers who say it of one guest and several people, or who
    /// say that the two are not one, exactly one is believed.
    async fn convert_guest(&self, guest: &PersonId, ours: &PersonId, how: Conversion, now: Instant) -> Result<bool>;

    /// Who was a guest by a list for a space of an establishment, as the last one that named them by its convention, and is nobody's guest any more, as long
    /// as their name is known; once for each convention, ordered by account and convention from what comes after `after` on, at most `limit`. Costs what came to
    /// that establishment.
    async fn departed(&self, host: &Uai, after: (&PersonId, &str), limit: u32) -> Result<Vec<Departed>>;

    /// The same of one account, once for each convention. Costs the same however many came to that establishment.
    async fn departure(&self, host: &Uai, person: &PersonId) -> Result<Vec<Departed>>;

    /// Gives the guests of a space that end before `until` until then. Returns how many there were.
    async fn renew_guests(&self, space: &str, until: Instant) -> Result<u64>;

    /// Notes that a guest was here.
    async fn guest_used(&self, person: &PersonId, now: Instant) -> Result<()>;

    /// Looks at guests whose time may be over, at most `limit`, and at no others, and ends those whose it is: their own, that of their convention, that of every space of it they were in; or who
    /// were not here since `unused_since`. Whoever is a guest by another convention goes on by that one.
    async fn end_due_guests(&self, now: Instant, unused_since: Instant, limit: u32) -> Result<DueGuests>;
}
