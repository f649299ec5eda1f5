//! Which crate may use which. The two tables below are the plan of the house in force; a crate that is in none of their
//! lines fails, so that a new one is placed on purpose.

use crate::Repository;
use std::collections::BTreeMap;
use toml::{Table, Value};

/// Folder of a crate (or, ending with `/`, of a family of crates) to the folders it may use. The first line that fits
/// decides. `*` is everything.
const EDGES: &[(&str, &[&str])] = &[
    ("idp/domain", &[]),
    ("policy", &["idp/domain"]),
    ("idp/store", &["idp/domain"]),
    ("idp/hugepages", &[]),
    ("idp/keys", &["idp/domain", "idp/hugepages"]),
    ("idp/passkeys", &[]),
    ("idp/paper", &[]),
    ("idp/saml", &["idp/domain", "idp/keys"]),
    ("connectors/api", &["idp/domain"]),
    ("idp/store-sql", &["idp/domain", "idp/store"]),
    // Keys of services are looked at where their file is read.
    ("connectors/registry", &["idp/domain", "idp/keys", "connectors/"]),
    ("connectors/egress", &["connectors/api"]),
    ("connectors/upstream-saml", &["idp/domain", "idp/saml", "connectors/api", "connectors/egress", "idp/keys"]),
    ("connectors/upstream-", &["idp/domain", "connectors/api", "connectors/egress", "idp/keys"]),
    ("connectors/ent", &["idp/domain", "connectors/api"]),
    ("connectors/mail", &["idp/domain", "connectors/api"]),
    ("connectors/", &["idp/domain", "connectors/api", "connectors/ent"]),
    ("idp/provision", &["idp/domain", "idp/store", "policy", "connectors/api"]),
    ("idp/hosting", &["idp/domain", "idp/store", "policy", "connectors/api"]),
    (
        "idp/web",
        &[
            "idp/domain",
            "idp/store",
            "policy",
            "idp/keys",
            "idp/passkeys",
            "idp/paper",
            "idp/hosting",
            "connectors/api",
            "connectors/egress",
        ],
    ),
    ("idp/protocols/registry", &["idp/domain", "idp/web", "idp/saml", "idp/protocols/"]),
    (
        "idp/protocols/saml",
        &[
            "idp/domain",
            "idp/store",
            "policy",
            "idp/keys",
            "idp/saml",
            "idp/web",
            "connectors/api",
            "connectors/egress",
        ],
    ),
    (
        "idp/protocols/",
        &["idp/domain", "idp/store", "policy", "idp/keys", "idp/web", "connectors/api", "connectors/egress"],
    ),
    ("idp/server", &["*"]),
    ("tests/", &["*"]),
];

/// What the tests of a crate may use besides: the catalogue is tested against the policy that decides on it.
const TESTED: &[(&str, &[&str])] = &[("connectors/registry", &["policy"]), ("connectors/egress", &["idp/keys"])];

/// Crates of others that only some of ours may name: what they are for, their names, who may.
const RESERVED: &[(&str, &[&str], &[&str])] = &[
    ("SQL", &["sqlx", "rusqlite", "tokio-postgres", "diesel"], &["idp/store-sql", "tests/"]),
    (
        "cryptography",
        &[
            "aws-lc-rs",
            "aws-lc-sys",
            "argon2",
            "ring",
            "openssl",
            "rsa",
            "sha1",
            "sha2",
            "sha3",
            "hmac",
            "md-5",
            "p256",
            "ed25519-dalek",
            "aes-gcm",
            "chacha20poly1305",
            "bcrypt",
            "scrypt",
            "pbkdf2",
            "blake2",
            "subtle",
            "jsonwebtoken",
            "getrandom",
            "rand",
        ],
        &["idp/keys", "tests/"],
    ),
    (
        "TLS",
        &["rustls", "rustls-pki-types", "rustls-native-certs", "tokio-rustls", "rcgen"],
        &[
            "idp/keys",
            "connectors/ldap",
            "connectors/egress",
            "connectors/upstream-",
            "idp/web",
            "idp/server",
            "tests/",
        ],
    ),
    ("calls of the system", &["libc", "nix", "rustix", "memmap2"], &["idp/hugepages", "tests/"]),
    ("passkeys", &["webauthn-rs", "webauthn-rs-core", "webauthn-rs-proto"], &["idp/passkeys"]),
    ("PDF", &["pdf-writer"], &["idp/paper"]),
    ("SAML", &["samael"], &["tests/samael"]),
    ("mail", &["lettre"], &["connectors/mail"]),
    ("LDAP", &["ldap3"], &["connectors/ldap", "tests/"]),
    ("HTTP serving", &["axum", "axum-server", "hyper"], &["idp/web", "idp/protocols/", "idp/server", "tests/"]),
    (
        "input, output and time",
        &["tokio", "async-trait", "futures", "reqwest", "tower", "hyper", "tracing"],
        &[
            "idp/store",
            "idp/store-sql",
            "idp/keys",
            "connectors/",
            "idp/provision",
            "idp/hosting",
            "idp/web",
            "idp/protocols/",
            "idp/server",
            "tests/",
        ],
    ),
];

/// What may not stand in the sources of `domain` and `policy`: they are pure.
const IMPURE: &[&str] = &[
    "async fn",
    ".await",
    "SystemTime",
    "std::time::Instant",
    "now_utc",
    "std::fs",
    "std::net",
    "std::env::",
    "std::process",
    "std::thread",
];

struct Crate {
    folder: String,
    name: String,
    manifest: Table,
}

/// Every crate of the workspace, in the order of its folder.
fn crates(repository: &Repository) -> Vec<Crate> {
    repository
        .ending("/Cargo.toml")
        .filter_map(|path| {
            let manifest: Table = repository.text(path).parse().ok()?;
            let name = manifest.get("package")?.get("name")?.as_str()?.to_owned();
            Some(Crate { folder: path.trim_end_matches("/Cargo.toml").to_owned(), name, manifest })
        })
        .collect()
}

fn table<'a>(manifest: &'a Table, key: &str) -> impl Iterator<Item = &'a String> + use<'a> {
    manifest.get(key).and_then(Value::as_table).into_iter().flat_map(Table::keys)
}

/// What a crate is built from: dependencies of every target and of its build script, not of its tests.
fn dependencies(manifest: &Table) -> Vec<&String> {
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let mut all: Vec<&String> = table(manifest, "dependencies").chain(table(manifest, "build-dependencies")).collect();
    all.extend(targets.filter_map(Value::as_table).flat_map(|t| table(t, "dependencies")));
    all
}

/// The line of a folder in a table of folders.
fn fits(folder: &str, line: &str) -> bool {
    line == "*" || folder == line || ((line.ends_with('/') || line.ends_with('-')) && folder.starts_with(line))
}

/// Edges between our crates that the plan does not have. The tests of a crate may also use crates of `tests/`.
pub fn edges(repository: &Repository) -> Vec<String> {
    let crates = crates(repository);
    let folders: BTreeMap<&str, &str> = crates.iter().map(|c| (c.name.as_str(), c.folder.as_str())).collect();
    let mut problems = Vec::new();
    for one in &crates {
        let Some((_, allowed)) = EDGES.iter().find(|(line, _)| fits(&one.folder, line)) else {
            problems.push(format!("{}: has no line in the table of tests/tidy/src/crates.rs", one.folder));
            continue;
        };
        let built = dependencies(&one.manifest).into_iter().map(|name| (name, false));
        let tested = table(&one.manifest, "dev-dependencies").map(|name| (name, true));
        for (name, in_tests) in built.chain(tested) {
            let Some(target) = folders.get(name.as_str()) else { continue };
            let besides = TESTED.iter().any(|(line, more)| fits(&one.folder, line) && more.contains(target));
            let test_only = in_tests && (besides || target.starts_with("tests/"));
            if !test_only && !allowed.iter().any(|line| fits(target, line)) {
                problems.push(format!("{}/Cargo.toml: may not use {name} ({target})", one.folder));
            }
        }
    }
    problems
}

/// Crates of others named where the plan reserves them for somebody else.
pub fn reserved(repository: &Repository) -> Vec<String> {
    let mut problems = Vec::new();
    for one in crates(repository) {
        for name in dependencies(&one.manifest) {
            for (purpose, _, who) in RESERVED.iter().filter(|(_, names, _)| names.contains(&name.as_str())) {
                if !who.iter().any(|line| fits(&one.folder, line)) {
                    problems.push(format!(
                        "{}/Cargo.toml: {name} ({purpose}) belongs to {}",
                        one.folder,
                        who.join(", ")
                    ));
                }
            }
        }
    }
    problems
}

/// Input, output, async or a clock in `domain` or `policy`.
pub fn purity(repository: &Repository) -> Vec<String> {
    let pure = repository.sources().filter(|path| path.starts_with("idp/domain/") || path.starts_with("policy/src/"));
    let mut problems = Vec::new();
    for path in pure.filter(|path| !path.ends_with("/tests.rs")) {
        let text = repository.text(path);
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for word in IMPURE.iter().filter(|word| line.contains(*word)) {
                problems.push(format!("{path}: `{word}` in a crate that is pure"));
            }
        }
    }
    problems
}

/// The one crate with lints of its own: `unsafe` is forbidden everywhere else ([ADR 0050](../../../docs/adr/0050-a-hash-has-large-pages.md)).
pub const UNCHECKED: &str = "idp/hugepages";

/// Crates that do not take the lints, the edition or the licence of the workspace.
pub fn inheritance(repository: &Repository) -> Vec<String> {
    let mut problems = Vec::new();
    for one in crates(repository) {
        let inherits = |section: &str, key: &str| {
            let found = one.manifest.get(section).and_then(|s| if key.is_empty() { Some(s) } else { s.get(key) });
            found.and_then(|v| v.get("workspace")).and_then(Value::as_bool) == Some(true)
        };
        for (section, key) in [("lints", ""), ("package", "edition"), ("package", "license"), ("package", "publish")] {
            let own = section == "lints" && one.folder == UNCHECKED;
            if !(own || inherits(section, key)) {
                let what = if key.is_empty() { section } else { key };
                problems.push(format!("{}/Cargo.toml: `{what}` is not the workspace's", one.folder));
            }
        }
        let denied = || one.manifest.get("lints")?.get("rust")?.get("unsafe_code")?.as_str();
        if one.folder == UNCHECKED && denied() != Some("deny") {
            problems.push(format!("{}/Cargo.toml: does not deny `unsafe_code`", one.folder));
        }
        if one.manifest.get("package").and_then(|p| p.get("description")).is_none() {
            problems.push(format!("{}/Cargo.toml: has no description", one.folder));
        }
    }
    problems
}

/// Crates that the lock of what ships may not name: there is one TLS and one cryptography here.
const ABSENT: &[&str] = &["openssl", "openssl-sys", "native-tls", "samael", "xmlsec"];

/// Crates in the lock that nothing that ships may use, however deep below another.
pub fn locked(repository: &Repository) -> Vec<String> {
    let lock: Table = repository.text("Cargo.lock").parse().unwrap_or_default();
    let packages = lock.get("package").and_then(Value::as_array);
    let names: Vec<&str> =
        packages.into_iter().flatten().filter_map(|package| package.get("name").and_then(Value::as_str)).collect();
    if names.is_empty() {
        return vec!["Cargo.lock: names no package".to_owned()];
    }
    names.iter().filter(|name| ABSENT.contains(name)).map(|name| format!("Cargo.lock: names {name}")).collect()
}

/// What our crates need and the lock of the second opinion on SAML does not say: that is built with `--locked`, so that what came since would
/// keep it from being built at all.
pub fn second_lock(repository: &Repository) -> Vec<String> {
    const SECOND: &str = "tests/samael/Cargo.lock";
    let lock: Table = repository.text(SECOND).parse().unwrap_or_default();
    let packages = || lock.get("package").and_then(Value::as_array).into_iter().flatten();
    let mut problems = Vec::new();
    for one in crates(repository) {
        let Some(locked) = packages().find(|p| p.get("name").and_then(Value::as_str) == Some(&one.name)) else {
            continue;
        };
        // A name that is there twice is followed by its version.
        let says = locked.get("dependencies").and_then(Value::as_array).into_iter().flatten();
        let says: Vec<&str> = says.filter_map(|name| name.as_str()?.split(' ').next()).collect();
        let missing = table(&one.manifest, "dependencies").filter(|name| !says.contains(&name.as_str()));
        problems.extend(missing.map(|name| format!("{SECOND}: {} needs {name}", one.name)));
    }
    problems
}

/// Dependencies with a version of their own where the workspace names one already: two versions of one thing drift.
pub fn versions(repository: &Repository) -> Vec<String> {
    let root: Table = repository.text("Cargo.toml").parse().unwrap_or_default();
    let named: Vec<&String> =
        root.get("workspace").and_then(Value::as_table).map(|w| table(w, "dependencies").collect()).unwrap_or_default();
    let mut problems = Vec::new();
    for one in crates(repository) {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(all) = one.manifest.get(section).and_then(Value::as_table) else { continue };
            for (name, value) in all {
                let own = value.is_str() || value.get("version").is_some();
                if own && named.contains(&name) {
                    problems.push(format!("{}/Cargo.toml: {name} has a version of its own", one.folder));
                }
            }
        }
    }
    problems
}
