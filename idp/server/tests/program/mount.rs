//! `preau mount`: a product becomes a service in one command, and the two sides are held against one another.

use crate::desk::Desk;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;

#[test]
fn one_command_mounts_a_product_and_says_what_to_type_on_its_side() {
    let desk = Desk::new();
    let args =
        ["mount", "nextcloud", "--url", "https://cloud.example/", "--for", "0990001N", "--param", "quota_staff=9 GB"];
    let (code, out, err) = desk.run(&[&args[..], &["--dry-run"]].concat());
    assert!(code == 0 && out.contains("Nothing was written"), "{out}{err}");
    assert!(std::fs::read_dir(desk.path("services")).unwrap().next().is_none());
    let (code, out, err) = desk.run(&args);
    assert_eq!(code, 0, "{err}");
    let ours = format!("https://{}", desk.address);
    for told in [
        "for       everyone, guests excepted in 0990001N",
        "quota   “9 GB” (only ",
        "teacher           name = Solène Banc-d’Essai; email = bench.teacher@example.invalid; groups = 0990001N$6A",
        "guest             refused: guest",
        &format!("--discoveryuri=\"{ours}/.well-known/openid-configuration\""),
        "--clientid=\"nextcloud\"",
        "https://cloud.example/index.php/apps/user_oidc/backchannel-logout/preau",
        "Then: `preau mount --check nextcloud`",
    ] {
        assert!(out.contains(told), "{told}\n{out}");
    }
    let secret = desk.path("services/nextcloud.secret");
    assert_eq!(std::fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    let secret = std::fs::read_to_string(&secret).unwrap();
    assert!(secret.trim().len() == 40 && !out.contains(secret.trim()), "drawn, and on no screen");
    let (code, out, err) = desk.run(&["services"]);
    assert!(code == 0 && out.contains("nextcloud  oidc"), "{out}{err}");
    let (code, _, err) = desk.run(&args);
    assert!(code == 1 && err.contains("is there already"), "{err}");
}

#[test]
fn what_is_not_sound_is_refused_and_nothing_is_written() {
    let desk = Desk::new();
    for (args, told) in [
        (&["mount", "nextcloud"][..], "preau mount NAME --url ADDRESS"),
        (&["mount", "nextclod", "--url", "https://a.example"], "no product nextclod"),
        (&["mount", "grr", "--url", "http://a.example"], "https is required"),
        (&["mount", "grr", "--url", "https://a.example/{url}"], "a value holds no brace"),
        (&["mount", "grr", "--url", "https://a.example", "--param", "code=1"], "no such parameter"),
        (&["mount", "grr", "--url", "https://a.example", "--param", "x\ny=1"], "NAME=VALUE"),
        (&["mount", "roundcube", "--url", "https://a.example"], "the parameter `domain` is missing"),
        (&["mount", "grr", "--url", "https://a.example", "--for", "National_XYZ"], "neither a profile"),
        (&["mount", "grr", "--url", "https://a.example", "--id", "../grr"], "named by 1 to 64"),
        (&["mount", "--check", "grr"], "no service grr is mounted"),
    ] {
        let (code, _, err) = desk.run(args);
        assert!(code != 0 && err.contains(told), "{told}\n{err}");
    }
    assert!(std::fs::read_dir(desk.path("services")).unwrap().next().is_none());
    assert_eq!(desk.run(&["mount", "grr", "--url", "https://a.example"]).0, 0, "control");
    let (code, _, err) = desk.run(&["mount", "grr", "--url", "https://a.example", "--id", "again"]);
    assert!(code != 0 && err.contains("already belongs to the service `grr`"), "{err}");
    assert!(!desk.path("services/again.toml").exists());
}

/// A product that answers its page with this head, and everything else with 400.
fn product(head: impl Fn(SocketAddr) -> String + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = [0; 2048];
            let read = stream.read(&mut asked).unwrap();
            let home = asked[..read].starts_with(b"GET / ");
            let head = if home { head(address) } else { "HTTP/1.1 400 Bad Request".to_owned() };
            write!(stream, "{head}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        }
    });
    address
}

#[test]
fn the_two_sides_are_held_against_one_another() {
    let desk = Desk::new();
    let base = format!("https://{}", desk.address);
    let sends = |to: String| {
        product(move |own| format!("HTTP/1.1 302 Found\r\nlocation: {}", to.replace("OWN", &own.to_string())))
    };
    let asks = |client: &str, callback: &str| {
        sends(format!(
            "{base}/oidc/authorize?client_id={client}&redirect_uri={callback}&scope=openid%20profile%20groups"
        ))
    };
    let callback = "http%3A%2F%2FOWN%2Foidc-callback";
    for (connector, at, good, told) in [
        (
            "etherpad",
            asks("etherpad", callback),
            true,
            "ok    sign-on    it comes as etherpad and wants to be answered at http://127.0.0.1",
        ),
        (
            "etherpad",
            asks("etherpad", callback),
            true,
            "warn  scopes     it asks for the scopes groups, which it may not have",
        ),
        ("etherpad", asks("etherpad", callback), true, "where something is (400"),
        ("etherpad", asks("pad", callback), false, "it calls itself \"pad\", and its client_id is etherpad"),
        (
            "etherpad",
            asks("etherpad", "https%3A%2F%2Fevil.example%2F"),
            false,
            "answered at https://evil.example/, which is not registered",
        ),
        (
            "etherpad",
            sends("https://elsewhere.example/login".into()),
            false,
            "it sends people to https://elsewhere.example, which is neither here",
        ),
        (
            "etherpad",
            sends(format!("{base}/cas/login?service=http%3A%2F%2FOWN%2F")),
            false,
            "it speaks CAS, and is mounted as a product that does not",
        ),
        (
            "grr",
            sends(format!("{base}/cas/login?service=http%3A%2F%2FOWN%2F")),
            true,
            "it asks for a ticket at http://127.0.0.1",
        ),
        (
            "grr",
            sends(format!("{base}/cas/login?service=https%3A%2F%2Fgrr.example%2F")),
            false,
            "which belongs to no service",
        ),
        ("grr", product(|_| "HTTP/1.1 200 OK".into()), true, "it does not send people here by itself"),
        ("grr", product(|_| "HTTP/1.1 404 Not Found".into()), false, "answers 404 Not Found"),
    ] {
        let url = format!("http://{at}");
        let (code, _, err) = desk.run(&["mount", connector, "--url", &url, "--private"]);
        assert_eq!(code, 0, "{err}");
        let (code, out, err) = desk.run(&["mount", "--check", connector]);
        assert!((code == 0) == good && out.contains(told), "{told}\n{out}{err}");
        for ending in ["toml", "secret"] {
            let _absent = std::fs::remove_file(desk.path(&format!("services/{connector}.{ending}")));
        }
    }
}

#[test]
fn a_check_goes_by_the_rules_of_every_call() {
    let desk = Desk::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let text = format!("connector = \"link\"\n[parameters]\nurl = \"http://{}\"\n", listener.local_addr().unwrap());
    desk.write("services/local.toml", &text);
    let (code, out, _) = desk.run(&["mount", "--check"]);
    assert!(code == 1 && out.contains("not called: private address") && out.contains("network = \"private\""), "{out}");
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "nobody was called");
}

#[test]
fn who_gains_and_who_loses_is_told_before_anything_is_written() {
    let desk = Desk::new().with_school();
    let account = |login: &str, profile: &str| {
        let who =
            ["account", "add", "--login", login, "--given-name", "Ada", "--family-name", "Clair", "--profile", profile];
        let (code, _, err) = desk.run(&[&who[..], &["--establishment", "0990001N"]].concat());
        assert_eq!(code, 0, "{err}");
    };
    let mount = ["mount", "moodle", "--url", "https://moodle.example"];
    account("ada.clair", "National_ENS");
    account("noe.clair", "National_ELV");
    account("lou.clair", "National_ELV");
    let who = ["--who", "profile=National_ENS,National_ELV;establishment=0990001N", "--until", "2999-07-05"];
    let (code, out, err) = desk.run(&[&mount[..], &who, &["--dry-run"]].concat());
    assert!(
        code == 0 && out.contains("  2 pupils would gain Moodle") && out.contains("  1 teacher would gain"),
        "{out}{err}"
    );
    assert!(out.contains("during = { until = \"2999-07-05\" }"), "{out}");
    assert_eq!(desk.run(&[&mount[..], &who].concat()).0, 0);
    let file = std::fs::read_to_string(desk.path("services/moodle.toml")).unwrap();
    std::fs::create_dir(desk.path("drafts")).unwrap();
    std::fs::write(desk.path("drafts/moodle.toml"), file.replace(", \"National_ELV\"", "")).unwrap();
    let draft = desk.path("drafts/moodle.toml").display().to_string();
    let (code, out, err) = desk.run(&["policy", "diff", &draft]);
    assert!(code == 0 && out.contains("  2 pupils would lose Moodle"), "{out}{err}");
    assert!(out.contains("0990001N  moodle  pupils: 0 would gain, 2 would lose") && !out.contains("teacher"), "{out}");
    let (code, out, _) = desk.run(&["policy", "diff", "--without", "moodle", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, told["people"].as_u64(), told["totals"].as_array().map(Vec::len)), (0, Some(3), Some(2)));
    assert_eq!(std::fs::read_to_string(desk.path("services/moodle.toml")).unwrap(), file, "nothing was written");
    std::fs::write(desk.path("drafts/moodle.toml"), file.replace("profiles", "profils")).unwrap();
    let (code, _, err) = desk.run(&["policy", "diff", &draft]);
    assert!(code == 2 && err.contains("moodle.toml:") && err.contains("profils"), "{err}");
    let (code, out, _) = desk.run(&["explain", "--person", "noe.clair", "--service", "moodle"]);
    assert!(
        code == 0 && out.contains("Ouvert en tant que National_ELV dans 0990001N : la règle moodle/allow/1"),
        "{out}"
    );
}

#[test]
fn who_gains_and_who_loses_by_a_level_is_told_before_its_file_is_there() {
    let desk = Desk::new().with_school();
    for (login, profile) in [("ada.clair", "National_ENS"), ("noe.clair", "National_ELV")] {
        let who = ["account", "add", "--login", login, "--given-name", "Ada", "--family-name", "Clair"];
        let (code, _, err) = desk.run(&[&who[..], &["--profile", profile, "--establishment", "0990001N"]].concat());
        assert_eq!(code, 0, "{err}");
    }
    let who = ["--who", "profile=National_ENS,National_ELV;establishment=0990001N"];
    let mount = ["mount", "moodle", "--url", "https://moodle.example"];
    assert_eq!(desk.run(&[&mount[..], &who].concat()).0, 0);
    std::fs::create_dir(desk.path("drafts")).unwrap();
    let drafts = desk.path("drafts").display().to_string();
    let diff = || desk.run(&["policy", "diff", "--levels", &drafts]);
    let (code, out, err) = diff();
    assert!(code == 0 && out.contains("nobody would gain or lose a service"), "{out}{err}");
    desk.write(
        "drafts/academy.toml",
        "[[rule]]\nservices = [\"moodle\"]\nonly = [{ profiles = [\"National_ENS\"] }]\n",
    );
    let (code, out, err) = diff();
    assert!(code == 0 && out.contains("  1 pupil would lose Moodle") && !out.contains("teacher"), "{out}{err}");
    let explained = || desk.run(&["explain", "--person", "noe.clair", "--service", "moodle"]).1;
    assert!(explained().contains("Ouvert en tant que"), "nothing was written: {}", explained());
    desk.write("drafts/academy.toml", "[[rule]]\nonli = []\n");
    let (code, _, err) = diff();
    assert!(code == 2 && err.contains("academy.toml") && err.contains("onli"), "{err}");
}

#[test]
fn the_number_of_a_school_is_the_place_of_a_population_that_says_none() {
    let desk = Desk::new().with_school();
    let mount = |who: &str| {
        let what =
            ["mount", "moodle", "--url", "https://moodle.example", "--for", "0990001N", "--who", who, "--dry-run"];
        desk.run(&what)
    };
    let (code, out, err) = mount("profile=National_ENS");
    let file = out.split("The instance file would be:").nth(1).unwrap_or_default();
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!((file.matches("[[audience.allow]]").count(), file.matches("0990001N").count()), (1, 1), "{file}");
    assert!(mount("profile=National_ENS;establishment=0990002P").2.contains("all of them say theirs"));
}

#[test]
fn the_head_of_a_school_turns_the_second_key() {
    let desk = Desk::new().with_school();
    let account = |login: &str, profile: &str| {
        let who =
            ["account", "add", "--login", login, "--given-name", "Ada", "--family-name", "Clair", "--profile", profile];
        assert_eq!(desk.run(&[&who[..], &["--establishment", "0990001N"]].concat()).0, 0);
    };
    account("ada.head", "National_DIR");
    account("noe.clair", "National_ELV");
    assert_eq!(desk.run(&["mount", "moodle", "--url", "https://moodle.example"]).0, 0);
    let explained = || desk.run(&["explain", "--person", "noe.clair", "--service", "moodle"]).1;
    assert!(explained().contains("decision: allow"), "control: one key is enough");
    let open = |more: &[&str]| desk.run(&[&["service", "open", "moodle", "--in", "0990001N"], more].concat());
    assert!(open(&[]).2.contains("asks for one key"));
    let (code, out, err) = desk.run(&["service", "offer", "moodle"]);
    assert!(code == 0 && out.contains("closed everywhere"), "{err}");
    assert!(explained().contains("la direction de 0990001N n’a pas ouvert le service"), "{}", explained());
    let (code, out, err) = open(&[]);
    assert!(code == 0 && out.contains("finalité") && out.contains("What leaves"), "{out}{err}");
    let sheet = out.trim().rsplit(' ').next().unwrap().to_owned();
    let yes = |by: &str, sheet: &str, until: &str| {
        open(&["--by", by, "--until", until, "--sheet", sheet, "--who", "profile=National_ELV"])
    };
    assert!(yes("noe.clair", &sheet, "2999-07-05").2.contains("is not of the direction of 0990001N"));
    assert!(yes("ada.head", "000000000000", "2999-07-05").2.contains("the sheet is another one"));
    assert!(yes("ada.head", &sheet, "2020-07-05").2.contains("that day is over"));
    let (_, _, err) = yes("ada.head", &sheet, "2999-07-05");
    let latest = err
        .split("2999-07-05: ")
        .nth(1)
        .and_then(|rest| rest.strip_suffix(" at the latest, the end of the next school year\n"));
    let latest = latest.unwrap_or_else(|| panic!("no yes is for ever: {err}"));
    let (code, out, err) = yes("ada.head", &sheet, latest);
    assert!(code == 0 && out.contains("moodle opens in 0990001N"), "{out}{err}");
    assert!(explained().contains("decision: allow"), "{}", explained());
    let (_, out, _) = desk.run(&["service", "status"]);
    assert!(out.contains("offered: moodle") && out.trim().ends_with("  open"), "{out}");
    let (_, out, _) = desk.run(&["audit", "show", "--person", "ada.head"]);
    assert!(out.contains(&format!("opened in 0990001N until {latest}")), "{out}");
    let closed = desk.run(&["service", "close", "moodle", "--in", "0990001N"]);
    assert!(closed.0 == 0 && explained().contains("decision: deny (second-key)"), "{closed:?}");
}
