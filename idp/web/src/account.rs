//! The account page: what a person proves themselves with and how they change it, where they are signed in, and which services
//! received what of them.
//!
//! Whoever adds, names or removes something proved who they are within a quarter of an hour, and by two factors once they have a
//! second one: a password that was stolen adds no passkey to an account that has one. Where nothing else would be left to sign in
//! with, or to administer with, the last one stays.

mod codes;
mod data;
mod language;
mod mailed;
mod password;
mod sessions;

use crate::lately::{Lately, RECENT};
use crate::pages::{self, AccountPage};
use crate::passkey::NoProof;
use crate::remembered::remembered_until;
use crate::{Begin, Fault, FaultKind, Fields, Hub, Live, Visitor};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use preau_domain::{
    AuditKind, Authentication, Credentials, Factor, FactorId, FactorKind, Person, PersonId, Public, Seconds, Strength,
    display_safe,
};
use preau_store::StoreError;
use std::sync::Arc;

/// How long a new passkey may be in the making.
const MAKING: Seconds = Seconds(10 * 60);
/// Where the page is.
const HERE: &str = "/account";
/// The forms of the page.
const FORM: &str = "account";

/// The routes of this concern.
pub fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/account", get(show))
        .route("/account/passkeys", get(back).post(add))
        .route("/account/passkeys/new", get(ask))
        .route("/account/data", get(data::give))
        .route("/account/codes", get(back).post(codes::add))
        .route("/account/codes/new", get(codes::ask))
        .route("/account/language", get(back).post(language::choose))
        .route("/account/mail", get(mailed::ask).post(mailed::submit))
        .route("/account/password", get(password::ask).post(password::change))
        .route("/account/recovery", get(back).post(codes::renew))
        .route("/account/sessions", get(back).post(sessions::end))
        .route("/account/factors/name", get(back).post(rename))
        .route("/account/factors/remove", get(back).post(remove))
}

async fn back(State(hub): State<Arc<Hub>>) -> Response {
    hub.see_other(HERE)
}

async fn show(State(hub): State<Arc<Hub>>, visitor: Visitor) -> Result<Response, Fault> {
    match visitor.live(&hub).await? {
        Some(live) => page(&hub, &visitor, &live, None).await,
        None => hub.begin_sign_in(&visitor, Begin::for_page(HERE)).await,
    }
}

async fn page(hub: &Hub, visitor: &Visitor, live: &Live, problem: Option<&'static str>) -> Result<Response, Fault> {
    let known = live.known()?;
    let (now, here) = (hub.now(), &live.session.id);
    let mut factors = hub.store.factors_of(&live.session.person).await?;
    // A device of which that is over is as one that was never remembered.
    factors.retain(|factor| factor.kind.proves() || remembered_until(factor).is_some_and(|until| now < until));
    let sessions = hub.store.sessions_of(&live.session.person, now).await?;
    let sessions = sessions.into_iter().map(|session| {
        let word = (session.id != *here).then(|| sessions::word(hub, live, &session));
        (word, session)
    });
    let page = AccountPage {
        sessions: sessions.collect(),
        received: sessions::received(hub, visitor, &live.session.person).await?,
        refused: sessions::refused(hub, &live.session.person).await?,
        name: known.person.display_name(),
        language: hub.language_of(&live.session.person).await?,
        factors: &factors,
        password: password::lives_here(hub, live).await?,
        passkeys: hub.may_add_passkeys(&known.person),
        mailed: hub.may_have_codes_mailed(&known.person, &factors),
        birth: !hub.store.births_of(&live.session.person).await?.is_empty(),
        token: hub.form_token(&live.session.id, FORM),
        sign_out_token: hub.form_token(&live.session.id, crate::logout::SIGN_OUT_FORM),
        problem,
    };
    let mut page = pages::account(hub, visitor, page);
    if problem.is_some() {
        *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(page)
}

/// Whether somebody may change factors now.
async fn door(hub: &Hub, visitor: &Visitor, here: &str) -> Result<Lately<Arc<Live>>, Fault> {
    // It is their own ENT that vouches for them, each time: what they had here would go on without it.
    if let Some(live) = visitor.live(hub).await?
        && live.known()?.person.is_hosted()
    {
        return Err(Fault::new(FaultKind::NotFound, "guests of another ENT have no factor here"));
    }
    proved(hub, visitor, here).await
}

/// Whether somebody proved lately, by as much as they can, who they are.
async fn proved(hub: &Hub, visitor: &Visitor, here: &str) -> Result<Lately<Arc<Live>>, Fault> {
    let since = hub.now() - RECENT;
    if let Some(live) = visitor.live(hub).await?
        && hub.proved_lately(&live, since).await?
    {
        return Ok(Lately::Proved(live));
    }
    hub.prove_again(visitor, here.to_owned(), since).await
}

/// The fields of a form of the page and who sent it, if they may change factors and it was shown in their session; otherwise where
/// the browser goes first.
async fn sent(hub: &Hub, visitor: &Visitor, body: &Bytes, here: &str) -> Result<Result<Sent, Response>, Fault> {
    let fields = Fields::of_body(body)?;
    let token = fields.required("token")?;
    match door(hub, visitor, here).await? {
        Lately::Proved(live) => {
            hub.check_form(&live.session.id, FORM, token)?;
            Ok(Ok(Sent { live, fields }))
        }
        Lately::Onward(response) => Ok(Err(response)),
    }
}

/// A form of the page.
struct Sent {
    live: Arc<Live>,
    fields: Fields,
}

/// What somebody calls a factor; none for what shows as nothing.
fn named(fields: &Fields) -> Result<Option<String>, Fault> {
    let name = display_safe(fields.required("name")?.trim(), Factor::MAX_NAME);
    Ok((!name.trim().is_empty()).then_some(name))
}

/// Tells one factor from the others in the journal.
fn short(id: &FactorId) -> &str {
    id.as_str().get(..8).unwrap_or(id.as_str())
}

fn tell(hub: &Hub, visitor: &Visitor, live: &Live, what: String) {
    hub.audit(hub.event_of(visitor, live, AuditKind::FactorsChanged, what));
}

async fn ask(State(hub): State<Arc<Hub>>, visitor: Visitor) -> Result<Response, Fault> {
    match door(&hub, &visitor, "/account/passkeys/new").await? {
        Lately::Proved(live) => new_passkey(&hub, &visitor, &live, None).await,
        Lately::Onward(response) => Ok(response),
    }
}

async fn new_passkey(
    hub: &Hub,
    visitor: &Visitor,
    live: &Live,
    problem: Option<&'static str>,
) -> Result<Response, Fault> {
    let known = live.known()?;
    let factors = hub.store.factors_of(&live.session.person).await?;
    let question = hub.offer_passkey(&known.person, &factors, live.session.id.as_str(), hub.now() + MAKING);
    let question = question.filter(|_| hub.may_add_passkeys(&known.person));
    let none = || Fault::new(FaultKind::NotFound, "no passkeys at this address, or not for them");
    let token = hub.form_token(&live.session.id, FORM);
    let mut page = pages::new_passkey(hub, visitor, question.ok_or_else(none)?, &token, problem);
    if problem.is_some() {
        *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(page)
}

async fn add(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let Sent { live, fields } = match sent(&hub, &visitor, &body, "/account/passkeys/new").await? {
        Ok(sent) => sent,
        Err(onward) => return Ok(onward),
    };
    let (challenge, answer) = (fields.required("challenge")?, fields.required("answer")?);
    let Some(name) = named(&fields)? else {
        return new_passkey(&hub, &visitor, &live, Some("account-problem-name")).await;
    };
    if !hub.may_add_passkeys(&live.known()?.person) {
        return Err(Fault::new(FaultKind::NotFound, "no passkeys at this address, or not for them"));
    }
    let session = live.session.id.as_str();
    let made = hub.passkey_made(&live.session.person, session, challenge, answer, name).await;
    let why = match made {
        Ok(factor) => match hub.store.add_factor(&factor).await {
            Ok(()) => {
                tell(&hub, &visitor, &live, format!("passkey-added {}", short(&factor.id)));
                return Ok(hub.see_other(HERE));
            }
            // Somebody has it, or there are too many.
            Err(StoreError::Conflict) => "passkey-taken",
            Err(other) => return Err(other.into()),
        },
        Err(NoProof::Refused(why, _)) => why,
        Err(NoProof::Fault(fault)) => return Err(fault),
    };
    tell(&hub, &visitor, &live, format!("refused {why}"));
    new_passkey(&hub, &visitor, &live, Some("account-problem-passkey")).await
}

async fn rename(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let Sent { live, fields } = match sent(&hub, &visitor, &body, HERE).await? {
        Ok(sent) => sent,
        Err(onward) => return Ok(onward),
    };
    let id = FactorId::new(fields.required("factor")?);
    let Some(name) = named(&fields)? else {
        return page(&hub, &visitor, &live, Some("account-problem-name")).await;
    };
    match hub.store.rename_factor(&live.session.person, &id, &name).await {
        Ok(()) => tell(&hub, &visitor, &live, format!("factor-renamed {}", short(&id))),
        // It was removed in another tab: the page says so by not showing it.
        Err(StoreError::Conflict) => {}
        Err(other) => return Err(other.into()),
    }
    Ok(hub.see_other(HERE))
}

async fn remove(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let Sent { live, fields } = match sent(&hub, &visitor, &body, HERE).await? {
        Ok(sent) => sent,
        Err(onward) => return Ok(onward),
    };
    let (id, person) = (FactorId::new(fields.required("factor")?), &live.session.person);
    let Some(factor) = hub.store.factor(&id).await?.filter(|factor| factor.person == *person) else {
        return Ok(hub.see_other(HERE));
    };
    let known = live.known()?;
    let another = factor.lasts() && hub.needs_a_factor(&known.person).await?;
    match hub.store.remove_factor(person, &id, another).await {
        Ok(()) => {
            tell(&hub, &visitor, &live, format!("{}-removed {}", factor.kind.as_str(), short(&id)));
            // Whoever has a lost device in their hands is out, with what applications on it may do while nobody is there.
            hub.store.revoke_tokens_of(person).await?;
            if factor.lasts() {
                hub.store.replace_factors(person, FactorKind::RememberedDevice, &[]).await?;
            }
            hub.end_others(person, &live.session.id, "factor-removed", visitor.correlation()).await?;
            Ok(hub.see_other(HERE))
        }
        Err(StoreError::Conflict) => page(&hub, &visitor, &live, Some("account-problem-last")).await,
        Err(other) => Err(other.into()),
    }
}

impl Hub {
    /// Whether a person may add passkeys: there are some at our address, and for a public of theirs. Guests of another ENT come by it alone.
    fn may_add_passkeys(&self, person: &Person) -> bool {
        let may = |public: Public| self.config.passkeys_for.iter().any(|one| one == public.as_str());
        let theirs = person.affiliations.iter().any(|one| may(one.profile.public()));
        self.passkeys.is_some() && !person.is_hosted() && theirs
    }

    /// Whether a passkey is recommended: to staff who signed in just now without one and have none.
    pub(crate) async fn recommends_passkey(&self, live: &Live, person: &Person) -> Result<bool, Fault> {
        let staff = person.affiliations.iter().any(|one| one.profile.public() == Public::Staff);
        let lately = live.session.created >= self.now() - RECENT;
        if !staff || !lately || live.session.authentication.by_passkey() || !self.may_add_passkeys(person) {
            return Ok(false);
        }
        let theirs = self.store.factors_of(&person.id).await?;
        Ok(theirs.iter().all(|factor| factor.kind != FactorKind::Passkey))
    }

    /// Whether a person has something to prove as a second factor.
    pub async fn has_second_factor(&self, person: &PersonId) -> Result<bool, Fault> {
        Ok(self.store.factors_of(person).await?.iter().any(Factor::lasts))
    }

    /// What somebody who proved this is asked for besides, so that it becomes as strong as that: see [`Authentication::lacks`].
    pub async fn lacks(
        &self,
        person: &PersonId,
        proof: &Authentication,
        wanted: Strength,
    ) -> Result<Vec<FactorKind>, Fault> {
        if proof.is(wanted) {
            return Ok(Vec::new());
        }
        let theirs = self.provable(person, self.store.factors_of(person).await?).await?;
        Ok(proof.lacks(wanted, &theirs))
    }

    /// Whether somebody who proved this has more to prove.
    pub async fn lacks_a_factor(&self, person: &PersonId, proof: &Authentication) -> Result<bool, Fault> {
        Ok(!self.lacks(person, proof, Strength::Utmost).await?.is_empty())
    }

    /// Whether a person must keep one: who administers, and who has no password.
    async fn needs_a_factor(&self, person: &Person) -> Result<bool, Fault> {
        if self.config.administrators.iter().any(|id| *id == *person.id.as_str()) {
            return Ok(true);
        }
        Ok(person.credentials == Credentials::Local && self.store.password_hash(&person.id).await?.is_none())
    }
}
