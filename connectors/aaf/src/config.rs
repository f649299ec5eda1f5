//! What the configuration says of the deliveries of an academy.

use preau_connector_api::{OpenContext, Problem, profiles_of};
use preau_ent::{Mapping, Rules};
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::PathBuf;

/// A complete example, for the reference page and `preau config example`.
pub(crate) const EXAMPLE: &str = r#"# Folder of the deliveries of the second degree (collèges, lycées), and of the first (écoles): .tgz archives, folders or files,
# complete deliveries and deltas side by side. One of the two is enough.
second_degree = "aaf/2d"
first_degree = "aaf/1d"
# Source of the join keys that are kept without their prefix, should they have one: AC-NOTOS$4512345 becomes 4512345.
academy = "AC-NOTOS"
# Most days between two deliveries of a chain: a delta that comes later misses one before it, and is not taken. Deltas of
# every working day are four days apart at Easter.
delta_gap_days = 4
# A last file that is as full as those before it may not be the last: the delivery counts as incomplete, unless this says
# that such a file may be the last one.
full_file_may_be_last = false
# Whether a person in charge (legal weight 2) gets the parents' view like a legal representative. A contact never does.
legal_in_charge = false
# Profiles whose date of birth is asked for when one of them uses an activation code, such as "National_ELV". Only then is it read, of them alone, and
# a code of it is kept in its place. Nobody's by default.
confirm_birth_date = []
# Mappings of attributes, when the files do not follow the ministry's specification.
# second_degree_mapping = "aaf-2d.toml"
# first_degree_mapping = "aaf-1d.toml"
"#;

/// Deliveries of AAF.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Folder (or archive) of the deliveries of the second degree.
    #[serde(default)]
    second_degree: Option<String>,
    /// Folder (or archive) of the deliveries of the first degree.
    #[serde(default)]
    first_degree: Option<String>,
    /// Source of the join keys that are kept without their prefix.
    #[serde(default)]
    academy: Option<String>,
    /// Most days between two deliveries of a chain, 1 to 31.
    #[serde(default = "delta_gap_days")]
    delta_gap_days: i64,
    /// Whether the last file of a kind may be as full as those before it.
    #[serde(default)]
    full_file_may_be_last: bool,
    /// Whether legal weight 2 opens the parents' view.
    #[serde(default)]
    legal_in_charge: bool,
    /// Profiles whose date of birth is asked for with an activation code.
    #[serde(default)]
    confirm_birth_date: Vec<String>,
    /// Mapping of attributes of the second degree; that of the specification if absent.
    #[serde(default)]
    second_degree_mapping: Option<String>,
    /// Mapping of attributes of the first degree; that of the specification if absent.
    #[serde(default)]
    first_degree_mapping: Option<String>,
}

fn delta_gap_days() -> i64 {
    4
}

/// What the rest of the crate works with.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) rules: Rules,
    pub(crate) gap: i64,
    /// Whether a last file may be as full as those before it.
    pub(crate) full_may_be_last: bool,
    /// The second degree first: of somebody whom both have, its word counts.
    pub(crate) degrees: Vec<Place>,
}

/// Where the deliveries of a degree are, and how they are read.
#[derive(Debug)]
pub(crate) struct Place {
    /// "second degree" or "first degree".
    pub(crate) called: &'static str,
    pub(crate) path: PathBuf,
    pub(crate) mapping: Mapping,
}

impl Settings {
    /// Reads the table of a source; every problem at once.
    pub(crate) fn read(context: &OpenContext<'_>) -> Result<Settings, Vec<Problem>> {
        let config: Config = context.settings()?;
        let mut problems = Vec::new();
        let mut degrees = Vec::new();
        let confirmed = profiles_of(&config.confirm_birth_date).unwrap_or_else(|what| {
            problems.push(Problem::new(context.at("confirm_birth_date"), what));
            Vec::new()
        });
        for (called, key, path, mapping, built_in) in [
            (
                "second degree",
                "second_degree_mapping",
                &config.second_degree,
                &config.second_degree_mapping,
                Mapping::aaf_2d as fn() -> Mapping,
            ),
            (
                "first degree",
                "first_degree_mapping",
                &config.first_degree,
                &config.first_degree_mapping,
                Mapping::aaf_1d,
            ),
        ] {
            let mapping = mapping.as_deref().map_or_else(|| Ok(built_in()), |file| parse(context, file));
            let mapping = match mapping.and_then(|mapping| mapping.confirming(&confirmed)) {
                Ok(mapping) => mapping,
                Err(what) => {
                    problems.push(Problem::new(context.at(key), what));
                    continue;
                }
            };
            if let Some(path) = path {
                degrees.push(Place { called, path: context.path(path), mapping });
            }
        }
        if config.second_degree.is_none() && config.first_degree.is_none() {
            problems.push(Problem::new(context.at("second_degree"), "name a folder here, in first_degree, or in both"));
        }
        if config.second_degree.is_some() && config.second_degree == config.first_degree {
            problems.push(Problem::new(context.at("first_degree"), "each degree has a folder of its own"));
        }
        if !(1..=31).contains(&config.delta_gap_days) {
            problems.push(Problem::new(context.at("delta_gap_days"), "must lie between 1 and 31"));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let rules =
            Rules { source: context.source.clone(), academy: config.academy, in_charge: config.legal_in_charge };
        let full_may_be_last = config.full_file_may_be_last;
        Ok(Settings { rules, gap: config.delta_gap_days, full_may_be_last, degrees })
    }
}

fn parse(context: &OpenContext<'_>, file: &str) -> Result<Mapping, String> {
    let path = context.path(file);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    Mapping::parse(&text).map_err(|error| format!("{}: {error}", path.display()))
}
