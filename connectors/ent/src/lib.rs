//! The ENT schema: what entries of structures and people say, whoever hands them over.
//!
//! Two renderings of one model are in use: a directory, whose values name structures by DN, and the files of AAF, whose
//! values name them by join key. Both come here as entries (`entry`), a name with bounded attributes. Which attribute
//! carries what is data, one file of `mapping/` for each rendering, read by `mapping`. What an entry means is decided once:
//! `structures` resolves names of structures, `people` says who is what where, `guardians` keeps what pupils say of
//! adults until the adults' turn comes, `ties` writes the same down for a later reading of changes alone, and `keys` keeps the join keys of academies apart. Where entries come from, and
//! whether all of them came, is for `connectors/ldap` and `connectors/aaf`.

mod entry;
mod guardians;
mod keys;
mod mapping;
mod people;
mod structures;
mod ties;

pub use entry::{Entry, Misfit, comparable_dn};
pub use keys::{Keys, bare_key};
pub use mapping::{Field, Fields, KindRule, Mapping, OneOf, People, Pupils, Staff, Structures, Vector};
pub use people::{Everybody, Rules};
pub use structures::{MAX_GROUPS, Place, Table};
pub use ties::{ENTRY, adult_of};

/// Raised when another record is made of the same entry: what was read before must then be read again.
pub const READER: u32 = 4;
