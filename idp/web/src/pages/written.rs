//! The form by which a teacher writes the list of a class whose school signs none.

use super::Page;
use crate::sharing::{Preview, Typing};
use preau_domain::{Public, Space, display_safe};
use preau_hosting::MOST_TYPED;

/// What stands in place of the form for a signed list.
pub(super) struct Writing {
    /// Whether it can be written here.
    pub typing: Typing,
    pub hint: String,
    /// Classes of pupils of the other school: what the form says, what people read, and whether it is the one that was chosen.
    pub classes: Vec<(String, String, bool)>,
    /// What was written, where it is to be mended.
    pub text: String,
}

impl Writing {
    pub(super) fn of(page: &Page<'_>, space: &Space, typing: Typing, preview: Option<&Preview>) -> Writing {
        let chosen = preview.and_then(|preview| preview.typed.as_ref()).map(|(class, _)| class.as_str());
        let theirs =
            space.groups.iter().filter(|group| group.public == Public::Pupil && group.establishment != space.host);
        let classes = theirs.map(|group| {
            let (said, class) = (format!("{} {}", group.establishment, group.code), display_safe(&group.code, 64));
            let words = [("class", class.as_str()), ("place", group.establishment.as_str())];
            let label = page.texts.with(page.locale, "space-class", &words);
            let is_it = chosen == Some(said.as_str());
            (said, label, is_it)
        });
        Writing {
            typing,
            hint: page.with("space-write-hint", "most", &MOST_TYPED.to_string()),
            classes: classes.collect(),
            text: preview.filter(|one| one.typed.is_some()).map(|one| one.text.clone()).unwrap_or_default(),
        }
    }
}
