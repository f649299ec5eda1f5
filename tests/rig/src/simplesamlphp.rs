//! SimpleSAMLphp as an identity provider that vouches for pupils and families, as Debian packages it: PHP serves it by itself.
//! It speaks as EduConnect does: what it says is signed twice, and names a record of the annuaire. Unlike EduConnect it does not
//! encrypt: version 1.19 knows AES-CBC alone there, which preau does not read.
//!
//! The same installation can be a service of preau besides, with a page that shows what it was told of whom.

use crate::process::Process;
use anyhow::{Context, Result, bail};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Debian puts its pages.
const PAGES: &str = "/usr/share/simplesamlphp/www";

/// Somebody it knows.
#[derive(Clone, Debug)]
pub struct Citizen {
    /// What is typed.
    pub login: String,
    /// And its password.
    pub password: String,
    /// What it says of them.
    pub attributes: Vec<(&'static str, Vec<String>)>,
}

/// A running provider.
#[derive(Debug)]
pub struct SimpleSaml {
    process: Process,
    folder: PathBuf,
    port: u16,
}

impl SimpleSaml {
    /// Starts it on this loopback port and waits until it answers; its keys are kept in `folder`.
    pub fn start(folder: &Path, port: u16, title: &str, citizens: &[Citizen]) -> Result<SimpleSaml> {
        for part in ["config", "metadata", "cert", "log", "tmp", "data"] {
            let part = folder.join(part);
            fs::create_dir_all(&part).with_context(|| format!("creating {}", part.display()))?;
        }
        key(&folder.join("cert"), "provider")?;
        key(&folder.join("cert"), "preau")?;
        key(&folder.join("cert"), "service")?;
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
        };
        write("config/config.php", configuration(folder, port)?)?;
        write("config/authsources.php", people(citizens)?)?;
        write("metadata/saml20-idp-hosted.php", hosted(port, title))?;
        write("metadata/preau.xml", NOBODY.to_owned())?;
        write("metadata/portal.xml", NOBODY.to_owned())?;
        let php = Path::new("/usr/bin/php");
        let args = ["-S".to_owned(), format!("127.0.0.1:{port}"), "-t".to_owned(), PAGES.to_owned()];
        // One process: the workers PHP could have would outlive it when a test is killed outright.
        let env = [("SIMPLESAMLPHP_CONFIG_DIR", folder.join("config").display().to_string())];
        let mut process = Process::start("simplesamlphp", php, &args, &env, &folder.join("php.log"))?;
        process.wait_until(|| crate::process::answers(port))?;
        let provider = SimpleSaml { process, folder: folder.to_owned(), port };
        let metadata = crate::preau::get(port, "/saml2/idp/metadata.php").context("the metadata of simplesamlphp")?;
        fs::write(provider.folder.join("provider.xml"), metadata)?;
        Ok(provider)
    }

    /// Its address, with a slash at the end.
    pub fn address(&self) -> String {
        address(self.port)
    }

    /// The server as a process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Believes the service that these metadata describe.
    pub fn trust(&self, metadata: &str) -> Result<()> {
        fs::write(self.folder.join("metadata/preau.xml"), metadata).context("writing the metadata of preau")
    }

    /// Becomes a service of the portal of that name in SAML, which these metadata describe, and gives the file of its own metadata
    /// and the address of its page.
    pub fn become_a_service(&self, portal: &str, metadata: &str) -> Result<(PathBuf, String)> {
        let people = self.folder.join("config/authsources.php");
        let before = fs::read_to_string(&people)?;
        let known = before.strip_suffix("];\n").context("what it knows of people ends as it was written")?;
        fs::write(&people, format!("{known}{}];\n", service(self.port, portal)))?;
        fs::write(self.folder.join("metadata/portal.xml"), metadata).context("writing the metadata of the portal")?;
        let file = self.folder.join("service.xml");
        let own = crate::preau::get(self.port, "/module.php/saml/sp/metadata.php/registre");
        fs::write(&file, own.context("the metadata of the service")?)?;
        Ok((file, format!("{}module.php/core/authenticate.php?as=registre", self.address())))
    }

    /// Its name in SAML.
    pub fn entity_id(&self) -> String {
        entity_id(self.port)
    }

    /// The lines by which preau knows it, as the source `id`.
    pub(crate) fn lines(&self, id: &str, title: &str, academy: &str) -> String {
        format!(
            "{}\n[[sources.{id}.match]]\nclaim = \"FrEduCtRefId\"\nas = \"aaf\"\nsource = \"{source}\"\nacademies = [\"{academy}\"]\n",
            self.source(id, title, "FrEduCtId"),
            source = crate::SOURCE,
        )
    }

    /// The lines by which preau knows it as the home of guests, whom it calls by this attribute. No rule finds anybody: whoever is on no
    /// list is nobody.
    pub fn as_home(&self, id: &str, title: &str, subject: &str) -> String {
        format!("\n[web.sign_in.also]\nguest = [\"{id}\"]\n{}", self.source(id, title, subject))
    }

    fn source(&self, id: &str, title: &str, subject: &str) -> String {
        let place = self.folder.display();
        format!(
            "\n[sources.{id}]\nkind = \"upstream-saml\"\ntitle = {{ fr = \"{title}\", en = \"{title}\" }}\n\
             entity_id = \"{entity}\"\nmetadata = \"{place}/provider.xml\"\n\
             keys = [{{ key = \"{place}/cert/preau.key\", certificate = \"{place}/cert/preau.pem\" }}]\n\
             signed = \"both\"\nencrypted = false\nsubject = \"{subject}\"\nlogout = \"single\"\n",
            entity = entity_id(self.port),
        )
    }
}

/// The metadata of no service at all.
const NOBODY: &str = "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\"/>\n";

fn address(port: u16) -> String {
    format!("http://localhost:{port}/")
}

fn entity_id(port: u16) -> String {
    format!("{}educonnect", address(port))
}

/// An RSA key and its certificate, once.
pub(crate) fn key(folder: &Path, name: &str) -> Result<()> {
    let (key, certificate) = (folder.join(format!("{name}.key")), folder.join(format!("{name}.pem")));
    if certificate.exists() {
        return Ok(());
    }
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=localhost", "-keyout"])
        .arg(key)
        .arg("-out")
        .arg(certificate)
        .output()
        .context("starting openssl")?;
    if !made.status.success() {
        bail!("openssl: {}", String::from_utf8_lossy(&made.stderr));
    }
    Ok(())
}

/// A text of PHP.
fn text(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn configuration(folder: &Path, port: u16) -> Result<String> {
    let place = folder.display();
    let secret = crate::secret::random_text()?;
    // Cookies do not tell ports apart, so they have names of their own; and this machine has no TLS.
    Ok(format!(
        "<?php\n$config = [\n\
         'baseurlpath' => '{address}', 'certdir' => '{place}/cert/', 'loggingdir' => '{place}/log/',\n\
         'datadir' => '{place}/data/', 'tempdir' => '{place}/tmp', 'metadatadir' => '{place}/metadata/',\n\
         'metadata.sources' => [['type' => 'flatfile'], ['type' => 'xml', 'file' => '{place}/metadata/preau.xml'],\n\
         ['type' => 'xml', 'file' => '{place}/metadata/portal.xml']],\n\
         'secretsalt' => '{secret}', 'auth.adminpassword' => '{secret}', 'admin.checkforupdates' => false,\n\
         'technicalcontact_name' => 'Préau', 'technicalcontact_email' => 'na@example.org',\n\
         'logging.handler' => 'errorlog', 'logging.level' => 4, 'timezone' => 'Europe/Paris',\n\
         'enable.saml20-idp' => true, 'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],\n\
         'store.type' => 'phpsession', 'session.phpsession.savepath' => '{place}/tmp',\n\
         'session.phpsession.cookiename' => 'EDUCONNECT-PHP', 'session.cookie.name' => 'EDUCONNECT',\n\
         'session.authtoken.cookiename' => 'EDUCONNECT-TOKEN',\n\
         'session.cookie.secure' => false, 'session.cookie.samesite' => 'Lax',\n\
         'language.default' => 'fr', 'language.available' => ['fr', 'en'],\n\
         'language.cookie.secure' => false, 'language.cookie.samesite' => 'Lax',\n];\n",
        address = address(port),
    ))
}

fn people(citizens: &[Citizen]) -> Result<String> {
    let mut said = String::from("<?php\n$config = ['people' => ['exampleauth:UserPass',\n");
    for Citizen { login, password, attributes } in citizens {
        write!(said, "{} => [", text(&format!("{login}:{password}")))?;
        for (name, values) in attributes {
            let values: Vec<String> = values.iter().map(|value| text(value)).collect();
            write!(said, "{} => [{}], ", text(name), values.join(", "))?;
        }
        said.push_str("],\n");
    }
    said.push_str("],\n];\n");
    Ok(said)
}

fn service(port: u16, portal: &str) -> String {
    format!(
        "'registre' => ['saml:SP', 'entityID' => '{address}registre', 'idp' => {portal},\n\
         'privatekey' => 'service.key', 'certificate' => 'service.pem',\n\
         'sign.authnrequest' => true, 'sign.logout' => true, 'redirect.sign' => true, 'redirect.validate' => true,\n\
         'WantAssertionsSigned' => true, 'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',\n\
         'NameIDPolicy' => ['Format' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent', 'AllowCreate' => true],\n\
         'acs.Bindings' => ['urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST'],\n\
         'SingleLogoutServiceBinding' => ['urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect'],\n\
         'name' => ['fr' => 'Le registre', 'en' => 'The register'],\n\
         'attributes' => ['urn:oid:2.16.840.1.113730.3.1.241'],\n\
         'attributes.required' => ['urn:oid:2.16.840.1.113730.3.1.241'],\n\
         'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri'],\n",
        address = address(port),
        portal = text(portal),
    )
}

fn hosted(port: u16, title: &str) -> String {
    let (title, address) = (text(title), address(port));
    format!(
        "<?php\n$metadata['{entity}'] = [\n\
         'host' => '__DEFAULT__', 'privatekey' => 'provider.key', 'certificate' => 'provider.pem', 'auth' => 'people',\n\
         'saml20.sign.response' => true, 'saml20.sign.assertion' => true,\n\
         'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',\n\
         'redirect.validate' => true, 'redirect.sign' => true,\n\
         'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',\n\
         'OrganizationName' => ['fr' => {title}], 'OrganizationDisplayName' => ['fr' => {title}],\n\
         'OrganizationURL' => ['fr' => '{address}'],\n];\n",
        entity = entity_id(port),
    )
}
