//! The demo as a person starts it: everything it announces answers, everything it started ends with it, and a second
//! start goes on from where the first one was.

use anyhow::Result;
use preau_rig::Process;
use preau_rig::process::answers;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

struct Demo {
    process: Process,
    facts: Value,
    ports: Vec<u16>,
}

fn start(folder: &Path) -> Result<Demo> {
    let args = ["--port", "0", "--people", "200", "--folder"].map(str::to_owned);
    let args: Vec<String> = args.into_iter().chain([folder.display().to_string()]).collect();
    let program = Path::new(env!("CARGO_BIN_EXE_preau-demo"));
    let mut process = Process::start("demo", program, &args, &[], &folder.with_extension("log"))?;
    let file = folder.join("demo.json");
    // In two steps: the first start draws keys and fills an annuaire.
    let log = folder.with_extension("log");
    process.wait_until(|| fs::read_to_string(&log).is_ok_and(|told| told.contains("Starting Préau")))?;
    process.wait_until(|| file.exists())?;
    let facts: Value = serde_json::from_slice(&fs::read(&file)?)?;
    let named: BTreeMap<String, u16> = serde_json::from_value(facts["ports"].clone())?;
    Ok(Demo { process, facts, ports: named.into_values().collect() })
}

impl Demo {
    /// What it has told so far.
    fn told(&self) -> String {
        fs::read_to_string(self.process.log()).unwrap_or_default()
    }
}

/// The name of the machine in an address.
fn host(base: &Value) -> Option<&str> {
    base.as_str()?.strip_prefix("http://")?.split(':').next()
}

#[test]
fn a_second_start_goes_on_and_the_end_leaves_nothing_behind() {
    let folder: PathBuf = preau_rig::scratch("demo").join("demo");

    let mut first = start(&folder).unwrap();
    let ports = first.ports.clone();
    assert_eq!(ports.len(), 8 + first.facts["services"].as_array().unwrap().len());
    assert!(ports.iter().all(|port| answers(*port)), "{ports:?}");
    assert!(first.told().contains("First synchronisation"), "{}", first.told());
    let accounts = first.facts["accounts"].as_array().unwrap().clone();
    assert!(accounts.iter().any(|account| account["role"] == "guest"));
    assert_eq!(first.facts["providers"][0]["id"], "educonnect");
    let neighbour = &first.facts["neighbour"];
    assert_ne!(
        host(&neighbour["base"]),
        host(&first.facts["base"]),
        "browsers keep cookies by host, whatever the port"
    );
    assert!(first.told().contains(neighbour["base"].as_str().unwrap()));
    let of_the_ecoles = neighbour["accounts"].as_array().unwrap();
    assert_eq!(of_the_ecoles.len(), 3);
    let of_lists = &first.facts["lists"];
    for (one, key) in ["base", "name"]
        .map(|key| (of_lists, key))
        .into_iter()
        .chain(of_lists["waiting"].as_array().unwrap().iter().map(|one| (one, "code")))
    {
        assert!(first.told().contains(one[key].as_str().unwrap()), "{one}");
    }
    assert!(fs::read(of_lists["sheet"].as_str().unwrap()).unwrap().starts_with(b"%PDF"));
    for account in accounts.iter().chain(of_the_ecoles).chain(of_lists["accounts"].as_array().unwrap()) {
        for key in ["profile", "public", "name", "login", "password"] {
            assert!(account[key].as_str().is_some_and(|text| !text.is_empty()), "{key} of {account}");
        }
        assert!(first.told().contains(account["login"].as_str().unwrap()), "{account} is not shown");
    }
    // Whoever wants to see what becomes of a school whose directory is away stops it.
    let stopped = Command::new("kill").arg(first.facts["pids"]["slapd"].to_string()).status().unwrap();
    assert!(stopped.success());
    let log = first.process.log().to_owned();
    let told = || fs::read_to_string(&log).is_ok_and(|told| told.contains("Préau goes on without it"));
    first.process.wait_until(told).unwrap();
    let portal = u16::try_from(first.facts["ports"]["preau"].as_u64().unwrap()).unwrap();
    assert!(answers(portal) && folder.join("demo.json").exists(), "the demo goes on: {}", first.told());
    first.process.stop();
    assert!(ports.iter().all(|port| !answers(*port)), "something of {ports:?} still answers");
    assert!(!folder.join("demo.json").exists());

    let mut second = start(&folder).unwrap();
    assert_eq!(second.facts["accounts"].as_array().unwrap(), &accounts);
    assert!(!second.told().contains("First synchronisation"), "{}", second.told());
    let ports = second.ports.clone();
    second.process.stop();
    assert!(ports.iter().all(|port| !answers(*port)), "something of {ports:?} still answers");
}
