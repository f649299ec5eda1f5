//! A site behind `mod_shib`, the service provider of Shibboleth: its keys, made by the script of its package, its
//! configuration, and the daemon that does the work of SAML for the module.

use crate::process::Process;
use anyhow::{Context, Result, bail};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The script that makes keys, and the daemon, as Debian installs them.
const SCRIPT: &str = "/usr/sbin/shib-keygen";
const DAEMON: &str = "/usr/sbin/shibd";
/// The files of the package that are used as they are.
const SHIPPED: &str = "/etc/shibboleth";
/// The configuration of the module and the daemon, in the folder of a site.
const CONFIGURATION: &str = "shibboleth2.xml";

/// What such a site and preau know of one another.
#[derive(Clone, Debug)]
pub struct Shibboleth {
    /// The certificate that signs the metadata of preau, PEM. It is put there before the site starts.
    pub signer: PathBuf,
    /// The metadata of preau that the daemon believes: it asks for them again every other second.
    pub believed: PathBuf,
}

impl Shibboleth {
    /// The files of a site, in a folder.
    pub fn make(folder: &Path) -> Result<Shibboleth> {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        Ok(Shibboleth { signer: folder.join("preau.pem"), believed: folder.join("believed.xml") })
    }

    /// Writes the configuration of the site at this address, and starts its daemon. `folder` is one that Apache's account reaches.
    pub(crate) fn start(&self, folder: &Path, address: &str, preau: &str) -> Result<Process> {
        fs::create_dir_all(folder)?;
        let signer = folder.join("preau.pem");
        fs::copy(&self.signer, signer).with_context(|| format!("copying {}", self.signer.display()))?;
        let out = folder.display().to_string();
        let user = id("-un")?;
        let group = id("-gn")?;
        for name in ["sp-signing", "sp-encrypt"] {
            let args = ["-b", "-h", "localhost", "-n", name, "-o", &out, "-u", &user, "-g", &group];
            let made = Command::new(SCRIPT).args(args).output();
            let made = made.with_context(|| format!("starting {SCRIPT}: run `tests/install.sh test`"))?;
            if !made.status.success() {
                bail!("{SCRIPT}: {}", String::from_utf8_lossy(&made.stderr));
            }
        }
        let logs = format!(
            "log4j.rootCategory=INFO, out\nlog4j.appender.out=org.apache.log4j.FileAppender\n\
             log4j.appender.out.fileName={out}/shibd.txt\nlog4j.appender.out.layout=org.apache.log4j.PatternLayout\n\
             log4j.appender.out.layout.ConversionPattern=%d{{%H:%M:%S}} %p %c: %m%n\n"
        );
        fs::write(folder.join("shibd.logger"), &logs)?;
        fs::write(folder.join("native.logger"), "log4j.rootCategory=WARN\n")?;
        fs::write(folder.join("attribute-map.xml"), ATTRIBUTES)?;
        let believed = self.believed.display().to_string();
        let text = CONFIG
            .replace("{believed}", &believed)
            .replace("{folder}", &out)
            .replace("{address}", address)
            .replace("{preau}", preau);
        let configuration = folder.join(CONFIGURATION);
        fs::write(&configuration, text.replace("{shipped}", SHIPPED))?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        let socket = folder.join("shibd.sock");
        let args = ["-F", "-f", "-c", CONFIGURATION, "-p"].map(str::to_owned);
        let mut args = Vec::from(args);
        args[3] = configuration.display().to_string();
        args.push(folder.join("shibd.pid").display().to_string());
        let env = [("SHIBSP_CFGDIR", out.clone()), ("SHIBSP_RUNDIR", out.clone()), ("SHIBSP_LOGDIR", out)];
        let mut daemon = Process::start("shibd", Path::new(DAEMON), &args, &env, &folder.join("shibd.log"))?;
        daemon.wait_until(|| socket.exists())?;
        Ok(daemon)
    }

    /// The lines of its section of Apache's configuration.
    pub(crate) fn lines() -> &'static str {
        "<Location />\n\
         AuthType shibboleth\n\
         ShibRequestSetting requireSession 1\n\
         Require shib-session\n\
         </Location>\n\
         <Location /Shibboleth.sso>\n\
         AuthType None\n\
         Require all granted\n\
         SetHandler shib\n\
         </Location>"
    }

    /// Where the module finds its configuration.
    pub(crate) fn configuration(folder: &Path) -> PathBuf {
        folder.join(CONFIGURATION)
    }
}

/// Who we are, as `id` says it.
fn id(what: &str) -> Result<String> {
    let said = Command::new("id").arg(what).output().context("starting id")?;
    Ok(String::from_utf8(said.stdout)?.trim().to_owned())
}

/// The configuration that comes with the package, with a site without TLS, the metadata of preau signed and in time, and every
/// request signed.
const CONFIG: &str = r#"<SPConfig xmlns="urn:mace:shibboleth:3.0:native:sp:config" clockSkew="60">
  <OutOfProcess logger="{folder}/shibd.logger"/>
  <InProcess logger="{folder}/native.logger"/>
  <UnixListener address="{folder}/shibd.sock"/>
  <ApplicationDefaults entityID="{address}shibboleth" REMOTE_USER="pairwise-id persistent-id" signing="true" encryption="false"
      signingAlg="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
      requireConfidentiality="false" requireTransportAuth="false">
    <Sessions lifetime="28800" timeout="3600" checkAddress="false" handlerSSL="false" cookieProps="http" redirectLimit="exact">
      <SSO entityID="{preau}/saml/metadata" ECP="true">SAML2</SSO>
      <Logout>SAML2 Local</Logout>
      <Handler type="MetadataGenerator" Location="/Metadata" signing="false"/>
    </Sessions>
    <Errors supportContact="nobody@localhost" styleSheet="/look.css"/>
    <MetadataProvider type="XML" validate="true" url="{preau}/saml/metadata" backingFilePath="{believed}" minRefreshDelay="1" maxRefreshDelay="2">
      <MetadataFilter type="RequireValidUntil" maxValidityInterval="2419200"/>
      <MetadataFilter type="Signature" certificate="{folder}/preau.pem"/>
    </MetadataProvider>
    <AttributeExtractor type="XML" validate="true" path="{folder}/attribute-map.xml"/>
    <AttributeFilter type="XML" validate="true" path="{shipped}/attribute-policy.xml"/>
    <CredentialResolver type="File" use="signing" key="{folder}/sp-signing-key.pem" certificate="{folder}/sp-signing-cert.pem"/>
    <CredentialResolver type="File" use="encryption" key="{folder}/sp-encrypt-key.pem" certificate="{folder}/sp-encrypt-cert.pem"/>
  </ApplicationDefaults>
  <SecurityPolicyProvider type="XML" validate="true" path="{shipped}/security-policy.xml"/>
  <ProtocolProvider type="XML" validate="true" path="{shipped}/protocols.xml"/>
</SPConfig>
"#;

/// What the map of the package lacks or comments out.
const ATTRIBUTES: &str = r#"<Attributes xmlns="urn:mace:shibboleth:2.0:attribute-map" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <Attribute name="urn:oasis:names:tc:SAML:attribute:pairwise-id" id="pairwise-id">
    <AttributeDecoder xsi:type="ScopedAttributeDecoder" caseSensitive="false"/>
  </Attribute>
  <Attribute name="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" id="persistent-id">
    <AttributeDecoder xsi:type="NameIDAttributeDecoder" formatter="$NameQualifier!$SPNameQualifier!$Name" defaultQualifiers="true"/>
  </Attribute>
  <Attribute name="urn:oid:2.16.840.1.113730.3.1.241" id="displayName"/>
  <Attribute name="urn:oid:2.5.4.42" id="givenName"/>
  <Attribute name="urn:oid:2.5.4.4" id="sn"/>
  <Attribute name="ENTPersonProfils" nameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic" id="ENTPersonProfils"/>
  <Attribute name="ENTClasses" nameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic" id="ENTClasses"/>
</Attributes>
"#;
