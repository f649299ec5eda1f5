//! The nouns of the house: person, establishment, affiliation, service, session, pending sign-in, ticket, grant, audit
//! event and its chain.
//!
//! Owns what things *are* and the small rules that hold wherever they are used. It has no input or output, no async,
//! and reads neither clock nor randomness: [`Clock`] and [`Ids`] are arguments, given by the assembly.
//! Storage lives in `idp/store`, decisions in `policy`, everything people see in `idp/web`.

mod activation;
mod at_hand;
mod audience;
mod audit;
mod birth;
mod card;
pub mod chain;
mod delegation;
mod establishment;
mod factor;
mod federation;
mod grant;
mod hosting;
mod ids;
mod inspection;
mod kept;
mod levels;
mod life;
mod opening;
mod person;
mod precedence;
mod profile;
mod registration;
mod release;
mod service;
mod session;
mod sign_in;
mod signing_key;
mod text;
mod ticket;
mod time;
mod vector;
mod window;

pub use activation::{Activation, Credential};
pub use at_hand::AtHand;
pub use audience::{Audience, Population, Role, RoleGrant};
pub use audit::{AuditEvent, AuditKind};
pub use birth::BirthDate;
pub use card::{ClassCard, ClassPlace, Lesson, Tapped};
pub use delegation::Delegation;
pub use establishment::{Establishment, EstablishmentKind, Group, GroupKind, Uai};
pub use factor::{Factor, FactorKind};
pub use federation::{FederatedIdentity, FederatedLink, Upstream};
pub use grant::{Grant, GrantKind};
pub use hosting::{
    Convention, ConventionState, GUESTS, Guest, GuestList, GuestStop, Lifter, Peer, SPACE_GROUP, SchoolPair, Signatory,
    Space, SpaceGrant, SpaceGroup, StopLift, alike, guest_key, guests_named_since, member_by_name, stops_convention,
    stops_guest,
};
pub use ids::{CorrelationId, FactorId, Ids, OneTimeKey, PendingId, PersonId, RunId, ServiceId, SessionId, SourceId};
pub use inspection::Inspection;
pub use kept::{KeptKind, KeptThing};
pub use levels::{Levels, Narrowing};
pub use life::{CLOCK_LEAP, Life, LifeEvent, Retention, leapt};
pub use opening::Opening;
pub use person::{AccountState, Affiliation, Child, Credentials, Enrolment, JoinKey, Legal, Person};
pub use precedence::Precedence;
pub use profile::{Profile, Public};
pub use registration::{Registration, RegistrationKind};
pub use release::{Fact, Identifier, ReleaseRule};
pub use service::{MAX_URL, Service, TrustedUrl, UrlRule, strict_url};
pub use session::{Authentication, AuthnMethod, Session, Strength, Visit};
pub use sign_in::{PendingSignIn, Vouched};
pub use signing_key::StoredKey;
pub use text::{Bounded, bounded, display_safe, normalised_login, normalised_mail};
pub use ticket::{Ticket, TicketKind};
pub use time::{Clock, Instant, Seconds};
pub use vector::FrEduVecteur;
pub use window::{Day, Hours, LocalTime, Weekday, Window};
