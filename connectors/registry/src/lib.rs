//! The visible list of connector kinds, and the service catalogue.
