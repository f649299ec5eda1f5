//! Which files make the deliveries in force: the latest complete one, and the deltas after it in the order of their days.
//! A file that is missing, there twice, or of another feed makes what is there no delivery.

use crate::archive;
use crate::name::{Day, Kind, Mode, Name, READ};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Most files of a folder of deliveries.
const MAX_PARTS: usize = 10_000;

/// How much of a file or an archive is looked at to say about how many records there are, and what each begins with.
const BEGINNING: u64 = 8 << 20;
const RECORD: &[u8] = b"<addRequest";

/// A file of the folder.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    path: PathBuf,
    /// Its name below the folder.
    pub(crate) shown: String,
    stamp: Stamp,
    /// What a file says of itself; `None` for an archive, which must be asked.
    name: Option<Name>,
}

/// What changes whenever a file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

impl Stamp {
    fn of(found: &Metadata) -> Stamp {
        Stamp {
            device: found.dev(),
            inode: found.ino(),
            size: found.size(),
            changed: (found.ctime(), found.ctime_nsec()),
        }
    }
}

impl Part {
    /// A text that is another one when the file is.
    pub(crate) fn version(&self) -> String {
        format!("{} {:?}", self.shown, self.stamp)
    }

    /// Opens the very file that was listed.
    fn open(&self) -> Result<File, String> {
        let opened = fs::symlink_metadata(&self.path).and_then(|found| {
            if found.is_file() { File::open(&self.path) } else { Err(io::Error::other("it is no file")) }
        });
        let file = opened.map_err(|error| format!("{} cannot be read: {error}", self.shown))?;
        match file.metadata() {
            Ok(found) if Stamp::of(&found) == self.stamp => Ok(file),
            _ => Err(format!("{} changed while it was read", self.shown)),
        }
    }
}

/// The files of a folder of deliveries, of folders in it, or of one archive, in the order of their names.
pub(crate) fn list(place: &Path) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let found = fs::symlink_metadata(place).map_err(|error| unreadable(place, &error))?;
    if found.is_file() {
        let shown = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
        take(&mut parts, place, shown, &found)?;
    } else {
        folder(&mut parts, place, "", true)?;
    }
    parts.sort_by(|a, b| a.shown.cmp(&b.shown));
    Ok(parts)
}

fn unreadable(place: &Path, error: &io::Error) -> String {
    format!("{} cannot be read: {error}", place.display())
}

fn folder(parts: &mut Vec<Part>, place: &Path, before: &str, deeper: bool) -> Result<(), String> {
    for found in fs::read_dir(place).map_err(|error| unreadable(place, &error))? {
        let path = found.map_err(|error| unreadable(place, &error))?.path();
        let Some(file) = path.file_name().and_then(|name| name.to_str()).filter(|name| !name.starts_with('.')) else {
            continue;
        };
        let shown = format!("{before}{file}");
        let found = fs::symlink_metadata(&path).map_err(|error| unreadable(&path, &error))?;
        if found.is_dir() && deeper {
            folder(parts, &path, &format!("{shown}/"), false)?;
        } else {
            take(parts, &path, shown, &found)?;
        }
        if parts.len() > MAX_PARTS {
            return Err(format!("{} holds more than {MAX_PARTS} files: move the old ones away", place.display()));
        }
    }
    Ok(())
}

/// Takes a file or an archive of AAF; anything else is passed over.
fn take(parts: &mut Vec<Part>, path: &Path, shown: String, found: &Metadata) -> Result<(), String> {
    let file = shown.rsplit('/').next().unwrap_or_default();
    let archive = [".tgz", ".tar.gz"].iter().any(|end| file.ends_with(end));
    let name = Name::parse(file);
    if !archive && name.is_none() {
        return if file.ends_with(".xml") { Err(misnamed(&shown)) } else { Ok(()) };
    }
    if !found.is_file() {
        return Err(format!("{shown} is no file: links are not followed"));
    }
    let name = if archive { None } else { name };
    parts.push(Part { path: path.to_owned(), shown, stamp: Stamp::of(found), name });
    Ok(())
}

fn misnamed(shown: &str) -> String {
    let shown = preau_domain::display_safe(shown, 100);
    format!("{shown} is not named like a file of AAF, such as ENT2D_Complet_20260901_Eleve_0000.xml")
}

/// Everything of one day.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) mode: Mode,
    pub(crate) day: Day,
    prefix: String,
    parts: Vec<Part>,
}

/// The deliveries in force.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) complete: Delivery,
    pub(crate) deltas: Vec<Delivery>,
    /// Why a delta that is there is not among them.
    pub(crate) broken: Option<String>,
}

/// Puts files together to deliveries and chooses those in force. Two that are more than `gap` days apart miss one between
/// them.
pub(crate) fn chain(parts: Vec<Part>, gap: i64) -> Result<Chain, String> {
    let mut deliveries: BTreeMap<(Mode, Day), Delivery> = BTreeMap::new();
    for part in parts {
        let Some(name) = part.name.clone().map_or_else(|| peek(&part), |name| Ok(Some(name)))? else { continue };
        let new = || Delivery { mode: name.mode, day: name.day, prefix: name.prefix.clone(), parts: Vec::new() };
        deliveries.entry((name.mode, name.day)).or_insert_with(new).parts.push(part);
    }
    let latest = deliveries.keys().filter(|(mode, _)| *mode == Mode::Complete).max().copied();
    let latest = latest.ok_or("there is no complete delivery: deltas alone say nothing of who is there")?;
    let complete = deliveries.remove(&latest).ok_or("there is no complete delivery")?;
    // A delta of the same day is in the complete delivery already.
    let later = deliveries.into_values().filter(|d| d.mode == Mode::Delta && d.day > complete.day);
    let (mut deltas, mut broken, mut before): (Vec<Delivery>, _, _) = (Vec::new(), None, complete.day);
    for delta in later {
        let days = delta.day.since(before);
        if days > gap {
            broken = Some(format!(
                "the delta of {} comes {days} days after the delivery before it, of {before}: one is missing between them. \
                 Ask for it, or for a complete delivery (delta_gap_days = {gap})",
                delta.day
            ));
            break;
        }
        if delta.prefix != complete.prefix {
            let (one, other) = (&complete.prefix, &delta.prefix);
            return Err(format!("files of two feeds are in one folder, {one} and {other}: each needs its own"));
        }
        before = delta.day;
        deltas.push(delta);
    }
    Ok(Chain { complete, deltas, broken })
}

/// What the first file of an archive says of itself; an archive holds one delivery.
fn peek(part: &Part) -> Result<Option<Name>, String> {
    let mut first = None;
    archive::each(part.open()?, |file, _| {
        first = Name::parse(file);
        Ok(first.is_none())
    })
    .map_err(|what| format!("{}: {what}", part.shown))?;
    Ok(first)
}

impl Delivery {
    /// Calls `each` with every file of these kinds. An error says which file; at the end every file was there, or it is one.
    pub(crate) fn files<F>(&self, kinds: &[Kind], mut each: F) -> Result<(), String>
    where
        F: FnMut(&Name, &mut dyn Read) -> Result<(), String>,
    {
        let mut names = BTreeSet::new();
        let mut one = |name: &Name, bytes: &mut dyn Read| {
            if name.prefix != self.prefix || (name.mode, name.day) != (self.mode, self.day) {
                return Err(format!("{name} is of another delivery than the files beside it"));
            }
            if !names.insert(name.clone()) {
                return Err(format!("{name} is there twice"));
            }
            let read = if kinds.contains(&name.kind) { each(name, bytes) } else { Ok(()) };
            read.map_err(|what| format!("{name}: {what}"))
        };
        for part in &self.parts {
            let file = part.open()?;
            if let Some(name) = &part.name {
                one(name, &mut &file)?;
                continue;
            }
            archive::each(file, |file, bytes| {
                match Name::parse(file) {
                    Some(name) => one(&name, bytes)?,
                    None if file.ends_with(".xml") => return Err(misnamed(file)),
                    None => {}
                }
                Ok(true)
            })
            .map_err(|what| format!("{}: {what}", part.shown))?;
        }
        self.is_whole(&names)
    }

    /// About how many records it holds, by how many stand at the beginning of each file or archive.
    pub(crate) fn about(&self) -> Result<u64, String> {
        let mut all = 0;
        for part in &self.parts {
            let (mut file, mut begins) = (part.open()?, Vec::new());
            let taken = if part.name.is_some() {
                (&mut file).take(BEGINNING).read_to_end(&mut begins).map(|read| read as u64)
            } else {
                archive::begins(file, BEGINNING, &mut begins)
            };
            let taken = taken.map_err(|error| format!("{} cannot be read: {error}", part.shown))?;
            let records = begins.windows(RECORD.len()).filter(|bytes| *bytes == RECORD).count() as u64;
            all += records.saturating_mul(part.stamp.size).checked_div(taken).unwrap_or(0);
        }
        Ok(all)
    }

    /// Whether no file is missing: none of those before the last of its kind, and in a complete delivery no kind.
    fn is_whole(&self, names: &BTreeSet<Name>) -> Result<(), String> {
        let mut before: Option<&Name> = None;
        for name in names {
            let same = before.filter(|before| before.word() == name.word());
            let expected = same.map_or(0, |before| before.sequence + 1);
            if name.sequence != expected {
                let missing = name.numbered(expected);
                return Err(format!("{missing} is missing: the delivery of {} is not whole", self.day));
            }
            before = Some(name);
        }
        let missing = READ.into_iter().find(|kind| names.iter().all(|name| name.kind != *kind));
        match missing {
            Some(kind) if self.mode == Mode::Complete => {
                Err(format!("no file of {} is in the complete delivery of {}", kind.word(), self.day))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(files: &[&str]) -> BTreeSet<Name> {
        files.iter().map(|file| Name::parse(file).expect("a name")).collect()
    }

    fn delivery(mode: Mode, names: &BTreeSet<Name>) -> Delivery {
        let first = names.first().expect("a file");
        Delivery { mode, day: first.day, prefix: first.prefix.clone(), parts: Vec::new() }
    }

    #[test]
    fn a_missing_file_is_missed() {
        let whole = [
            "E_Complet_20260901_EtabEducNat_0000.xml",
            "E_Complet_20260901_Eleve_0000.xml",
            "E_Complet_20260901_Eleve_0001.xml",
            "E_Complet_20260901_PersRelEleve_0000.xml",
            "E_Complet_20260901_PersEducNat_0000.xml",
            "E_Complet_20260901_MefEducNat_0000.xml",
            "E_Complet_20260901_MatiereEducNat_0000.xml",
        ];
        let is_whole = |mode, files: &[&str]| delivery(mode, &names(files)).is_whole(&names(files));
        assert_eq!(is_whole(Mode::Complete, &whole), Ok(()));
        for missing in 0..5 {
            let files: Vec<&str> = whole.iter().enumerate().filter(|(n, _)| *n != missing).map(|(_, f)| *f).collect();
            // The last file of a kind is not missed by its number: what a feed says of itself has no count.
            assert_eq!(is_whole(Mode::Complete, &files).is_ok(), missing == 2, "{missing}");
        }
        let delta = ["E_Delta_20260902_Eleve_0000.xml"];
        assert_eq!(is_whole(Mode::Delta, &delta), Ok(()), "a day on which no teacher changed");
        assert!(is_whole(Mode::Delta, &["E_Delta_20260902_Eleve_0001.xml"]).is_err());
    }
}
