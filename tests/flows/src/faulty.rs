//! A store that fails when it is told to: before it has done what was asked, or after, when the answer is lost. It can
//! also let somebody else be quicker, between one call of a request and the next.

use async_trait::async_trait;
use futures::future::BoxFuture;
use preau_domain::chain::{Entry, Seal};
use preau_domain::{
    AccountState, Activation, AtHand, AuditEvent, AuditKind, Authentication, ClassCard, ClassPlace, Convention,
    ConventionState, CorrelationId, Credential, Establishment, Factor, FactorId, FactorKind, FederatedIdentity,
    FederatedLink, Grant, GrantKind, Guest, GuestList, GuestStop, Inspection, Instant, JoinKey, KeptKind, KeptThing,
    Lesson, Life, OneTimeKey, PendingId, PendingSignIn, Person, PersonId, Profile, Registration, RegistrationKind,
    Retention, RunId, SchoolPair, ServiceId, Session, SessionId, SourceId, Space, SpaceGrant, StopLift, StoredKey,
    Tapped, Ticket, TicketKind, Uai, Upstream, Visit,
};
use preau_store::{
    Activations, Admission, Admitted, Aged, Alike, Answer, Attempt, Audit, BoundTo, Caller, Cards, ConventionsAt,
    Conversion, Delays, Departed, DueGuests, Ending, Establishments, FactorUse, Factors, Grants, GuestsOf, Health,
    Held, Hosted, Hosting, IndexRow, Inspections, InspectionsOf, Keeping, KeptBirth, Letter, Letters, Links, ListsOf,
    Lives, Marked, Marks, NewSession, Notice, OpeningChange, Operations, Ousted, Outbox, Pair, Pairable, Pairings,
    People, PersonChange, Provisioning, RecordName, Registrations, Result, Rotation, RunRecord, SaidBy, Sessions,
    SharedLogin, Shortcuts, SignIns, SigningKeys, SourceRecord, StopsOf, Store, StoreError, StoredMark, Swept,
    TakenLetter, Throttle, Tickets, UndoPart, Undoable, Undone, Upstreams, WaitingLetters, YetToHear,
};
use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// When the failure strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Nothing of what was asked happens.
    Before,
    /// All of it happens, and the caller is told that it failed.
    After,
}

/// What somebody else does to the store.
type Deed = Box<dyn FnOnce(Arc<dyn Store>) -> BoxFuture<'static, ()> + Send>;

/// The switch of a [`FaultyStore`].
#[derive(Default)]
pub struct Faults {
    countdown: AtomicI64,
    after: AtomicUsize,
    calls: Mutex<Vec<&'static str>>,
    meanwhile: Mutex<Option<(&'static str, Deed)>>,
}

impl Faults {
    /// From now on the n-th call fails, the first being 1; 0 is none.
    pub fn fail(&self, nth: i64, when: When) {
        self.after.store(usize::from(when == When::After), Ordering::SeqCst);
        self.countdown.store(nth, Ordering::SeqCst);
        if let Ok(mut calls) = self.calls.lock() {
            calls.clear();
        }
    }

    /// Whether the failure asked for has struck, or none was asked for.
    pub fn struck(&self) -> bool {
        self.countdown.load(Ordering::SeqCst) <= 0
    }

    /// Has somebody else do something once, as soon as that operation has answered.
    pub fn meanwhile(&self, operation: &'static str, deed: Deed) {
        *self.meanwhile.lock().unwrap_or_else(PoisonError::into_inner) = Some((operation, deed));
    }

    async fn others(&self, operation: &'static str, store: &Arc<dyn Store>) {
        let deed = {
            let mut meanwhile = self.meanwhile.lock().unwrap_or_else(PoisonError::into_inner);
            if meanwhile.as_ref().is_some_and(|(awaited, _)| *awaited == operation) { meanwhile.take() } else { None }
        };
        if let Some((_, deed)) = deed {
            deed(Arc::clone(store)).await;
        }
    }

    /// Operations asked for since the last [`Faults::fail`].
    pub fn calls(&self) -> Vec<&'static str> {
        self.calls.lock().map(|calls| calls.clone()).unwrap_or_default()
    }

    fn turn(&self, operation: &'static str) -> Option<When> {
        if let Ok(mut calls) = self.calls.lock() {
            calls.push(operation);
        }
        let now = self.countdown.fetch_sub(1, Ordering::SeqCst) == 1;
        now.then(|| if self.after.load(Ordering::SeqCst) == 1 { When::After } else { When::Before })
    }
}

/// See the module.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    faults: Arc<Faults>,
}

impl FaultyStore {
    /// Wraps a store.
    pub fn new(inner: Arc<dyn Store>, faults: Arc<Faults>) -> FaultyStore {
        FaultyStore { inner, faults }
    }
}

fn broken<T>() -> Result<T> {
    Err(StoreError::Backend("the story pulled the plug".to_owned()))
}

macro_rules! faulty {
    ($port:ident { $(fn $name:ident($($arg:ident: $kind:ty),*) -> $out:ty;)+ } $($rest:item)*) => {
        #[async_trait]
        impl $port for FaultyStore {
            $(
                async fn $name(&self, $($arg: $kind),*) -> Result<$out> {
                    match self.faults.turn(stringify!($name)) {
                        Some(When::Before) => broken(),
                        Some(When::After) => {
                            self.inner.$name($($arg),*).await?;
                            broken()
                        }
                        None => {
                            let answer = self.inner.$name($($arg),*).await;
                            self.faults.others(stringify!($name), &self.inner).await;
                            answer
                        }
                    }
                }
            )+
            $($rest)*
        }
    };
}

faulty!(Lives {
    fn life(id: &PersonId) -> Option<Life>;
    fn used(id: &PersonId) -> ();
    fn let_time_pass(now: Instant, retention: Retention, limit: u32) -> Aged;
    fn note_clock(now: Instant) -> Option<Instant>;
    fn clock_noted() -> Option<Instant>;
    fn trust_clock(now: Instant) -> ();
});

faulty!(People {
    fn person(id: &PersonId) -> Option<Person>;
    fn caller(id: &PersonId, charte: Option<&str>, after: Instant) -> Option<Caller>;
    fn people_named(ids: &[PersonId]) -> Vec<Person>;
    fn person_by_join(join: &JoinKey) -> Option<Person>;
    fn record_state(join: &JoinKey) -> Option<AccountState>;
    fn people_by_login(login: &str, limit: u32) -> Vec<Person>;
    fn people_of_login(source: &SourceId, login: &str, limit: u32) -> Vec<Person>;
    fn people_by_mail(source: &SourceId, mail: &str, limit: u32) -> Vec<Person>;
    fn local_people_by_mail(mail: &str, limit: u32) -> Vec<Person>;
    fn people_after(after: Option<&PersonId>, limit: u32) -> Vec<Person>;
    fn people_count() -> u64;
    fn people_at(at: &Uai, limit: u32) -> Vec<Person>;
    fn people_as(at: &Uai, profiles: &[Profile], limit: u32) -> Vec<Person>;
    fn pupils_of_class(at: &Uai, class: &str, limit: u32) -> Vec<Person>;
    fn people_enrolled(source: &SourceId, at: &Uai, number: &str, limit: u32) -> Vec<Person>;
    fn add_local_person(person: &Person, password_hash: &str) -> ();
    fn update_person(person: &Person) -> ();
    fn stop_person(id: &PersonId, why: &str) -> ();
    fn oust(people: &[PersonId], why: Option<&str>, now: Instant) -> Ousted;
    fn start_person(id: &PersonId) -> ();
    fn why_stopped(id: &PersonId) -> Option<String>;
    fn password_hash(id: &PersonId) -> Option<String>;
    fn set_password_hash(id: &PersonId, password_hash: &str) -> ();
});

faulty!(Pairings {
    fn records_of(account: &PersonId) -> Vec<Person>;
    fn records_named(names: &[PersonId]) -> Vec<Held>;
    fn pair(pairs: &[(PersonId, PersonId)], who: SaidBy, now: Instant) -> Vec<bool>;
    fn part(record: &PersonId, now: Instant) -> Option<PersonId>;
    fn keep_apart(one: &PersonId, other: &PersonId, now: Instant) -> ();
    fn may_be_paired(pairs: &[(PersonId, PersonId)]) -> Vec<Pairable>;
    fn pairs(after: &PersonId, limit: u32) -> Vec<Pair>;
    fn alike(source: &SourceId, keys: &[String], other: &SourceId, limit: u32) -> Vec<Alike>;
    fn of_one_key(source: &SourceId, keys: &[String], other: &SourceId, prefix: &str) -> Vec<(PersonId, PersonId)>;
});

faulty!(Establishments {
    fn establishment(uai: &Uai) -> Option<Establishment>;
    fn establishments(uais: &[Uai]) -> Vec<Establishment>;
});

faulty!(Provisioning {
    fn source_index(source: &SourceId, after: &str, limit: u32) -> Vec<IndexRow>;
    fn source_records(source: &SourceId, by: RecordName, names: &[String]) -> Vec<SourceRecord>;
    fn put_people(undo: Option<&Undoable>, changes: &[PersonChange]) -> ();
    fn suspend_people(undo: Option<&Undoable>, source: &SourceId, keys: &[String]) -> u64;
    fn put_establishments(undo: Option<&Undoable>, establishments: &[Establishment]) -> ();
    fn undo(run: &RunRecord, part: UndoPart, after: &str, limit: u32) -> Undone;
    fn shared_logins(source: &SourceId, limit: u32) -> Vec<SharedLogin>;
    fn put_run(run: &RunRecord) -> ();
    fn end_run(run: &RunRecord, state: &str) -> ();
    fn source_state(source: &SourceId) -> Option<String>;
    fn run(id: &RunId) -> Option<RunRecord>;
    fn runs(source: &SourceId, limit: u32) -> Vec<RunRecord>;
    fn forget_runs(before: Instant, keep: u32, limit: u32) -> u64;
    fn sources() -> Vec<SourceId>;
});

faulty!(SignIns {
    fn put_pending(pending: &PendingSignIn) -> ();
    fn pending(id: &PendingId, now: Instant) -> Option<PendingSignIn>;
    fn end_pending(ending: &Ending) -> bool;
});

faulty!(Sessions {
    fn begin_session(new: &NewSession) -> Vec<Visit>;
    fn session(id: &SessionId, now: Instant) -> Option<Session>;
    fn sessions_of(person: &PersonId, now: Instant) -> Vec<Session>;
    fn touch_session(id: &SessionId, at: Instant) -> ();
    fn set_session_establishment(id: &SessionId, uai: &Uai, child: Option<&PersonId>) -> ();
    fn set_session_authentication(id: &SessionId, authentication: &Authentication) -> ();
    fn end_session(id: &SessionId, now: Instant, way: Option<&CorrelationId>) -> Option<Vec<Visit>>;
    fn end_idle_session(id: &SessionId, since: Instant, now: Instant, way: Option<&CorrelationId>) -> Option<Vec<Visit>>;
    fn end_sessions_of(person: &PersonId, now: Instant) -> Vec<Visit>;
    fn expired_sessions(now: Instant, limit: u32) -> Vec<SessionId>;
    fn idle_sessions(since: Instant, limit: u32) -> Vec<SessionId>;
    fn visits(id: &SessionId) -> Vec<Visit>;
    fn forget_visits(id: &SessionId, protocol: &str, service: &ServiceId) -> ();
});

faulty!(Tickets {
    fn issue_ticket(ticket: &Ticket, visit: Option<&Visit>) -> ();
    fn add_visit(visit: &Visit) -> ();
    fn last_visit(session: &SessionId, protocol: &str, service: &ServiceId, now: Instant) -> Option<Visit>;
    fn consume_ticket(key: &OneTimeKey, kind: TicketKind) -> Option<Ticket>;
    fn ticket(key: &OneTimeKey, kind: TicketKind, now: Instant) -> Option<Ticket>;
});

faulty!(Keeping {
    fn keep(thing: &KeptThing, now: Instant) -> ();
    fn keep_of(owner: &ServiceId, from: Option<&str>, thing: &KeptThing, now: Instant) -> ();
    fn kept(key: &OneTimeKey, kind: KeptKind, now: Instant) -> Option<KeptThing>;
    fn all_kept(kind: KeptKind, now: Instant, limit: u32) -> Vec<KeptThing>;
    fn replace_kept(thing: &KeptThing, expected: &str, now: Instant) -> ();
    fn take_kept(key: &OneTimeKey, kind: KeptKind, now: Instant) -> Option<KeptThing>;
});

faulty!(Grants {
    fn grant(grants: &[Grant]) -> ();
    fn granted(key: &OneTimeKey, kind: GrantKind, now: Instant) -> Option<Grant>;
    fn rotate(spent: &OneTimeKey, now: Instant, next: &[Grant]) -> Rotation;
    fn revoke(key: &OneTimeKey) -> bool;
    fn bury_family(family: &OneTimeKey, until: Instant) -> bool;
    fn revoke_tokens_of(person: &PersonId) -> ();
    fn revoke_family(family: &OneTimeKey) -> bool;
});

faulty!(SigningKeys {
    fn signing_keys() -> Vec<StoredKey>;
    fn add_signing_key(key: &StoredKey) -> ();
    fn remove_signing_key(kid: &str) -> bool;
});

faulty!(Links {
    fn add_link(link: &FederatedLink) -> ();
    fn remove_link(identity: &FederatedIdentity, person: &PersonId) -> bool;
    fn links_of(identity: &FederatedIdentity) -> Vec<FederatedLink>;
    fn links_of_person(person: &PersonId) -> Vec<FederatedLink>;
});

faulty!(Upstreams {
    fn upstream_of(session: &SessionId, now: Instant) -> Option<Upstream>;
    fn sessions_upstream(
        provider: &SourceId,
        issuer: &str,
        about: (Option<&str>, Option<&str>),
        after: &SessionId
    ) -> Vec<SessionId>;
});

faulty!(Registrations {
    fn add_registration(registration: &Registration) -> ();
    fn replace_registration(registration: &Registration, expected: &str, now: Instant) -> ();
    fn put_registration(registration: &Registration) -> ();
    fn remove_registration(id: &ServiceId) -> bool;
    fn registration(id: &ServiceId, now: Instant) -> Option<Registration>;
    fn registrations(
        kind: RegistrationKind,
        owner: Option<&PersonId>,
        now: Instant,
        limit: u32
    ) -> Vec<Registration>;
    fn openings_changed(after: u64, now: Instant, limit: u32) -> Vec<OpeningChange>;
});

faulty!(Hosting {
    fn put_convention(convention: &Convention, before: Option<&Convention>) -> ();
    fn convention(id: &str) -> Option<Convention>;
    fn conventions(after: &str, limit: u32) -> Vec<Convention>;
    fn put_school_pair(pair: &SchoolPair) -> ();
    fn school_pair(college: &Uai) -> Option<SchoolPair>;
    fn ecoles_of_sector(college: &Uai) -> Vec<Uai>;
    fn conventions_named(ids: &[String]) -> Vec<Convention>;
    fn conventions_of(at: &Uai, which: ConventionsAt<'_>, now: Instant, after: &str, limit: u32) -> Vec<Convention>;
    fn stop_convention(id: &str, state: ConventionState, now: Instant) -> Option<u64>;
    fn put_space(space: &Space, before: Option<&Space>, now: Instant) -> u64;
    fn close_space(id: &str, now: Instant) -> Option<u64>;
    fn spaces_at(host: &Uai, skip: u32, limit: u32) -> Vec<Space>;
    fn spaces_to_remind_of(now: Instant, until: Instant, limit: u32) -> Vec<Space>;
    fn note_reminded(id: &str, of: Instant) -> ();
    fn open_spaces_under(host: &Uai, convention: &str) -> Vec<String>;
    fn space(id: &str) -> Option<Space>;
    fn spaces_named(ids: &[String]) -> Vec<Space>;
    fn spaces(after: &str, limit: u32) -> Vec<Space>;
    fn spaces_of(members: &[String], now: Instant) -> Vec<SpaceGrant>;
    fn spaces_of_guest(person: &PersonId, now: Instant) -> Vec<SpaceGrant>;
    fn guest(person: &PersonId) -> Option<Guest>;
    fn guests(of: GuestsOf<'_>, after: &PersonId, limit: u32) -> Vec<Guest>;
    fn guest_count(convention: &str) -> u64;
    fn guests_known(convention: &str, keys: &[String]) -> Vec<String>;
    fn admit(admission: &Admission, now: Instant) -> Admitted;
    fn would_admit(admission: &Admission, now: Instant) -> Admitted;
    fn withdraw(convention: &str, batch: &str, now: Instant) -> u64;
    fn note_list(list: &GuestList) -> ();
    fn lists(of: ListsOf<'_>, skip: u32, limit: u32) -> Vec<GuestList>;
    fn guest_list(convention: &str, id: &str, sent: bool) -> Option<GuestList>;
    fn guests_named(people: &[PersonId]) -> Vec<Guest>;
    fn guests_in(spaces: &[String], after: &PersonId, limit: u32) -> Vec<Hosted>;
    fn stop_guest(
        host: &Uai,
        space: Option<&str>,
        person: &PersonId,
        by_head: bool,
        now: Instant
    ) -> Option<u64>;
    fn stop_here(host: &Uai, convention: &str, now: Instant) -> ();
    fn allow_typing(host: &Uai, convention: &str, now: Instant) -> ();
    fn forbid_typing(host: &Uai, convention: &str) -> bool;
    fn typing_allowed(host: &Uai, conventions: &[String]) -> Vec<String>;
    fn is_guest_in(space: &str, person: &PersonId) -> bool;
    fn stop_of(host: &Uai, whom: &str, space: Option<&str>) -> Option<GuestStop>;
    fn stops(of: StopsOf<'_>, skip: u32, limit: u32) -> Vec<GuestStop>;
    fn lift_stop(lift: &StopLift) -> bool;
    fn lifts(of: StopsOf<'_>, since: Instant, limit: u32) -> Vec<StopLift>;
    fn end_guests(people: &[PersonId], now: Instant) -> u64;
    fn leave_space(space: &str, people: &[PersonId], now: Instant) -> u64;
    fn convert_guest(guest: &PersonId, ours: &PersonId, how: Conversion, now: Instant) -> bool;
    fn departed(host: &Uai, after: (&PersonId, &str), limit: u32) -> Vec<Departed>;
    fn departure(host: &Uai, person: &PersonId) -> Vec<Departed>;
    fn renew_guests(space: &str, until: Instant) -> u64;
    fn guest_used(person: &PersonId, now: Instant) -> ();
    fn end_due_guests(now: Instant, unused_since: Instant, limit: u32) -> DueGuests;
});

faulty!(Inspections {
    fn grant_inspection(inspection: &Inspection, letter: Option<&Letter>, now: Instant) -> ();
    fn inspection(id: &str) -> Option<Inspection>;
    fn inspections(of: InspectionsOf<'_>, after: Instant, limit: u32) -> Vec<Inspection>;
    fn end_inspection(id: &str, letter: Option<&Letter>, granted: &str, now: Instant) -> bool;
    fn end_due_inspections(now: Instant, limit: u32) -> Vec<Inspection>;
});

faulty!(Marks {
    fn put_mark(mark: &StoredMark, most: Option<u32>, now: Instant) -> Marked;
    fn mark(column: &OneTimeKey, user: &str, now: Instant) -> Option<StoredMark>;
    fn marks(column: &OneTimeKey, after: &str, limit: u32, now: Instant) -> Vec<StoredMark>;
    fn name_marks(column: &OneTimeKey, names: &[(String, PersonId)]) -> u64;
    fn forget_marks(column: &OneTimeKey) -> u64;
});

faulty!(Shortcuts {
    fn at_hand(person: &PersonId, at: &Uai) -> AtHand;
    fn add_favourite(person: &PersonId, at: &Uai, service: &ServiceId, now: Instant) -> ();
    fn remove_favourite(person: &PersonId, at: &Uai, service: &ServiceId) -> ();
    fn note_opened(person: &PersonId, at: &Uai, service: &ServiceId, now: Instant) -> ();
    fn language_of(person: &PersonId) -> Option<String>;
    fn choose_language(person: &PersonId, language: Option<&str>) -> ();
});

faulty!(Factors {
    fn add_factor(factor: &Factor) -> ();
    fn factor(id: &FactorId) -> Option<Factor>;
    fn factors_of(person: &PersonId) -> Vec<Factor>;
    fn use_factor(used: &FactorUse) -> ();
    fn answer_by_factor(used: &FactorUse, answers: &KeptThing) -> ();
    fn rename_factor(person: &PersonId, id: &FactorId, name: &str) -> ();
    fn remove_factor(person: &PersonId, id: &FactorId, another: bool) -> ();
    fn replace_factors(person: &PersonId, kind: FactorKind, with: &[Factor]) -> u64;
    fn passkeys_by_domain() -> Vec<BoundTo>;
    fn forget_factors(person: &PersonId) -> u64;
});

faulty!(Letters {
    fn post_letters(letters: &[Letter]) -> u64;
    fn post_request(request: &Letter, most: u32) -> ();
    fn answer_request(request: &str, answers: &[Answer], now: Instant, delays: Delays) -> Option<Vec<bool>>;
    fn take_letters(now: Instant, again: Instant, limit: u32) -> Vec<TakenLetter>;
    fn settle_letter(id: &str) -> ();
    fn drop_letter(id: &str) -> ();
    fn postpone_letter(id: &str, until: Instant) -> ();
    fn waiting_letters(now: Instant) -> WaitingLetters;
});

faulty!(Activations {
    fn credential_of_login(login: &str) -> Option<Credential>;
    fn credential_of(person: &PersonId) -> Option<Credential>;
    fn put_activations(codes: &[Activation]) -> ();
    fn activation(key: &OneTimeKey, now: Instant) -> Option<Activation>;
    fn activation_of(person: &PersonId, now: Instant) -> Option<Activation>;
    fn provided(people: &[PersonId], now: Instant) -> HashSet<PersonId>;
    fn take_activation_back(person: &PersonId) -> ();
    fn births_of(person: &PersonId) -> Vec<KeptBirth>;
    fn begin_date(key: &OneTimeKey, now: Instant) -> Option<u32>;
    fn end_date(key: &OneTimeKey, right: bool, most: u32) -> bool;
    fn activate(key: &OneTimeKey, login: &str, hash: &str, now: Instant) -> Option<PersonId>;
    fn reset_password(key: &OneTimeKey, person: &PersonId, hash: &str, now: Instant) -> bool;
    fn accept_charte(person: &PersonId, version: &str, at: Instant) -> ();
    fn charte_accepted(person: &PersonId, version: &str) -> Option<Instant>;
});

faulty!(Cards {
    fn put_cards(cards: &[ClassCard]) -> ();
    fn card(key: &OneTimeKey) -> Option<ClassCard>;
    fn card_of(person: &PersonId) -> Option<ClassCard>;
    fn cards_of(place: &ClassPlace) -> Vec<ClassCard>;
    fn tap(key: &OneTimeKey, pictures: &OneTimeKey, now: Instant) -> Option<Tapped>;
    fn revoke_card(place: &ClassPlace, person: &PersonId) -> bool;
    fn restore_card(place: &ClassPlace, person: &PersonId) -> bool;
    fn leave_card(place: &ClassPlace, person: &PersonId) -> bool;
    fn open_lesson(lesson: &Lesson) -> ();
    fn lesson(place: &ClassPlace, now: Instant) -> Option<Lesson>;
    fn end_lesson(place: &ClassPlace, now: Instant) -> bool;
    fn card_sessions(place: &ClassPlace, now: Instant) -> Vec<Session>;
});

faulty!(Throttle {
    fn count_attempt(key: &str, now: Instant, delays: Delays) -> Attempt;
    fn begin_attempt(key: &str, now: Instant, delays: Delays) -> Attempt;
    fn fail_attempt(key: &str) -> ();
    fn uncount_attempt(key: &str, now: Instant, delays: Delays) -> ();
    fn is_counted(key: &str, since: Instant) -> bool;
    fn forgive(key: &str) -> ();
    fn remember_device(key: &str, now: Instant) -> ();
    fn device_known(key: &str, now: Instant) -> bool;
});

faulty!(Operations {
    fn sweep(now: Instant, audit_before: Instant, limit: u32) -> Swept;
    fn ready() -> ();
    fn health() -> Health;
    fn acquire_lease(name: &str, holder: &str, now: Instant, until: Instant) -> bool;
    fn release_lease(name: &str, holder: &str) -> ();
});

faulty!(
    Audit {
        fn flush_audit() -> ();
        fn audit_of(correlation: &CorrelationId) -> Vec<AuditEvent>;
        fn audit_about(person: &PersonId, since: Instant, limit: u32) -> Vec<AuditEvent>;
        fn audit_of_kinds(person: &PersonId, kinds: &[AuditKind], since: Instant, limit: u32) -> Vec<AuditEvent>;
        fn audit_entries(from: i64, limit: u32) -> Vec<Entry>;
        fn audit_seals() -> Vec<Seal>;
    }
    fn record(&self, event: AuditEvent) {
        self.inner.record(event);
    }
);

/// Nobody asks for these: the hub tells services in the background, whenever it comes to it.
#[async_trait]
impl Outbox for FaultyStore {
    async fn take_notices(
        &self,
        now: Instant,
        again: Instant,
        busy: &[ServiceId],
        each: u32,
        limit: u32,
    ) -> Result<Vec<Notice>> {
        self.inner.take_notices(now, again, busy, each, limit).await
    }

    async fn settle_notices(&self, ids: &[i64]) -> Result<()> {
        self.inner.settle_notices(ids).await
    }

    async fn refuse_notices(&self, ids: &[i64]) -> Result<()> {
        self.inner.refuse_notices(ids).await
    }

    async fn yet_to_hear(&self, visits: &[Visit]) -> Result<YetToHear> {
        self.inner.yet_to_hear(visits).await
    }

    async fn yet_to_hear_of(&self, people: &[PersonId]) -> Result<YetToHear> {
        self.inner.yet_to_hear_of(people).await
    }

    async fn postpone_notice(&self, id: i64, until: Instant) -> Result<()> {
        self.inner.postpone_notice(id, until).await
    }
}
