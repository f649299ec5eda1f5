//! A round with an identity provider that no one here wrote: pysaml2, from Debian (`python3-pysaml2`). It reads our metadata,
//! checks our request, and its answer, signed by `xmlsec1` and encrypted by it, opens.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use preau_connector_api::{
    Departure, KnownAs, OpenContext, POSTED, Redirect, RedirectError, Round, Turns, UpstreamIdentity,
};
use preau_domain::{Instant, SourceId};
use preau_keys::jose::{Alg, PrivateKey};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;

const CALLBACK: &str = "https://ent.example/upstream/pysaml2/callback";

/// A folder with the keys of both ends, and the provider's metadata as it writes them.
struct Bench(TempDir);

impl Bench {
    fn new() -> Bench {
        let bench = Bench(TempDir::new().unwrap());
        for end in ["idp", "own"] {
            let key = PrivateKey::draw(Alg::RS256);
            let der = key.to_pkcs8();
            let pair = KeyPair::from_pkcs8_der_and_sign_algo(&der.as_slice().into(), &PKCS_RSA_SHA256).unwrap();
            let made = CertificateParams::new(vec!["peer.example".to_owned()]).unwrap().self_signed(&pair).unwrap();
            bench.pem(&format!("{end}.key"), "PRIVATE KEY", &der);
            bench.pem(&format!("{end}.pem"), "CERTIFICATE", made.der());
        }
        let metadata = bench.provider(&[]);
        std::fs::write(bench.path("idp.xml"), metadata).unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn pem(&self, name: &str, kind: &str, der: &[u8]) {
        // In lines, as OpenSSL has it.
        let encoded = STANDARD.encode(der);
        let lines: Vec<&str> = encoded.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let text = format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"));
        std::fs::write(self.path(name), text).unwrap();
    }

    /// What the provider prints.
    fn provider(&self, more: &[&str]) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/pysaml2_idp.py");
        let mut tool = Command::new("/usr/bin/python3");
        tool.arg(script).arg(self.path("idp.key")).arg(self.path("idp.pem")).args(more);
        let run = tool.output().expect("python3 is missing");
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "pysaml2 (package python3-pysaml2): {said}");
        String::from_utf8(run.stdout).unwrap()
    }

    fn open(&self, more: &str) -> Arc<dyn Redirect> {
        let config = format!(
            "title = {{ fr = \"pysaml2\", en = \"pysaml2\" }}\nentity_id = \"https://pysaml2.example/idp\"\n\
             metadata = \"idp.xml\"\nkeys = [{{ key = \"own.key\", certificate = \"own.pem\" }}]\n{more}\n\
             match = [{{ claim = \"uid\", as = \"record\", source = \"annuaire\" }}]"
        );
        let config: toml::Table = config.parse().unwrap();
        let context = OpenContext { source: &SourceId::new("pysaml2"), config: &config, base: self.0.path() };
        let opened = (preau_connector_upstream_saml::KIND.open)(&context);
        opened.unwrap_or_else(|problems| panic!("{problems:?}")).redirect.unwrap()
    }

    /// One round with a provider that seals or not; `change` is what happens to its answer on the way.
    fn round(
        &self,
        more: &str,
        how: &str,
        change: impl Fn(String) -> String,
    ) -> Result<UpstreamIdentity, RedirectError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (upstream, turns) = (self.open(more), Turns::new(1, 0));
        let began = self.now();
        let round = Round {
            callback: CALLBACK,
            state: "9rjpx9rjpx9rjpx9rjpx9rjpx9abcdefghabcdefghabcdefghabcdefgh",
            nonce: "n0ncen0ncen0ncen0ncen0ncen0ncen0ncen0ncen0n",
            verifier: "",
            fresh_after: None,
            locale: "fr",
            now: began,
            turns: &turns,
        };
        let Departure::Address(address) = runtime.block_on(upstream.begin(&round)).unwrap() else { panic!("a form") };
        std::fs::write(self.path("own.xml"), upstream.metadata(CALLBACK, began).unwrap()).unwrap();
        let ours = self.path("own.xml");
        let said = self.provider(&[&address, ours.to_str().unwrap(), how]);
        let said: serde_json::Value = serde_json::from_str(said.trim()).unwrap();
        assert_eq!(said["state"], round.state);
        let round = Round { now: Instant(said["now"].as_i64().unwrap() * 1000), ..round };
        let message = change(said["answer"].as_str().unwrap().to_owned());
        runtime.block_on(upstream.complete(&round, &[(POSTED, &message)]))
    }

    /// The time of the machine, which the provider goes by: that of a file that was just written.
    fn now(&self) -> Instant {
        let file = self.path("now");
        std::fs::write(&file, "").unwrap();
        let at = std::fs::metadata(file).unwrap().modified().unwrap();
        let since = at.duration_since(std::time::UNIX_EPOCH).unwrap();
        Instant(i64::try_from(since.as_millis()).unwrap())
    }
}

fn records(identity: &UpstreamIdentity) -> Vec<&str> {
    let records = identity.names.iter().filter_map(|name| match name {
        KnownAs::Record(join) => Some(join.key.as_str()),
        KnownAs::Login(..) | KnownAs::Mail(..) | KnownAs::Vector(..) => None,
    });
    records.collect()
}

#[test]
fn pysaml2_signs_somebody_in() {
    let bench = Bench::new();
    let identity = bench.round("", "plain", |answer| answer).unwrap();
    assert_eq!((identity.issuer.as_str(), identity.subject.as_str()), ("https://pysaml2.example/idp", "pysaml2-7"));
    assert_eq!(records(&identity), ["4512345", "4598765"]);
    assert!(identity.lasting && identity.at.is_some() && identity.sid.is_some());
    let changed = bench.round("", "plain", |answer| {
        let xml = String::from_utf8(STANDARD.decode(answer).unwrap()).unwrap();
        assert!(xml.contains("4598765"));
        STANDARD.encode(xml.replace("4598765", "4598766"))
    });
    assert!(matches!(changed, Err(RedirectError::NotBelieved(_))), "{changed:?}");
}

#[test]
fn pysaml2_signs_somebody_in_with_an_assertion_encrypted_for_us() {
    let bench = Bench::new();
    let identity = bench.round("encrypted = true", "sealed", |answer| answer).unwrap();
    assert_eq!((identity.subject.as_str(), records(&identity)), ("pysaml2-7", vec!["4512345", "4598765"]));
    let open = bench.round("encrypted = true", "plain", |answer| answer);
    assert_eq!(open, Err(RedirectError::NotBelieved("not encrypted")));
}
