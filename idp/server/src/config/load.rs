//! Reads the file and tells everything that is wrong with it at once, each with the path of its key.

use super::{Config, SourceConfig};
use preau_connector_api::Problem;
use preau_domain::SourceId;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::{Table, Value};

/// Largest configuration file read.
const MAX_FILE: u64 = 1024 * 1024;

/// The key that says where people find us.
const PUBLIC_URL: &str = "web.public_url";

/// Problems told of one section before reading stops.
const MAX_PROBLEMS: usize = 50;

/// A configuration that was read and holds together.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// Folder that relative paths start from: that of the file.
    pub base: PathBuf,
    /// The file.
    pub file: PathBuf,
}

impl Loaded {
    /// A path of the file, made absolute.
    pub fn path(&self, written: &Path) -> PathBuf {
        self.base.join(written)
    }

    /// The address of the database with its file made absolute.
    pub fn storage_url(&self) -> String {
        match self.config.storage.url.strip_prefix("sqlite://") {
            Some(file) if file.starts_with('/') => format!("sqlite://{file}"),
            Some(file) => {
                // What the driver would take for an escape or for options, where it is a name of a folder.
                let base = self.base.display().to_string().replace('%', "%25").replace('?', "%3F");
                format!("sqlite://{base}/{file}")
            }
            None => self.config.storage.url.clone(),
        }
    }
}

/// Reads the file, applies the three environment variables, and checks every section. `demo` lets through what is for a
/// demonstration on this machine only; `variable` gives the environment.
pub fn load(file: &Path, demo: bool, variable: &dyn Fn(&str) -> Option<String>) -> Result<Loaded, Vec<Problem>> {
    let shown = file.display().to_string();
    let one = |what: String| vec![Problem::new(shown.clone(), what)];
    let length = std::fs::metadata(file).map_err(|error| one(format!("cannot be read: {error}")))?.len();
    if length > MAX_FILE {
        return Err(one("is larger than a configuration can be".to_owned()));
    }
    let text = std::fs::read_to_string(file).map_err(|error| one(format!("cannot be read: {error}")))?;
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        vec![Problem::new(format!("{shown}:{line}"), error.message().to_owned())]
    })?;
    let (mut config, mut problems) = parse(table);
    override_from(&mut config, variable, &mut problems);
    problems.extend(validate(&config, demo));
    if !problems.is_empty() {
        return Err(problems);
    }
    let file = std::path::absolute(file).map_err(|error| one(error.to_string()))?;
    let base = file.parent().unwrap_or(Path::new("/")).to_owned();
    Ok(Loaded { config, base, file })
}

/// Takes the sections out of a table.
fn parse(mut table: Table) -> (Config, Vec<Problem>) {
    let mut problems = Vec::new();
    let config = Config {
        server: section(&mut table, "server", &mut problems),
        storage: section(&mut table, "storage", &mut problems),
        keys: section(&mut table, "keys", &mut problems),
        services: section(&mut table, "services", &mut problems),
        saml: section(&mut table, "saml", &mut problems),
        web: section(&mut table, "web", &mut problems),
        mail: section(&mut table, "mail", &mut problems),
        sync: section(&mut table, "sync", &mut problems),
        log: section(&mut table, "log", &mut problems),
        sources: sources(&mut table, &mut problems),
    };
    for key in table.keys() {
        problems.push(Problem::new(
            key,
            "is no section; there are server, storage, keys, services, saml, web, mail, sync, log and sources.<name>",
        ));
    }
    (config, problems)
}

/// Everything wrong inside the sections and between them.
fn validate(config: &Config, demo: bool) -> Vec<Problem> {
    let mut problems = config.server.validate();
    if config.server.mtls_listen.is_some() && config.web.mtls_url.is_none() {
        problems
            .push(Problem::new("web.mtls_url", "is missing: services must know where server.mtls_listen is reached"));
    }
    problems.extend(config.storage.validate());
    let found = config.web.validate(demo);
    // Plain http is for an address of this machine alone, where nobody can listen in, and when it was asked for.
    let for_a_demo = !demo && !config.web.validate(true).iter().any(|problem| problem.at == PUBLIC_URL);
    problems.extend(found.into_iter().map(|problem| {
        if for_a_demo && problem.at == PUBLIC_URL {
            return Problem::new(PUBLIC_URL, "must be https; for a demonstration on this machine, add --demo");
        }
        problem
    }));
    problems.extend(config.saml.validate());
    problems.extend(config.mail.validate(demo));
    problems.extend(config.sync.validate());
    problems.extend(config.sync.unknown_sources(|source| config.sources.contains_key(source)));
    for (public, source) in &config.web.sign_in.publics {
        if source != "local" && !config.sources.contains_key(&SourceId::new(source.clone())) {
            problems.push(Problem::new(
                format!("web.sign_in.publics.{public}"),
                "names no source of this file; use the name of a source, or local",
            ));
        }
    }
    for (public, sources) in &config.web.sign_in.also {
        for source in sources.iter().filter(|source| !config.sources.contains_key(&SourceId::new((*source).clone()))) {
            problems.push(Problem::new(
                format!("web.sign_in.also.{public}"),
                format!("names {source}, which is no source of this file"),
            ));
        }
    }
    problems
}

fn override_from(config: &mut Config, variable: &dyn Fn(&str) -> Option<String>, problems: &mut Vec<Problem>) {
    if let Some(listen) = variable("PREAU_LISTEN") {
        match listen.parse() {
            Ok(address) => config.server.listen = address,
            Err(_) => problems.push(Problem::new("PREAU_LISTEN", "is no address and port, such as 127.0.0.1:8080")),
        }
    }
    if let Some(url) = variable("PREAU_PUBLIC_URL") {
        config.web.public_url = url;
    }
    if let Some(url) = variable("PREAU_STORAGE_URL") {
        config.storage.url = url;
    }
}

/// One section. A key that does not fit is told, taken out, and reading goes on, so that all are told at once.
fn section<T: DeserializeOwned + Default>(table: &mut Table, name: &str, problems: &mut Vec<Problem>) -> T {
    let Some(mut value) = table.remove(name) else { return T::default() };
    for _ in 0..MAX_PROBLEMS {
        let error = match serde_path_to_error::deserialize::<_, T>(value.clone()) {
            Ok(section) => return section,
            Err(error) => error,
        };
        let message = error.inner().message().to_owned();
        let mut path: Vec<String> = error
            .path()
            .iter()
            .filter_map(|segment| match segment {
                serde_path_to_error::Segment::Map { key } => Some(key.clone()),
                serde_path_to_error::Segment::Seq { index } => Some(index.to_string()),
                _ => None,
            })
            .collect();
        if let Some(unknown) = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next())
            && path.last().is_none_or(|last| last != unknown)
        {
            path.push(unknown.to_owned());
        }
        problems.push(Problem::new(
            std::iter::once(name).chain(path.iter().map(String::as_str)).collect::<Vec<_>>().join("."),
            message,
        ));
        if !remove(&mut value, &path) {
            break;
        }
    }
    T::default()
}

/// Takes the value at a path out; a list goes as a whole.
fn remove(value: &mut Value, path: &[String]) -> bool {
    match (value, path) {
        (Value::Table(table), [last]) => table.remove(last).is_some(),
        (Value::Table(table), [first, rest @ ..]) => match table.get_mut(first) {
            Some(Value::Array(_)) => table.remove(first).is_some(),
            Some(inner) => remove(inner, rest),
            None => false,
        },
        _ => false,
    }
}

fn sources(table: &mut Table, problems: &mut Vec<Problem>) -> BTreeMap<SourceId, SourceConfig> {
    let mut sources = BTreeMap::new();
    let written = match table.remove("sources") {
        None => return sources,
        Some(Value::Table(written)) => written,
        Some(_) => {
            problems.push(Problem::new("sources", "is a table: write [sources.<name>]"));
            return sources;
        }
    };
    for (name, value) in written {
        let at = format!("sources.{name}");
        let Value::Table(mut table) = value else {
            problems.push(Problem::new(at, "is a table: write [sources.<name>]"));
            continue;
        };
        let sound = (1..=64).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !sound || name == "local" || name == preau_domain::GUESTS {
            problems.push(Problem::new(
                &at,
                "is no name for a source: lower case letters, digits and -; `local` and `invites` are taken",
            ));
        }
        let every = match table.remove("every") {
            None => None,
            Some(Value::String(text)) if interval(&text).is_some() => interval(&text),
            Some(_) => {
                problems
                    .push(Problem::new(format!("{at}.every"), "is a number and s, m, h or d, from \"1m\" to \"30d\""));
                None
            }
        };
        match table.remove("kind") {
            Some(Value::String(kind)) => {
                sources.insert(SourceId::new(name), SourceConfig { kind, every, table });
            }
            _ => problems.push(Problem::new(format!("{at}.kind"), "is missing; write kind = \"ldap\"")),
        }
    }
    sources
}

/// `90s`, `15m`, `1h`, `1d`.
fn interval(text: &str) -> Option<Duration> {
    let unit = match text.bytes().last()? {
        b's' => 1,
        b'm' => 60,
        b'h' => 3_600,
        b'd' => 86_400,
        _ => return None,
    };
    let number = &text[..text.len() - 1];
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let seconds = number.parse::<u64>().ok()?.checked_mul(unit)?;
    (60..=30 * 86_400).contains(&seconds).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Config, Vec<String>) {
        let (config, mut problems) = parse(text.parse().unwrap());
        problems.extend(validate(&config, false));
        (config, problems.into_iter().map(|p| p.at).collect())
    }

    #[test]
    fn nothing_written_is_a_sound_configuration() {
        assert_eq!(read("").1, Vec::<String>::new());
    }

    #[test]
    fn every_problem_is_told_with_its_path() {
        let (_, places) = read(
            r#"
            lissten = 1
            [server]
            listen = "here"
            max_conections = 3
            stop_seconds = 0
            [web]
            public_url = "http://ent.example.fr"
            [web.session]
            idle = 3
            absolute_seconds = "long"
            [web.sign_in.publics]
            pupil = "nowhere"
            [storage]
            url = "postgres://preau:secret@db/preau"
            [sources.local]
            kind = "ldap"
            [sources.invites]
            kind = "ldap"
            [sources.Annuaire]
            every = "soon"
            "#,
        );
        for expected in [
            "lissten",
            "server.listen",
            "server.max_conections",
            "server.stop_seconds",
            "web.public_url",
            "web.session.idle",
            "web.session.absolute_seconds",
            "web.sign_in.publics.pupil",
            "storage.url",
            "sources.local",
            "sources.invites",
            "sources.Annuaire",
            "sources.Annuaire.every",
            "sources.Annuaire.kind",
        ] {
            assert!(places.iter().any(|at| at == expected), "{expected} in {places:?}");
        }
        assert_eq!(places.len(), 14, "{places:?}");
    }

    #[test]
    fn the_rest_of_a_broken_section_is_read() {
        let (config, places) = read("[server]\nlisten = \"127.0.0.1:9000\"\nwrong = 1\n");
        assert_eq!(places, ["server.wrong"]);
        assert_eq!(config.server.listen.port(), 9000);
    }

    #[test]
    fn plain_http_is_for_a_demonstration_on_this_machine() {
        let told = |url: &str, demo: bool| {
            let (config, _) = read(&format!("[web]\npublic_url = \"{url}\"\n"));
            validate(&config, demo).iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        };
        assert_eq!(told("http://localhost:8080", true), "");
        assert!(told("http://localhost:8080", false).contains("add --demo"));
        assert!(told("http://ent.example.fr", true).contains("must be https"));
        let elsewhere = told("http://ent.example.fr", false);
        assert!(elsewhere.contains("must be https") && !elsewhere.contains("add --demo"), "{elsewhere}");
        assert_eq!(told("https://ent.example.fr", false), "");
    }

    #[test]
    fn an_interval_is_bounded() {
        assert_eq!(interval("1h"), Some(Duration::from_secs(3600)));
        assert_eq!(interval("90s"), Some(Duration::from_secs(90)));
        for bad in ["", "h", "1", "1w", "-1h", "5s", "31d", "99999999999999999999d", "1.5h", "é"] {
            assert_eq!(interval(bad), None, "{bad}");
        }
    }

    #[test]
    fn three_variables_replace_what_is_written() {
        let dir = std::env::temp_dir().join(format!("preau-config-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let file = dir.join("preau.toml");
        std::fs::write(&file, "[server]\nlisten = \"127.0.0.1:1\"\n").unwrap();
        let variable = |name: &str| match name {
            "PREAU_LISTEN" => Some("127.0.0.1:2".to_owned()),
            "PREAU_PUBLIC_URL" => Some("https://other.example".to_owned()),
            "PREAU_STORAGE_URL" => Some("sqlite://elsewhere.db".to_owned()),
            _ => None,
        };
        let loaded = load(&file, false, &variable).unwrap();
        assert_eq!(loaded.config.server.listen.port(), 2);
        assert_eq!(loaded.config.web.public_url, "https://other.example");
        assert_eq!(loaded.storage_url(), format!("sqlite://{}/elsewhere.db", dir.display()));
        assert_eq!(load(&file, false, &|_| None).unwrap().config.server.listen.port(), 1);
        std::fs::write(&file, "[server]\nlisten = \n").unwrap();
        assert!(load(&file, false, &|_| None).unwrap_err()[0].at.ends_with("preau.toml:2"));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
