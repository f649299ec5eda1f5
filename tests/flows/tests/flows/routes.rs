//! Every address that is mounted, and what protects it: the table below is the reference page
//! (`UPDATE_REFERENCE=1` writes it), the sources mount nothing else, and each protection is tried.

use Protection::{
    Administrator, Bearer, Begins, Bench, Client, Head, Machine, Message, Onward, Open, OwnSession, OwnSignIn, Peer,
    Provider, Registration, Session, SessionForm, SignInForm, Ticket,
};
use http::Method;
use preau_connector_api::{LtiMay, LtiTool};
use preau_flows::{ALICE, Answer, OidcRp, SamlSp, TestHub, stories};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

stories!(every_route_is_protected_as_the_reference_says, every_other_method_is_refused);

/// What stands between a visitor and an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protection {
    Open,
    Session,
    OwnSession,
    SessionForm,
    OwnSignIn,
    SignInForm,
    Onward,
    Begins,
    Ticket,
    Client,
    Bearer,
    Provider,
    Peer,
    Message,
    Administrator,
    Head,
    Bench,
    Registration,
    Machine,
}

impl Protection {
    const ALL: [Protection; 19] = [
        Open,
        Session,
        OwnSession,
        SessionForm,
        OwnSignIn,
        SignInForm,
        Onward,
        Begins,
        Ticket,
        Client,
        Bearer,
        Provider,
        Peer,
        Message,
        Administrator,
        Head,
        Bench,
        Registration,
        Machine,
    ];

    fn word(self) -> &'static str {
        match self {
            Open => "open",
            Session => "session",
            OwnSession => "own session",
            SessionForm => "session form",
            OwnSignIn => "own sign-in",
            SignInForm => "sign-in form",
            Onward => "onward",
            Begins => "begins a sign-in",
            Ticket => "ticket",
            Client => "client",
            Bearer => "access token",
            Provider => "provider",
            Peer => "other ENT",
            Message => "message",
            Administrator => "administrator",
            Head => "head",
            Bench => "bench",
            Registration => "registration",
            Machine => "machine",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Open => "anybody may ask; the answer is the same for everybody",
            Session => "a live session; a browser without one is sent to sign in and comes back",
            OwnSession => "touches the session of the browser that asks and no other; without one nothing happens",
            SessionForm => "a live session, and the token of a form that was shown in that very session",
            OwnSignIn => "the browser that began the sign-in, known by a secret cookie; no other browser sees it",
            SignInForm => "the browser that began the sign-in, and the token of the form it was shown",
            Onward => "sends the browser to the page it wants, at an address of ours; nothing else happens",
            Begins => "begins a sign-in in the browser that asks, and sends it to a page of it; nothing is opened",
            Ticket => "a single-use ticket, made for the address of the service that presents it",
            Client => "a service that proves itself in the one way it registered, and what it was handed",
            Bearer => "an access token that was given for this",
            Provider => {
                "a provider of the configuration; what it says is signed, or belongs to a round that is open, and is heard once"
            }
            Peer => {
                "another ENT: what it hands in is signed by the other party of a convention, and nothing else is read"
            }
            Message => "a message of a service whose metadata are in force, signed by it where something would end",
            Administrator => {
                "a live session of an account of `web.administrators` whose password is checked here, proved by two factors within a \
                 quarter of an hour; where something changes, the token of a form of that session too. To everybody else the page \
                 does not exist"
            }
            Head => {
                "somebody of the direction of the establishment they work in, where there is something of theirs to decide or to hand out; who proved it lately, and the token of a form of that session; to everybody else there is nothing"
            }
            Bench => "open where `web.bench` is on; elsewhere the page does not exist",
            Registration => {
                "an initial access token, or the token of the very registration, where `web.registration` is on; elsewhere \
                 the page does not exist"
            }
            Machine => "no person and no secret; mounted beside the rest by the server",
        }
    }
}

/// Methods, address, protection, and what it is for.
const ROUTES: &[(&str, &str, Protection, &str)] = &[
    ("GET", "/", Session, "the home page: the tiles of the person, `q` searches them"),
    ("POST", "/establishment", SessionForm, "changes the establishment the person works in"),
    ("GET", "/establishment", Onward, "the address of a form, asked for by a browser that opens its tabs again"),
    ("POST", "/child", SessionForm, "says for which of their children a parent acts"),
    ("GET", "/child", Onward, "the address of a form, asked for by a browser that opens its tabs again"),
    (
        "POST",
        "/favourites",
        SessionForm,
        "marks a service as a favourite of the person in that establishment, or takes the mark away",
    ),
    ("GET", "/favourites", Onward, "the address of a form, asked for by a browser that opens its tabs again"),
    ("GET", "/open/{service}", Session, "opens a service from its tile, if its door opens for the person"),
    ("POST", "/sign-out", SessionForm, "ends the session and tells the services it reached"),
    (
        "GET",
        "/signed-out",
        Open,
        "what came of the end of a session, while its name is kept; whoever is signed in is sent home",
    ),
    ("GET", "/sign-out", Onward, "the address of a form, asked for by a browser that opens its tabs again"),
    ("GET", "/sign-in/{id}", OwnSignIn, "the next step of a sign-in: who you are, then login and password"),
    ("POST", "/sign-in/{id}/password", SignInForm, "login and password"),
    ("POST", "/sign-in/{id}/passkey", SignInForm, "what an authenticator answers, instead of a password or after it"),
    ("POST", "/sign-in/{id}/code", SignInForm, "a code of an application or on paper, as a second factor"),
    ("GET", "/activate", Begins, "the address on paper: asks for a code, which no server sees in it"),
    ("GET", "/sign-in/{id}/activate", OwnSignIn, "asks for a code on paper"),
    (
        "POST",
        "/sign-in/{id}/activate",
        SignInForm,
        "takes the code, and the login and password that its person chooses",
    ),
    ("GET", "/card", Begins, "the address on a card of a class: asks for its code, which no server sees in it"),
    ("GET", "/sign-in/{id}/card", OwnSignIn, "asks for the code of a card"),
    ("POST", "/sign-in/{id}/card", SignInForm, "takes the code, and the three pictures that its child taps"),
    ("GET", "/sign-in/{id}/forgotten", OwnSignIn, "asks who lost a password, or says where it is replaced"),
    (
        "POST",
        "/sign-in/{id}/forgotten",
        SignInForm,
        "keeps the request for a letter; the same answer and the same work for everybody",
    ),
    ("GET", "/reset", Begins, "the address in a letter: asks for its code, which no server sees in it"),
    ("GET", "/sign-in/{id}/reset", OwnSignIn, "asks for the code of a letter"),
    ("POST", "/sign-in/{id}/reset", SignInForm, "takes the code, and the password that replaces the one that was lost"),
    (
        "POST",
        "/sign-in/{id}/code/mail",
        SignInForm,
        "mails a code to whoever proved a first factor and has codes mailed",
    ),
    (
        "GET",
        "/sign-in/{id}/code/mail",
        Onward,
        "the address of a form, asked for by a browser that opens its tabs again",
    ),
    ("POST", "/sign-in/{id}/charte", SignInForm, "says yes to the charte, once somebody signed in"),
    ("GET", "/sign-in/{id}/charte", Onward, "the address of a form, asked for by a browser that opens its tabs again"),
    ("GET", "/sign-in/{id}/code", Onward, "the address of a form, asked for by a browser that opens its tabs again"),
    ("GET", "/sign-in/{id}/passkey", Onward, "the address of a form, asked for by a browser that opens its tabs again"),
    (
        "GET",
        "/sign-in/{id}/password",
        Onward,
        "the address of a form, asked for by a browser that opens its tabs again",
    ),
    ("GET", "/sign-in/{id}/elsewhere/{source}", OwnSignIn, "sends the browser to another provider of that public"),
    (
        "GET",
        "/sign-in/{id}/line",
        OwnSignIn,
        "how many go first, where more people sign in than passwords can be hashed",
    ),
    ("POST", "/sign-in/{id}/account", SignInForm, "says which of several accounts"),
    ("GET", "/sign-in/{id}/account", Onward, "the address of a form, asked for by a browser that opens its tabs again"),
    (
        "GET POST",
        "/upstream/{source}/callback",
        OwnSignIn,
        "takes the browser back from another provider, once, by the state it left with",
    ),
    (
        "POST",
        "/upstream/{source}/acs",
        Provider,
        "takes what a provider's page makes the browser post, and has the browser bring it again from a page of ours",
    ),
    (
        "GET",
        "/upstream/{source}/enter",
        Provider,
        "begins the sign-in of somebody whom a provider sends without being asked, where its configuration allows it",
    ),
    (
        "GET POST",
        "/upstream/{source}/slo",
        Provider,
        "ends the sessions a provider says have ended there, and sends the browser back with our answer",
    ),
    ("GET", "/upstream/{source}/metadata", Provider, "what a provider must know of us, signed, for those that read it"),
    ("POST", "/upstream/{source}/backchannel-logout", Provider, "ends the sessions a provider says have ended there"),
    ("GET", "/bench", Bench, "the services of the editor's bench"),
    ("POST", "/bench/register", Bench, "makes a sandbox for an editor; its secret is shown once"),
    ("GET", "/bench/sandbox/{id}", Bench, "a sandbox: what to configure, and why its latest request failed"),
    (
        "GET POST",
        "/oidc/sandbox/{id}/authorize",
        Bench,
        "a request of a sandbox: who of the cast comes, or what is wrong",
    ),
    ("POST", "/oidc/sandbox/{id}/person", Bench, "answers the application of a sandbox with a code"),
    ("POST OPTIONS", "/oidc/sandbox/{id}/token", Bench, "redeems a code of this sandbox"),
    ("GET POST OPTIONS", "/oidc/sandbox/{id}/userinfo", Bench, "what is told of somebody of the cast"),
    ("GET", "/oidc/sandbox/{id}/.well-known/openid-configuration", Bench, "what a sandbox says of itself"),
    ("GET POST", "/cas/sandbox/{id}/login", Bench, "a request of a sandbox: who of the cast comes, or what is wrong"),
    ("POST", "/cas/sandbox/{id}/person", Bench, "answers the application of a sandbox with a ticket"),
    ("GET", "/cas/sandbox/{id}/logout", Bench, "leads back to the page of the sandbox: there is no session"),
    ("GET", "/cas/sandbox/{id}/validate", Bench, "redeems a ticket of this sandbox"),
    ("GET", "/cas/sandbox/{id}/serviceValidate", Bench, "redeems a ticket of this sandbox"),
    ("GET", "/cas/sandbox/{id}/p3/serviceValidate", Bench, "redeems a ticket of this sandbox"),
    (
        "GET",
        "/bench/{service}",
        Bench,
        "what a service receives of a synthetic person, and why its latest request failed",
    ),
    ("GET", "/help", Open, "what people ask first"),
    ("GET", "/charte", Open, "the charte of the operator, where there is one"),
    ("GET", "/services", Head, "what the academy offers the establishment, and how each service stands there"),
    ("GET", "/services/{service}", Head, "the sheet of a service, and who would gain and who would lose it"),
    ("POST", "/services/{service}/open", Head, "opens the service in the establishment, on the sheet that was read"),
    ("POST", "/services/{service}/close", Head, "closes it there"),
    ("GET", "/inspections", Session, "who looks at the space of which teacher there, and asks for another inspection"),
    ("POST", "/inspections", Session, "lets an inspector look at the space of one teacher, for some days"),
    ("POST", "/inspections/end", Session, "ends an inspection before its time, with the sessions of the inspector"),
    ("GET", "/pupils", Head, "the pupils of a class, for its teacher, the direction and school life"),
    ("POST", "/pupils/code", Head, "makes a code for one of them, in place of the one before, and shows it this once"),
    ("GET", "/pupils/code", Onward, "the address of a form, asked for by a browser that opens its tabs again"),
    ("GET", "/cards", Head, "cards of a class and its lesson, for its teacher, the direction and school life"),
    ("POST", "/cards/lesson", Head, "opens a lesson in which the cards of a class open, or ends it"),
    ("GET", "/cards/lesson", Onward, "the address of a form, asked for by a browser that opens its tabs again"),
    ("POST", "/cards/sheet", Head, "makes cards in place of those before, and the document they stand on"),
    ("GET", "/cards/sheet", Onward, "the address of a form, asked for by a browser that opens its tabs again"),
    ("POST", "/cards/card", Head, "takes the card of a child back, lets it open again, or ends what it opened"),
    ("GET", "/cards/card", Onward, "the address of a form, asked for by a browser that opens its tabs again"),
    ("GET", "/activation", Head, "asks for whom activation codes are printed"),
    ("POST", "/activation/sheets", Head, "makes codes in place of those before, and the sheets they stand on"),
    (
        "GET",
        "/spaces",
        Session,
        "the spaces of a teacher or another of the staff, and the lists they sent; to others there is nothing",
    ),
    ("POST", "/spaces", SessionForm, "opens a space, after a recent proof"),
    ("GET", "/spaces/new", Session, "the form of a new space, and what it would be, after a recent proof"),
    (
        "GET",
        "/spaces/join",
        Session,
        "an invitation of another ENT: whom of a class of theirs the list would name, after a recent proof",
    ),
    ("POST", "/spaces/join", SessionForm, "sends that list to the other ENT"),
    ("POST", "/spaces/recall", SessionForm, "takes back a list that was sent"),
    (
        "GET",
        "/spaces/sent",
        Session,
        "a list that was sent, for whoever sent it and for the head: whom it names; to others there is nothing",
    ),
    (
        "GET",
        "/spaces/guests",
        Session,
        "who comes into the spaces of an establishment, for its head; to others there is nothing",
    ),
    (
        "POST",
        "/spaces/guests",
        SessionForm,
        "closes every space of the establishment under a convention, and lets nobody in by it there until the head lifts that",
    ),
    ("POST", "/spaces/guests/lift", SessionForm, "lifts what the head, or somebody else there, stopped"),
    (
        "GET",
        "/spaces/guests/pupils",
        Session,
        "who was a guest of an establishment and may be a pupil there by now, for its head; to others there is nothing",
    ),
    (
        "POST",
        "/spaces/guests/pupils",
        SessionForm,
        "makes one account of a guest and a pupil who were proposed to the head",
    ),
    ("POST", "/spaces/guests/pupils/refused", SessionForm, "says that two who were proposed are two, for good"),
    ("POST", "/spaces/guests/written", SessionForm, "says yes to lists that are written here, or takes it back"),
    ("GET", "/space/{space}", Session, "a space, for whoever manages it; to others there is nothing"),
    (
        "POST",
        "/space/{space}/renew",
        SessionForm,
        "lets a space and its guests go on, as long as convention and school year last",
    ),
    (
        "GET",
        "/space/{space}/change",
        Session,
        "the form of a space that is changed, after a recent proof; to others there is nothing",
    ),
    ("POST", "/space/{space}/change", SessionForm, "changes it: whom it names no longer is out of it at once"),
    ("POST", "/space/{space}/close", SessionForm, "closes a space at once"),
    (
        "POST",
        "/space/{space}/stop",
        SessionForm,
        "takes a guest out of a space at once, or, for the head, out of every one of the establishment, and keeps them out",
    ),
    ("POST", "/space/{space}/lift", SessionForm, "lets whom somebody kept out of a space come by a later list"),
    ("POST", "/space/{space}/undo", SessionForm, "takes back a list that was taken in"),
    (
        "POST",
        "/space/{space}/written",
        SessionForm,
        "writes the list of a class whose school signs none: shown first, taken in by a yes",
    ),
    (
        "POST",
        "/space/{space}/list",
        SessionForm,
        "shows what a signed list brought by hand would do, and takes it in by a yes",
    ),
    ("POST", "/hosting/lists", Peer, "takes in a list of guests"),
    ("POST", "/hosting/recalls", Peer, "takes back a list, by the word of whoever made it"),
    (
        "GET",
        "/account",
        Session,
        "the account of whoever asks: what they prove themselves with, their sessions, what services received",
    ),
    (
        "GET",
        "/account/data",
        Session,
        "everything known of whoever asks, as a document to take away, after a recent proof",
    ),
    ("GET", "/account/passkeys/new", Session, "asks for a new passkey, after a recent proof"),
    ("POST", "/account/passkeys", SessionForm, "adds the passkey an authenticator made"),
    ("GET", "/account/passkeys", Onward, "the address of a form, asked for by a browser that opens its tabs again"),
    ("GET", "/account/codes/new", Session, "shows a secret to an application that makes codes, after a recent proof"),
    (
        "GET",
        "/account/mail",
        Session,
        "says what codes by mail are worth, after a recent proof, to whoever has nothing better",
    ),
    (
        "POST",
        "/account/mail",
        SessionForm,
        "mails a code, or turns codes by mail on for whoever types the one that arrived",
    ),
    ("GET", "/account/password", Session, "asks for another password, after a recent proof, of whoever has one here"),
    ("POST", "/account/password", SessionForm, "replaces the password, and ends the other sessions of its person"),
    ("POST", "/account/codes", SessionForm, "adds the application that shows a code of it"),
    ("GET", "/account/codes", Onward, "the address of a form, asked for by a browser that opens its tabs again"),
    ("POST", "/account/recovery", SessionForm, "makes new codes on paper, in place of those before"),
    ("GET", "/account/recovery", Onward, "the address of a form, asked for by a browser that opens its tabs again"),
    ("POST", "/account/language", SessionForm, "notes the language this person prefers"),
    ("GET", "/account/language", Onward, "the address of a form, asked for by a browser that opens its tabs again"),
    ("POST", "/account/sessions", SessionForm, "ends one other session of this person, or all others"),
    ("GET", "/account/sessions", Onward, "the address of a form, asked for by a browser that opens its tabs again"),
    ("POST", "/account/factors/name", SessionForm, "gives a passkey another name"),
    ("GET", "/account/factors/name", Onward, "the address of a form, asked for by a browser that opens its tabs again"),
    ("POST", "/account/factors/remove", SessionForm, "removes a passkey, and ends the other sessions of its person"),
    (
        "GET",
        "/account/factors/remove",
        Onward,
        "the address of a form, asked for by a browser that opens its tabs again",
    ),
    ("GET", "/sources", Administrator, "the sources, and what came of their latest runs"),
    ("GET", "/sources/{source}", Administrator, "the runs of a source"),
    ("GET", "/sources/{source}/runs.csv", Administrator, "the same, for a spreadsheet"),
    (
        "GET",
        "/sources/{source}/runs/{run}",
        Administrator,
        "the report of a run, and the word that lets it go when it is held",
    ),
    (
        "GET",
        "/sources/{source}/runs/{run}/rejected.csv",
        Administrator,
        "the entries a run rejected, for a spreadsheet",
    ),
    ("POST", "/sources/{source}/release", Administrator, "lets the held run of a source go that was shown"),
    ("POST", "/sources/{source}/refuse", Administrator, "refuses to let it go, for everybody"),
    ("GET", "/accessibility", Open, "the statement of accessibility"),
    ("GET", "/assets/{name}", Open, "style and script of the pages, by the digest of their content"),
    ("GET", "/icons/{name}", Open, "the drawing of a tile"),
    ("GET", "/favicon.svg", Open, "the drawing of the house"),
    ("GET", "/robots.txt", Open, "asks search engines to stay out"),
    (
        "GET POST",
        "/cas/login",
        Session,
        "hands a ticket to the registered service that is named, after signing in if need be",
    ),
    (
        "GET",
        "/cas/logout",
        OwnSession,
        "ends the session of the browser that asks; goes on to a registered service only",
    ),
    ("GET", "/cas/validate", Ticket, "CAS 1: yes and the user, or no"),
    ("GET", "/cas/serviceValidate", Ticket, "CAS 2: the user"),
    ("GET", "/cas/proxyValidate", Ticket, "CAS 2: the user and the proxies"),
    ("GET", "/cas/p3/serviceValidate", Ticket, "CAS 3: the user and their attributes"),
    ("GET", "/cas/p3/proxyValidate", Ticket, "CAS 3: the user, their attributes and the proxies"),
    ("GET", "/cas/proxy", Ticket, "makes a proxy ticket out of a proxy-granting ticket"),
    ("POST", "/cas/samlValidate", Ticket, "SAML 1.1: the user and their attributes"),
    ("GET", "/cas/continue.js", Open, "sends the form of `method=POST`"),
    (
        "GET POST",
        "/oidc/authorize",
        Session,
        "answers a registered address of the service that is named with a code, after signing in if need be",
    ),
    ("POST OPTIONS", "/oidc/token", Client, "redeems what a service was handed, or its own proof"),
    ("GET POST OPTIONS", "/oidc/userinfo", Bearer, "what may be told of the person"),
    ("GET OPTIONS", "/api/home", Bearer, "the home page of the person, as a document"),
    (
        "GET",
        "/oidc/lti/{service}",
        Session,
        "asks for which class or group a tool of LTI opens, and shows what was chosen there",
    ),
    (
        "GET",
        "/oidc/lti/{service}/choose",
        Session,
        "opens a tool of LTI for a teacher to choose what a link of a class opens",
    ),
    ("GET", "/oidc/lti/{service}/link/{link}", Session, "opens such a link"),
    ("POST", "/oidc/lti/{service}/links", Message, "what a teacher chose, signed by the tool, once"),
    ("POST", "/oidc/lti/{service}/links/remove", SessionForm, "takes a link of a class away"),
    ("GET", "/oidc/lti/{service}/links/{chosen}", Session, "shows a teacher what they chose"),
    ("POST", "/oidc/lti/{service}/links/{chosen}", SessionForm, "keeps it for the class"),
    ("GET", "/oidc/lti/{service}/marks", Session, "the marks of a class, for its teacher"),
    ("GET", "/oidc/lti/{service}/marks.csv", Session, "the same as CSV"),
    (
        "GET",
        "/oidc/lti/{service}/members/{place}",
        Bearer,
        "who is of a class or group, for a tool that was opened for it",
    ),
    ("GET POST", "/oidc/lti/{service}/items/{context}", Bearer, "the columns of marks of a tool for a class"),
    ("GET PUT DELETE", "/oidc/lti/{service}/items/{context}/{column}", Bearer, "one of them"),
    ("POST", "/oidc/lti/{service}/items/{context}/{column}/scores", Bearer, "a mark in it"),
    ("GET", "/oidc/lti/{service}/items/{context}/{column}/results", Bearer, "the marks in it"),
    ("POST", "/oidc/device_authorization", Client, "a device asks for a code to show"),
    ("GET", "/oidc/device", Session, "the page on which a person types the code of a device"),
    ("POST", "/oidc/device/code", SessionForm, "the code of a device; leads to a new proof of who the person is"),
    ("POST", "/oidc/device/answer", SessionForm, "lets a device in, or not"),
    ("GET", "/oidc/device/code", Onward, "the address of a form, asked for by a browser that opens its tabs again"),
    ("GET", "/oidc/device/answer", Onward, "the address of a form, asked for by a browser that opens its tabs again"),
    ("POST", "/oidc/par", Client, "takes an authorization request ahead of the browser"),
    ("POST", "/oidc/introspect", Client, "what a token of this service is worth"),
    ("POST", "/oidc/register", Registration, "registers a service; nobody may open it until an operator says who"),
    ("GET PUT DELETE", "/oidc/register/{client_id}", Registration, "reads, replaces or withdraws a registration"),
    ("POST OPTIONS", "/oidc/revoke", Client, "revokes a token of this service"),
    (
        "GET POST",
        "/oidc/logout",
        OwnSession,
        "ends the session of a person whose ID token is shown, else asks the person; goes on to a registered address only",
    ),
    ("GET", "/oidc/jwks", Open, "public keys"),
    ("GET", "/.well-known/openid-configuration", Open, "what the provider says of itself"),
    ("GET", "/.well-known/oauth-authorization-server", Open, "the same, where RFC 8414 looks for it"),
    (
        "GET POST",
        "/saml/sso",
        Session,
        "answers an address of the metadata of the service that asks with an assertion, after signing in if need be",
    ),
    (
        "GET",
        "/saml/sso/continue",
        Message,
        "the same request, come back with the cookie a form of another site leaves out",
    ),
    ("GET", "/saml/launch/{service}", Session, "hands over to a service that did not ask, as its tile does"),
    (
        "GET POST",
        "/saml/slo",
        Message,
        "ends the session a service was told of; its answer goes to its metadata's address",
    ),
    (
        "GET",
        "/saml/slo/round",
        Message,
        "leads a browser that signs out to the services that hear by a form, one after the other",
    ),
    ("GET", "/saml/slo/answer", Message, "answers the service that asked for an end, once the others were told"),
    ("POST", "/saml/slo/soap", Message, "the same without a browser"),
    (
        "POST",
        "/saml/ecp",
        Message,
        "answers a program that brings a password for a service that is open to programs; no session begins",
    ),
    ("POST", "/saml/artifact", Message, "tells a service that signs what its ticket stands for, once"),
    ("GET", "/saml/metadata", Open, "what the identity provider says of itself, signed"),
    ("GET", "/healthz", Machine, "the process lives"),
    ("GET", "/readyz", Machine, "the process can serve people"),
    ("GET", "/metrics", Machine, "figures for Prometheus: to this machine only, or on an address of their own"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_reference_page_says_what_is_mounted() {
    let mut page = "# Addresses\n\nEvery address Préau answers. Anything else is a page that says so (404), any other \
                    method is refused (405),\nany other host too (421). `tests/flows/tests/flows/routes.rs` holds this \
                    table, compares it with the sources\nand tries each protection.\n\n\
                    | method | address | protection | what for |\n|---|---|---|---|\n"
        .to_owned();
    for (methods, path, protection, what) in ROUTES {
        page.push_str(&format!("| {} | `{path}` | {} | {what} |\n", methods.replace(' ', ", "), protection.word()));
    }
    page.push_str("\n## Protections\n\n| word | meaning |\n|---|---|\n");
    for protection in Protection::ALL {
        page.push_str(&format!("| {} | {} |\n", protection.word(), protection.meaning()));
    }
    let file = root().join("docs/reference/routes.md");
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        fs::write(&file, &page).expect("the page can be written");
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(written == page, "docs/reference/routes.md is not this table: run with UPDATE_REFERENCE=1");
}

#[test]
fn the_sources_mount_nothing_else() {
    let mut mounted = BTreeSet::new();
    for folder in ["idp/web/src", "idp/protocols", "idp/server/src"] {
        let mut sources = Vec::new();
        collect(&root().join(folder), &mut sources);
        let all: String = sources.join("\n");
        for source in &sources {
            // Tests stand at the foot of their module, or in files of their own.
            let code = source.split("#[cfg(test)]").next().unwrap_or_default();
            mounted.extend(code.split(".route(").skip(1).map(|rest| address(rest, &all)));
        }
    }
    let told: BTreeSet<String> = ROUTES.iter().map(|(_, path, _, _)| (*path).to_owned()).collect();
    assert_eq!(mounted, told, "left: mounted, right: told in the table above");
}

fn collect(folder: &Path, sources: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() && name != "tests" {
            collect(&path, sources);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            sources.push(fs::read_to_string(&path).unwrap_or_default());
        }
    }
}

/// The address of a route: a text written there, or a constant written elsewhere.
fn address(rest: &str, sources: &str) -> String {
    let first = rest.split(',').next().unwrap_or_default().trim();
    if let Some(text) = first.strip_prefix('"') {
        return text.trim_end_matches('"').to_owned();
    }
    let name = first.rsplit("::").next().unwrap_or_default();
    let found = sources.split(&format!("const {name}: &str = \"")).nth(1);
    found.and_then(|rest| rest.split('"').next()).unwrap_or(first).to_owned()
}

/// The address with a name that exists in it, as far as there is one.
fn filled(path: &str, id: &str, asset: &str) -> String {
    match path {
        "/assets/{name}" => asset.to_owned(),
        "/icons/{name}" => "/icons/app.svg".to_owned(),
        "/saml/launch/{service}" => "/saml/launch/sp".to_owned(),
        _ => path
            .replace("/oidc/lti/{service}", "/oidc/lti/tool")
            .replace("{service}", "app")
            .replace("{source}", "guichet")
            .replace("{run}", "r1")
            .replace("{place}", "1abc")
            .replace("{link}", "abc")
            .replace("{chosen}", "abc")
            .replace("{context}", "abc")
            .replace("{column}", "abc")
            .replace("{id}", id)
            .replace("{client_id}", "app"),
    }
}

/// The address to ask, and the form to send, so that an address shows its protection.
fn asks(path: &str, target: &str, rp: &OidcRp, sp: &SamlSp) -> (String, String) {
    match path {
        "/cas/login" => (format!("{target}?service=https://app.example/cas/"), String::new()),
        "/oidc/authorize" => (format!("{target}?{}", rp.query(&[])), rp.query(&[])),
        "/saml/sso" => {
            let fields = sp.form_of(&sp.request(), None).fields;
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
            (sp.url(), body)
        }
        _ => (target.to_owned(), String::new()),
    }
}

/// The name of the sign-in a page belongs to, and the address of its style.
fn names_on(page: &Answer) -> (String, String) {
    let id = page.url.rsplit('/').next().and_then(|end| end.split('?').next()).unwrap_or_default();
    let style = page.body.split("href=\"").find(|rest| rest.starts_with("/assets/")).unwrap_or_default();
    (id.to_owned(), style.split('"').next().unwrap_or_default().to_owned())
}

/// A tool of LTI that may do everything.
fn with_tool(hub: &TestHub) {
    hub.rp_with("tool", |oidc| {
        let target_link_uri = "https://tool.example/cb".to_owned();
        oidc.lti =
            Some(LtiTool { target_link_uri, deployment_id: "1".into(), may: vec![LtiMay::Links, LtiMay::Grades] });
    });
}

async fn every_route_is_protected_as_the_reference_says(hub: TestHub) {
    let (rp, sp) = (hub.rp("rp"), hub.sp("sp"));
    with_tool(&hub);
    let (mut owner, mut inside, mut stranger) = (hub.browser(), hub.browser(), hub.browser());
    let page = owner.password_page("/", &ALICE).await;
    inside.sign_in(&ALICE).at_home().await;
    let (id, style) = names_on(&page);
    for (methods, path, protection, _) in ROUTES {
        let target = filled(path, &id, &style);
        // What a page may ask beforehand is told to everybody.
        for method in methods.split(' ').filter(|name| *name != "OPTIONS") {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let (asked, body) = asks(path, &target, &rp, &sp);
            let outside = stranger.send(method.clone(), &asked, &[], Some(body.as_bytes())).await;
            let without_token = match protection {
                SignInForm => Some(owner.send(method, &asked, &[], Some(b"public=staff&login=a&password=b")).await),
                SessionForm => Some(inside.send(method, &asked, &[], Some(b"uai=0990002X")).await),
                _ => None,
            };
            protects(*protection, path, &outside, without_token.as_ref());
        }
    }
    assert!(inside.visit("/").await.words().contains("Alice Martin"), "nothing of this ended her session");
    assert_eq!(owner.try_password(&page, ALICE.login, ALICE.password).await.status, 303, "or her sign-in");
}

/// Whether an address asks the same once more.
fn again(path: &str, to: &str) -> bool {
    to.split_once('?').is_some_and(|(there, _)| there == path || there == format!("{path}/continue"))
}

fn protects(protection: Protection, path: &str, outside: &Answer, without_token: Option<&Answer>) {
    let status = outside.status.as_u16();
    assert!(outside.cookies().iter().all(|(name, value)| name != "__Host-preau" || value.is_empty()), "{path}");
    match protection {
        // No card of a class opens anything here; `cards` tries it where one does.
        Begins | OwnSignIn | SignInForm if path.ends_with("/card") => assert_eq!(status, 404, "{path}"),
        Open => assert!(status == 200 && outside.cookies().is_empty(), "{path}: {status}"),
        // A form of another site comes back as a link to the same address, with the cookie.
        Session | OwnSession if outside.location().is_some_and(|to| again(path, to)) => {}
        Session | Begins => {
            assert!(outside.location().is_some_and(|to| to.starts_with("/sign-in/")), "{path}: {status}")
        }
        OwnSession => assert_eq!((status, outside.location()), (303, Some("/signed-out")), "{path}"),
        OwnSignIn | SignInForm | Message => assert_eq!(status, 400, "{path}"),
        // Who has no session is signed out already, and reads so.
        SessionForm if path == "/sign-out" => {
            assert_eq!((status, outside.location()), (303, Some("/signed-out")));
        }
        SessionForm => assert_eq!(status, 400, "{path}"),
        Ticket => {
            let refused = ["authenticationFailure", "proxyFailure", "<StatusMessage>"];
            let said = outside.body == "no\n" || refused.iter().any(|word| outside.body.contains(word));
            assert!(status == 200 && said, "{path}: {status} {}", outside.body);
        }
        Client => assert!(status == 401 && outside.body.contains("invalid_client"), "{path}: {status}"),
        Bearer => assert!(status == 401 && outside.body.contains("invalid_token"), "{path}: {status}"),
        // The configuration names none here; `administration` tries it where it does.
        Administrator => assert_eq!(status, 404, "{path}"),
        // No service asks for the key of an establishment here; `offers` tries it where one does.
        Head => assert_eq!(status, 404, "{path}"),
        // It is off here; `bench` looks at it where it is on.
        Bench => assert_eq!(status, 404, "{path}"),
        // So is this; `oidc_registration` tries it where it is on.
        Registration => assert_eq!(status, 404, "{path}"),
        // No provider is configured here; `upstream_logout` and `upstream_saml` have one.
        Provider => assert_eq!(status, 404, "{path}"),
        Peer => assert_eq!(status, 422, "{path}"),
        Onward => {
            let pages = ["/oidc/device", "/account", "/pupils", "/cards"];
            let page = pages.into_iter().find(|page| path.starts_with(&format!("{page}/"))).unwrap_or("/");
            assert!(
                status == 303 && outside.location() == Some(page) && outside.cookies().is_empty(),
                "{path}: {status}"
            );
        }
        // Mounted beside this router by the server, whose tests ask them.
        Machine => assert_eq!(status, 404, "{path}"),
    }
    if let Some(answer) = without_token {
        let refused = if path.ends_with("/card") { 404 } else { 400 };
        assert_eq!(answer.status, refused, "{path} without the token of its form");
    }
}

async fn every_other_method_is_refused(hub: TestHub) {
    let mut browser = hub.browser();
    let mut mounted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (methods, path, _, _) in ROUTES.iter().filter(|(_, _, protection, _)| *protection != Machine) {
        mounted.entry(path).or_default().extend(methods.split(' '));
    }
    for (path, methods) in mounted {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if methods.contains(&method) {
                continue;
            }
            let target = filled(path, "unknown", "/assets/unknown.css");
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let answer = browser.send(method.clone(), &target, &[], Some(b"")).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            let (allowed, words) = (answer.header("allow").to_owned(), answer.words());
            assert!(
                methods.iter().all(|one| allowed.split(',').any(|name| name == *one)),
                "{method} {path}: {allowed}"
            );
            assert!(words.contains("Cette page ne s’ouvre pas ainsi"), "{method} {path}: {words}");
            assert!(answer.cookies().is_empty(), "{method} {path}");
        }
    }
}
