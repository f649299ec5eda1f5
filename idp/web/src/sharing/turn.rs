//! What is too long for one page is read page by page.

use super::MOST_SHOWN;
use crate::{Fault, Fields};

/// Last page that is looked for: whoever asks for a later one is shown that.
const LAST: u32 = 10_000;

/// Which page is shown, by a field of the address, and whether there is one after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub field: &'static str,
    pub page: u32,
    pub more: bool,
}

impl Turn {
    /// The page that an address asks for.
    pub fn read(fields: &Fields, field: &'static str) -> Result<Turn, Fault> {
        let page = fields.one(field)?.and_then(|page| page.parse().ok()).unwrap_or(1);
        Ok(Turn { field, page: u32::clamp(page, 1, LAST), more: false })
    }

    /// The first.
    pub fn first(field: &'static str) -> Turn {
        Turn { field, page: 1, more: false }
    }

    /// What stands on earlier pages.
    pub fn skip(self) -> u32 {
        (self.page - 1) * MOST_SHOWN
    }

    /// How many to ask for: one more than is shown.
    pub fn limit(self) -> u32 {
        MOST_SHOWN + 1
    }

    /// What is shown of what was read.
    pub fn cut<T>(&mut self, read: &mut Vec<T>) {
        self.more = read.len() > MOST_SHOWN as usize;
        read.truncate(MOST_SHOWN as usize);
    }
}
