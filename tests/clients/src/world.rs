//! The servers of one test, started in a folder of its own and ended with it.

use crate::application::{self, Application, Client};
use crate::{Page, Visitor, until};
use anyhow::{Context, Result, ensure};
use preau_annuaire::Account;
use preau_rig::{
    Apache, Citizen, Configuration, Instance, Mellon, Preau, Process, Shibboleth, SimpleSaml, Site, SiteKind, Slapd,
    SlapdOptions, Tls,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The connector of an application that speaks OpenID Connect by itself.
const APPLICATION: &str = "oidc-application";
/// The audience of what is for those who work in a school.
const STAFF: &str = "allow = [{ profiles = [\"National_ENS\", \"National_DOC\", \"National_EVS\", \"National_DIR\"] }]";

/// The rest of the command line that mounts `textes`.
const TEXTES: &[&str] = &[
    "--release",
    "displayName,givenName,sn,pairwise-id,ENTPersonProfils,ENTPersonStructRattachUAI,ENTClasses,ENTGroupes",
    "--for=National_ENS",
    "--for=National_DOC",
    "--for=National_EVS",
    "--for=National_DIR",
];

/// The rest of the command line that mounts `coffre`.
const COFFRE: &[&str] = &["--release", "displayName,givenName,sn,pairwise-id,ENTPersonProfils,ENTClasses"];

/// An annuaire of two hundred people, preau, and these services:
///
/// - `kiosque`, an Apache site behind `mod_auth_cas`;
/// - `atelier`, a PHP page behind phpCAS over TLS, for staff only, which opens `fonds` in the person's name;
/// - `fonds`, a PHP page behind phpCAS that accepts proxy tickets;
/// - `agenda`, an Apache site behind `mod_auth_openidc`;
/// - `carnet`, an https address where nobody listens: its tickets are validated by python-cas;
/// - `relais`, an https address where python-cas listens, which opens others in the person's name;
/// - `bureau` and `cahier`, two more of those, with a secret each: authlib and openid-client speak for them.
///
/// With SAML, these too:
///
/// - `textes`, an Apache site behind `mod_auth_mellon`, for staff only, mounted from the metadata of its script;
/// - `rendezvous`, another one, which writes its own metadata and is not mounted yet;
/// - `registre`, an https address where nobody listens: pysaml2 or node-saml speaks for it, once it is mounted;
/// - EduConnect, where pupils and families may sign in: SimpleSAMLphp, which knows the pupil of 6e and the parent by the
///   passwords they have here.
pub struct World {
    accounts: Vec<Account>,
    base: String,
    folder: PathBuf,
    tls: Tls,
    sites: Vec<Site>,
    absent: BTreeMap<&'static str, String>,
    preau: Preau,
    port: u16,
    // Fields are dropped in this order: first the door, then what stands behind it.
    serving: Process,
    _apache: Apache,
    educonnect: Option<SimpleSaml>,
    slapd: Option<Slapd>,
}

impl World {
    /// Starts everything but SAML; `name` is the test's, for its folder.
    pub fn start(name: &str) -> Result<World> {
        World::build(name, false, false)
    }

    /// Starts everything.
    pub fn with_saml(name: &str) -> Result<World> {
        World::build(name, true, false)
    }

    /// Starts everything but SAML, and `coffre`, an Apache site behind `mod_shib`, mounted from the metadata that it writes.
    pub async fn with_shibboleth(name: &str) -> Result<World> {
        let world = World::build(name, false, true)?;
        let mut site = world.visitor()?;
        let metadata = site.open(&format!("{}Shibboleth.sso/Metadata", world.site("coffre"))).await?;
        let file = world.folder.join("coffre.xml");
        fs::write(&file, &metadata.text)?;
        let file = file.display().to_string();
        world.preau(&[&["sp", "add", &file, "--id", "coffre", "--private"], COFFRE].concat())?;
        world.until_taken_up("coffre").await?;
        // The domain of our identifiers is told with the first service that is told some.
        let believed = world.folder.join("shibboleth/believed.xml");
        world.until(|| Ok(fs::read_to_string(&believed).is_ok_and(|text| text.contains("shibmd:Scope")))).await?;
        Ok(world)
    }

    fn build(name: &str, saml: bool, shibboleth: bool) -> Result<World> {
        let folder = preau_rig::scratch(name);
        let tls = Tls::make(&folder.join("tls"))?;
        let port = preau_rig::free_port()?;
        let base = format!("http://localhost:{port}/");

        let ldif = folder.join("annuaire.ldif");
        let invented = preau_annuaire::Options { people: 200, ..preau_annuaire::Options::default() };
        let mut out = std::io::BufWriter::new(fs::File::create(&ldif)?);
        let summary = preau_annuaire::generate(&invented, &mut out)?;
        drop(out);
        let options = SlapdOptions { ldif: Some(ldif), ..SlapdOptions::default() };
        let slapd = Slapd::start(&folder.join("slapd"), &options)?;

        let educonnect = if saml { Some(educonnect(&folder, &summary.accounts)?) } else { None };
        let configuration = Configuration {
            folder: folder.join("preau"),
            host: "localhost",
            port,
            name: "Préau".into(),
            directory: &slapd,
            academy: invented.academy,
            authority: Some(tls.authority.clone()),
            educonnect: educonnect.as_ref().map(|provider| (provider, "EduConnect".to_owned())),
            neighbour: None,
            mail: None,
        };
        let config = configuration.write()?;
        let mut sites = sites(&base, &tls, &configuration)?;
        for site in &sites {
            configuration.mount(&instance(site))?;
        }
        let mut absent = BTreeMap::new();
        for (id, connector, title, secret) in [
            ("carnet", SiteKind::ModAuthCas.connector(), "Le carnet", false),
            ("relais", SiteKind::PhpCas.connector(), "Le relais", false),
            ("bureau", APPLICATION, "Le bureau", true),
            ("cahier", APPLICATION, "Le cahier", true),
        ] {
            let address = format!("https://localhost:{}/", preau_rig::free_port()?);
            let (connector, title) = (connector.to_owned(), title.to_owned());
            absent.insert(id, address.clone());
            let id = id.to_owned();
            configuration.mount(&Instance { id, connector, title, address, secret, audience: None, saml: None })?;
        }
        let preau = Preau::new(&config)?;
        preau.run(&["sync", preau_rig::SOURCE], "")?;
        if saml {
            absent.insert("registre", format!("https://localhost:{}/", preau_rig::free_port()?));
            for (name, title, by_script) in
                [("textes", "Le cahier de textes", true), ("rendezvous", "Les rendez-vous", false)]
            {
                let mut site = plain_site(&base, name, title, SiteKind::ModAuthMellon)?;
                let made = Mellon::make(&folder.join("mellon"), &site.address(), by_script)?;
                if by_script {
                    let metadata = made.metadata.display().to_string();
                    preau.run(&[&["sp", "add", &metadata, "--id", name, "--private"], TEXTES].concat(), "")?;
                }
                site.saml = Some(made);
                sites.push(site);
            }
        }
        let serving = serve(&preau, port, &folder)?;
        let provider = folder.join("provider.xml");
        if saml || shibboleth {
            fs::write(&provider, preau_rig::preau::metadata(port, "/saml/metadata")?)?;
        }
        if shibboleth {
            let mut site = plain_site(&base, "coffre", "Le coffre", SiteKind::ModShib)?;
            let made = Shibboleth::make(&folder.join("shibboleth"))?;
            fs::write(&made.signer, signer_of(&fs::read_to_string(&provider)?)?)?;
            site.shibboleth = Some(made);
            sites.push(site);
        }
        if let Some(provider) = &educonnect {
            let path = format!("/upstream/{}/metadata", preau_rig::EDUCONNECT);
            provider.trust(&preau_rig::preau::metadata(port, &path)?)?;
        }
        for saml in sites.iter().filter_map(|site| site.saml.as_ref()) {
            fs::copy(&provider, &saml.provider)?;
        }
        let apache = Apache::start(&folder.join("apache"), &sites)?;
        let accounts = summary.accounts;
        Ok(World {
            accounts,
            base,
            folder,
            tls,
            sites,
            absent,
            preau,
            port,
            serving,
            _apache: apache,
            educonnect,
            slapd: Some(slapd),
        })
    }

    /// Ends the server without a word, as a power cut does, and starts it again.
    pub fn cut_the_power(&mut self) -> Result<()> {
        self.serving.kill();
        self.serving = serve(&self.preau, self.port, &self.folder)?;
        Ok(())
    }

    /// Ends the annuaire.
    pub fn lose_the_directory(&mut self) {
        self.slapd = None;
    }

    /// Address of the portal, with a slash at the end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Address of the CAS server, without a slash at the end.
    pub fn cas(&self) -> String {
        format!("{}cas", self.base)
    }

    /// Folder of this world, for what a test wants to keep.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Address of a service, with a slash at the end.
    pub fn site(&self, name: &str) -> String {
        if let Some(address) = self.absent.get(name) {
            return address.clone();
        }
        let site = self.sites.iter().find(|site| site.name == name);
        site.unwrap_or_else(|| panic!("no site {name}")).address()
    }

    /// The account of this role.
    pub fn account(&self, role: &str) -> &Account {
        self.accounts.iter().find(|account| account.role == role).unwrap_or_else(|| panic!("no account {role}"))
    }

    /// Somebody at a fresh browser.
    pub fn visitor(&self) -> Result<Visitor> {
        Visitor::new(Some(&self.tls.authority))
    }

    /// Opens an address and answers what the sign-in asks, as the account of this role. The page is what comes after.
    pub async fn sign_in(&self, visitor: &mut Visitor, address: &str, role: &str) -> Result<Page> {
        visitor.sign_in(address, self.account(role)).await
    }

    /// The same, up to the form that asks for the password.
    pub async fn to_password(&self, visitor: &mut Visitor, address: &str, role: &str) -> Result<Page> {
        visitor.to_password(address, role).await
    }

    /// Runs a command of preau beside its server.
    pub fn preau(&self, args: &[&str]) -> Result<String> {
        let output = self.preau.run(args, "")?;
        Ok(String::from_utf8(output.stdout)?)
    }

    /// What a site behind `mod_auth_mellon` and preau know of one another.
    pub fn mellon(&self, name: &str) -> &Mellon {
        let site = self.sites.iter().find(|site| site.name == name);
        site.and_then(|site| site.saml.as_ref()).unwrap_or_else(|| panic!("no site {name} that speaks SAML"))
    }

    /// Presses *Se déconnecter* on the home page.
    pub async fn sign_out(&self, visitor: &mut Visitor) -> Result<Page> {
        let home = visitor.open(&self.base).await?;
        visitor.send(&home.form_to("/sign-out")?).await
    }

    /// Looks at a site until it sends the visitor to preau again. An error if it still knows the person after twenty
    /// seconds.
    pub async fn until_forgotten(&self, visitor: &mut Visitor, address: &str) -> Result<()> {
        until(&format!("{address} still knows the person"), async || {
            let page = visitor.open_until(address, |url| url.as_str().starts_with(&self.base)).await?;
            Ok(page.url.as_str().starts_with(&self.base))
        })
        .await
    }

    /// Looks at a site of SAML until it knows the person, who is signed in. An error if it does not after twenty seconds.
    pub async fn until_open(&self, visitor: &mut Visitor, address: &str) -> Result<()> {
        until(&format!("{address} does not open"), async || {
            let page = visitor.open(address).await?;
            let page = visitor.carry(page).await?;
            Ok(page.url.as_str() == address && page.status == 200)
        })
        .await
    }

    /// Mounts a service beside the others, and waits until the running server knows it.
    pub async fn mount(&self, id: &str, instance: &str) -> Result<()> {
        crate::workshop::mount(&self.folder.join("preau/services"), id, instance)?;
        self.visitor()?.until_known(&self.base, id).await
    }

    /// Waits for something that happens by itself. An error if it has not after twenty seconds.
    pub async fn until(&self, mut happened: impl FnMut() -> Result<bool>) -> Result<()> {
        until("it does not happen", async || happened()).await
    }

    /// An application that speaks for the service `id` with the library of the script `client`.
    pub fn application(&self, client: Client, id: &str) -> Result<Application> {
        let secret = self.folder.join(format!("preau/services/{id}.secret"));
        let callback = format!("{}callback", self.site(id));
        Application::start(client, self.base.trim_end_matches('/'), id, &secret, &callback)
    }

    /// python-cas as the service `relais`, listening.
    pub fn proxy(&self) -> Result<Application> {
        Application::proxy(&self.cas(), &self.site("relais"), &self.tls)
    }

    /// pysaml2 as the service `registre`, mounted from the metadata that it writes.
    pub async fn pysaml2(&self) -> Result<Application> {
        let provider = self.folder.join("provider.xml");
        self.registre(Application::pysaml2(&self.folder, &self.site("registre"), &provider)?, &[]).await
    }

    /// node-saml as the same service.
    pub async fn node_saml(&self) -> Result<Application> {
        let provider = self.folder.join("provider.xml");
        let application = Application::node_saml(&self.folder, &self.site("registre"), &provider)?;
        // Its metadata ask for nothing.
        self.registre(application, &["--release", "displayName"]).await
    }

    /// The address of SimpleSAMLphp as the service `registre`, mounted from the metadata that it writes.
    pub async fn simplesamlphp(&self) -> Result<String> {
        let known = fs::read_to_string(self.folder.join("provider.xml"))?;
        let portal = format!("{}saml/metadata", self.base);
        let php = self.educonnect.as_ref().context("a world with SAML")?;
        let (metadata, address) = php.become_a_service(&portal, &known)?;
        self.preau(&["sp", "add", &metadata.display().to_string(), "--id", "registre", "--private"])?;
        self.until_taken_up("registre").await?;
        Ok(address)
    }

    async fn registre(&self, mut application: Application, more: &[&str]) -> Result<Application> {
        let said = application.ask("metadata")?;
        let metadata = said["file"].as_str().with_context(|| format!("it said {said}"))?;
        self.preau(&[&["sp", "add", metadata, "--id", "registre"], more].concat())?;
        self.until_taken_up("registre").await?;
        Ok(application)
    }

    /// Waits until the running server has taken up a service of SAML, which it does within seconds.
    pub async fn until_taken_up(&self, id: &str) -> Result<()> {
        let (mut anybody, launch) = (self.visitor()?, format!("{}saml/launch/{id}", self.base));
        until("the service is not taken up", async || Ok(anybody.open(&launch).await?.asks_for("public"))).await
    }

    /// Opens a service to programs that bring the password of an agent.
    pub fn open_to_programs(&self, id: &str) -> Result<()> {
        let file = self.folder.join(format!("preau/services/{id}.toml"));
        let text = fs::read_to_string(&file)?.replacen("\n[saml]\n", "\n[saml]\necp = [\"staff\"]\n", 1);
        Ok(fs::write(&file, text)?)
    }

    /// What python-cas makes of a ticket: an object with `user` and `attributes`, or `user` null.
    pub fn python_cas(&self, protocol: &str, service: &str, ticket: &str) -> Result<Value> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python_cas.py");
        let output = std::process::Command::new(application::python()?)
            .arg(script)
            .args([protocol, &self.cas(), service, ticket])
            .output()
            .context("starting python")?;
        ensure!(output.status.success(), "python-cas: {}", String::from_utf8_lossy(&output.stderr));
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// The certificate that signed a document, PEM: the first that stands in it.
fn signer_of(document: &str) -> Result<String> {
    let after = document.split("X509Certificate>").nth(1).context("it is signed with a certificate")?;
    let letters: String = after.chars().take_while(|c| *c != '<').filter(|c| !c.is_whitespace()).collect();
    Ok(format!("-----BEGIN CERTIFICATE-----\n{letters}\n-----END CERTIFICATE-----\n"))
}

fn serve(preau: &Preau, port: u16, folder: &Path) -> Result<Process> {
    preau.serve(&["--demo"], port, true, &folder.join("preau.log"))
}

fn educonnect(folder: &Path, accounts: &[Account]) -> Result<SimpleSaml> {
    let academy = preau_annuaire::Options::default().academy;
    let known = accounts.iter().filter(|account| matches!(account.role, "pupil-6e" | "parent"));
    let citizens: Vec<Citizen> = known
        .map(|account| Citizen {
            login: account.login.clone(),
            password: account.password.clone(),
            attributes: vec![
                ("FrEduCtId", vec![format!("ct-{}", account.key)]),
                ("FrEduCtRefId", vec![format!("{{AAF}}{academy}|{}|{}", account.establishments[0], account.key)]),
            ],
        })
        .collect();
    SimpleSaml::start(&folder.join("educonnect"), preau_rig::free_port()?, "EduConnect", &citizens)
}

fn sites(base: &str, tls: &Tls, configuration: &Configuration<'_>) -> Result<Vec<Site>> {
    let site = |name: &str, title: &str, kind| plain_site(base, name, title, kind);
    let kiosque = site("kiosque", "Le kiosque", SiteKind::ModAuthCas)?;
    let mut fonds = site("fonds", "Le fonds", SiteKind::PhpCas)?;
    fonds.accepts_proxies = true;
    let mut atelier = site("atelier", "Atelier", SiteKind::PhpCas)?;
    atelier.tls = Some(tls.clone());
    atelier.proxies_to = Some(fonds.address());
    let mut agenda = site("agenda", "L’agenda", SiteKind::ModAuthOpenidc)?;
    agenda.secret = Some(configuration.secret("agenda"));
    Ok(vec![kiosque, atelier, fonds, agenda])
}

fn plain_site(base: &str, name: &str, title: &str, kind: SiteKind) -> Result<Site> {
    Ok(Site {
        name: name.into(),
        title: title.into(),
        kind,
        directives: None,
        port: preau_rig::free_port()?,
        tls: None,
        preau: base.trim_end_matches('/').to_owned(),
        preau_authority: None,
        secret: None,
        behind: None,
        saml: None,
        shibboleth: None,
        proxies_to: None,
        accepts_proxies: false,
    })
}

fn instance(site: &Site) -> Instance {
    Instance {
        id: site.name.clone(),
        connector: site.kind.connector().into(),
        title: site.title.clone(),
        address: site.address(),
        secret: site.secret.is_some(),
        audience: (site.name == "atelier").then(|| STAFF.to_owned()),
        saml: None,
    }
}
