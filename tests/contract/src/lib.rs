//! The promises of the storage port as functions, one file per trait. Each case takes an empty store and panics when a
//! promise is broken; `tests/both` runs every case on SQLite and on PostgreSQL, each on a database of its own.
//! A method of the port without a case here does not exist.

#![expect(clippy::unwrap_used, reason = "an answer that fails is a promise broken, and ends its case")]

pub mod activations;
pub mod arrivals;
pub mod audit;
pub mod cards;
pub mod establishments;
pub mod factors;
pub mod federation;
pub mod fixture;
pub mod grants;
pub mod guest_stops;
pub mod hosting;
pub mod inspections;
pub mod kept;
pub mod letters;
pub mod life;
pub mod marks;
pub mod operations;
pub mod outbox;
pub mod pairings;
pub mod people;
pub mod provisioning;
pub mod registrations;
pub mod sessions;
pub mod shortcuts;
pub mod sign_ins;
pub mod signing_keys;
pub mod throttle;
pub mod tickets;
