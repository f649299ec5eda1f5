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
    let callback = "http%3A%2F%2FOWN%2Fep_openid_connect%2Fcallback";
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
