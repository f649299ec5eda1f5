//! OpenLDAP's `slapd` with the ENT schema of `schemas/ldap`: its own configuration and data folder, an account that may
//! read everything except passwords, an administrator for tests that change entries.
//!
//! What is loaded comes from elsewhere: `tests/annuaire` writes it.

use crate::process::{Process, answers, free_port};
use crate::secret::{random_text, write_secret};
use crate::tls::Tls;
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SERVER: &str = "/usr/sbin/slapd";
const LOADER: &str = "/usr/sbin/slapadd";
const MODULES: &str = "/usr/lib/ldap";
const SCHEMAS: &str = "/etc/ldap/schema";
/// Written last when a folder is loaded: without it, whatever the data folder holds is thrown away.
const LOADED: &str = "loaded";

/// How to start a directory.
#[derive(Clone, Debug)]
pub struct SlapdOptions {
    /// Loopback port; any free one if absent.
    pub port: Option<u16>,
    /// Root of the tree, the same as in the LDIF.
    pub suffix: String,
    /// What to load when the folder holds nothing yet.
    pub ldif: Option<PathBuf>,
    /// Certificate: adds StartTLS, and `ldaps` on a port of its own.
    pub tls: Option<Tls>,
    /// Entries the service account may read in one search, all pages together; no limit if absent.
    pub size_limit: Option<u32>,
    /// Changes the directory remembers, to tell who is gone; none if absent, and it tells who is there instead.
    pub session_log: Option<u32>,
    /// What the service account may not see, as `slapd.access` names it: an administrator's slip.
    pub hides: Option<String>,
}

impl Default for SlapdOptions {
    fn default() -> Self {
        SlapdOptions {
            port: None,
            suffix: "dc=ent,dc=example".into(),
            ldif: None,
            tls: None,
            size_limit: None,
            session_log: None,
            hides: None,
        }
    }
}

/// A running directory. Dropping it stops it; starting again in the same folder finds the same entries.
#[derive(Debug)]
pub struct Slapd {
    process: Process,
    folder: PathBuf,
    suffix: String,
    port: u16,
    tls: Option<(u16, Tls)>,
}

impl Slapd {
    /// Whether a folder already holds a loaded directory.
    pub fn is_loaded(folder: &Path) -> bool {
        folder.join(LOADED).exists()
    }

    /// Starts a directory in `folder`, loading it first if it holds nothing, and waits until it answers.
    pub fn start(folder: &Path, options: &SlapdOptions) -> Result<Slapd> {
        for needed in [SERVER, LOADER] {
            if !Path::new(needed).exists() {
                bail!("{needed} is missing: install the packages slapd and ldap-utils");
            }
        }
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        let folder = folder.canonicalize()?;
        let fresh = !Self::is_loaded(&folder);
        if fresh {
            let data = folder.join("data");
            if data.exists() {
                fs::remove_dir_all(&data)?;
            }
            fs::create_dir_all(&data)?;
            for account in ["service", "admin"] {
                write_secret(&folder.join(format!("{account}.password")), &random_text()?)?;
            }
        }
        let configuration = folder.join("slapd.conf");
        write_secret(&configuration, &configured(&folder, options)?)?;
        if fresh {
            if let Some(ldif) = &options.ldif {
                load(&configuration, ldif)?;
                load(&configuration, &service_account(&folder, &options.suffix)?)?;
            }
            fs::write(folder.join(LOADED), "")?;
        }
        let port = options.port.map_or_else(free_port, Ok)?;
        let tls = match &options.tls {
            Some(tls) => Some((free_port()?, tls.clone())),
            None => None,
        };
        let mut listen = format!("ldap://127.0.0.1:{port}/");
        if let Some((port, _)) = &tls {
            write!(listen, " ldaps://127.0.0.1:{port}/")?;
        }
        // A debug level, even 0, keeps slapd in the foreground.
        let configuration = configuration.display().to_string();
        let args = ["-d", "0", "-h", &listen, "-f", &configuration].map(str::to_owned);
        let mut process = Process::start("slapd", Path::new(SERVER), &args, &[], &folder.join("slapd.log"))?;
        process.wait_until(|| answers(port) && tls.as_ref().is_none_or(|(port, _)| answers(*port)))?;
        Ok(Slapd { process, folder, suffix: options.suffix.clone(), port, tls })
    }

    /// Address without encryption: loopback only.
    pub fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port)
    }

    /// Address for StartTLS, by a name that is in the certificate.
    pub fn named_url(&self) -> String {
        format!("ldap://localhost:{}", self.port)
    }

    /// Address with encryption, if it was started with a certificate.
    pub fn ldaps_url(&self) -> Option<String> {
        self.tls.as_ref().map(|(port, _)| format!("ldaps://localhost:{port}"))
    }

    /// Certificate of the authority to trust, if it was started with a certificate.
    pub fn authority(&self) -> Option<&Path> {
        self.tls.as_ref().map(|(_, tls)| tls.authority.as_path())
    }

    /// Port without encryption.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Root of the tree.
    pub fn suffix(&self) -> &str {
        &self.suffix
    }

    /// Name of the account that reads everything except passwords.
    pub fn service_dn(&self) -> String {
        service_dn(&self.suffix)
    }

    /// File that holds its password.
    pub fn password_file(&self) -> PathBuf {
        self.folder.join("service.password")
    }

    /// The server as a process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Process id of the server.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Adds or changes entries as the administrator: LDIF as `ldapmodify -a` reads it.
    pub fn change(&self, ldif: &str) -> Result<()> {
        let mut child = Command::new("ldapmodify")
            .args(["-a", "-x", "-M", "-H", &self.url(), "-D", &admin_dn(&self.suffix), "-y"])
            .arg(self.folder.join("admin.password"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("starting ldapmodify (package ldap-utils)")?;
        child.stdin.take().context("ldapmodify has an input")?.write_all(ldif.as_bytes())?;
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("ldapmodify: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// Stops the server where it stands, connections open, until what is returned is dropped. Each of its threads stands still
    /// when this returns: one that runs on another core goes on for a moment after the signal.
    pub fn freeze(&self) -> Frozen {
        let frozen = Frozen(i32::try_from(self.pid()).ok().and_then(Pid::from_raw));
        frozen.signal(Signal::STOP);
        let stands = |stat: String| stat.rsplit_once(") ").is_none_or(|(_, state)| state.starts_with(['T', 't', 'Z']));
        let threads = || std::fs::read_dir(format!("/proc/{}/task", self.pid())).into_iter().flatten().flatten();
        while !threads().all(|thread| std::fs::read_to_string(thread.path().join("stat")).map_or(true, stands)) {
            std::thread::yield_now();
        }
        frozen
    }

    /// Stops the server and waits until it is gone.
    pub fn stop(mut self) {
        self.process.stop();
    }
}

/// A server that stands still. Dropping it lets the server go on.
#[derive(Debug)]
pub struct Frozen(Option<Pid>);

impl Frozen {
    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // An error means that nobody is left in the group: there is nothing to stop.
            kill_process_group(group, signal).ok();
        }
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.signal(Signal::CONT);
    }
}

fn service_dn(suffix: &str) -> String {
    format!("cn=preau,ou=administrateurs,{suffix}")
}

fn admin_dn(suffix: &str) -> String {
    format!("cn=admin,{suffix}")
}

/// The text of `slapd.conf`.
fn configured(folder: &Path, options: &SlapdOptions) -> Result<String> {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/ldap/ent.schema");
    let schema =
        schema.canonicalize().with_context(|| format!("the source this was built from: {}", schema.display()))?;
    let (suffix, service) = (&options.suffix, service_dn(&options.suffix));
    let mut text = String::new();
    for name in ["core", "cosine", "inetorgperson"] {
        writeln!(text, "include {SCHEMAS}/{name}.schema")?;
    }
    writeln!(text, "include \"{}\"", schema.display())?;
    writeln!(text, "modulepath {MODULES}\nmoduleload back_mdb\nmoduleload syncprov")?;
    writeln!(text, "pidfile \"{}\"", folder.join("slapd.pid").display())?;
    // Nobody reads without having said who they are, and nobody binds with a name and no password.
    writeln!(text, "require authc\nthreads 4\ntool-threads 2")?;
    if let Some(tls) = &options.tls {
        writeln!(text, "TLSCACertificateFile \"{}\"", tls.authority.display())?;
        writeln!(text, "TLSCertificateFile \"{}\"", tls.certificate.display())?;
        writeln!(text, "TLSCertificateKeyFile \"{}\"\nTLSVerifyClient never", tls.key.display())?;
    }
    writeln!(text, "database mdb\nsuffix \"{suffix}\"\ndirectory \"{}\"", folder.join("data").display())?;
    // The file is sparse: this is the most it may grow to.
    writeln!(text, "maxsize 17179869184")?;
    writeln!(text, "rootdn \"{}\"", admin_dn(suffix))?;
    writeln!(text, "rootpw {}", fs::read_to_string(folder.join("admin.password"))?)?;
    for attribute in ["objectClass", "entryCSN", "entryUUID", "uid", "ENTPersonLogin", "ENTPersonJointure"] {
        writeln!(text, "index {attribute} eq")?;
    }
    let size = options.size_limit.map_or("unlimited".into(), |most| most.to_string());
    writeln!(text, "limits dn.exact=\"{service}\" size={size} size.prtotal={size} time=unlimited")?;
    writeln!(text, "access to attrs=userPassword by anonymous auth by * none")?;
    if let Some(what) = &options.hides {
        writeln!(text, "access to {what} by * none")?;
    }
    writeln!(text, "access to * by dn.exact=\"{service}\" read by * none")?;
    // The change numbers of the tree, by which a reader knows that nothing changed.
    writeln!(text, "overlay syncprov")?;
    if let Some(changes) = options.session_log {
        writeln!(text, "syncprov-sessionlog {changes}")?;
    }
    Ok(text)
}

/// Loads a file with the server stopped.
fn load(configuration: &Path, ldif: &Path) -> Result<()> {
    let output = Command::new(LOADER)
        .args(["-q", "-w", "-f"])
        .arg(configuration)
        .arg("-l")
        .arg(ldif)
        .output()
        .with_context(|| format!("starting {LOADER}"))?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        bail!("slapadd could not load {}: {}", ldif.display(), message.lines().last().unwrap_or("no message"));
    }
    Ok(())
}

/// Writes the entry of the service account and says where.
fn service_account(folder: &Path, suffix: &str) -> Result<PathBuf> {
    let password = folder.join("service.password");
    let output = Command::new("/usr/sbin/slappasswd").arg("-n").arg("-T").arg(&password).output()?;
    if !output.status.success() {
        bail!("slappasswd: {}", String::from_utf8_lossy(&output.stderr));
    }
    let stored = String::from_utf8(output.stdout)?;
    let path = folder.join("service.ldif");
    let text = format!(
        "dn: {}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: preau\nuserPassword: {stored}\n",
        service_dn(suffix)
    );
    write_secret(&path, &text)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(slapd: &Slapd, args: &[&str]) -> String {
        let output = Command::new("ldapsearch")
            .args(["-LLL", "-x", "-H", &slapd.url(), "-b", slapd.suffix()])
            .args(args)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr)
    }

    #[test]
    fn a_directory_keeps_its_entries_and_its_secrets() {
        let folder = crate::scratch("slapd");
        let ldif = folder.join("tree.ldif");
        let tree = "dn: dc=ent,dc=example\nobjectClass: dcObject\nobjectClass: organization\ndc: ent\no: ENT\n\n\
                    dn: ou=administrateurs,dc=ent,dc=example\nobjectClass: organizationalUnit\nou: administrateurs\n\n";
        fs::write(&ldif, tree).unwrap();
        let options = SlapdOptions { ldif: Some(ldif), ..SlapdOptions::default() };
        let slapd = Slapd::start(&folder.join("slapd"), &options).unwrap();
        slapd
            .change(
                "dn: uid=x,dc=ent,dc=example\nobjectClass: inetOrgPerson\nobjectClass: ENTPerson\nuid: x\ncn: x\nsn: x\n\
                 ENTPersonLogin: x\nENTPersonJointure: A$1\nuserPassword: secret-of-x\n",
            )
            .unwrap();
        slapd.stop();

        let slapd = Slapd::start(&folder.join("slapd"), &options).unwrap();
        let (dn, file) = (slapd.service_dn(), slapd.password_file());
        let as_service = ["-D", dn.as_str(), "-y", file.to_str().unwrap(), "uid=x"];
        let entry = found(&slapd, &as_service);
        assert!(entry.contains("ENTPersonJointure: A$1") && !entry.contains("userPassword"), "{entry}");
        assert!(!found(&slapd, &["uid=x"]).contains("uid=x"), "nobody reads without a name");
        let own = found(&slapd, &["-D", "uid=x,dc=ent,dc=example", "-w", "secret-of-x", "uid=x"]);
        assert!(!own.contains("uid: x") && !own.contains("Invalid credentials"), "may bind, may not read: {own}");
    }
}
