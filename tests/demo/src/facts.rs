//! What the demo says of itself: `demo.json` for scripts, a page of text for people.

use crate::lilas;
use crate::ports::Ports;
use crate::settings::{Place, ServiceSetting, Several};
use anyhow::{Context, Result, bail};
use preau_annuaire::Establishment;
use preau_domain::Profile;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The content of `demo.json`.
#[derive(Debug, Serialize)]
pub struct Facts {
    /// Address of the portal, with a slash at the end.
    pub base: String,
    /// One account per profile.
    pub accounts: Vec<Account>,
    /// What is mounted.
    pub services: Vec<Service>,
    /// Where else some of the accounts sign in, with the same password.
    pub providers: Vec<Provider>,
    /// A file dropped into this folder mounts a service.
    pub service_instances: PathBuf,
    /// The folder of what would be mailed.
    pub mail: PathBuf,
    /// The binary that runs.
    pub program: PathBuf,
    /// The configuration it runs with, for `preau --config`.
    pub config: PathBuf,
    /// The second ENT, that of the écoles.
    pub neighbour: Ent,
    /// What the two share.
    pub shared: Shared,
    /// The third ENT, of an école that has nothing but lists: passwords live there.
    pub lists: lilas::Facts,
    /// The annuaire.
    pub ldap: Directory,
    /// Loopback ports by name.
    pub ports: Ports,
    /// Process ids by name.
    pub pids: BTreeMap<String, u32>,
}

/// Somebody to sign in as.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    /// Word for scripts, such as `teacher-two-schools`.
    pub role: String,
    /// What the person is, in French.
    pub label: String,
    /// National profile, such as `National_ENS`.
    pub profile: String,
    /// Which of the four choices of the sign-in page to press.
    pub public: String,
    /// Given and family name.
    pub name: String,
    /// What to type.
    pub login: String,
    /// And its password.
    pub password: String,
    /// Join key of its record in the annuaire; empty for an account that preau keeps itself.
    #[serde(default)]
    pub key: String,
    /// Where the person is; for a parent, where the children are.
    pub establishments: Vec<School>,
}

/// An establishment of an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct School {
    /// National number.
    pub uai: String,
    /// Its name.
    pub name: String,
}

/// A mounted service.
#[derive(Debug, Serialize)]
pub struct Service {
    /// Its name in preau: its tile is at `/open/<id>`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Where it is, with a slash at the end.
    pub address: String,
    /// How it speaks to preau.
    pub protocol: &'static str,
    /// The client it is guarded by.
    pub client: &'static str,
}

/// Another provider that vouches for people.
#[derive(Debug, Serialize)]
pub struct Provider {
    /// Its name as a source of preau.
    pub id: String,
    /// What people read on its button.
    pub title: String,
    /// Where it is, with a slash at the end.
    pub address: String,
    /// How it speaks to preau.
    pub protocol: &'static str,
    /// The program that it is.
    pub program: &'static str,
    /// Which of the choices of the sign-in page offer it.
    pub publics: [&'static str; 2],
    /// Somebody there who is several accounts here.
    pub several: Several,
}

/// An ENT beside the first.
#[derive(Debug, Serialize)]
pub struct Ent {
    /// Address of its portal, with a slash at the end.
    pub base: String,
    /// What it is called.
    pub name: String,
    /// Some of its people.
    pub accounts: Vec<Account>,
    /// The configuration it runs with.
    pub config: PathBuf,
}

/// What two ENTs share.
#[derive(Debug, Serialize)]
pub struct Shared {
    /// The convention, by the name both know it by.
    pub convention: &'static str,
    /// Spaces: their name, and the address of the ENT that hosts them, without a slash at the end.
    pub spaces: BTreeMap<String, String>,
}

/// How to read the annuaire.
#[derive(Debug, Serialize)]
pub struct Directory {
    /// `ldap://` address.
    pub address: String,
    /// Root of the tree.
    pub base_dn: String,
    /// Account that reads everything except passwords.
    pub bind_dn: String,
    /// File that holds its password.
    pub password_file: PathBuf,
}

impl Account {
    /// The account of somebody of the annuaire.
    pub fn of(account: &preau_annuaire::Account, establishments: &[Establishment]) -> Result<Account> {
        let Ok(profile) = account.profile.parse::<Profile>() else {
            bail!("the annuaire invented a profile nobody knows: {}", account.profile);
        };
        let school = |uai: &String| School {
            uai: uai.clone(),
            name: establishments.iter().find(|one| one.uai == *uai).map_or_else(String::new, |one| one.name.clone()),
        };
        Ok(Account {
            role: account.role.to_owned(),
            label: account.label_fr.to_owned(),
            profile: profile.code().to_owned(),
            public: profile.public().as_str().to_owned(),
            name: account.name.clone(),
            login: account.login.clone(),
            password: account.password.clone(),
            key: account.key.clone(),
            establishments: account.establishments.iter().map(school).collect(),
        })
    }
}

impl Service {
    /// The mounted service of this setting.
    pub fn of(setting: &ServiceSetting, place: &Place) -> Service {
        Service {
            id: setting.id.to_owned(),
            title: setting.title.to_owned(),
            address: place.address(setting),
            protocol: setting.kind.protocol(),
            client: setting.kind.client(),
        }
    }
}

/// Writes a file that is either whole or not there.
pub fn save<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let partial = path.with_extension("partial");
    fs::write(&partial, serde_json::to_string_pretty(value)? + "\n")
        .and_then(|()| fs::rename(&partial, path))
        .with_context(|| format!("writing {}", path.display()))
}

/// Reads what [`save`] wrote.
pub fn load<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("reading {} (`make demo-reset` starts afresh)", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))
}

/// The same of the école that has nothing but lists.
fn of_lists(lists: &lilas::Facts) -> String {
    let mut text = String::from(
        "\n  A third ENT, of an école that has nothing but lists: passwords live there, and begin with a code on paper, good once.\n",
    );
    writeln!(text, "    {}  {}", lists.name, lists.base).ok();
    for head in &lists.accounts {
        writeln!(text, "    {}  {}  {}  {}", head.label, head.login, head.password, head.name).ok();
    }
    for one in &lists.waiting {
        writeln!(text, "    {}, {}: code {}  at {}activate", one.name, one.label, one.code, lists.base).ok();
    }
    writeln!(text, "    Codes of a class as they are handed out: {}", lists.sheet.display()).ok();
    let titles: Vec<&str> = lists.services.iter().map(|service| service.title.as_str()).collect();
    writeln!(
        text,
        "    The director prints codes ({0}activation), helps pupils ({0}pupils), and holds the second key ({0}services) of: {1}",
        lists.base,
        titles.join(", ")
    )
    .ok();
    writeln!(
        text,
        "    She and the teacher make cards of a class and open a lesson ({0}cards); a child comes in with a card at {0}card, and opens the first of these services once its second key is turned.",
        lists.base,
    )
    .ok();
    text
}

/// What a person reads once everything answers.
pub fn shown(facts: &Facts) -> String {
    let mut text = String::from("\nPréau is ready. Everybody and every place in it is invented.\n\n");
    let choices = [
        ("staff", "Enseignant ou personnel"),
        ("pupil", "Élève"),
        ("guardian", "Responsable d'élève"),
        ("guest", "Invité"),
    ];
    let everybody = || facts.accounts.iter().chain(&facts.neighbour.accounts);
    let width = |column: fn(&Account) -> &str| everybody().map(|a| column(a).chars().count()).max().unwrap_or(0);
    let label = width(|account| &account.label);
    let login = width(|account| &account.login);
    let password = width(|account| &account.password);
    let line = |account: &Account| {
        let schools: Vec<&str> = account.establishments.iter().map(|school| school.name.as_str()).collect();
        format!(
            "    {:label$}  {:login$}  {:password$}  {}{}\n",
            account.label,
            account.login,
            account.password,
            account.name,
            if schools.is_empty() { String::new() } else { format!(" ({})", schools.join(", ")) }
        )
    };
    writeln!(text, "    {:label$}  {:login$}  {:password$}  Nom", "", "Identifiant", "Mot de passe").ok();
    for (public, heading) in choices {
        writeln!(text, "  {heading}").ok();
        for account in facts.accounts.iter().filter(|account| account.public == public) {
            text += &line(account);
        }
    }
    text.push_str(
        "\n  A second ENT, that of écoles nearby. Its CM2A and the 6A of the collège are guests of one another in shared\n  \
         spaces: on the first page Invité, then the other ENT.\n",
    );
    writeln!(text, "    {}  {}", facts.neighbour.name, facts.neighbour.base).ok();
    facts.neighbour.accounts.iter().for_each(|account| text += &line(account));
    text += &of_lists(&facts.lists);
    text.push_str("\n  Services, each asking Préau who comes:\n");
    for service in &facts.services {
        writeln!(text, "    {}  {}  ({})", service.title, service.address, service.client).ok();
    }
    text.push_str("\n  Another way in, with the same password:\n");
    for provider in &facts.providers {
        writeln!(text, "    {}  {}  ({}), for pupils and families", provider.title, provider.address, provider.program)
            .ok();
        let Several { login, password, .. } = provider.several;
        writeln!(text, "    There, {login}  {password}  has two accounts, and chooses.").ok();
    }
    writeln!(text, "\n  A file dropped into {} mounts another one.", facts.service_instances.display()).ok();
    writeln!(text, "  The same facts, for scripts: {}", facts.service_instances.with_file_name("demo.json").display())
        .ok();
    if let Some(pupil) = facts.accounts.iter().find(|account| account.public == "pupil") {
        text.push_str("\n  Why a person may or may not open a service:\n");
        let preau = format!("{} --config {}", facts.program.display(), facts.config.display());
        writeln!(text, "    {preau} explain --person {} --service atelier", pupil.login).ok();
    }
    writeln!(text, "\n  What would be mailed is in {}: the guest may forget their password.", facts.mail.display())
        .ok();
    writeln!(text, "\n  For editors, sandboxes and configurations to copy: {}bench", facts.base).ok();
    writeln!(text, "\n  Open {}   (Ctrl-C ends everything)\n", facts.base).ok();
    text
}
