//! The third ENT of the demo: that of an école which has nothing but lists. Nobody there has a password anywhere: it lives in this preau, and
//! begins with a code on paper. Its director prints codes, helps pupils, and holds the second key of its services; its teachers let the youngest in
//! with cards of their class, in a lesson, for this machine is the network of the school.
//!
//! Its address is a name of this machine of its own: browsers tell cookies apart by the name of the host, and not by the port.

use crate::facts::{Account, School, Service};
use crate::ports::{ECOLES, LILAS, LILAS_SITE, Ports};
use anyhow::{Context, Result};
use preau_rig::{Preau, Process, Site, SiteKind};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Every such name is this machine's (RFC 6761).
const HOST: &str = "lilas.localhost";
/// The école, and what its ENT is called.
const NAME: &str = "École des Lilas";
const UAI: &str = "0990011Z";
/// Its source, as its configuration names it.
const SOURCE: &str = "ecole";
/// What its services are called here.
const CARNET: (&str, &str) = ("carnet", "Le carnet de l’école");
const VOISINES: (&str, &str) = ("voisines", "Les écoles voisines");
/// Whoever has a password already: an account that its preau keeps itself.
const HEAD: (&str, &str, &str) = ("Solène", "Marchal", "ardoise-et-craie-bleue");
/// The class whose sheet is printed, and the other one.
const PRINTED: &str = "CE1";

const PUPILS: &str = "Identifiant;Nom;Prénom;Classe
1;PETIT;Noé;CP
2;ŞAHIN;Elif;CP
3;LE GALL;Maël;CP
4;DIALLO;Aïssata;CP
5;MOREL;Jeanne;CE1
6;N’GUYEN;Léo;CE1
7;BENALI;Yanis;CE1
8;ROUX;Capucine;CE1
";
const STAFF: &str = "Identifiant;Nom;Prénom;Classe
90;DUVAL;Odile;CP
91;KERMARREC;Yann;CE1
";
const PARENTS: &str = "Identifiant;Nom;Prénom;Enfants
50;PETIT;Claire;1,5
51;ŞAHIN;Murat;2
";
const CHARTE: &str = r#"version = "2026-09"
[title]
fr = "Charte d’usage de l’École des Lilas"
en = "Charter of use of the École des Lilas"
[text]
fr = """
## Entre nous

Mon mot de passe est à moi. Ce que j’écris aux autres, je le leur dirais en face. Si quelque chose me gêne, j’en parle à un adulte.
"""
en = """
## Among us

My password is mine. What I write to others I would say to their face. When something bothers me, I tell a grown-up.
"""
"#;

/// Somebody who has no password yet, and a code that was made for them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Waiting {
    /// Word for scripts.
    pub role: String,
    /// What the person is, in French.
    pub label: String,
    /// Given and family name.
    pub name: String,
    /// What to type at `/activate`, once: whoever used it chose a login and a password.
    pub code: String,
}

/// What the demo says of it.
#[derive(Debug, Serialize)]
pub struct Facts {
    /// Address of its portal, with a slash at the end.
    pub base: String,
    /// What it is called.
    pub name: &'static str,
    /// Who signs in by a password.
    pub accounts: Vec<Account>,
    /// Who has a code on paper.
    pub waiting: Vec<Waiting>,
    /// The codes of a class as they are handed out, in PDF.
    pub sheet: PathBuf,
    /// Its services, under two keys: its director opens them.
    pub services: Vec<Service>,
    /// The configuration it runs with.
    pub config: PathBuf,
}

/// The école's ENT.
pub struct Lilas<'a> {
    folder: PathBuf,
    ports: &'a Ports,
}

impl<'a> Lilas<'a> {
    /// In its place in the folder of the demo.
    pub fn new(demo: &Path, ports: &'a Ports) -> Lilas<'a> {
        Lilas { folder: demo.join("lilas"), ports }
    }

    fn base(&self) -> String {
        format!("http://{HOST}:{}", self.ports.of(LILAS))
    }

    /// Its service, for Apache.
    pub fn site(&self) -> Site {
        Site {
            name: LILAS_SITE.to_owned(),
            title: CARNET.1.to_owned(),
            kind: SiteKind::PhpCas,
            directives: None,
            port: self.ports.of(LILAS_SITE),
            tls: None,
            preau: self.base(),
            preau_authority: None,
            behind: None,
            secret: None,
            saml: None,
            shibboleth: None,
            proxies_to: None,
            accepts_proxies: false,
        }
    }

    /// Writes what it is told, reads its lists and makes the first codes, the first time; then starts it.
    pub fn serve(&self) -> Result<(Facts, Process)> {
        for folder in ["words", "services"] {
            fs::create_dir_all(self.folder.join(folder)).with_context(|| format!("in {}", self.folder.display()))?;
        }
        let config = self.write()?;
        let preau = Preau::new(&config)?;
        let known = self.folder.join("waiting.json");
        let head = head();
        if !known.exists() {
            for name in ["preau.db", "preau.db-wal", "preau.db-shm"] {
                crate::remove(&self.folder.join(name))?;
            }
            crate::facts::save(&known, &self.begin(&preau, &head)?)?;
        }
        let serving = preau.serve(&["--demo"], self.ports.of(LILAS), true, &self.folder.join("preau.log"))?;
        let link = |(id, title): (&str, &str), address: String, protocol, client| Service {
            id: id.to_owned(),
            title: title.to_owned(),
            address,
            protocol,
            client,
        };
        let kind = SiteKind::PhpCas;
        let facts = Facts {
            base: format!("{}/", self.base()),
            name: NAME,
            accounts: vec![head],
            waiting: crate::facts::load(&known)?,
            sheet: self.sheet(),
            services: vec![
                link(CARNET, self.site().address(), kind.protocol(), kind.client()),
                link(VOISINES, self.voisines(), "", "no sign-on"),
            ],
            config,
        };
        Ok((facts, serving))
    }

    fn voisines(&self) -> String {
        format!("http://127.0.0.1:{}/help/", self.ports.of(ECOLES))
    }

    fn sheet(&self) -> PathBuf {
        self.folder.join(format!("codes-{PRINTED}.pdf"))
    }

    fn write(&self) -> Result<PathBuf> {
        let (base, port) = (self.base(), self.ports.of(LILAS));
        let columns = |more: &str| {
            format!("columns = {{ key = \"Identifiant\", family_name = \"Nom\", given_name = \"Prénom\", {more} }}")
        };
        let (class, child) = (columns("class = \"Classe\""), columns("child = \"Enfants\""));
        let file = |path: &str, people: &str, more: &str| {
            format!("[[sources.{SOURCE}.files]]\npath = \"{path}\"\npeople = \"{people}\"\n{more}\n")
        };
        let told = [
            format!("[web]\npublic_url = \"{base}\"\nname = \"{NAME}\"\nwords = \"words\"\n"),
            "[web.sign_in.publics]\nstaff = \"local\"\npupil = \"local\"\nguardian = \"local\"\n".to_owned(),
            format!("[web.class_cards.establishments.{UAI}]\nnetworks = [\"127.0.0.0/8\", \"::1\"]\n"),
            format!("[server]\nlisten = \"127.0.0.1:{port}\"\n[storage]\nurl = \"sqlite://preau.db\"\n"),
            "[keys]\ndir = \"keys\"\n[sync]\nspool_dir = \"sync\"\n[services]\ninstances = \"services\"\n".to_owned(),
            format!("[sources.{SOURCE}]\nkind = \"csv\"\n"),
            format!("[[sources.{SOURCE}.establishments]]\nuai = \"{UAI}\"\nkind = \"ecole\"\nname = \"{NAME}\"\n"),
            file("eleves.csv", "pupils", &class),
            file("agents.csv", "staff", &format!("profile = \"National_ENS\"\n{class}")),
            file("parents.csv", "guardians", &format!("legal = \"1\"\n{child}")),
        ];
        let service = |(_, title): (&str, &str), connector: &str, address: &str, more: &str| {
            format!(
                "connector = \"{connector}\"\nnetwork = \"private\"\ntwo_keys = true\n\n[title]\nfr = \"{title}\"\n\
                 en = \"{title}\"\n\n[parameters]\nurl = \"{}\"\n{more}",
                address.trim_end_matches('/')
            )
        };
        let cards = "\n[audience]\nallow = [{}]\nclass_cards = true\n";
        let site = self.site().address();
        for (name, text) in [
            ("eleves.csv", PUPILS),
            ("agents.csv", STAFF),
            ("parents.csv", PARENTS),
            ("words/charte.toml", CHARTE),
            ("preau.toml", &told.concat()),
            ("services/carnet.toml", &service(CARNET, SiteKind::PhpCas.connector(), &site, cards)),
            ("services/voisines.toml", &service(VOISINES, "link", &self.voisines(), "")),
        ] {
            fs::write(self.folder.join(name), text).with_context(|| format!("writing {name} of the école"))?;
        }
        Ok(self.folder.join("preau.toml"))
    }

    /// Everybody of the lists, a director who has a password, a sheet of codes, and a code for one of each kind.
    fn begin(&self, preau: &Preau, head: &Account) -> Result<Vec<Waiting>> {
        preau.run(&["sync", "apply", SOURCE], "")?;
        let who = ["--login", &head.login, "--password-file", "-", "--profile", "National_DIR", "--establishment", UAI];
        let add = ["account", "add", "--given-name", HEAD.0, "--family-name", HEAD.1];
        preau.run(&[&add[..], &who[..]].concat(), &head.password)?;
        let sheet = self.sheet().display().to_string();
        let print = ["activation", "sheets", "--establishment", UAI, "--public", "pupil", "--class", PRINTED];
        preau.run(&[&print[..], &["--out", &sheet]].concat(), "")?;
        let somebody = [
            ("teacher", "Maîtresse du CP", "Odile Duval", "90"),
            ("pupil", "Élève de CP", "Noé Petit", "1"),
            ("parent", "Mère, de deux enfants", "Claire Petit", "50"),
        ];
        let code = |(role, label, name, key): (&str, &str, &str, &str)| {
            let made = preau.run(&["activation", "code", &format!("{SOURCE}${key}")], "")?;
            let said = String::from_utf8(made.stdout)?;
            let (_, rest) = said.split_once("this once: ").context("the code is told")?;
            let code = rest.split_whitespace().next().context("and is one word")?.to_owned();
            Ok(Waiting { role: role.into(), label: label.into(), name: name.into(), code })
        };
        somebody.into_iter().map(code).collect()
    }
}

fn head() -> Account {
    Account {
        role: "head-lilas".to_owned(),
        label: "Directrice de l’école".to_owned(),
        profile: "National_DIR".to_owned(),
        public: "staff".to_owned(),
        name: format!("{} {}", HEAD.0, HEAD.1),
        login: "solene.marchal".to_owned(),
        password: HEAD.2.to_owned(),
        key: String::new(),
        establishments: vec![School { uai: UAI.to_owned(), name: NAME.to_owned() }],
    }
}
