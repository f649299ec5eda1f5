//! A whole small world for tests with real clients: an annuaire in a real OpenLDAP, preau as its operator runs it, sites
//! behind real CAS clients, and visitors. The servers are in `tests/rig`; the stories in `tests/clients/tests/`.

mod visitor;
mod world;

pub use visitor::{Form, Page, Visitor};
pub use world::World;
