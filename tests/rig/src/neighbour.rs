//! Two Préau that know one another: what each is told of its neighbour, as a provider its guests come from and as a service its own
//! people go to. One way speaks OpenID Connect, the other SAML.

use crate::secret::{random_text, write_secret};
use crate::{Configuration, simplesamlphp};
use anyhow::{Context, Result};
use std::fs;
use std::path::PathBuf;

/// Another ENT, as the one that is configured knows it.
#[derive(Clone, Debug)]
pub struct Neighbour {
    /// Its name as a source, and as a service.
    pub source: &'static str,
    /// What people call it, in French and in English.
    pub title: [&'static str; 2],
    /// Where it is, without a slash at the end.
    pub base: String,
    /// How it vouches for its people.
    pub way: Way,
}

/// How a neighbour vouches for its people.
#[derive(Clone, Debug)]
pub enum Way {
    /// By OpenID Connect.
    OpenId {
        /// What we are called there.
        client: &'static str,
        /// The file of the secret that it shares with us.
        secret: PathBuf,
    },
    /// By SAML.
    Saml {
        /// A folder for our keys there and for its metadata.
        folder: PathBuf,
    },
}

impl Neighbour {
    /// For a neighbour that speaks SAML: draws our keys there once, and keeps what it says of itself.
    pub fn learn(&self, metadata: &str) -> Result<()> {
        let Way::Saml { folder } = &self.way else { return Ok(()) };
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        simplesamlphp::key(folder, self.source)?;
        let file = folder.join(format!("{}.xml", self.source));
        fs::write(&file, metadata).with_context(|| format!("writing {}", file.display()))
    }

    /// The lines by which its people come in. No rule finds anybody: whoever is on no list of guests is nobody.
    pub(crate) fn lines(&self) -> String {
        let (source, base, [fr, en]) = (self.source, &self.base, self.title);
        let title = format!("title = {{ fr = \"{fr}\", en = \"{en}\" }}");
        match &self.way {
            Way::OpenId { client, secret } => format!(
                "\n[sources.{source}]\nkind = \"upstream-oidc\"\n{title}\nissuer = \"{base}\"\nclient_id = \"{client}\"\n\
                 client_secret_file = \"{}\"\nnetwork = \"private\"\nunsolicited = true\n",
                secret.display()
            ),
            Way::Saml { folder } => {
                let place = folder.display();
                format!(
                    "\n[sources.{source}]\nkind = \"upstream-saml\"\n{title}\nentity_id = \"{base}/saml/metadata\"\n\
                     metadata = \"{place}/{source}.xml\"\n\
                     keys = [{{ key = \"{place}/{source}.key\", certificate = \"{place}/{source}.pem\" }}]\n\
                     signed = \"both\"\nencrypted = true\nnameid = \"persistent\"\nlogout = \"single\"\nunsolicited = true\n"
                )
            }
        }
    }
}

/// Mounts at `at` the neighbour that its people go to, where this ENT is the source `source`. By OpenID Connect a secret is drawn
/// once, and its file named; by SAML `metadata` are what the neighbour says of itself.
pub fn mount(at: &Configuration<'_>, to: &Neighbour, source: &str, metadata: Option<&str>) -> Result<PathBuf> {
    let (id, base, [fr, en]) = (to.source, &to.base, to.title);
    let secret = at.secret(id);
    let (connector, lines) = match metadata {
        None => {
            if !secret.exists() {
                write_secret(&secret, &random_text()?)?;
            }
            ("preau-openid", format!("[oidc]\nclient_secret_file = \"{id}.secret\"\n"))
        }
        Some(metadata) => {
            let file = at.instances().join(format!("{id}.xml"));
            fs::write(&file, metadata).with_context(|| format!("writing {}", file.display()))?;
            ("preau-saml", format!("[saml]\nmetadata = \"{id}.xml\"\n"))
        }
    };
    at.put(
        id,
        &format!(
            "connector = \"{connector}\"\nnetwork = \"private\"\n\n[title]\nfr = \"{fr}\"\nen = \"{en}\"\n\n\
             [parameters]\nurl = \"{base}\"\nsource = \"{source}\"\n\n{lines}"
        ),
    )?;
    Ok(secret)
}
