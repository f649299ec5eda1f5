//! What the tests share: an annuaire in a real slapd, and connectors opened on it.

use preau_annuaire::{Account, Options, Summary, generate};
use preau_connector_api::{
    Checked, Completion, Connector, OpenContext, PasswordCheck, PersonRecord, Problem, Record, Rejected, Unavailable,
    Verdict,
};
use preau_domain::SourceId;
use preau_rig::{Slapd, SlapdOptions};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc;

/// A directory with 1,500 invented people and the faulty entries.
pub struct Annuaire {
    pub slapd: Slapd,
    pub summary: Summary,
    pub folder: PathBuf,
}

impl Annuaire {
    /// Starts it in a folder of its own.
    pub fn start(name: &str) -> Self {
        Self::start_with(name, 1500, SlapdOptions::default())
    }

    /// Starts it with a number of people and options of slapd.
    pub fn start_with(name: &str, people: usize, options: SlapdOptions) -> Self {
        let folder = preau_rig::scratch(name);
        let ldif = folder.join("annuaire.ldif");
        let mut out = BufWriter::new(File::create(&ldif).expect("the scratch folder is ours"));
        let summary = generate(&Options { people, faults: true, ..Options::default() }, &mut out).expect("it fits");
        out.flush().expect("the disk has room");
        let slapd =
            Slapd::start(&folder.join("slapd"), &SlapdOptions { ldif: Some(ldif), ..options }).expect("slapd starts");
        Annuaire { slapd, summary, folder }
    }

    /// The account of a role.
    pub fn account(&self, role: &str) -> &Account {
        self.summary.accounts.iter().find(|account| account.role == role).expect("every role has one")
    }

    /// A configuration for an address, with more lines.
    pub fn config(&self, url: &str, more: &str) -> String {
        format!(
            "url = {url:?}\nbind_dn = {:?}\npassword_file = {:?}\npeople = \"ou=people,dc=ent,dc=example\"\n\
             structures = \"ou=structures,dc=ent,dc=example\"\nacademy = \"AC-NOTOS\"\n{more}\n",
            self.slapd.service_dn(),
            self.slapd.password_file(),
        )
    }

    /// A connector without anything special.
    pub fn connector(&self) -> Connector {
        self.connector_with("")
    }

    /// A connector with more lines of configuration.
    pub fn connector_with(&self, more: &str) -> Connector {
        open(&self.config(&self.slapd.url(), more)).expect("the configuration is right")
    }

    /// A connector that goes through another port of loopback.
    pub fn connector_through(&self, port: u16, more: &str) -> Connector {
        open(&self.config(&format!("ldap://127.0.0.1:{port}"), more)).expect("the configuration is right")
    }
}

/// A configuration for a server at a port of loopback that takes any password.
pub fn plain(port: u16) -> String {
    let secret = preau_rig::scratch(&format!("ldap-plain-{port}")).join("password");
    std::fs::write(&secret, "anything").expect("the scratch folder is ours");
    format!(
        "url = \"ldap://127.0.0.1:{port}\"\nbind_dn = \"cn=preau,dc=ent,dc=example\"\npassword_file = {secret:?}\n\
         people = \"ou=people,dc=ent,dc=example\"\nstructures = \"ou=structures,dc=ent,dc=example\"\n"
    )
}

/// Opens a connector on a configuration.
pub fn open(config: &str) -> Result<Connector, Vec<Problem>> {
    let table: toml::Table = toml::from_str(config).expect("the test writes TOML");
    let source = SourceId::new("annuaire");
    let context = OpenContext { source: &source, config: &table, base: Path::new("/") };
    (preau_connector_ldap::KIND.open)(&context)
}

/// The password check of a connector.
pub fn passwords(connector: &Connector) -> Passwords {
    Passwords(connector.password.clone().expect("LDAP checks passwords"))
}

/// A password check, asked for what it says or for when it may be told.
#[derive(Clone)]
pub struct Passwords(Arc<dyn PasswordCheck>);

impl Passwords {
    /// The answer.
    pub async fn check(&self, login: &str, password: &str) -> Result<Verdict, Unavailable> {
        Ok(self.checked(login, password).await?.verdict)
    }

    /// The answer, and when a refusal may be told.
    pub async fn checked(&self, login: &str, password: &str) -> Result<Checked, Unavailable> {
        self.0.check(login, password).await
    }

    /// Whether it is theirs.
    pub async fn proven(&self, login: &str, password: &str) -> bool {
        matches!(self.check(login, password).await, Ok(Verdict::Proven { .. }))
    }
}

/// Everything a reading handed over.
pub struct Everything {
    pub records: Vec<Record>,
    pub completion: Completion,
}

impl Everything {
    /// Reads to the end.
    pub async fn of(connector: &Connector) -> Self {
        let directory = connector.directory.clone().expect("LDAP is a directory");
        let (out, mut from) = mpsc::channel(100);
        let reading = tokio::spawn(async move { directory.read(out).await });
        let mut records = Vec::new();
        while let Some(record) = from.recv().await {
            records.push(record);
        }
        Everything { records, completion: reading.await.expect("a reading never panics") }
    }

    /// The sentence of an incomplete reading.
    pub fn incomplete(&self) -> &str {
        match &self.completion {
            Completion::Incomplete(sentence) => sentence,
            Completion::Complete => panic!("the reading counts as complete"),
        }
    }

    pub fn people(&self) -> impl Iterator<Item = &PersonRecord> {
        self.records.iter().filter_map(|record| match record {
            Record::Person(person) | Record::Partial(person) => Some(person),
            _ => None,
        })
    }

    /// Whether the person was read in part only.
    pub fn is_partial(&self, login: &str) -> bool {
        let is = |person: &PersonRecord| person.login.as_deref() == Some(login);
        self.records.iter().any(|record| matches!(record, Record::Partial(person) if is(person)))
    }

    pub fn person(&self, login: &str) -> &PersonRecord {
        self.people().find(|person| person.login.as_deref() == Some(login)).expect("the person was read")
    }

    pub fn rejected(&self) -> Vec<&Rejected> {
        let rejected = self.records.iter().filter_map(|record| match record {
            Record::Rejected(rejected) => Some(rejected),
            _ => None,
        });
        rejected.collect()
    }
}

/// The most memory this process ever held, in bytes.
pub fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells that");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}
