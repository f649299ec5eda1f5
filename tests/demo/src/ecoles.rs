//! The second ENT of the demo: that of the écoles, in a preau of its own with its own annuaire, database, keys and address. It and the
//! collège's vouch for their people to one another: the écoles by OpenID Connect, the collège by SAML.
//!
//! Its address names this machine by number: browsers tell cookies apart by the name of the host, and not by the port.

use crate::facts::{Account, Ent};
use crate::ports::{ECOLES, ECOLES_DIRECTORY, Ports};
use crate::sharing::{Side, school};
use anyhow::{Context, Result};
use preau_rig::neighbour::mount;
use preau_rig::{Configuration, Neighbour, Preau, Process, Slapd, SlapdOptions, Way};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Where it is, on this machine.
const HOST: &str = "127.0.0.1";
/// What it is called.
const NAME: &str = "ENT des écoles";
/// People of its annuaire.
const PEOPLE: usize = 120;
/// What the écoles' ENT is called at the collège's, and the other way round.
const NAMES: [&str; 2] = ["ecoles", "college"];

/// The écoles' ENT, whose annuaire is running.
pub struct Ecoles {
    folder: PathBuf,
    port: u16,
    fresh: bool,
    /// The collège's, as the écoles know it.
    college: Neighbour,
    accounts: Vec<Account>,
    slapd: Slapd,
}

impl Ecoles {
    /// Starts its annuaire; `college` is the address of the other ENT, without a slash at the end.
    pub fn start(demo: &Path, ports: &Ports, college: String) -> Result<Ecoles> {
        let folder = demo.join("ecoles");
        fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        let (data, known) = (folder.join("slapd"), folder.join("accounts.json"));
        let ldif = folder.join("annuaire.ldif");
        let fresh = !Slapd::is_loaded(&data);
        if fresh {
            for name in ["synchronised", "preau.db", "preau.db-wal", "preau.db-shm"] {
                crate::remove(&folder.join(name))?;
            }
            crate::facts::save(&known, &invent(&ldif)?)?;
        }
        let port = Some(ports.of(ECOLES_DIRECTORY));
        let options = SlapdOptions { port, ldif: Some(ldif.clone()), ..SlapdOptions::default() };
        let slapd = Slapd::start(&data, &options)?;
        crate::remove(&ldif)?;
        let way = Way::Saml { folder: folder.join("college") };
        let title = ["ENT du collège", "The collège’s ENT"];
        let college = Neighbour { source: NAMES[1], title, base: college, way };
        Ok(Ecoles { accounts: crate::facts::load(&known)?, port: ports.of(ECOLES), fresh, folder, college, slapd })
    }

    /// What it is told.
    fn configuration(&self) -> Configuration<'_> {
        Configuration {
            folder: self.folder.clone(),
            host: HOST,
            port: self.port,
            name: NAME.to_owned(),
            directory: &self.slapd,
            academy: preau_annuaire::Options::default().academy,
            authority: None,
            educonnect: None,
            neighbour: Some(&self.college),
            mail: None,
        }
    }

    /// As the collège's ENT knows it: mounts that one here, and shares a secret with it.
    pub fn as_neighbour(&self) -> Result<Neighbour> {
        let here = self.configuration();
        fs::create_dir_all(here.instances())?;
        let secret = mount(&here, &self.college, NAMES[0], None)?;
        let way = Way::OpenId { client: NAMES[1], secret };
        Ok(Neighbour { source: NAMES[0], title: [NAME, "The écoles’ ENT"], base: here.base(), way })
    }

    /// Starts preau, once the collège's ENT answers, and mounts it there.
    pub fn serve(&mut self, neighbour: &Neighbour, college: &Configuration<'_>) -> Result<(Preau, Process)> {
        self.college.learn(&preau_rig::preau::metadata(college.port, "/saml/metadata")?)?;
        let preau = Preau::new(&self.configuration().write()?)?;
        let done = self.folder.join("synchronised");
        if self.fresh || !done.exists() {
            preau.run(&["sync", preau_rig::SOURCE], "")?;
            fs::write(&done, "").context("remembering the synchronisation")?;
        }
        let serving = preau.serve(&["--demo"], self.port, true, &self.folder.join("preau.log"))?;
        let path = format!("/upstream/{}/metadata", self.college.source);
        let metadata = preau_rig::preau::metadata_of(HOST, self.port, &path)?;
        mount(college, neighbour, self.college.source, Some(&metadata))?;
        Ok((preau, serving))
    }

    /// It as one of two that share a space; the issuer is its address.
    pub fn side<'a>(&'a self, base: &'a str, preau: &'a Preau) -> Result<Side<'a>> {
        Ok(Side {
            name: NAME,
            base,
            source: NAMES[0],
            issuer: base.to_owned(),
            preau,
            school: (school(&self.accounts, "pupil-neighbour")?, "CM2A"),
            space: ("chorale", "La chorale du cycle 3"),
            mounts: None,
        })
    }

    /// The collège's, as the other of the two; SAML names it by its metadata.
    pub fn college<'a>(&'a self, accounts: &'a [Account], preau: &'a Preau) -> Result<Side<'a>> {
        let base = self.college.base.as_str();
        Ok(Side {
            name: self.college.title[0],
            base,
            source: NAMES[1],
            issuer: format!("{base}/saml/metadata"),
            preau,
            school: (school(accounts, "pupil-6e")?, "6A"),
            space: ("fables", "Les fables du cycle 3"),
            mounts: Some("pad"),
        })
    }

    /// What the demo says of it.
    pub fn facts(&self) -> Ent {
        let here = self.configuration();
        Ent {
            base: format!("{}/", here.base()),
            name: NAME.to_owned(),
            accounts: self.accounts.clone(),
            config: self.folder.join("preau.toml"),
        }
    }

    /// Its annuaire as a process.
    pub fn directory(&mut self) -> &mut Process {
        self.slapd.process()
    }

    /// Ends its annuaire.
    pub fn stop(self) {
        self.slapd.stop();
    }
}

fn invent(ldif: &Path) -> Result<Vec<Account>> {
    let mut out = BufWriter::new(File::create(ldif).with_context(|| format!("creating {}", ldif.display()))?);
    let options = preau_annuaire::Options { people: PEOPLE, seed: 2, ..preau_annuaire::Options::default() };
    let summary = preau_annuaire::generate_ecoles(&options, &mut out)?;
    out.flush()?;
    summary.accounts.iter().map(|account| Account::of(account, &summary.establishments)).collect()
}
