//! Dates of birth are told to be compared one day, and not to be kept: a code of date and record stands in their place before a record is
//! digested, waits in the spool or is compared with anything.

use preau_connector_api::{Birth, PersonRecord};
use preau_domain::{BirthDate, JoinKey, SourceId};
use std::fmt;
use std::sync::Arc;

type Code = dyn Fn(&JoinKey, &BirthDate) -> String + Send + Sync;

/// Makes the codes; where nothing does, nothing is kept.
#[derive(Clone, Default)]
pub struct BirthCodes(Option<Arc<Code>>);

impl BirthCodes {
    /// Codes as this makes them, under a key of the house.
    pub fn new(code: impl Fn(&JoinKey, &BirthDate) -> String + Send + Sync + 'static) -> Self {
        BirthCodes(Some(Arc::new(code)))
    }

    /// Puts the code in place of the date. Says whether there was something that is no date: nothing is left of it.
    pub(crate) fn replace(&self, source: &SourceId, record: &mut PersonRecord) -> bool {
        let told = std::mem::take(&mut record.birth);
        if let (Birth::Told(date), Some(code)) = (&told, &self.0) {
            let of = JoinKey { source: source.clone(), key: record.key.clone() };
            record.birth = Birth::Coded(code(&of, date));
        }
        told == Birth::Unread
    }
}

impl fmt::Debug for BirthCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthCodes")
    }
}
