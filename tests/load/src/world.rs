//! A world of a given size — establishments, people, services — and a server over it.
//!
//! The database is filled through the storage port itself, so that a million people take seconds; the server is the
//! binary an operator runs, started as a process of its own.

use anyhow::{Context, Result, bail, ensure};
use preau_domain::{
    AccountState, Affiliation, Authentication, AuthnMethod, Credentials, Establishment, EstablishmentKind, Instant,
    JoinKey, Person, PersonId, Profile, ServiceId, Session, SourceId, Uai, Visit,
};
use preau_keys::Passwords;
use preau_store::{NewSession, PersonChange, StoreError, Told};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant as Moment};

/// Login and password of the account the benchmarks sign in with.
pub const LOGIN: &str = "banc.essai";
/// See [`LOGIN`].
pub const PASSWORD: &str = "un préau couvert de tuiles";

/// The password of an account of a crowd: one of sixty-four, because a word that hundreds type at once from one address is slowed, and
/// no crowd has one word.
pub fn password_of(login: &str) -> String {
    format!("{PASSWORD}, {}", preau_keys::digest(login).chars().take(1).collect::<String>())
}

/// The service of every world that speaks OpenID Connect.
pub const CLIENT: &str = "application";
/// Its secret.
pub const CLIENT_SECRET: &str = "ce-secret-du-banc-d-essai-ne-garde-rien";

/// SAML services whose assertion is signed with RSA.
pub const SAML_RSA: [&str; 6] = ["saml-rsa", "saml-rsa-1", "saml-rsa-2", "saml-rsa-3", "saml-rsa-4", "saml-rsa-5"];
/// Those whose assertion is signed with ECDSA.
pub const SAML_EC: [&str; 6] = ["saml-ec", "saml-ec-1", "saml-ec-2", "saml-ec-3", "saml-ec-4", "saml-ec-5"];
/// One that asks for nothing: response and assertion are signed, with RSA.
pub const SAML_BOTH: &str = "saml-both";

/// Visits of a session that was in use for a day.
const VISITS: usize = 16;

/// How large a world is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Establishments.
    pub establishments: u32,
    /// People, besides the one who signs in.
    pub people: u32,
    /// Mounted services.
    pub services: u32,
}

/// A filled folder.
pub struct World {
    folder: PathBuf,
    port: u16,
    database: String,
}

/// The number of the n-th invented establishment.
pub fn uai(n: u32) -> Result<Uai> {
    let number = 9_900_000 + n;
    format!("{number:07}{}", Uai::key_letter(number)).parse().map_err(anyhow::Error::msg)
}

impl World {
    /// Fills a folder. What was there before is removed.
    pub async fn create(folder: &Path, port: u16, size: Size) -> Result<World> {
        World::create_over(folder, port, size, &format!("sqlite://{}/preau.sqlite", folder.display())).await
    }

    /// The same over another database than one in the folder, which must be empty.
    pub async fn create_over(folder: &Path, port: u16, size: Size, database: &str) -> Result<World> {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder.join("services"))?;
        let world = World { folder: folder.to_owned(), port, database: database.to_owned() };
        world.write_configuration()?;
        for n in 0..size.services {
            world.write_service(n)?;
        }
        world.write_application()?;
        for (names, settings) in [
            (&SAML_RSA[..], "sign = \"assertion\"\nsigning = \"RS256\"\n"),
            (&SAML_EC[..], "sign = \"assertion\"\nsigning = \"ES256\"\n"),
            (&[SAML_BOTH], ""),
        ] {
            names.iter().try_for_each(|name| world.write_saml(name, settings))?;
        }
        world.fill(size).await?;
        Ok(world)
    }

    fn write_configuration(&self) -> Result<()> {
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\n\n[storage]\nurl = \"{database}\"\n\n\
             [keys]\ndir = \"{folder}/keys\"\n\n[services]\ninstances = \"{folder}/services\"\n\n[log]\nlevel = \"warn\"\n\n\
             [saml]\nmetadata_dir = \"{folder}/metadata\"\n\n[web]\npublic_url = \"http://localhost:{port}\"\n",
            port = self.port,
            database = self.database,
            folder = self.folder.display(),
        );
        Ok(fs::write(self.folder.join("preau.toml"), text)?)
    }

    /// From its next start on, people are asked of a directory at that port.
    pub fn ask_directory(&self, port: u16) -> Result<()> {
        fs::write(self.folder.join("annuaire.password"), "banc")?;
        let text = format!(
            "\n[sources.annuaire]\nkind = \"ldap\"\nurl = \"ldap://127.0.0.1:{port}\"\nbind_dn = \"cn=banc,dc=example\"\n\
             password_file = \"annuaire.password\"\npeople = \"ou=people,dc=example\"\n\
             structures = \"ou=structures,dc=example\"\nacademy = \"AC-BANC\"\n"
        );
        let file = self.folder.join("preau.toml");
        let configuration = fs::read_to_string(&file)?;
        Ok(fs::write(file, configuration + &text)?)
    }

    fn write_service(&self, n: u32) -> Result<()> {
        let text = format!(
            "connector = \"apache-cas\"\n\n[parameters]\nurl = \"https://service{n}.example/app\"\n\n\
             [[audience.allow]]\nprofiles = [\"Invite\", \"National_ENS\"]\n"
        );
        Ok(fs::write(self.folder.join(format!("services/banc-{n}.toml")), text)?)
    }

    fn write_application(&self) -> Result<()> {
        let text = "connector = \"oidc-application\"\n\n[parameters]\nurl = \"https://application.example\"\n\n\
             [oidc]\nclient_secret_file = \"application.secret\"\n\n[[audience.allow]]\nprofiles = [\"Invite\"]\n";
        fs::write(self.folder.join("services/application.secret"), CLIENT_SECRET)?;
        Ok(fs::write(self.folder.join(format!("services/{CLIENT}.toml")), text)?)
    }

    fn write_saml(&self, name: &str, settings: &str) -> Result<()> {
        let text = format!(
            "connector = \"saml-application\"\n\n[parameters]\nurl = \"https://{name}.example\"\nscope = \"ent.example\"\n\n\
             [saml]\nacs = [\"https://{name}.example/saml/acs\"]\n{settings}\n[[audience.allow]]\nprofiles = [\"Invite\"]\n"
        );
        Ok(fs::write(self.folder.join(format!("services/{name}.toml")), text)?)
    }

    async fn fill(&self, size: Size) -> Result<()> {
        let store = preau_store_sql::open(&self.database).await?;
        let source = SourceId::new("banc");
        let join = |key: String| JoinKey { source: source.clone(), key };
        let mut batch = Vec::new();
        for n in 0..size.establishments {
            batch.push(Establishment {
                uai: uai(n)?,
                join: join(format!("e{n}")),
                kind: EstablishmentKind::College,
                name: format!("Collège du Banc {n}"),
                city: None,
                sector: None,
                groups: Vec::new(),
            });
            if batch.len() == 1000 || n + 1 == size.establishments {
                store.put_establishments(None, &batch).await?;
                batch.clear();
            }
        }
        let mut people = Vec::new();
        for n in 0..size.people {
            let mut affiliation = Affiliation::new(uai(n % size.establishments)?, Profile::Pupil);
            affiliation.classes = vec![format!("6{}", n % 9)];
            people.push(PersonChange {
                person: Person {
                    id: PersonId::new(format!("pbanc{n:011}")),
                    join: Some(join(format!("p{n}"))),
                    state: AccountState::Active,
                    given_name: "Ysaline".into(),
                    family_name: format!("Belombre{n}"),
                    title: None,
                    login: Some(format!("ysaline.{n}")),
                    mail: None,
                    credentials: Credentials::Directory,
                    affiliations: vec![affiliation],
                    children: Vec::new(),
                },
                digest: format!("{n:032x}"),
                told: Told::default(),
            });
            if people.len() == 1000 || n + 1 == size.people {
                store.put_people(None, &people).await?;
                people.clear();
            }
        }
        let hash =
            Passwords::new(1, 4).hash(PASSWORD).await.map_err(|_| anyhow::anyhow!("the password pool is busy"))?;
        let person = Person {
            id: PersonId::new("pbancessai000000"),
            join: None,
            state: AccountState::Active,
            given_name: "Banc".into(),
            family_name: "Essai".into(),
            title: None,
            login: Some(LOGIN.into()),
            mail: None,
            credentials: Credentials::Local,
            affiliations: vec![Affiliation::new(uai(0)?, Profile::Guest)],
            children: Vec::new(),
        };
        store.add_local_person(&person, &hash).await?;
        Ok(())
    }

    /// Its database.
    pub async fn store(&self) -> Result<std::sync::Arc<dyn preau_store::Store>> {
        Ok(preau_store_sql::open(&self.database).await?)
    }

    /// Adds accounts of these logins, each with its [`password_of`].
    pub async fn accounts(&self, logins: &[String]) -> Result<()> {
        let (store, passwords) = (self.store().await?, Passwords::new(1, 4));
        let model = store.person(&PersonId::new("pbancessai000000")).await?.context("no account")?;
        let mut hashes = HashMap::new();
        for login in logins {
            let hash = match hashes.entry(password_of(login)) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    let hash = passwords.hash(new.key()).await;
                    new.insert(hash.map_err(|_| anyhow::anyhow!("the password pool is busy"))?)
                }
            };
            let id = PersonId::new(format!("p{}", preau_keys::digest(login)).chars().take(30).collect::<String>());
            let person = Person { id, login: Some(login.clone()), ..model.clone() };
            store.add_local_person(&person, hash).await?;
        }
        Ok(())
    }

    /// Puts the account into that many groups.
    pub async fn in_groups(&self, count: u32) -> Result<()> {
        let store = preau_store_sql::open(&self.database).await?;
        let mut person = store.person(&PersonId::new("pbancessai000000")).await?.context("no account")?;
        for affiliation in &mut person.affiliations {
            affiliation.groups = (0..count).map(|n| format!("groupe-{n}")).collect();
        }
        Ok(store.update_person(&person).await?)
    }

    /// Puts that many sessions of the account into the database, each with its visits of a long day; gives the secrets of
    /// their cookies.
    pub async fn sessions(&self, count: u32) -> Result<Vec<String>> {
        let store = preau_store_sql::open(&self.database).await?;
        let now = std::time::UNIX_EPOCH.elapsed()?.as_millis() as i64;
        let mut secrets = Vec::new();
        let mut writes = tokio::task::JoinSet::new();
        for n in 0..count {
            let secret = format!("bancessai{}{n:09}", std::process::id());
            let session = Session {
                id: preau_keys::session_id(&secret),
                person: PersonId::new("pbancessai000000"),
                authentication: Authentication {
                    method: AuthnMethod::LocalPassword,
                    at: Instant(now),
                    unsaid: false,
                    password: None,
                    by: None,
                    acr: None,
                    turn: None,
                    delegations: Vec::new(),
                    second: None,
                },
                establishment: None,
                created: Instant(now),
                expires: Instant(now + 3_600_000),
                last_seen: Instant(now),
                child: None,
            };
            secrets.push(secret);
            let store = store.clone();
            let visit = Visit {
                session: session.id.clone(),
                protocol: "cas".into(),
                service: ServiceId::new("banc-0"),
                notice: format!("ST-{}", session.id),
                at: Instant(now),
            };
            let new = NewSession { session, pending: None, replaces: None, proved: None, upstream: None, way: None };
            writes.spawn(async move {
                store.begin_session(&new).await?;
                for _ in 0..VISITS {
                    store.add_visit(&visit).await?;
                }
                Ok::<_, StoreError>(())
            });
            // Enough at once to share commits, and no more than the queue of the writer takes.
            if writes.len() >= 200
                && let Some(written) = writes.join_next().await
            {
                written??;
            }
        }
        while let Some(written) = writes.join_next().await {
            written??;
        }
        Ok(secrets)
    }

    /// Starts the server and waits until it answers; gives the server and how long that took.
    pub fn start(&self, preau: &Path) -> Result<(Server, Duration)> {
        let began = Moment::now();
        let server = Server::of(preau, &self.folder, self.port)?;
        Ok((server, began.elapsed()))
    }
}

/// A process that answers HTTP; it ends when this is dropped.
pub struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Starts the server of the configuration in that folder and waits until it answers.
    pub fn of(preau: &Path, folder: &Path, port: u16) -> Result<Server> {
        // Whoever answers there already would be asked in place of the server, whose processor time is counted.
        let taken = std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        ensure!(!taken, "port {} is taken: end what listens there", port);
        let log = fs::File::create(folder.join("preau.log"))?;
        let child = Command::new(preau)
            .args(["serve", "--demo", "--config"])
            .arg(folder.join("preau.toml"))
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log))
            .spawn()
            .with_context(|| format!("cannot start {}", preau.display()))?;
        let mut server = Server { child, port };
        server.wait()?;
        Ok(server)
    }

    /// Starts this program itself as the bare server.
    pub fn bare(port: u16) -> Result<Server> {
        let child = Command::new(std::env::current_exe()?).args(["bare", "--port", &port.to_string()]).spawn()?;
        let mut server = Server { child, port };
        server.wait()?;
        Ok(server)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn wait(&mut self) -> Result<()> {
        let deadline = Moment::now() + Duration::from_secs(20);
        while Moment::now() < deadline {
            if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status}: see its log beside its configuration");
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        bail!("the server did not answer within 20 s")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its end is asked for politely first, so that its last commit is made.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let deadline = Moment::now() + Duration::from_secs(12);
        while Moment::now() < deadline {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
