//! Who may open what, and which attributes leave: pure, without HTTP, without async, without a clock.
//!
//! [`Facts`] is what is known of a person, prepared once. [`AccessRules`] is every mounted service's audience and the
//! house rules of `policy/rules/`, compiled once. [`access()`] puts the two together and says why; [`explain()`] says it at
//! length; [`release()`] makes the only thing a protocol may send to a service, and [`sent()`] says it in words. Audiences and release rules are data of
//! `preau-domain`; what a refused person reads is written in `idp/web`, by the key of the [`Reason`].

mod access;
mod answers;
mod explain;
mod facts;
mod gains;
mod golden;
mod inspection;
mod levels;
mod population;
mod reason;
mod release;
mod rules;
mod said;
mod second_key;
mod sent;
mod whom;

pub use access::{Decision, access, access_in, opens};
pub use explain::{AffiliationCheck, Explanation, PopulationCheck, explain};
pub use facts::{Facts, Prepared, Proof};
pub use gains::{Gains, Moved};
pub use golden::{GoldenAnswer, GoldenAnswers, INVENTED, InventedPeople, Judged};
pub use inspection::inspecting;
pub use population::{Criterion, Miss, within};
pub use reason::{Change, Reason, Refusal};
pub use release::{MAX_VALUE, MAX_VALUES, ReleaseRefused, Released, Values, check_release, release, role};
pub use rules::AccessRules;
pub use said::{window_en, window_fr};
pub use second_key::{Locked, Openings, Standing};
pub use sent::{GRADES, HOME, ROSTER, Sent, Words, identifier_words, sent, words};
pub use whom::{Said, concerned, people, profile_words};
