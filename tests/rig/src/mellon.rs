//! The keys and the metadata of a site behind `mod_auth_mellon`, made as its operator makes them: by the script of its
//! package.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The script, as Debian installs it.
const SCRIPT: &str = "/usr/sbin/mellon_create_metadata";
/// Below this path of the site the module listens.
const ENDPOINT: &str = "mellon";

/// What such a site and preau know of one another.
#[derive(Clone, Debug)]
pub struct Mellon {
    /// Its name in SAML.
    pub entity_id: String,
    /// Its private key.
    pub key: PathBuf,
    /// The certificate of that key.
    pub certificate: PathBuf,
    /// Its metadata, as the script wrote them. They name one address for the end of a session, for browsers.
    pub metadata: PathBuf,
    /// Whether it goes by those; otherwise it writes its own, which name an address for servers too, and shows them at
    /// its entity id.
    pub by_script: bool,
    /// The metadata of preau. They are put there before the site starts.
    pub provider: PathBuf,
}

impl Mellon {
    /// The files of the site at this address, in a folder; those that are there already are kept.
    pub fn make(folder: &Path, address: &str, by_script: bool) -> Result<Mellon> {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        let endpoint = format!("{address}{ENDPOINT}");
        let entity_id = format!("{endpoint}/metadata");
        // The script names its files after the entity.
        let mut stem: String = entity_id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        while stem.contains("__") {
            stem = stem.replace("__", "_");
        }
        let file = |ending: &str| folder.join(format!("{stem}.{ending}"));
        let (key, certificate, metadata) = (file("key"), file("cert"), file("xml"));
        if !metadata.exists() {
            let made = Command::new(SCRIPT).args([&entity_id, &endpoint]).current_dir(folder).output();
            let made = made.with_context(|| format!("starting {SCRIPT}: run `tests/install.sh demo`"))?;
            if !made.status.success() {
                bail!("{SCRIPT}: {}", String::from_utf8_lossy(&made.stderr));
            }
        }
        Ok(Mellon { entity_id, key, certificate, metadata, by_script, provider: folder.join("preau.xml") })
    }

    /// The lines of its section of Apache's configuration. The module reads `provider` at each first request, as the account
    /// that Apache serves under.
    pub(crate) fn lines(&self, cookie: &str, provider: &Path) -> String {
        // Its cookie says `SameSite=None`, which browsers do not keep of a site without TLS.
        let who = if self.by_script {
            format!("MellonSPMetadataFile \"{}\"", self.metadata.display())
        } else {
            format!("MellonSPentityId {}", self.entity_id)
        };
        format!(
            "AuthType Mellon\n\
             MellonEnable auth\n\
             MellonEndpointPath /{ENDPOINT}\n\
             MellonVariable {cookie}\n\
             SetEnvIf Host . MELLON_DISABLE_SAMESITE=1\n\
             {who}\n\
             MellonSPPrivateKeyFile \"{key}\"\n\
             MellonSPCertFile \"{certificate}\"\n\
             MellonIdPMetadataFile \"{provider}\"\n\
             MellonMergeEnvVars On |\n\
             MellonSetEnv displayName urn:oid:2.16.840.1.113730.3.1.241\n\
             MellonSetEnv givenName urn:oid:2.5.4.42\n\
             MellonSetEnv sn urn:oid:2.5.4.4\n\
             MellonSetEnv mail urn:oid:0.9.2342.19200300.100.1.3\n\
             MellonSetEnv pairwise-id urn:oasis:names:tc:SAML:attribute:pairwise-id\n\
             Require valid-user",
            key = self.key.display(),
            certificate = self.certificate.display(),
            provider = provider.display(),
        )
    }
}
