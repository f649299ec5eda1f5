//! What two ENTs share, as rules: how a convention is drawn up, signed, stopped and ended; what a space may be; what a list of guests says
//! and when it is refused; how many guests a pair of schools needs; who of them is a pupil of ours by now.
//!
//! Pure: it reads no database, no clock and no key. Its nouns are `preau_domain`'s, storage is `preau_store::Hosting`, whether a signature is
//! right is found out by `idp/web`, and what a guest may open is decided in `policy`.

mod arrival;
mod convention;
mod estimate;
mod list;
mod refusal;
mod space;
mod typed;

pub use arrival::{Arrival, Becomes, Sign, arrivals, becomes};
pub use convention::{Act, Amendment, act, amend, may_be_typed, problems_of_convention, sign, terms};
pub use estimate::{Estimate, Needed, is_shared, teachers_of};
pub use list::{
    Head, Listed, MOST_GUESTS, RECALL_TYP, Recall, TYP, admission, check, names_a_list, read_body, read_head,
    write_body,
};
pub use refusal::{Problem, Reason, Why};
pub use space::{Manager, managers, may_manage, next_summer, problem_of_opening, problems_of_space};
pub use typed::{MOST_TYPED, TypedLine, read_typed};

use preau_domain::Seconds;

/// How long a guest may stay away before they are a guest no more.
pub const UNUSED: Seconds = Seconds(180 * 86_400);
/// How long a list holds after it was signed.
pub const LIST_HOLDS: Seconds = Seconds(7 * 86_400);
