//! The connector against a real slapd, and against servers that behave badly.

mod changes;
mod configuration;
mod cut_short;
mod doubles;
mod encryption;
mod large;
mod reading;
mod sign_in;
mod support;
mod timing;
mod trouble;
mod version;
