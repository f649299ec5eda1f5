//! The connector against a real slapd, and against servers that behave badly.

mod reading;
mod sign_in;
mod support;
