//! What an operator types about conventions with other ENTs, paired schools, shared spaces and guests.

use clap::{Args, Subcommand};
use preau_domain::{Day, Uai};
use std::path::PathBuf;

/// `preau conventions`.
#[derive(Debug, Subcommand)]
pub enum ConventionsCommand {
    /// Draw a convention up: nothing crosses before both parties signed it.
    Draft(Box<DraftArgs>),
    /// Note that a party signed.
    Sign {
        /// Its name.
        id: String,
        /// Name and office of whoever signed.
        #[arg(long, value_name = "TEXT")]
        by: String,
        /// The other party signed, and not we.
        #[arg(long)]
        peer: bool,
        /// The fingerprint that the other party reads at its side: unless it is ours, nothing is signed.
        #[arg(long, value_name = "TEXT")]
        fingerprint: Option<String>,
    },
    /// Change what both parties sign: purposes, data, dates, quota. Its signatures fall, its guests are out within seconds, and come in again once both signed anew.
    Amend(AmendArgs),
    /// Stop it for a while: its guests are out within seconds, and stay guests.
    Suspend {
        /// Its name.
        id: String,
    },
    /// Let it go on.
    Resume {
        /// Its name.
        id: String,
    },
    /// End it for good: its guests are guests no more.
    End {
        /// Its name.
        id: String,
    },
    /// Replace the keys of the other party.
    Keys {
        /// Its name.
        id: String,
        /// Its key set, a JSON file: what it publishes at `/oidc/jwks`.
        file: PathBuf,
    },
    /// List conventions, with how many guests each has.
    List {
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
}

/// `preau conventions draft`.
#[derive(Debug, Args)]
pub struct DraftArgs {
    /// The name both parties call it by: a-z, 0-9 and -.
    pub id: String,
    /// Public address of the other ENT.
    #[arg(long, value_name = "URL")]
    pub peer: String,
    /// What the other ENT is called.
    #[arg(long, value_name = "TEXT")]
    pub name: String,
    /// The source of the configuration by which its people sign in here; needed to take in lists.
    #[arg(long, value_name = "SOURCE")]
    pub provider: Option<String>,
    /// Nobody can vouch for its people there: they come by cards that the teacher of the space makes, and opens in a lesson.
    #[arg(long, conflicts_with_all = ["provider", "issuer"])]
    pub cards: bool,
    /// Nobody there signs lists either: a teacher of ours writes given names and initials that the school named, where the head of theirs said yes. The data
    /// must say « prénom » and « initiale ».
    #[arg(long, requires = "cards", conflicts_with = "keys")]
    pub typed: bool,
    /// The issuer (OpenID Connect) or entity (SAML) that this source proves to be; its address unless said otherwise.
    #[arg(long, value_name = "TEXT")]
    pub issuer: Option<String>,
    /// The service of ours by which our people sign in there; needed to export lists.
    #[arg(long, value_name = "SERVICE")]
    pub service: Option<String>,
    /// Its key set, a JSON file: what it publishes at `/oidc/jwks`. Its lists are signed with one of these.
    #[arg(long, value_name = "FILE", required_unless_present = "typed")]
    pub keys: Option<PathBuf>,
    /// What for. Several.
    #[arg(long, value_name = "TEXT", required = true)]
    pub purpose: Vec<String>,
    /// Which data. Several.
    #[arg(long, value_name = "TEXT", required = true)]
    pub data: Vec<String>,
    /// Establishments of the other party whose people may be invited, with commas.
    #[arg(long, value_name = "UAI", value_delimiter = ',', required = true)]
    pub establishments: Vec<Uai>,
    /// Establishments of ours it is for, with commas: whose spaces may be opened under it, and whose people go. All of them unless said.
    #[arg(long = "for", value_name = "UAI", value_delimiter = ',')]
    pub ours: Vec<Uai>,
    /// From the beginning of that day.
    #[arg(long, value_name = "DAY")]
    pub from: Day,
    /// Until the end of that day.
    #[arg(long, value_name = "DAY")]
    pub until: Day,
    /// How many guests there may be at once.
    #[arg(long, value_name = "NUMBER")]
    pub quota: u32,
}

/// `preau conventions amend`.
#[derive(Debug, Args)]
pub struct AmendArgs {
    /// Its name.
    pub id: String,
    /// What for, in place of what it says. Several.
    #[arg(long, value_name = "TEXT")]
    pub purpose: Vec<String>,
    /// Which data, in place of what it says. Several.
    #[arg(long, value_name = "TEXT")]
    pub data: Vec<String>,
    /// From the beginning of that day.
    #[arg(long, value_name = "DAY")]
    pub from: Option<Day>,
    /// Until the end of that day.
    #[arg(long, value_name = "DAY")]
    pub until: Option<Day>,
    /// How many guests there may be at once.
    #[arg(long, value_name = "NUMBER")]
    pub quota: Option<u32>,
}

/// `preau pairs`.
#[derive(Debug, Subcommand)]
pub enum PairsCommand {
    /// Say which écoles are paired with a collège: whatever the annuaire proposes, that stays.
    Declare {
        /// The collège.
        college: Uai,
        /// Its écoles.
        #[arg(required_unless_present = "proposed")]
        ecoles: Vec<Uai>,
        /// Those that the annuaire proposes.
        #[arg(long, conflicts_with = "ecoles")]
        proposed: bool,
    },
    /// Show the écoles of a collège: those declared, and those that the annuaire proposes by their sector; and of the schools that are known here the
    /// classes of the cycle, how many pupils each has, who teaches it, and the spaces that are for several of them.
    Show {
        /// The collège.
        college: Uai,
        /// Levels of the classes, with commas.
        #[arg(long, value_name = "LEVELS", value_delimiter = ',', default_value = "CM1,CM2,6EME")]
        levels: Vec<String>,
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
}

/// `preau spaces`.
#[derive(Debug, Subcommand)]
pub enum SpacesCommand {
    /// Open a space, or change one: what is said here takes the place of what was.
    Open(OpenSpaceArgs),
    /// Close a space: its guests are out of it within seconds.
    Close {
        /// Its name.
        id: String,
    },
    /// List spaces.
    List {
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
}

/// `preau spaces open`.
#[derive(Debug, Args)]
pub struct OpenSpaceArgs {
    /// Its name: a-z, 0-9 and -.
    pub id: String,
    /// What people read.
    #[arg(long, value_name = "TEXT")]
    pub title: String,
    /// The establishment that answers for it.
    #[arg(long, value_name = "UAI")]
    pub host: Uai,
    /// The convention by which guests come in; without one it has none.
    #[arg(long, value_name = "NAME")]
    pub convention: Option<String>,
    /// Who is in it: `UAI:CLASS:pupil:redacteur`, where CLASS is a class or group, then pupil or staff, then the role: visiteur, redacteur,
    /// redacteur-publication, moderateur or gestionnaire. Several.
    #[arg(long = "group", value_name = "GROUP", required = true)]
    pub groups: Vec<String>,
    /// Services it mounts, with commas. A service takes guests if its audience names the profile Invite.
    #[arg(long = "mount", value_name = "SERVICE", value_delimiter = ',')]
    pub services: Vec<String>,
    /// Until the end of that day, or until that time of it: `2027-06-30` or `2027-06-30T21:30`.
    #[arg(long, value_name = "DAY")]
    pub until: Until,
}

/// A last day, or a time of it as clocks in France show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Until {
    /// The day.
    pub day: Day,
    /// Second of the day; its end where none is said.
    pub second: Option<u32>,
}

impl std::str::FromStr for Until {
    type Err = String;
    fn from_str(text: &str) -> Result<Until, String> {
        const FORM: &str = "a time is written 21:30 or 21:30:15";
        let (day, time) = text.split_once('T').map_or((text, None), |(day, time)| (day, Some(time)));
        let day = day.parse::<Day>().map_err(str::to_owned)?;
        let Some(time) = time else { return Ok(Until { day, second: None }) };
        let parts: Option<Vec<u32>> =
            time.split(':').map(|part| part.parse().ok().filter(|_| part.len() == 2)).collect();
        match parts.as_deref() {
            Some(&[hour, minute, ref rest @ ..]) if hour < 24 && minute < 60 && rest.len() < 2 => {
                let second = rest.first().copied().unwrap_or(0);
                if second < 60 {
                    Ok(Until { day, second: Some(3_600 * hour + 60 * minute + second) })
                } else {
                    Err(FORM.to_owned())
                }
            }
            _ => Err(FORM.to_owned()),
        }
    }
}

/// `preau guests`.
#[derive(Debug, Subcommand)]
pub enum GuestsCommand {
    /// Count how many guests the schools of a pair make, from the levels of their pupils, and compare with the quota of a convention.
    Estimate {
        /// The collège of the pair.
        college: Uai,
        /// Levels, with commas.
        #[arg(long, value_name = "LEVELS", value_delimiter = ',', default_value = "CM1,CM2")]
        levels: Vec<String>,
        /// Pupils of the collège instead of those of its écoles.
        #[arg(long)]
        of_college: bool,
        /// The convention whose quota is compared with.
        #[arg(long, value_name = "NAME")]
        convention: Option<String>,
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// Write the list of people of ours who are to be guests elsewhere, signed with our key: given name, initial, class, and what we call each of
    /// them to the other ENT alone.
    Export {
        /// The convention.
        #[arg(long, value_name = "NAME")]
        convention: String,
        /// The space, as the other ENT calls it.
        #[arg(long, value_name = "NAME")]
        space: String,
        /// Whom: `UAI:CLASS:pupil` or `UAI:CLASS:staff`. Several.
        #[arg(long = "group", value_name = "GROUP", required = true)]
        groups: Vec<String>,
        /// Where to; a file that is there is not replaced.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Take in a list that another ENT signed. What is wrong with it refuses the whole of it, with the line.
    Import {
        /// The list.
        file: PathBuf,
        /// Say what would be done, and write nothing.
        #[arg(long)]
        dry_run: bool,
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// Take back what a list brought.
    Undo {
        /// The convention.
        convention: String,
        /// The name of the list, as its import gave it.
        list: String,
    },
    /// List guests.
    List(GuestsOfArgs),
    /// Give the guests of a space more time, at most as long as space, convention and school year last.
    Renew {
        /// The space.
        #[arg(long, value_name = "NAME")]
        space: String,
        /// Until the end of that day.
        #[arg(long, value_name = "DAY")]
        until: Day,
    },
    /// Propose which pupils of an establishment were guests of its spaces, and are guests no more: same given name, same initial, and a level that
    /// follows or a school that is paired with it; not those whom somebody refused. Its head is proposed the same on a page. None of it proves anything: a
    /// person who knows the child says so there, or with `preau guests convert`.
    Matches {
        /// The establishment.
        establishment: Uai,
        /// The convention by which they were guests; any when it is not said.
        #[arg(long, value_name = "NAME")]
        convention: Option<String>,
        /// Level of the pupils looked at; all when it is not said.
        #[arg(long, value_name = "LEVEL")]
        level: Option<String>,
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// Say that a guest is a pupil of ours now, also where somebody refused it. Where the account of the pupil was never used, services go on with what they know of the guest; else
    /// the account of the pupil stays as it is. Signing in by the other ENT ends.
    Convert {
        /// The account of the guest.
        guest: String,
        /// Login or id of the pupil.
        pupil: String,
        /// Who says so and why, at most 200 characters: the journal keeps it.
        #[arg(long)]
        why: String,
    },
    /// List who is kept out of the spaces of an establishment, by whom, and how a stop is named to lift it.
    Stops {
        /// The establishment.
        #[arg(long, value_name = "UAI")]
        establishment: Uai,
        /// For scripts.
        #[arg(long)]
        json: bool,
    },
    /// Lift a stop, also one that a head made who is not there any more: a later list may bring back whom it kept out. The pages of the head
    /// and of whoever manages the space say that an operator did.
    Lift {
        /// Whom it keeps out, as `preau guests stops` names them.
        whom: String,
        /// The establishment.
        #[arg(long, value_name = "UAI")]
        establishment: Uai,
        /// The space it is of; without one, the stop that is for every space of the establishment.
        #[arg(long, value_name = "NAME")]
        space: Option<String>,
        /// Who says so and why, at most 200 characters: the journal keeps it, and the head reads it.
        #[arg(long)]
        why: String,
    },
    /// End guests now: they are signed out, and what is known of them goes within three months.
    End {
        /// Accounts of guests.
        people: Vec<String>,
        /// All of a space or a convention.
        #[command(flatten)]
        of: EndArgs,
    },
}

/// Which guests.
#[derive(Debug, Args)]
pub struct GuestsOfArgs {
    /// Of a space.
    #[arg(long, value_name = "NAME", conflicts_with = "convention", required_unless_present = "convention")]
    pub space: Option<String>,
    /// Of a convention, with those who were.
    #[arg(long, value_name = "NAME")]
    pub convention: Option<String>,
    /// For scripts.
    #[arg(long)]
    pub json: bool,
}

/// Which guests end.
#[derive(Debug, Args)]
pub struct EndArgs {
    /// All who are in a space.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["convention", "people"])]
    pub space: Option<String>,
    /// All of a convention.
    #[arg(long, value_name = "NAME", conflicts_with = "people")]
    pub convention: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::Until;

    #[test]
    fn a_last_day_may_have_a_time() {
        let read = |text: &str| text.parse::<Until>().map(|until| until.second);
        assert_eq!(read("2027-06-30"), Ok(None));
        assert_eq!(read("2027-06-30T21:30"), Ok(Some(77_400)));
        assert_eq!(read("2027-06-30T00:00:05"), Ok(Some(5)));
        for bad in
            ["2027-06-31", "2027-06-30T", "2027-06-30T24:00", "2027-06-30T1:00", "2027-06-30T21:30:15:1", "T21:30"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
