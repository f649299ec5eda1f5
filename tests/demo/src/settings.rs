//! The services of the demo, and where its files are: what preau is told is written by `preau_rig::Configuration`.

use crate::facts::Account;
use crate::ports::{ETHERPAD, PORTAL, Ports};
use anyhow::{Context, Result};
use preau_rig::{Citizen, Configuration, Instance, Mellon, Neighbour, Preau, SimpleSaml, Site, SiteKind, Slapd};
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
    /// Who may open it.
    audience: &'static str,
}

impl ServiceSetting {
    /// Whether it and preau share a secret.
    fn has_secret(&self) -> bool {
        matches!(self.kind, SiteKind::ModAuthOpenidc | SiteKind::Etherpad)
    }
}

/// Sites that no one here wrote the doors of, for different people.
pub const SERVICES: [ServiceSetting; 7] = [
    ServiceSetting {
        id: "kiosque",
        title: "Le kiosque",
        kind: SiteKind::ModAuthCas,
        // Everybody of an establishment, and the guests, who are never meant unless they are named.
        audience: r#"allow = [{}, { profiles = ["Invite"] }]"#,
    },
    ServiceSetting {
        id: "pad",
        title: "Écrire les fables ensemble",
        kind: SiteKind::Etherpad,
        // Those of the space that mounts it; guests, who are never meant unless they are named, are named.
        audience: r#"allow = [{ groups = ["espace:fables"] }, { profiles = ["Invite"], groups = ["espace:fables"] }]"#,
    },
    ServiceSetting {
        id: "atelier",
        title: "L’atelier des personnels",
        kind: SiteKind::PhpCas,
        audience: r#"allow = [{ profiles = ["National_ENS", "National_DOC", "National_EVS", "National_DIR", "National_ETA"] }]"#,
    },
    ServiceSetting {
        id: "journal-6a",
        title: "Le journal de la 6A",
        kind: SiteKind::PhpCas,
        // Those of the class, and those who teach it.
        audience: r#"allow = [{ classes = ["6A"] }]"#,
    },
    ServiceSetting {
        id: "familles",
        title: "L’espace des familles",
        kind: SiteKind::ModAuthCas,
        audience: r#"allow = [{ profiles = ["National_TUT"] }]"#,
    },
    ServiceSetting {
        id: "agenda",
        title: "L’agenda",
        kind: SiteKind::ModAuthOpenidc,
        // Everybody of an establishment.
        audience: "allow = [{}]",
    },
    ServiceSetting {
        id: "textes",
        title: "Le cahier de textes",
        kind: SiteKind::ModAuthMellon,
        // Everybody of an establishment.
        audience: "allow = [{}]",
    },
];

/// The folder of what would be mailed, below that of the demo.
pub const MAIL: &str = "mail";

/// The pad that the tile of Etherpad opens.
const FIRST_PAD: &str = "/p/fables";

/// What the other way in of pupils and families is called: nobody may take it for the real one.
pub const EDUCONNECT_TITLE: &str = "EduConnect (simulé)";

/// Those who sign in there too, by the password they have here.
pub fn citizens(accounts: &[Account]) -> Vec<Citizen> {
    let academy = preau_annuaire::Options::default().academy;
    let known = || accounts.iter().filter(|account| matches!(account.public.as_str(), "pupil" | "guardian"));
    let record = |account: &Account| {
        let school = account.establishments.first().map_or("", |school| school.uai.as_str());
        format!("{{AAF}}{academy}|{school}|{}", account.key)
    };
    let citizen = |login: &str, password: &str, name: &str, id: &str, records: Vec<String>| {
        let (given, family) = name.split_once(' ').unwrap_or_default();
        let of = |value: &str| vec![value.to_owned()];
        let attributes =
            vec![("FrEduCtId", of(id)), ("FrEduCtRefId", records), ("givenName", of(given)), ("sn", of(family))];
        Citizen { login: login.to_owned(), password: password.to_owned(), attributes }
    };
    let own =
        |one: &Account| citizen(&one.login, &one.password, &one.name, &format!("ct-{}", one.key), vec![record(one)]);
    let several = known().filter(|account| SEVERAL.accounts.contains(&account.role.as_str())).map(record).collect();
    known().map(own).chain([citizen(SEVERAL.login, SEVERAL.password, SEVERAL.name, "ct-several", several)]).collect()
}

/// A citizen who is two people in the annuaire: a mother, and of age at the lycée.
pub const SEVERAL: Several = Several {
    login: "deux.comptes",
    password: "cumulus-blanc-18",
    name: "Maïa Mistral",
    accounts: ["parent", "pupil-lycee"],
};

/// Whoever chooses between accounts after signing in elsewhere.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Several {
    /// What to type there.
    pub login: &'static str,
    /// And its password.
    pub password: &'static str,
    /// Given and family name.
    pub name: &'static str,
    /// Roles of the accounts that are theirs.
    pub accounts: [&'static str; 2],
}

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
        format!("http://localhost:{}/", self.ports.of(PORTAL))
    }

    /// The sites, for Apache.
    pub fn sites(&self) -> Result<Vec<Site>> {
        SERVICES.iter().map(|setting| self.site(setting)).collect()
    }

    /// Address of a site, with a slash at the end.
    pub fn address(&self, setting: &ServiceSetting) -> String {
        format!("http://localhost:{}/", self.ports.of(setting.id))
    }

    /// What a site that speaks SAML and preau know of one another.
    pub fn saml(&self, setting: &ServiceSetting) -> Result<Option<Mellon>> {
        if setting.kind != SiteKind::ModAuthMellon {
            return Ok(None);
        }
        Mellon::make(&self.folder.join("mellon"), &self.address(setting), true).map(Some)
    }

    /// One site.
    fn site(&self, setting: &ServiceSetting) -> Result<Site> {
        Ok(Site {
            name: setting.id.to_owned(),
            title: setting.title.to_owned(),
            kind: setting.kind,
            directives: None,
            port: self.ports.of(setting.id),
            tls: None,
            preau: self.base().trim_end_matches('/').to_owned(),
            preau_authority: None,
            behind: (setting.kind == SiteKind::Etherpad).then(|| (self.ports.of(ETHERPAD), FIRST_PAD)),
            secret: setting.has_secret().then(|| self.instances().join(format!("{}.secret", setting.id))),
            saml: self.saml(setting)?,
            shibboleth: None,
            proxies_to: None,
            accepts_proxies: false,
        })
    }

    /// Folder of instance files.
    pub fn instances(&self) -> PathBuf {
        self.folder.join("services")
    }

    /// What preau is told.
    pub fn configuration<'a>(
        &self,
        directory: &'a Slapd,
        educonnect: &'a SimpleSaml,
        neighbour: &'a Neighbour,
    ) -> Configuration<'a> {
        Configuration {
            folder: self.folder.clone(),
            host: "localhost",
            port: self.ports.of(PORTAL),
            name: "Préau".to_owned(),
            directory,
            academy: preau_annuaire::Options::default().academy,
            authority: None,
            educonnect: Some((educonnect, EDUCONNECT_TITLE.to_owned())),
            neighbour: Some(neighbour),
            mail: Some(format!("folder = \"{MAIL}\"\nfrom = \"ne-pas-repondre@ent.example\"\n")),
        }
    }

    /// Writes what preau is told; the files of other services in the folder of instances are left alone.
    pub fn write(&self, configuration: &Configuration<'_>) -> Result<PathBuf> {
        let file = configuration.write()?;
        for setting in &SERVICES {
            configuration.mount(&Instance {
                id: setting.id.to_owned(),
                connector: setting.kind.connector().to_owned(),
                title: setting.title.to_owned(),
                address: self.address(setting),
                secret: setting.has_secret(),
                audience: Some(setting.audience.to_owned()),
                saml: self.saml(setting)?,
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
        for name in ["synchronised", "guest.json", "shared", "preau.db", "preau.db-wal", "preau.db-shm"] {
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
        label: "Invité".to_owned(),
        profile: "Invite".to_owned(),
        public: "guest".to_owned(),
        name: "Ondine Basalte".to_owned(),
        login: "ondine.basalte".to_owned(),
        password: "marelle-sous-la-pluie".to_owned(),
        key: String::new(),
        establishments: vec![school.clone()],
    };
    let (given, family) = guest.name.split_once(' ').context("a name has two parts")?;
    let who = ["--login", &guest.login, "--password-file", "-"];
    let add = [
        &["account", "add"],
        &who[..],
        &["--given-name", given, "--family-name", family, "--establishment", &school.uai],
        &["--mail", "ondine.basalte@association.example"],
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
