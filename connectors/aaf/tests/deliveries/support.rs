//! What the tests share: deliveries in a folder, written by the generator or by hand, and a reading of them.

use preau_annuaire::{Deliveries, Options, deliver};
use preau_connector_api::{Completion, Connector, OpenContext, PersonRecord, Problem, Record, Rejected};
use preau_domain::SourceId;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// Opens a connector on a configuration.
pub fn open(config: &str) -> Result<Connector, Vec<Problem>> {
    let table: toml::Table = toml::from_str(config).expect("the test writes TOML");
    let source = SourceId::new("aaf");
    let context = OpenContext { source: &source, config: &table, base: Path::new("/") };
    (preau_connector_aaf::KIND.open)(&context)
}

/// A folder with `1d` and `2d`, written by the generator.
pub fn invented(name: &str, change: fn(&mut Deliveries)) -> PathBuf {
    let folder = preau_rig::scratch(name);
    let mut how = Deliveries::into(&folder);
    change(&mut how);
    deliver(&Options::default(), &how).expect("it fits");
    folder
}

/// A configuration for both degrees.
pub fn config(folder: &Path) -> String {
    format!("second_degree = {:?}\nfirst_degree = {:?}\n", folder.join("2d"), folder.join("1d"))
}

/// Everything a reading handed over.
pub struct Everything {
    pub records: Vec<Record>,
    pub completion: Completion,
}

impl Everything {
    /// Reads to the end.
    pub async fn of(config: &str) -> Self {
        let directory = open(config).expect("the configuration is right").directory.expect("AAF hands over people");
        let (out, mut from) = mpsc::channel(100);
        let reading = tokio::spawn(async move { directory.read(out).await });
        let mut records = Vec::new();
        while let Some(record) = from.recv().await {
            records.push(record);
        }
        Everything { records, completion: reading.await.expect("a reading never panics") }
    }

    /// What was read, in an order that does not depend on that of the files.
    pub fn sorted(&self) -> BTreeMap<String, &Record> {
        let key = |record: &Record| match record {
            Record::Establishment(school) => format!("e{}", school.uai),
            Record::Person(person) | Record::Partial(person) => format!("p{}", person.key),
            Record::Rejected(rejected) => format!("r{}", rejected.dn),
        };
        self.records.iter().map(|record| (key(record), record)).collect()
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

    /// The person of a key, if one was handed over.
    pub fn find(&self, key: &str) -> Option<&PersonRecord> {
        self.people().find(|person| person.key == key)
    }

    pub fn person(&self, key: &str) -> &PersonRecord {
        self.find(key).unwrap_or_else(|| panic!("nobody is {key}: {:#?}", self.rejected()))
    }

    pub fn rejected(&self) -> Vec<&Rejected> {
        let rejected = self.records.iter().filter_map(|record| match record {
            Record::Rejected(rejected) => Some(rejected),
            _ => None,
        });
        rejected.collect()
    }

    /// Why the record of that key was rejected.
    pub fn reason(&self, key: &str) -> &str {
        let found = self.rejected().into_iter().find(|rejected| rejected.key.as_deref() == Some(key));
        &found.unwrap_or_else(|| panic!("{key} was not rejected: {:#?}", self.rejected())).reason
    }
}

/// One request written by hand: verb, identifier, attributes with their values separated by `|`.
pub fn request(verb: &str, kind: &str, id: &str, attributes: &[(&str, &str)]) -> String {
    let category = if kind == "EtabEducNat" { "categorieStructure" } else { "categoriePersonne" };
    let (all, one, more) = match verb {
        "modify" => ("modifications", "modification", " operation=\"replace\""),
        _ => ("attributes", "attr", ""),
    };
    let mut text = format!(
        "<{verb}Request>\n<operationalAttributes><attr name=\"{category}\"><value>{kind}</value></attr>\
         </operationalAttributes>\n<identifier><id>{id}</id></identifier>\n"
    );
    if verb != "delete" {
        text += &format!("<{all}>\n");
        for (name, values) in attributes {
            let values: String = values.split('|').map(|value| format!("<value>{value}</value>")).collect();
            text += &format!("<{one} name=\"{name}\"{more}>{values}</{one}>\n");
        }
        text += &format!("</{all}>\n");
    }
    text + &format!("</{verb}Request>\n")
}

/// Deliveries of the second degree written by hand: a collège and a lycée, and who is added.
pub struct Written {
    pub folder: PathBuf,
}

/// Everything a person of the second degree has.
pub fn named<'a>(family: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[("sn", family), ("givenName", "Io"), ("personalTitle", "Mlle")], more].concat()
}

impl Written {
    /// A complete delivery with these pupils, adults of pupils and staff.
    pub fn new(name: &str, pupils: &str, relatives: &str, staff: &str) -> Written {
        let written = Written { folder: preau_rig::scratch(name) };
        let school = |key: &str, uai: &str, kind: &str, more: &[(&str, &str)]| {
            let own = [
                ("ENTStructureUAI", uai),
                ("ENTStructureNomCourant", "CLG-DES TILLEULS-ac-DEMO"),
                ("ENTStructureTypeStruct", kind),
            ];
            request("add", "EtabEducNat", key, &[&own, more].concat())
        };
        let classes = [("ENTStructureClasses", "6B$6EME B$10010012110|6C$6EME C &amp; D$10010012110")];
        let schools = school("9001", "0990001N", "COLLEGE", &classes) + &school("9002", "0990002P", "LYCEE", &[]);
        for (kind, text) in
            [("EtabEducNat", &*schools), ("Eleve", pupils), ("PersRelEleve", relatives), ("PersEducNat", staff)]
        {
            written.file(&format!("E2D_Complet_20260901_{kind}_0000.xml"), text);
        }
        written
    }

    /// Writes a file of these requests.
    pub fn file(&self, name: &str, requests: &str) {
        let doctype = "<!DOCTYPE ficAlimMENESR SYSTEM \"ficAlimMENESR.dtd\">";
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{doctype}\n<ficAlimMENESR>\n{requests}</ficAlimMENESR>\n"
        );
        fs::write(self.folder.join(name), text).expect("the scratch folder is ours");
    }

    pub fn config(&self) -> String {
        format!("second_degree = {:?}\n", self.folder)
    }

    pub async fn read(&self) -> Everything {
        Everything::of(&self.config()).await
    }
}

/// A pupil of class 6B of the collège.
pub fn pupil(id: &str, more: &[(&str, &str)]) -> String {
    let own = [("ENTPersonStructRattach", "9001"), ("ENTEleveClasses", "9001$6B")];
    let own: Vec<(&str, &str)> =
        own.into_iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name)).collect();
    request("add", "Eleve", id, &named("Belombre", &[&own, more].concat()))
}

/// A teacher of the collège.
pub fn teacher(id: &str, more: &[(&str, &str)]) -> String {
    let own = [("ENTPersonFonctions", "9001$ENS$ENSEIGNEMENT$L0202$LETTRES MODERNES")];
    let own: Vec<(&str, &str)> =
        own.into_iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name)).collect();
    request("add", "PersEducNat", id, &named("Basalte", &[&own, more].concat()))
}

/// An adult of pupils.
pub fn relative(id: &str) -> String {
    request("add", "PersRelEleve", id, &named("Mistral", &[("mail", "mistral@courriel.example")]))
}
