//! What preau is told in the demo and in the tests with real clients: its configuration file, and one instance file for
//! each service. How preau reads them is in `idp/server` and `connectors/registry`.

use crate::mellon::Mellon;
use crate::neighbour::Neighbour;
use crate::secret::{random_text, write_secret};
use crate::simplesamlphp::SimpleSaml;
use crate::slapd::Slapd;
use anyhow::{Context, Result};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Name of the annuaire as a source.
pub const SOURCE: &str = "annuaire";

/// Name of the other provider as a source.
pub const EDUCONNECT: &str = "educonnect";

/// One preau, listening on loopback.
pub struct Configuration<'a> {
    /// Folder of the configuration file and of everything preau keeps.
    pub folder: PathBuf,
    /// Name of this machine in its address: cookies tell names apart, and not ports.
    pub host: &'static str,
    /// Port it listens on.
    pub port: u16,
    /// Name of the digital workspace.
    pub name: String,
    /// Where people come from.
    pub directory: &'a Slapd,
    /// Source of its join keys.
    pub academy: String,
    /// An authority believed when a service is called, besides those of the system.
    pub authority: Option<PathBuf>,
    /// Where pupils and families sign in too, as the source [`EDUCONNECT`], and what it is called.
    pub educonnect: Option<(&'a SimpleSaml, String)>,
    /// Another ENT, whose people come as guests.
    pub neighbour: Option<&'a Neighbour>,
    /// What section `[mail]` says, where there is one.
    pub mail: Option<String>,
}

/// One service to mount.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its name in preau, and of its file.
    pub id: String,
    /// Folder of the catalogue it is described in.
    pub connector: String,
    /// Title of its tile.
    pub title: String,
    /// Where it is, with a slash at the end.
    pub address: String,
    /// Whether it speaks OpenID Connect, and therefore has a secret: see [`Configuration::secret`].
    pub secret: bool,
    /// Who may open it, as the lines of an `[audience]` table; the descriptor says when absent.
    pub audience: Option<String>,
    /// What it and preau know of one another, if it speaks SAML.
    pub saml: Option<Mellon>,
}

impl Configuration<'_> {
    /// Writes the configuration file and says where it is.
    pub fn write(&self) -> Result<PathBuf> {
        let services = self.instances();
        fs::create_dir_all(&services).with_context(|| format!("creating {}", services.display()))?;
        let (host, port) = (self.host, self.port);
        let mut text = format!(
            "[web]\npublic_url = \"http://{host}:{port}\"\nname = \"{}\"\nbench = true\n\n\
             [server]\nlisten = \"127.0.0.1:{port}\"\n\n\
             [storage]\nurl = \"sqlite://preau.db\"\n\n\
             [keys]\ndir = \"keys\"\n\n\
             [sync]\nspool_dir = \"sync\"\n\n\
             [services]\ninstances = \"services\"\n",
            self.name
        );
        if let Some(authority) = &self.authority {
            writeln!(text, "trusted_ca_files = [\"{}\"]", authority.display())?;
        }
        if let Some(mail) = &self.mail {
            write!(text, "\n[mail]\n{mail}")?;
        }
        let suffix = self.directory.suffix();
        write!(
            text,
            "\n[sources.{SOURCE}]\nkind = \"ldap\"\nurl = \"{}\"\nbind_dn = \"{}\"\npassword_file = \"{}\"\n\
             people = \"ou=people,{suffix}\"\nstructures = \"ou=structures,{suffix}\"\nacademy = \"{}\"\n",
            self.directory.url(),
            self.directory.service_dn(),
            self.directory.password_file().display(),
            self.academy,
        )?;
        if self.educonnect.is_some() || self.neighbour.is_some() {
            text += "\n[web.sign_in.also]\n";
        }
        if self.educonnect.is_some() {
            writeln!(text, "pupil = [\"{EDUCONNECT}\"]\nguardian = [\"{EDUCONNECT}\"]")?;
        }
        if let Some(neighbour) = self.neighbour {
            writeln!(text, "guest = [\"{}\"]", neighbour.source)?;
        }
        if let Some((provider, title)) = &self.educonnect {
            text += &provider.lines(EDUCONNECT, title, &self.academy);
        }
        if let Some(neighbour) = self.neighbour {
            text += &neighbour.lines();
        }
        let path = self.folder.join("preau.toml");
        write_whole(&path, &text)?;
        Ok(path)
    }

    /// The folder of instance files.
    pub fn instances(&self) -> PathBuf {
        self.folder.join("services")
    }

    /// The file that holds the secret of a service, once it is mounted.
    pub fn secret(&self, id: &str) -> PathBuf {
        self.instances().join(format!("{id}.secret"))
    }

    /// Mounts a service: writes its instance file, or replaces it.
    pub fn mount(&self, instance: &Instance) -> Result<()> {
        let Instance { id, connector, title, address, secret, audience, saml } = instance;
        let mut text = format!(
            "connector = \"{connector}\"\nnetwork = \"private\"\n\n\
             [title]\nfr = \"{title}\"\nen = \"{title}\"\n\n\
             [parameters]\nurl = \"{}\"\n",
            address.trim_end_matches('/')
        );
        if let Some(Mellon { entity_id, metadata, .. }) = saml {
            fs::copy(metadata, self.instances().join(format!("{id}.xml")))
                .with_context(|| format!("copying {}", metadata.display()))?;
            write!(text, "scope = \"localhost\"\n\n[saml]\nentity_id = \"{entity_id}\"\nmetadata = \"{id}.xml\"\n")?;
        }
        if *secret {
            let file = self.secret(id);
            if !file.exists() {
                write_secret(&file, &random_text()?)?;
            }
            write!(text, "\n[oidc]\nclient_secret_file = \"{id}.secret\"\n")?;
        }
        if let Some(audience) = audience {
            write!(text, "\n[audience]\n{audience}\n")?;
        }
        self.put(id, &text)
    }

    /// Mounts a service by the text of its instance file.
    pub fn put(&self, id: &str, text: &str) -> Result<()> {
        write_whole(&self.instances().join(format!("{id}.toml")), text)
    }

    /// Where it is, without a slash at the end.
    pub fn base(&self) -> String {
        format!("http://{}:{}", self.host, self.port)
    }
}

/// Replaces a file in one stroke: whoever watches the folder never reads half of it.
fn write_whole(path: &Path, text: &str) -> Result<()> {
    let partial = path.with_extension("partial");
    fs::write(&partial, text)
        .and_then(|()| fs::rename(&partial, path))
        .with_context(|| format!("writing {}", path.display()))
}
