//! What came of each story, for pages that are written from a run: with `STORY_RESULTS` naming a folder, a story that passed leaves
//! a file there, and one that begins takes away what it left before.

use std::fs;
use std::path::PathBuf;

/// The variable that names the folder.
const FOLDER: &str = "STORY_RESULTS";
/// The variable that names the folder of a run that is over.
pub const OVER: &str = "STORY_RESULTS_OF";

/// One story of this run, by its full name.
pub struct Result(Option<PathBuf>);

impl Result {
    /// Begins a story: nothing came of it yet.
    pub fn begin(story: &str) -> Result {
        let file = std::env::var_os(FOLDER).map(|folder| PathBuf::from(folder).join(story.replace("::", ".")));
        if let Some(file) = &file {
            fs::create_dir_all(file.parent().unwrap_or(file)).expect("the folder of results can be made");
            // It may not be there.
            let _ = fs::remove_file(file);
        }
        Result(file)
    }

    /// The story came to its end.
    pub fn passed(self) {
        if let Some(file) = self.0 {
            fs::write(file, "passed\n").expect("a result can be written");
        }
    }
}

/// Whether a story passed in the run that is over; absent where no run is named.
pub fn passed(story: &str) -> Option<bool> {
    let folder = std::env::var_os(OVER)?;
    Some(PathBuf::from(folder).join(story.replace("::", ".")).is_file())
}
