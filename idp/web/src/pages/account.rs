//! The account page, the page on which a passkey is made, and the page that asks for a second factor.

use super::{Page, html};
use crate::passkey::Question;
use crate::remembered::remembered_until;
use crate::{Fault, FaultKind, Hub, Locale, Visitor};
use askama::Template;
use axum::response::Response;
use http::StatusCode;
use preau_domain::{Factor, FactorKind, Instant, Session};
use qrcodegen::{QrCode, QrCodeEcc};
use std::fmt::Write;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

/// What [`account`] shows.
pub struct AccountPage<'a> {
    /// Whose account it is.
    pub name: String,
    /// The language they chose.
    pub language: Option<Locale>,
    /// What they prove themselves with.
    pub factors: &'a [Factor],
    /// Their sessions, the latest first, with what the page calls each but that of this browser.
    pub sessions: Vec<(Option<String>, Session)>,
    /// What services received of them, the latest first.
    pub received: Vec<Received>,
    /// Who tried to sign in as them and did not come in: when, and how far they came.
    pub refused: Vec<(Instant, &'static str)>,
    /// Their password lives here.
    pub password: bool,
    /// There can be passkeys at our address.
    pub passkeys: bool,
    /// They may have codes mailed.
    pub mailed: bool,
    /// A code of their date of birth is kept.
    pub birth: bool,
    /// The hidden token of its forms.
    pub token: String,
    /// That of the form that ends the session.
    pub sign_out_token: String,
    /// The key of the sentence that says what went wrong.
    pub problem: Option<&'static str>,
}

/// What one service received lately.
#[derive(Clone)]
pub struct Received {
    /// What people call the service.
    pub service: String,
    /// The last time.
    pub latest: Instant,
    /// How often.
    pub times: usize,
    /// What, in words; names of attributes where the service that reads them is no more.
    pub what: Vec<String>,
}

/// A factor as the page tells it.
pub(super) struct Told<'a> {
    id: &'a str,
    name: &'a str,
    lines: Vec<String>,
}

/// A session as the page tells it.
pub(super) struct SignedIn {
    word: Option<String>,
    lines: Vec<String>,
}

#[derive(Template)]
#[template(path = "account.html")]
pub(super) struct Account<'a> {
    page: Page<'a>,
    name: String,
    /// Code, name in itself, and whether it is the one they chose.
    languages: Vec<(&'static str, String, bool)>,
    password: bool,
    passkeys: bool,
    mailed: bool,
    birth: bool,
    factors: Vec<Told<'a>>,
    /// How many codes on paper are left, as a sentence; none for whoever needs none.
    paper: Option<String>,
    sessions: Vec<SignedIn>,
    /// There are others than that of this browser.
    elsewhere: bool,
    /// Service, moment and what it received.
    received: Vec<(String, String, Vec<String>)>,
    refused: Vec<String>,
    token: String,
    sign_out_token: String,
    problem: Option<String>,
    max_name: usize,
}

impl<'a> Account<'a> {
    pub(super) fn new(page: Page<'a>, shown: AccountPage<'a>) -> Account<'a> {
        let signed_in = |(word, session): (Option<String>, Session)| {
            let proof = &session.authentication;
            let how = page.t(&format!("account-method-{}", proof.method.as_str()));
            let besides = proof.second.map(|second| page.t(&format!("account-second-{}", second.as_str())));
            let how = [Some(how), besides].into_iter().flatten().collect::<Vec<_>>().join(", ");
            let began = page.with("account-session-began", "when", &page.moment(session.created));
            let seen = page.with("account-session-seen", "when", &page.moment(session.last_seen));
            SignedIn { word, lines: vec![how, began, seen] }
        };
        let received = |one: Received| {
            let times = page.count("account-received-times", one.times);
            let when = page.with("account-received-last", "when", &page.moment(one.latest));
            (one.service, format!("{times}, {when}"), one.what)
        };
        let refused = |(at, how): &(Instant, &'static str)| {
            page.with(&format!("account-refused-{how}"), "when", &page.moment(*at))
        };
        let left = shown.factors.iter().filter(|factor| factor.kind == FactorKind::RecoveryCode).count();
        let lasting = shown.factors.iter().any(Factor::lasts);
        let told = |factor: &'a Factor| {
            let added = page.with("account-added", "when", &page.moment(factor.added));
            let until = remembered_until(factor);
            let used = match factor.used {
                _ if factor.kind == FactorKind::RememberedDevice => {
                    page.with("account-remembered-until", "when", &until.map_or_else(String::new, |at| page.moment(at)))
                }
                Some(used) => page.with("account-used", "when", &page.moment(used)),
                None => page.t("account-unused"),
            };
            let kind = page.t(&format!("account-kind-{}", factor.kind.as_str()));
            Told { id: factor.id.as_str(), name: &factor.name, lines: vec![kind, added, used] }
        };
        let language = |one: Locale| {
            let said = page.texts.text(one, "language-switch");
            (one.code(), said, shown.language == Some(one))
        };
        Account {
            languages: Locale::ALL.into_iter().map(language).collect(),
            paper: lasting.then(|| page.count("account-paper", left)),
            elsewhere: shown.sessions.len() > 1,
            received: shown.received.into_iter().map(received).collect(),
            refused: shown.refused.iter().map(refused).collect(),
            sessions: shown.sessions.into_iter().map(signed_in).collect(),
            factors: shown.factors.iter().filter(|factor| factor.kind != FactorKind::RecoveryCode).map(told).collect(),
            problem: shown.problem.map(|key| page.t(key)),
            password: shown.password,
            passkeys: shown.passkeys,
            birth: shown.birth,
            mailed: shown.mailed,
            name: shown.name,
            token: shown.token,
            sign_out_token: shown.sign_out_token,
            max_name: Factor::MAX_NAME,
            page: page.at("/account"),
        }
    }
}

/// Shows a person their account.
pub fn account(hub: &Hub, visitor: &Visitor, shown: AccountPage<'_>) -> Response {
    html("account", &Account::new(Page::new(hub, visitor), shown))
}

/// What [`new_codes`] shows.
pub struct CodesPage<'a> {
    /// What the application calls the account.
    pub login: &'a str,
    /// The secret, for whoever types it.
    pub secret: Zeroizing<String>,
    /// The secret, sealed, for the form.
    pub sealed: String,
    /// The hidden token of the form.
    pub token: String,
    /// The key of the sentence that says what went wrong.
    pub problem: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "new_codes.html")]
pub(super) struct NewCodes<'a> {
    page: Page<'a>,
    heading: &'static str,
    /// The secret in groups of four letters.
    secret: String,
    sealed: String,
    /// The drawing of the address that applications read: its width in squares, and the dark ones as a path.
    drawing: (i32, String),
    token: String,
    problem: Option<String>,
    max_name: usize,
}

impl<'a> NewCodes<'a> {
    pub(super) fn new(page: Page<'a>, shown: CodesPage<'_>) -> Option<NewCodes<'a>> {
        let escaped = |text: &str| byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
        let (issuer, login) = (escaped(page.workspace), escaped(shown.login));
        let address = format!("otpauth://totp/{issuer}:{login}?secret={}&issuer={issuer}", shown.secret.as_str());
        let letters: Vec<char> = shown.secret.chars().collect();
        let groups: Vec<String> = letters.chunks(4).map(|four| four.iter().collect()).collect();
        Some(NewCodes {
            heading: "codes-new-title",
            secret: groups.join(" "),
            sealed: shown.sealed,
            drawing: drawn(&address)?,
            token: shown.token,
            problem: shown.problem.map(|key| page.t(key)),
            max_name: Factor::MAX_NAME,
            page: page.at("/account/codes/new"),
        })
    }
}

/// A text as squares to photograph; none for one that is too long.
fn drawn(text: &str) -> Option<(i32, String)> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let (size, margin) = (code.size(), 4);
    let mut path = String::new();
    for y in 0..size {
        for x in (0..size).filter(|x| code.get_module(*x, y)) {
            // Writing to a String cannot fail.
            let _ = write!(path, "M{} {}h1v1h-1z", x + margin, y + margin);
        }
    }
    Some((size + 2 * margin, path))
}

/// Shows a new secret to an application.
pub fn new_codes(hub: &Hub, visitor: &Visitor, shown: CodesPage<'_>) -> Result<Response, Fault> {
    let page = NewCodes::new(Page::new(hub, visitor), shown);
    let page = page.ok_or_else(|| Fault::new(FaultKind::Internal, "a login too long to be drawn"))?;
    Ok(html("new-codes", &page))
}

#[derive(Template)]
#[template(path = "paper.html")]
pub(super) struct Paper<'a> {
    pub(super) page: Page<'a>,
    /// In groups of four letters.
    pub(super) codes: Vec<String>,
}

/// Shows codes on paper, this once.
pub fn paper(hub: &Hub, visitor: &Visitor, codes: &[String]) -> Response {
    html("paper", &Paper { page: Page::new(hub, visitor), codes: grouped(codes) })
}

pub(super) fn grouped(codes: &[String]) -> Vec<String> {
    let groups = |code: &String| {
        let letters: Vec<char> = code.chars().collect();
        letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join("-")
    };
    codes.iter().map(groups).collect()
}

#[derive(Template)]
#[template(path = "new_passkey.html")]
pub(super) struct NewPasskey<'a> {
    page: Page<'a>,
    heading: &'static str,
    question: Question,
    token: &'a str,
    problem: Option<String>,
    max_name: usize,
}

impl<'a> NewPasskey<'a> {
    pub(super) fn new(
        page: Page<'a>,
        question: Question,
        token: &'a str,
        problem: Option<&'static str>,
    ) -> NewPasskey<'a> {
        let problem = problem.map(|key| page.t(key));
        let page = page.at("/account/passkeys/new");
        NewPasskey { page, heading: "passkey-new-title", question, token, problem, max_name: Factor::MAX_NAME }
    }
}

/// Has the browser make a passkey.
pub fn new_passkey(
    hub: &Hub,
    visitor: &Visitor,
    question: Question,
    token: &str,
    problem: Option<&'static str>,
) -> Response {
    html("new-passkey", &NewPasskey::new(Page::new(hub, visitor), question, token, problem))
}

/// The form by which a sign-in goes on with a passkey.
pub struct PasskeyForm {
    /// The sign-in under way.
    pub pending_id: String,
    /// The hidden token of the form.
    pub token: String,
    /// The choice made on a page before.
    pub public: Option<&'static str>,
    /// The sign-in, sealed, for the form to carry.
    pub carried: Option<String>,
    /// What is asked.
    pub question: Question,
    /// What the box says by which the device is remembered, where a second factor is asked for and that is offered.
    pub remember: Option<String>,
}

/// The form by which a sign-in goes on with a code.
pub struct CodeForm {
    /// The hidden token of the form.
    pub token: String,
    /// The sign-in, sealed, for the form to carry.
    pub carried: Option<String>,
    /// What the box says by which the device is remembered, where that is offered.
    pub remember: Option<String>,
    /// Where a code is mailed to if they ask for one, half shown.
    pub mailed: Option<String>,
    /// Where one is on its way to.
    pub sent: Option<String>,
}

#[derive(Template)]
#[template(path = "second.html")]
pub(super) struct Second<'a> {
    page: Page<'a>,
    heading: &'static str,
    pending_id: &'a str,
    purpose: String,
    passkey: Option<PasskeyForm>,
    /// The form for a code.
    code: Option<CodeForm>,
    /// Where a code is mailed to, and whether one is on its way.
    mail: Option<(String, bool)>,
    problem: Option<String>,
}

impl<'a> Second<'a> {
    pub(super) fn new(
        page: Page<'a>,
        pending_id: &'a str,
        service_title: Option<&str>,
        (passkey, code): (Option<PasskeyForm>, Option<CodeForm>),
        problem: Option<&'static str>,
    ) -> Second<'a> {
        let purpose = match service_title {
            Some(title) => page.with("second-purpose-service", "service", title),
            None => page.t("second-purpose"),
        };
        let problem = problem.map(|key| page.t(key));
        let to = code.as_ref().and_then(|code| Some((code.mailed.as_deref()?, code.sent.as_deref())));
        let mail = to.map(|(to, sent)| {
            let key = if sent.is_some() { "mailed-sent" } else { "mailed-to" };
            (page.with(key, "address", sent.unwrap_or(to)), sent.is_some())
        });
        let page = page.at(format!("/sign-in/{pending_id}"));
        Second { mail, page, heading: "second-title", pending_id, purpose, passkey, code, problem }
    }
}

/// Asks for a second factor.
pub fn second(
    hub: &Hub,
    visitor: &Visitor,
    pending_id: &str,
    service_title: Option<&str>,
    forms: (Option<PasskeyForm>, Option<CodeForm>),
    problem: Option<&'static str>,
) -> Response {
    html("second", &Second::new(Page::new(hub, visitor), pending_id, service_title, forms, problem))
}

#[derive(Template)]
#[template(path = "factor_wanted.html")]
pub(super) struct FactorWanted<'a> {
    pub(super) page: Page<'a>,
    /// There can be passkeys at our address.
    pub(super) passkeys: bool,
}

/// Tells somebody without a second factor that these pages ask for one, and where it is made.
pub fn factor_wanted(hub: &Hub, visitor: &Visitor) -> Response {
    let page = Page::new(hub, visitor);
    let mut page = html("factor-wanted", &FactorWanted { page, passkeys: hub.passkeys.is_some() });
    *page.status_mut() = StatusCode::FORBIDDEN;
    page
}
