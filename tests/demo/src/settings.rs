//! The services of the demo, and where its files are: what preau is told is written by `preau_rig::Configuration`.

use crate::facts::Account;
use crate::ports::Ports;
use anyhow::{Context, Result};
use preau_rig::{Configuration, Instance, Preau, Site, SiteKind, Slapd};
use std::fs;
use std::path::PathBuf;

/// A service of the demo.
pub struct ServiceSetting {
    /// Its name in preau.
    pub id: &'static str,
    /// Title of its tile and of its page.
    pub title: &'static str,
    /// What guards it.
    pub kind: SiteKind,
    /// Who may open it; what the catalogue says when absent.
    audience: Option<&'static str>,
}

/// The two sites that no one here wrote the doors of.
pub const SERVICES: [ServiceSetting; 2] = [
    ServiceSetting {
        id: "kiosque",
        title: "Le kiosque",
        kind: SiteKind::ModAuthCas,
        // Everybody of an establishment, and the guests, who are never meant unless they are named.
        audience: Some("allow = [{}, { profiles = [\"Invite\"] }]"),
    },
    ServiceSetting {
        id: "atelier",
        title: "L’atelier des personnels",
        kind: SiteKind::PhpCas,
        audience: Some(
            "allow = [{ profiles = [\"National_ENS\", \"National_DOC\", \"National_EVS\", \"National_DIR\", \"National_ETA\"] }]",
        ),
    },
];

/// Where the demo keeps its things, and which ports it uses.
pub struct Place {
    /// Folder of the demo.
    pub folder: PathBuf,
    /// Its ports.
    pub ports: Ports,
}

impl Place {
    /// Address of the portal, with a slash at the end.
    pub fn base(&self) -> String {
        format!("http://localhost:{}/", self.ports.preau)
    }

    /// The sites, for Apache.
    pub fn sites(&self) -> Vec<Site> {
        SERVICES.iter().map(|setting| self.site(setting)).collect()
    }

    /// One site.
    pub fn site(&self, setting: &ServiceSetting) -> Site {
        Site {
            name: setting.id.to_owned(),
            title: setting.title.to_owned(),
            kind: setting.kind,
            port: match setting.kind {
                SiteKind::ModAuthCas => self.ports.kiosque,
                SiteKind::PhpCas => self.ports.atelier,
            },
            tls: None,
            cas: format!("{}cas", self.base()),
            cas_authority: None,
            proxies_to: None,
            accepts_proxies: false,
        }
    }

    /// Folder of instance files.
    pub fn instances(&self) -> PathBuf {
        self.folder.join("services")
    }

    /// Writes what preau is told; the files of other services in the folder of instances are left alone.
    pub fn write(&self, directory: &Slapd) -> Result<PathBuf> {
        let configuration = Configuration {
            folder: self.folder.clone(),
            port: self.ports.preau,
            name: "Préau".to_owned(),
            directory,
            academy: preau_annuaire::Options::default().academy,
            authority: None,
        };
        let file = configuration.write()?;
        for setting in &SERVICES {
            configuration.mount(&Instance {
                id: setting.id.to_owned(),
                connector: setting.kind.connector().to_owned(),
                title: setting.title.to_owned(),
                address: self.site(setting).address(),
                audience: setting.audience.map(str::to_owned),
            })?;
        }
        Ok(file)
    }

    /// Whether the first synchronisation went through.
    pub fn is_synchronised(&self) -> bool {
        self.folder.join("synchronised").exists()
    }

    /// Remembers that it did.
    pub fn mark_synchronised(&self) -> Result<()> {
        fs::write(self.folder.join("synchronised"), "").context("remembering the synchronisation")
    }

    /// Forgets what preau learnt of an older annuaire.
    pub fn forget_synchronisation(&self) -> Result<()> {
        for name in ["synchronised", "guest.json", "preau.db", "preau.db-wal", "preau.db-shm"] {
            crate::remove(&self.folder.join(name))?;
        }
        Ok(())
    }
}

/// The guest of the demo: an account that preau keeps itself, made the first time, in the school of somebody of the
/// annuaire.
pub fn guest(preau: &Preau, place: &Place, accounts: &[Account]) -> Result<Account> {
    let file = place.folder.join("guest.json");
    if file.exists() {
        return crate::facts::load(&file);
    }
    let school = accounts.iter().find(|account| account.public == "staff").and_then(|one| one.establishments.first());
    let school = school.context("the annuaire has no staff in a school")?;
    let guest = Account {
        role: "guest".to_owned(),
        label: "Invitée".to_owned(),
        profile: "Invite".to_owned(),
        public: "guest".to_owned(),
        name: "Ondine Basalte".to_owned(),
        login: "ondine.basalte".to_owned(),
        password: "marelle-sous-la-pluie".to_owned(),
        establishments: vec![school.clone()],
    };
    let (given, family) = guest.name.split_once(' ').context("a name has two parts")?;
    let who = ["--login", &guest.login, "--password-file", "-"];
    let add = [
        &["account", "add"],
        &who[..],
        &["--given-name", given, "--family-name", family, "--establishment", &school.uai],
    ];
    if let Err(error) = preau.run(&add.concat(), &guest.password) {
        // A run that was cut short may have added it without noting so.
        let again = [&["account", "password"], &who[..]].concat();
        if preau.run(&again, &guest.password).is_err() {
            return Err(error);
        }
    }
    crate::facts::save(&file, &guest)?;
    Ok(guest)
}
