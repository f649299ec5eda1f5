//! The promises of the storage port, run by both back ends.
