//! The visible list of the protocols Préau speaks.
