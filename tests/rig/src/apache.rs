//! One Apache with several sites, each on its own loopback port: sites guarded by `mod_auth_cas`, `mod_auth_openidc`,
//! `mod_auth_mellon` or `mod_shib` (one at most, with its daemon), PHP pages guarded by phpCAS, as Debian packages them, and the door of
//! Etherpad. The pages themselves are in `tests/rig/sites/`.

use crate::mellon::Mellon;
use crate::process::{Process, answers};
use crate::shibboleth::Shibboleth;
use crate::tls::Tls;
use anyhow::{Context, Result, bail};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

const SERVER: &str = "/usr/sbin/apache2";
const MODULES: &str = "/usr/lib/apache2/modules";
/// The account that Debian's Apache runs under when root starts it.
const ACCOUNT: &str = "www-data";

/// The metadata of preau, in the folder of a site.
const PROVIDER: &str = "preau.xml";
/// The folder of the site behind `mod_shib`.
const SHIBBOLETH: &str = "shibboleth";

/// Which client guards a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SiteKind {
    /// The Apache module: it answers before any page runs and hands over headers.
    ModAuthCas,
    /// The PHP library, called by the page.
    PhpCas,
    /// The other Apache module, which speaks OpenID Connect and hands over environment variables.
    ModAuthOpenidc,
    /// Etherpad, at a port of its own, behind that module.
    Etherpad,
    /// The Apache module that speaks SAML and hands over environment variables.
    ModAuthMellon,
    /// The Apache module of Shibboleth, with a daemon that speaks SAML for it.
    ModShib,
}

impl SiteKind {
    /// The name its authors gave it.
    pub fn client(self) -> &'static str {
        match self {
            SiteKind::ModAuthCas => "mod_auth_cas",
            SiteKind::PhpCas => "phpCAS",
            SiteKind::ModAuthOpenidc => "mod_auth_openidc",
            SiteKind::Etherpad => "Etherpad, mod_auth_openidc",
            SiteKind::ModAuthMellon => "mod_auth_mellon",
            SiteKind::ModShib => "mod_shib",
        }
    }

    /// What it speaks.
    pub fn protocol(self) -> &'static str {
        match self {
            SiteKind::ModAuthCas | SiteKind::PhpCas => "CAS 3.0",
            SiteKind::ModAuthOpenidc | SiteKind::Etherpad => "OpenID Connect",
            SiteKind::ModAuthMellon | SiteKind::ModShib => "SAML 2.0",
        }
    }

    /// The folder of `connectors/services/` that describes such a site.
    pub fn connector(self) -> &'static str {
        match self {
            SiteKind::ModAuthCas => "apache-cas",
            SiteKind::PhpCas => "php-cas",
            SiteKind::ModAuthOpenidc => "apache-openid",
            SiteKind::Etherpad => "etherpad",
            SiteKind::ModAuthMellon | SiteKind::ModShib => "saml-application",
        }
    }

    fn pages(self) -> [(&'static str, &'static str); 3] {
        let page = match self {
            SiteKind::ModAuthCas => include_str!("../sites/mod_auth_cas.php"),
            SiteKind::PhpCas => include_str!("../sites/phpcas.php"),
            SiteKind::ModAuthOpenidc | SiteKind::Etherpad => include_str!("../sites/mod_auth_openidc.php"),
            SiteKind::ModAuthMellon => include_str!("../sites/mod_auth_mellon.php"),
            SiteKind::ModShib => include_str!("../sites/mod_shib.php"),
        };
        [
            ("index.php", page),
            ("look.php", include_str!("../sites/look.php")),
            ("look.css", include_str!("../sites/look.css")),
        ]
    }
}

/// One site to serve.
#[derive(Clone, Debug)]
pub struct Site {
    /// Word for its folder: letters, digits and dashes.
    pub name: String,
    /// Title of its page.
    pub title: String,
    /// What guards it.
    pub kind: SiteKind,
    /// Directives of its client in place of those of the rig, such as somebody copied them: `{sessions}` is a folder of its own,
    /// `{authority}` the file of [`Site::preau_authority`].
    pub directives: Option<String>,
    /// Loopback port it listens on.
    pub port: u16,
    /// Served over TLS with this certificate; over plain HTTP if absent.
    pub tls: Option<Tls>,
    /// Address of preau, without a slash at the end.
    pub preau: String,
    /// Authority that signed the certificate of preau, if it has one.
    pub preau_authority: Option<PathBuf>,
    /// File that holds what this site and preau share. [`SiteKind::ModAuthOpenidc`] and [`SiteKind::Etherpad`] only.
    pub secret: Option<PathBuf>,
    /// Loopback port of the application behind the door, and the page of it that comes first. [`SiteKind::Etherpad`] only.
    pub behind: Option<(u16, &'static str)>,
    /// Its keys and metadata. [`SiteKind::ModAuthMellon`] only.
    pub saml: Option<Mellon>,
    /// Its files. [`SiteKind::ModShib`] only.
    pub shibboleth: Option<Shibboleth>,
    /// Asks for a proxy-granting ticket, and opens this address in the person's name on `?proxy`.
    /// [`SiteKind::PhpCas`] over TLS only.
    pub proxies_to: Option<String>,
    /// Accepts proxy tickets, through any chain. [`SiteKind::PhpCas`] only.
    pub accepts_proxies: bool,
}

impl Site {
    /// Its address, with a slash at the end.
    pub fn address(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://localhost:{}/", self.port)
    }
}

/// A running Apache.
#[derive(Debug)]
pub struct Apache {
    process: Process,
    /// Of the site behind `mod_shib`.
    _daemon: Option<Process>,
    sites: Vec<Site>,
    /// Its folder, when that is not the one it was given.
    elsewhere: Option<PathBuf>,
}

impl Apache {
    /// Starts Apache with these sites and waits until every port answers. Its files go to `folder`, except when root
    /// starts it below a folder closed to other accounts: its children, which run as `www-data`, could not read them
    /// there, so they then go to a new folder below `/var/tmp`, which is deleted at the end.
    pub fn start(folder: &Path, sites: &[Site]) -> Result<Apache> {
        let account = account_if_root()?;
        fs::create_dir_all(folder)?;
        let elsewhere = if account.is_some() && !is_reachable(folder)? { Some(new_folder("apache")?) } else { None };
        let folder = elsewhere.clone().unwrap_or_else(|| folder.to_owned());
        let own = |path: &Path| -> Result<()> {
            fs::create_dir_all(path)?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
            if let Some((user, group)) = account {
                chown(path, Some(user), Some(group))?;
            }
            Ok(())
        };
        let mut daemon = None;
        for site in sites {
            let base = folder.join(&site.name);
            fs::create_dir_all(base.join("pages"))?;
            for (name, text) in site.kind.pages() {
                fs::write(base.join("pages").join(name), text)?;
            }
            own(&base.join("sessions"))?;
            if let Some(authority) = &site.preau_authority {
                fs::copy(authority, base.join("authority.pem"))?;
            }
            if let Some(saml) = &site.saml {
                fs::copy(&saml.provider, base.join(PROVIDER))
                    .with_context(|| format!("copying {}", saml.provider.display()))?;
            }
        }
        for site in sites {
            if let Some(shibboleth) = &site.shibboleth {
                daemon = Some(shibboleth.start(&folder.join(SHIBBOLETH), &site.address(), &site.preau)?);
            }
        }
        let configuration = folder.join("httpd.conf");
        fs::write(&configuration, configure(&folder, sites)?)?;
        let args = ["-f".to_owned(), configuration.display().to_string(), "-DFOREGROUND".to_owned()];
        let mut process = Process::start("apache2", Path::new(SERVER), &args, &[], &folder.join("apache.log"))?;
        process.wait_until(|| sites.iter().all(|site| answers(site.port)))?;
        Ok(Apache { process, _daemon: daemon, sites: sites.to_vec(), elsewhere })
    }

    /// The sites it serves.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// The server as a process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

impl Drop for Apache {
    fn drop(&mut self) {
        self.process.stop();
        if let Some(folder) = &self.elsewhere {
            fs::remove_dir_all(folder).ok();
        }
    }
}

/// User and group of `www-data` if we are root, which Apache's children then become.
pub(crate) fn account_if_root() -> Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd").context("reading /etc/passwd")?;
    let line = accounts.lines().find(|line| line.split(':').next() == Some(ACCOUNT));
    let mut fields = line.with_context(|| format!("no account {ACCOUNT} on this machine"))?.split(':').skip(2);
    let mut number = || fields.next().and_then(|field| field.parse().ok()).context("/etc/passwd is malformed");
    Ok(Some((number()?, number()?)))
}

/// Whether every folder on the way lets other accounts through.
fn is_reachable(folder: &Path) -> Result<bool> {
    for on_the_way in folder.canonicalize()?.ancestors() {
        if fs::metadata(on_the_way)?.mode() & 0o001 == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A folder that nobody had before us: `/var/tmp` belongs to everybody, so a name that exists is never taken.
pub(crate) fn new_folder(whose: &str) -> Result<PathBuf> {
    for number in 0..1000 {
        let folder = PathBuf::from(format!("/var/tmp/preau-{whose}-{}-{number}", std::process::id()));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).with_context(|| format!("creating {}", folder.display())),
        }
    }
    bail!("every name for a folder below /var/tmp is taken")
}

fn configure(folder: &Path, sites: &[Site]) -> Result<String> {
    let place = folder.display();
    let mut text = format!(
        "ServerRoot \"{place}\"\n\
         ServerName localhost\n\
         PidFile httpd.pid\n\
         DefaultRuntimeDir \"{place}\"\n\
         Mutex posixsem\n\
         User {ACCOUNT}\n\
         Group {ACCOUNT}\n\
         ErrorLog /dev/stderr\n\
         LogLevel warn\n\
         TypesConfig /etc/mime.types\n\
         ServerTokens Prod\n\
         TraceEnable Off\n\
         StartServers 2\n\
         MinSpareServers 2\n\
         MaxSpareServers 6\n\
         MaxRequestWorkers 48\n"
    );
    for module in ["mpm_prefork", "authz_core", "authz_user", "authn_core", "dir", "env", "mime", "setenvif", "ssl"] {
        writeln!(text, "LoadModule {module}_module {MODULES}/mod_{module}.so")?;
    }
    // This one wants a folder for its cookies wherever it is loaded.
    let cas = sites.iter().any(|site| site.kind == SiteKind::ModAuthCas).then_some("auth_cas");
    for module in
        cas.into_iter().chain(["auth_openidc", "auth_mellon", "alias", "headers", "rewrite", "proxy", "proxy_http"])
    {
        writeln!(text, "LoadModule {module}_module {MODULES}/mod_{module}.so")?;
    }
    if sites.iter().any(|site| site.kind == SiteKind::ModShib) {
        let configuration = Shibboleth::configuration(&folder.join(SHIBBOLETH));
        writeln!(text, "LoadModule mod_shib {MODULES}/mod_shib.so\nShibConfig \"{}\"", configuration.display())?;
    }
    writeln!(text, "MellonLockFile \"{place}/mellon.lock\"")?;
    writeln!(text, "LoadModule php_module {}", php_module()?.display())?;
    for site in sites {
        write_site(&mut text, &folder.join(&site.name), site)?;
    }
    Ok(text)
}

/// Debian names the module after the version of PHP.
fn php_module() -> Result<PathBuf> {
    for entry in fs::read_dir(MODULES).with_context(|| format!("reading {MODULES}"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("libphp") && name.ends_with(".so") {
            return Ok(path);
        }
    }
    bail!("no PHP module in {MODULES}: run `tests/install.sh demo`")
}

fn write_site(text: &mut String, folder: &Path, site: &Site) -> Result<()> {
    let Site { name, title, port, preau, .. } = site;
    let cas = format!("{preau}/cas");
    let pages = folder.join("pages");
    let (pages, sessions) = (pages.display(), folder.join("sessions"));
    let sessions = sessions.display();
    // Cookies do not tell ports apart, so each site on `localhost` has cookies of its own name.
    writeln!(
        text,
        "Listen 127.0.0.1:{port}\n\
         <VirtualHost 127.0.0.1:{port}>\n\
         UseCanonicalName On\n\
         ServerName {address}\n\
         DocumentRoot \"{pages}\"\n\
         SetEnv SITE_TITLE \"{title}\"\n\
         SetEnv SITE_ADDRESS {address}\n\
         SetEnv SITE_PORTAL {preau}/\n\
         SetEnv SITE_CAS {cas}\n\
         php_admin_value session.save_path \"{sessions}\"\n\
         php_admin_value session.name SESSION-{name}\n\
         php_admin_value session.gc_probability 0\n\
         <Directory \"{pages}\">\n\
         Require all granted\n\
         DirectoryIndex index.php\n\
         AddHandler application/x-httpd-php .php\n\
         </Directory>",
        address = site.address().trim_end_matches('/'),
    )?;
    if let Some(tls) = &site.tls {
        writeln!(
            text,
            "SSLEngine On\nSSLCertificateFile \"{}\"\nSSLCertificateKeyFile \"{}\"",
            tls.certificate.display(),
            tls.key.display()
        )?;
    }
    let authority = site.preau_authority.as_ref().map(|path| path.display());
    if let Some(directives) = &site.directives {
        let authority = folder.join("authority.pem").display().to_string();
        let own = directives.replace("{sessions}", &sessions.to_string()).replace("{authority}", &authority);
        writeln!(text, "{own}\n</VirtualHost>")?;
        return Ok(());
    }
    match site.kind {
        SiteKind::ModAuthCas => {
            writeln!(
                text,
                "CASVersion 2\n\
                 CASLoginURL {cas}/login\n\
                 CASValidateURL {cas}/p3/serviceValidate\n\
                 CASCookiePath \"{sessions}/\"\n\
                 CASSSOEnabled On\n\
                 CASAttributeDelimiter |\n\
                 <Location />\n\
                 AuthType CAS\n\
                 CASScope /\n\
                 CASCookie SESSION-{name}\n\
                 CASScrubRequestHeaders On\n\
                 CASAuthNHeader CAS-User\n\
                 Require valid-user\n\
                 </Location>"
            )?;
            if let Some(authority) = authority {
                writeln!(text, "CASCertificatePath \"{authority}\"")?;
            }
        }
        SiteKind::PhpCas => {
            if let Some(authority) = authority {
                writeln!(text, "SetEnv SITE_CAS_AUTHORITY \"{authority}\"")?;
            }
            if let Some(target) = &site.proxies_to {
                writeln!(text, "SetEnv SITE_PROXIES_TO {target}")?;
            }
            if site.accepts_proxies {
                writeln!(text, "SetEnv SITE_ACCEPTS_PROXIES yes")?;
            }
        }
        SiteKind::ModAuthOpenidc | SiteKind::Etherpad => {
            let file = site.secret.as_deref().context("a site behind mod_auth_openidc shares a secret with preau")?;
            let secret = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
            writeln!(
                text,
                "OIDCProviderMetadataURL {preau}/.well-known/openid-configuration\n\
                 OIDCClientID {name}\n\
                 OIDCClientSecret \"{secret}\"\n\
                 OIDCCryptoPassphrase \"{name} {secret}\"\n\
                 OIDCRedirectURI {address}oidc-callback\n\
                 OIDCDefaultLoggedOutURL {address}\n\
                 OIDCScope \"openid profile ent\"\n\
                 OIDCPKCEMethod S256\n\
                 OIDCIDTokenSignedResponseAlg ES256\n\
                 OIDCRemoteUserClaim sub\n\
                 OIDCClaimDelimiter |\n\
                 OIDCCookie SESSION-{name}\n\
                 <Location />\n\
                 AuthType openid-connect\n\
                 Require valid-user\n\
                 </Location>",
                secret = secret.trim_end(),
                address = site.address(),
            )?;
            if let Some(authority) = authority {
                writeln!(text, "OIDCCABundlePath \"{authority}\"")?;
            }
            if let Some((port, first)) = site.behind {
                text.push_str(&application(port, first));
            }
        }
        SiteKind::ModShib => writeln!(text, "{}", Shibboleth::lines())?,
        SiteKind::ModAuthMellon => {
            let saml = site.saml.as_ref().context("a site behind mod_auth_mellon has keys and metadata")?;
            writeln!(
                text,
                "<Location />\n{}\n</Location>",
                saml.lines(&format!("SESSION-{name}"), &folder.join(PROVIDER))
            )?;
        }
    }
    writeln!(text, "</VirtualHost>")?;
    Ok(())
}

/// The lines that lead to Etherpad once the door is passed: its pads show the name that the door was told.
fn application(port: u16, first: &str) -> String {
    format!(
        "ProxyPassMatch ^/$ !\n\
         RedirectMatch ^/$ {first}\n\
         ProxyPreserveHost On\n\
         ProxyPass /oidc-callback !\n\
         ProxyPass / http://127.0.0.1:{port}/\n\
         <LocationMatch \"^/p/[^/]+$\">\n\
         RewriteEngine On\n\
         RewriteCond %{{QUERY_STRING}} !userName=\n\
         RewriteCond %{{HTTP:OIDC_CLAIM_name}} (.+)\n\
         RewriteRule ^ %{{REQUEST_URI}}?userName=%1 [R=302,B,BNP,NE,L]\n\
         </LocationMatch>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_closed_to_others_is_seen() {
        let open = crate::scratch("apache-open");
        let closed = open.join("closed");
        fs::create_dir_all(closed.join("apache")).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        assert!(!is_reachable(&closed.join("apache")).unwrap());
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(is_reachable(&closed.join("apache")).unwrap(), is_reachable(&open).unwrap());
    }
}
