//! The sign-in dispatcher: reads what is known of a sign-in and names its next step.
//!
//! Steps (choose who you are, password, passkey, a code on paper, a card of a class, another provider, which account, second factor, charte) never call one another: each keeps what it
//! learnt and returns here. Who the person says they are proves nothing and opens nothing (whoever is nothing of the kind is refused), so that choice is not stored:
//! it travels in the address of the page that asks for the password, and with its form. A browser proves that a sign-in
//! is its own by the secret whose digest the sign-in carries; every form carries a token made of
//! that secret and the sign-in, so that no other site can send it. The sign-in itself travels, sealed, with the browser that began it
//! (`carried.rs`); stored is what somebody proved of themselves before the end, and what is too long to travel.

mod activate;
mod birth;
mod call;
mod card;
pub(crate) mod carried;
mod charte;
mod code;
mod elsewhere;
mod enter;
mod forgotten;
mod line;
mod passkey;
mod password;
mod proof;

use crate::pages::{self, ChartePage, CodeForm, PasskeyForm, PasswordPage};
use crate::visitor::{Secret, SpentAt};
use crate::{Begin, CompletedSignIn, Fault, FaultKind, Fields, Hub, Live, SignInHints, Visitor};
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::{HeaderValue, StatusCode, header};
use preau_domain::{Authentication, FactorKind, PendingId, PendingSignIn, PersonId, Public, Seconds, Strength, Uai};
use preau_store::StoreError;
use std::sync::Arc;

pub use call::Called;
pub(crate) use elsewhere::open_hint;
pub use proof::{Outcome, SOFT_LOCK};

/// The routes of this concern.
pub fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/activate", get(activate::begin))
        .route("/card", get(card::begin))
        .route("/sign-in/{id}/card", get(card::ask).post(card::submit))
        .route("/reset", get(forgotten::begin))
        .route("/sign-in/{id}", get(show))
        .route("/sign-in/{id}/activate", get(activate::ask).post(activate::submit))
        .route("/sign-in/{id}/forgotten", get(forgotten::ask).post(forgotten::submit))
        .route("/sign-in/{id}/reset", get(forgotten::ask_code).post(forgotten::replace))
        .route("/sign-in/{id}/charte", get(onward).post(charte::submit))
        .route("/sign-in/{id}/password", get(onward).post(password::submit))
        .route("/sign-in/{id}/line", get(line::stand))
        .route("/sign-in/{id}/passkey", get(onward).post(passkey::submit))
        .route("/sign-in/{id}/code", get(onward).post(code::submit))
        .route("/sign-in/{id}/code/mail", get(onward).post(code::mail))
        .route("/sign-in/{id}/elsewhere/{source}", get(elsewhere::leave))
        .route("/sign-in/{id}/account", get(onward).post(elsewhere::choose_account))
        .route("/upstream/{source}/callback", get(elsewhere::come_back).post(elsewhere::bring_back))
        .route("/upstream/{source}/acs", post(elsewhere::take_in))
        .route("/upstream/{source}/enter", get(elsewhere::sent))
}

/// The next step of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask who the person is: staff, pupil, guardian or guest.
    ChoosePublic,
    /// Ask for login and password.
    Password(Public),
    /// Send the person to another provider.
    Elsewhere(Public),
    /// Ask which of several accounts the person wants: another provider vouches for all.
    ChooseAccount,
    /// Ask for a second factor: the first one was proved.
    Second,
    /// Ask to accept the charte: nothing else is missing.
    Charte,
    /// The session this browser already has is enough.
    Enough,
}

/// Names the next step from the stored state and the session the browser has, if any; `asks_password` says whether a
/// public proves itself here. Pure.
pub fn next_step(pending: &PendingSignIn, live: Option<&Live>, asks_password: impl Fn(Public) -> bool) -> Step {
    // Somebody was proved, but one factor was not enough.
    if pending.authentication.is_some() {
        return Step::Second;
    }
    if pending.vouched.is_some() {
        return Step::ChooseAccount;
    }
    if let Some(live) = live
        && pending.fresh_after.is_none_or(|after| live.session.authentication.since(after))
    {
        let proof = &live.session.authentication;
        match pending.wants {
            // Nothing besides makes a password of it: somebody signs in anew.
            Some(Strength::Password) if !proof.by_password() => {}
            Some(wanted) if !proof.is(wanted) => return Step::Second,
            _ if live.charte_due => return Step::Charte,
            _ => return Step::Enough,
        }
    }
    match pending.public {
        None => Step::ChoosePublic,
        Some(public) if asks_password(public) => Step::Password(public),
        Some(public) => Step::Elsewhere(public),
    }
}

async fn show(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let (mut pending, fields) = match asked(&hub, &visitor, &id, query.as_deref()).await {
        // Whoever goes back in their browser after signing in.
        Err(fault) if fault.kind == FaultKind::SignInExpired && visitor.live_by_anything(&hub).await?.is_some() => {
            return Ok(hub.see_other("/"));
        }
        asked => asked?,
    };
    let back = fields.one("back")?.is_some();
    let live = visitor.live_by_anything(&hub).await?;
    let step = |pending: &PendingSignIn| next_step(pending, live.as_deref(), |public| hub.asks_password(public));
    if back && (pending.vouched.is_some() || step(&pending) == Step::Second) {
        (pending.vouched, pending.person, pending.authentication) = (None, None, None);
        if step(&pending) == Step::Second {
            // The session of this browser does not count: somebody signs in anew.
            pending.fresh_after = Some(hub.now());
        }
        hub.store.put_pending(&PendingSignIn { public: None, ..pending.clone() }).await.map_err(ended)?;
    }
    let mut next = step(&pending);
    if next == Step::Second
        && let Some(live) = live.as_ref().filter(|_| pending.authentication.is_none())
        && hub.lacks(&live.session.person, &live.session.authentication, wanted(&pending)).await?.is_empty()
    {
        // There is nothing to ask for: whoever wanted it is told what was proved.
        next = if live.charte_due { Step::Charte } else { Step::Enough };
    }
    match next {
        Step::Enough => {
            let Some(live) = live else {
                return Err(Fault::new(FaultKind::Internal, "a session was enough and is gone"));
            };
            if !hub.store.end_pending(&hub.ending(&pending)).await? {
                return Err(Fault::new(FaultKind::SignInExpired, "ended in another tab"));
            }
            finish(&hub, &visitor, live, pending).await
        }
        step => show_step(&hub, &visitor, &pending, step, None).await,
    }
}

/// The page of a step; `problem` is the key of what went wrong.
async fn show_step(
    hub: &Hub,
    visitor: &Visitor,
    pending: &PendingSignIn,
    step: Step,
    problem: Option<&'static str>,
) -> Result<Response, Fault> {
    let (id, title) = (pending.id.as_str(), service_title(hub, visitor, pending));
    let title = title.as_deref();
    Ok(match step {
        Step::Enough | Step::ChoosePublic => {
            let passkey = passkey_form(hub, visitor, pending, || carried::seal(hub, pending));
            let page = pages::choose_public(hub, visitor, id, title, passkey, problem);
            leads_to_service(hub, pending, page)
        }
        Step::Password(public) if hub.hashes_for(public) && hub.line.is_there(hub.now(), hub.pool_load()) => {
            line::join(hub, visitor, pending, public)
        }
        Step::Password(public) => {
            let login = pending.login_hint.as_deref().unwrap_or_default();
            ask_password(hub, visitor, pending, Typed { public, login }, problem, None)
        }
        Step::Elsewhere(public) => pages::elsewhere(hub, visitor, id, public, title),
        Step::ChooseAccount => ask_account(hub, visitor, pending).await?,
        Step::Charte => {
            let charte = hub.charte_asked().ok_or_else(|| Fault::new(FaultKind::Internal, "a charte that is gone"))?;
            let (token, carried) = (token(hub, visitor, &pending.id), carried::seal(hub, pending));
            let page =
                pages::accept_charte(hub, visitor, ChartePage { pending_id: id, token, carried, charte: &charte });
            leads_to_service(hub, pending, page)
        }
        Step::Second => ask_second(hub, visitor, pending, problem, None).await?,
    })
}

/// The page that asks for a second factor; `sent` is where a code is on its way to.
async fn ask_second(
    hub: &Hub,
    visitor: &Visitor,
    pending: &PendingSignIn,
    problem: Option<&'static str>,
    sent: Option<String>,
) -> Result<Response, Fault> {
    let (id, title) = (pending.id.as_str(), service_title(hub, visitor, pending));
    let first = first_factor(hub, visitor, pending).await?;
    let asked = first.as_ref().map_or(&[][..], |first| &first.asked[..]);
    let any = |passkey: bool| asked.iter().any(|kind| (*kind == FactorKind::Passkey) == passkey);
    let mailed = match first.as_ref().filter(|_| asked.contains(&FactorKind::MailedCode)) {
        Some(first) => hub.codes_go_to(&first.person).await?,
        None => None,
    };
    let (token, carried) = (token(hub, visitor, &pending.id), carried::seal(hub, pending));
    let days = hub.remembers_devices().and_then(|days| usize::try_from(days).ok());
    let remember = days.map(|days| hub.texts.count(visitor.locale, "second-remember", days));
    let passkey = any(true).then(|| passkey_form(hub, visitor, pending, || carried.clone())).flatten();
    let passkey = passkey.map(|form| PasskeyForm { remember: remember.clone(), ..form });
    // What makes no two factors is no reason to ask for none later.
    let remember = remember.filter(|_| mailed.is_none());
    let code = any(false).then_some(CodeForm { token, carried, remember, mailed, sent });
    let page = pages::second(hub, visitor, id, title.as_deref(), (passkey, code), problem);
    Ok(leads_to_service(hub, pending, page))
}

/// What a sign-in wants of whoever is asked for something besides.
fn wanted(pending: &PendingSignIn) -> Strength {
    pending.wants.unwrap_or(Strength::Utmost)
}

/// A first factor that was proved, and is not enough.
struct First {
    person: PersonId,
    proof: Authentication,
    /// What is asked for besides, and nothing else is taken.
    asked: Vec<FactorKind>,
}

/// Who proved a first factor and is asked for a second one; none where no step before is counted on. A sign-in whose password was changed
/// meanwhile is over.
async fn first_factor(hub: &Hub, visitor: &Visitor, pending: &PendingSignIn) -> Result<Option<First>, Fault> {
    let live = visitor.live_by_anything(hub).await?;
    if next_step(pending, live.as_deref(), |public| hub.asks_password(public)) != Step::Second {
        return Ok(None);
    }
    let (person, proof) = match (pending.person.clone().zip(pending.authentication.clone()), live) {
        (Some((person, proof)), _) => {
            let proof = proof::waited(hub, &person, proof).await?;
            (person, proof)
        }
        (None, Some(live)) => (live.session.person.clone(), live.session.authentication.clone()),
        (None, None) => return Ok(None),
    };
    let asked = hub.lacks(&person, &proof, wanted(pending)).await?;
    Ok(Some(First { person, proof, asked }))
}

/// The way by a passkey, for a page of a sign-in, with the copy that its form carries; none where nothing but a password will do.
fn passkey_form(
    hub: &Hub,
    visitor: &Visitor,
    pending: &PendingSignIn,
    carried: impl FnOnce() -> Option<String>,
) -> Option<PasskeyForm> {
    if pending.wants == Some(Strength::Password) {
        return None;
    }
    let question = hub.ask_passkey(pending.id.as_str(), pending.expires)?;
    Some(PasskeyForm {
        pending_id: pending.id.to_string(),
        token: token(hub, visitor, &pending.id),
        public: pending.public.map(Public::as_str),
        carried: carried(),
        question,
        remember: None,
    })
}

/// Somebody asks for the address of a form, as a telephone does that opens its tabs again: on to the next step of that
/// sign-in, or home when it is over.
async fn onward(State(hub): State<Arc<Hub>>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Fault> {
    match load(&hub, &visitor, &id).await {
        Ok(pending) => Ok(hub.see_other(&format!("/sign-in/{}", pending.id))),
        Err(fault) if fault.kind == FaultKind::SignInExpired => Ok(hub.see_other("/")),
        Err(fault) => Err(fault),
    }
}

/// The sign-in of this browser that a link of ours names, as it goes on with the choice the link holds.
async fn asked(hub: &Hub, visitor: &Visitor, id: &str, query: Option<&str>) -> Result<(PendingSignIn, Fields), Fault> {
    let (mut pending, fields) = (load(hub, visitor, id).await?, Fields::parse(query.unwrap_or_default())?);
    chosen(&mut pending, &fields)?;
    Ok((pending, fields))
}

/// The sign-in of this browser that a form of ours was sent for, likewise: no other site can send it.
async fn posted(hub: &Hub, visitor: &Visitor, id: &str, body: &[u8]) -> Result<(PendingSignIn, Fields), Fault> {
    let fields = Fields::of_body(body)?;
    let mut pending = load_from(hub, visitor, id, [visitor.sign_in.as_deref(), fields.one("sign_in")?]).await?;
    check_token(hub, visitor, &pending.id, &fields)?;
    chosen(&mut pending, &fields)?;
    Ok((pending, fields))
}

/// Goes on with the choice that came with this request, if one did.
fn chosen(pending: &mut PendingSignIn, fields: &Fields) -> Result<(), Fault> {
    if let Some(public) = fields.one("public")? {
        let public = public.parse::<Public>();
        pending.public = Some(public.map_err(|()| Fault::new(FaultKind::BadRequest, "no such public"))?);
    }
    Ok(())
}

/// What the store's word that a sign-in is over becomes.
fn ended(error: StoreError) -> Fault {
    match error {
        StoreError::Conflict => Fault::new(FaultKind::SignInExpired, "this sign-in was ended already"),
        other => other.into(),
    }
}

/// The sign-in of that name, if it belongs to this browser and did not end: as the store has it, or else as the browser carries it.
async fn load(hub: &Hub, visitor: &Visitor, id: &str) -> Result<PendingSignIn, Fault> {
    load_from(hub, visitor, id, [visitor.sign_in.as_deref()]).await
}

/// The same, of whichever of these copies opens first.
async fn load_from<const N: usize>(
    hub: &Hub,
    visitor: &Visitor,
    id: &str,
    copies: [Option<&str>; N],
) -> Result<PendingSignIn, Fault> {
    let expired = || Fault::new(FaultKind::SignInExpired, "no such sign-in for this browser");
    if id.len() > 64 || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(expired());
    }
    let browser = visitor.browser.as_ref().ok_or_else(expired)?;
    let pending = match hub.store.pending(&PendingId::new(id), hub.now()).await.map_err(ended)? {
        Some(kept) => Some(kept).filter(|kept| is_of(browser, kept)),
        None => copies.into_iter().flatten().find_map(|copy| carried::open(hub, visitor, id, copy)),
    };
    let pending = pending.ok_or_else(expired)?;
    visitor.goes_on_with(&pending.correlation);
    Ok(pending)
}

/// Somebody follows an address on paper or in a letter: a sign-in begins on that page of its own. What stands behind `#` stays with their
/// browser.
async fn begin_on(hub: &Hub, visitor: &Visitor, page: &'static str) -> Result<Response, Fault> {
    let begin = Begin::for_page("/");
    let hints = SignInHints { page: Some(page), ..SignInHints::default() };
    hub.begin_sign_in_with(visitor, begin, hints).await
}

/// A page, which is a refusal when it says that something is wrong with what was typed.
fn said(mut page: Response, problem: Option<&str>) -> Response {
    if problem.is_some() {
        *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    page
}

/// Whether it was this browser that began the sign-in.
fn is_of(browser: &Secret, pending: &PendingSignIn) -> bool {
    let digest = preau_keys::one_time_key(browser.expose());
    preau_keys::constant_time_eq(digest.as_str().as_bytes(), pending.browser.as_str().as_bytes())
}

fn token(hub: &Hub, visitor: &Visitor, id: &PendingId) -> String {
    let browser = visitor.browser.as_ref().map_or("", |b| b.expose());
    hub.keyring.mac("sign-in-form", &[browser, id.as_str()])
}

fn check_token(hub: &Hub, visitor: &Visitor, id: &PendingId, fields: &Fields) -> Result<(), Fault> {
    let browser = visitor.browser.as_ref().map_or("", |b| b.expose());
    if hub.keyring.mac_ok("sign-in-form", &[browser, id.as_str()], fields.required("token")?) {
        Ok(())
    } else {
        Err(Fault::new(FaultKind::StaleForm, "sign-in form of another browser"))
    }
}

fn service_title(hub: &Hub, visitor: &Visitor, pending: &PendingSignIn) -> Option<String> {
    let services = hub.services();
    let door = services.get(pending.service.as_ref()?)?;
    Some(match visitor.locale {
        crate::Locale::Fr => door.title.fr.clone(),
        crate::Locale::En => door.title.en.clone(),
    })
}

/// What is known of a form for a password before it is shown.
#[derive(Clone, Copy)]
struct Typed<'a> {
    public: Public,
    login: &'a str,
}

fn ask_password(
    hub: &Hub,
    visitor: &Visitor,
    pending: &PendingSignIn,
    Typed { public, login }: Typed<'_>,
    problem: Option<&'static str>,
    wait_seconds: Option<i64>,
) -> Response {
    let title = service_title(hub, visitor, pending);
    // Sealed once: either form of the page may be the one that is sent.
    let (token, carried) = (token(hub, visitor, &pending.id), carried::seal(hub, pending));
    let page = PasswordPage {
        pending_id: pending.id.as_str(),
        form_token: &token,
        passkey: passkey_form(hub, visitor, pending, || carried.clone()),
        carried,
        public,
        login,
        problem,
        wait_seconds,
        service_title: title.as_deref(),
    };
    leads_to_service(hub, pending, pages::password(hub, visitor, page))
}

/// Asks which of several accounts; each is told by its person and what they are where.
async fn ask_account(hub: &Hub, visitor: &Visitor, pending: &PendingSignIn) -> Result<Response, Fault> {
    let mut accounts = Vec::new();
    for (index, id) in pending.vouched.iter().flat_map(|vouched| &vouched.accounts).enumerate() {
        let Some(person) = hub.store.person(id).await? else { continue };
        let uais: Vec<Uai> = person.establishments().into_iter().take(100).cloned().collect();
        accounts.push((index, person, hub.store.establishments(&uais).await?));
    }
    let (token, carried) = (token(hub, visitor, &pending.id), carried::seal(hub, pending));
    let page = pages::choose_account(hub, visitor, pending.id.as_str(), &token, carried, &accounts);
    Ok(leads_to_service(hub, pending, page))
}

/// A page whose form ends, after our redirect, at the service: browsers hold that against the form's policy.
fn leads_to_service(hub: &Hub, pending: &PendingSignIn, mut page: Response) -> Response {
    let services = hub.services();
    if let Some(door) = pending.service.as_ref().and_then(|id| services.get(id)) {
        let policy = crate::headers::form_action(door.origins().iter().map(String::as_str));
        page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    page
}

/// The end of the corridor: hands the session over to whoever began the sign-in.
async fn finish(hub: &Hub, visitor: &Visitor, live: Arc<Live>, pending: PendingSignIn) -> Result<Response, Fault> {
    if live.charte_due {
        return once_more(hub, pending).await;
    }
    if pending.protocol == PORTAL {
        let mut onward = hub.see_other(local_path(&pending.request));
        if let Some(service) = &pending.service {
            onward.headers_mut().append(header::SET_COOKIE, visitor.tile_cookie(SpentAt::Tile, hub, &live, service));
        }
        return Ok(onward);
    }
    let protocol = hub.protocol(&pending.protocol).cloned();
    let protocol = protocol.ok_or_else(|| Fault::new(FaultKind::Internal, "sign-in of a protocol that is gone"))?;
    protocol.complete(hub, visitor, CompletedSignIn { live, pending }).await
}

/// The same sign-in under another name, of somebody who has a session now and has something to read before they go on.
async fn once_more(hub: &Hub, pending: PendingSignIn) -> Result<Response, Fault> {
    let next = PendingSignIn {
        id: PendingId::generate(&*hub.ids),
        public: None,
        person: None,
        authentication: None,
        vouched: None,
        expires: hub.now() + Seconds(hub.config.session.sign_in_seconds),
        ..pending
    };
    let mut response = hub.see_other(&format!("/sign-in/{}", next.id));
    if !carried::carry(hub, &next, &carried::pages_of(&next.id), &mut response) {
        hub.store.put_pending(&next).await.map_err(ended)?;
    }
    Ok(response)
}

/// The name under which the portal itself begins a sign-in.
pub const PORTAL: &str = "portal";

/// A path of ours, or the home page for anything a browser could take for another host.
pub(crate) fn local_path(path: &str) -> &str {
    let ok = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains(['\\', '\r', '\n', '\t'])
        && HeaderValue::from_str(path).is_ok();
    if ok { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_ours_stays_ours() {
        assert_eq!(local_path("/open/moodle"), "/open/moodle");
        for bad in ["//evil.test", "/\\evil.test", "https:evil.test", "", "/a\r\nb", "/\tevil"] {
            assert_eq!(local_path(bad), "/", "{bad:?}");
        }
    }
}
