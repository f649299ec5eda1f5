//! The end of a session, as the person asks for it and reads of it.
//!
//! The session, its tickets and its visits are gone in one stroke before anything is told, so a service that hangs or
//! lies cannot keep it alive; that stroke leaves notices in the outbox of the store, which no end of a process loses.
//! `telling` tells the services in the background. The person waits a second and a half at most, so that the sentence they read
//! is true: it says that everything is closed, or who has not answered, who refused, and who cannot be told. Services that hear by a
//! frame of the page do not wait for it: the page begins with the frames, and goes on with the sentence when that is known.

use crate::pages::{self, End, Then};
use crate::visitor::Cookie;
use crate::{Fault, FaultKind, Fields, Hub, Live, Visitor};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, header};
use preau_domain::{ServiceId, SessionId, TrustedUrl, Visit};
use preau_store::YetToHear;
use std::sync::Arc;
use std::time::Duration;

/// How long after a session ended it is asked who has heard: once more until all have, or there is none left. A second and a half in all.
const LISTEN: [Duration; 6] = [
    Duration::from_millis(40),
    Duration::from_millis(80),
    Duration::from_millis(180),
    Duration::from_millis(300),
    Duration::from_millis(400),
    Duration::from_millis(500),
];
/// Services that are still open, in the address of the page that says so; that many at most of each kind.
const SILENT: &str = "silent";
const REFUSED: &str = "refused";
const DEAF: &str = "deaf";
const MOST_NAMED: usize = 50;
/// Frames on the page of one sign-out, at most.
const FRAMES: usize = 20;

/// The routes of this concern.
pub fn routes() -> Router<Arc<Hub>> {
    Router::new().route("/sign-out", get(goodbye).post(sign_out))
}

/// Somebody asks for the address of a form, as a telephone does that opens its tabs again.
pub(crate) async fn home(State(hub): State<Arc<Hub>>) -> Response {
    hub.see_other("/")
}

/// The same for the form that signs out, and the end of a round: which services are still open, if some are.
async fn goodbye(State(hub): State<Arc<Hub>>, visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let (fields, services) = (Fields::parse(query.as_deref().unwrap_or_default())?, hub.services());
    let open = |word| {
        let ids = fields.one(word)?.unwrap_or_default().split(',').take(MOST_NAMED).map(ServiceId::new);
        Ok::<Vec<ServiceId>, Fault>(ids.filter(|id| services.get(id).is_some()).collect())
    };
    let open = StillOpen { silent: open(SILENT)?, refused: open(REFUSED)?, deaf: open(DEAF)? };
    // Anybody may make this address: whoever is still signed in is not told that it is over.
    if open.address().is_none() || visitor.live(&hub).await?.is_some() {
        return Ok(hub.see_other("/"));
    }
    Ok(pages::signed_out(&hub, &visitor, End { open, ..End::default() }))
}

/// What is known of a session that has ended, before anybody was listened to.
struct Over {
    /// Where it had been.
    visits: Vec<Visit>,
    /// Those of them whose services are told in the background.
    told: Vec<Visit>,
    /// Services that cannot be told.
    deaf: Vec<ServiceId>,
    /// Name and way out of the provider where the person may still be signed in.
    elsewhere: Option<(String, String)>,
}

/// Services where somebody may still be signed in after the end of a session here.
#[derive(Clone, Default)]
pub struct StillOpen {
    /// Those that have not answered.
    pub silent: Vec<ServiceId>,
    /// Those that said no.
    pub refused: Vec<ServiceId>,
    /// Those that cannot be told in any way.
    pub deaf: Vec<ServiceId>,
}

impl StillOpen {
    /// Where a browser ends that is led on and has something to read. None when everything is closed.
    fn address(&self) -> Option<String> {
        let kinds = [(SILENT, &self.silent), (REFUSED, &self.refused), (DEAF, &self.deaf)];
        let fields = kinds.into_iter().filter(|(_, open)| !open.is_empty()).map(|(word, open)| {
            let ids: Vec<&str> = open.iter().take(MOST_NAMED).map(ServiceId::as_str).collect();
            format!("{word}={}", ids.join(","))
        });
        let fields: Vec<String> = fields.collect();
        (!fields.is_empty()).then(|| format!("/sign-out?{}", fields.join("&")))
    }
}

async fn sign_out(State(hub): State<Arc<Hub>>, visitor: Visitor, body: Bytes) -> Result<Response, Fault> {
    let fields = Fields::of_body(&body)?;
    if let Some(session) = &visitor.session
        && !hub.form_token_ok(session, "sign-out", fields.required("token")?)
    {
        return Err(Fault::new(FaultKind::StaleForm, "sign-out form of another session"));
    }
    hub.sign_out(&visitor).await
}

impl Hub {
    /// Ends the session of this browser and answers with the page that says so.
    pub async fn sign_out(self: &Arc<Self>, visitor: &Visitor) -> Result<Response, Fault> {
        let visits = self.visits_of(visitor).await?;
        let (deaf, frames) = (self.deaf(&visits), self.frames(&visits));
        let elsewhere = self.way_out_elsewhere(visitor).await?;
        let told = self.end_visitor_session(visitor).await?;
        let over = Over { visits, told, deaf, elsewhere };
        let page = if frames.is_empty() {
            match self.after(over).await? {
                Then::Onward(round) => self.see_other(&round),
                Then::Over(end) => pages::signed_out(self, visitor, end),
            }
        } else {
            // Those who hear by a frame hear from this very page, and at once.
            let first = if self.leads_on(&over) { Then::Onward("/".to_owned()) } else { Then::Over(End::default()) };
            let hub = Arc::clone(self);
            let then = async move { hub.after_frames(over).await };
            pages::framed(self, visitor, frames, first, then)
        };
        Ok(self.parted(visitor, page))
    }

    /// How the page goes on whose frames are loading: as [`Hub::after`] says, or naming everybody if that cannot be known any more.
    async fn after_frames(&self, over: Over) -> Then {
        let (leads_on, all) = (self.leads_on(&over), services(&over.visits));
        let then = self.after(over).await.unwrap_or_else(|fault| {
            tracing::error!(detail = %fault.detail, "the end of a session could not be told to its end");
            Then::Over(End { open: StillOpen { silent: all, ..StillOpen::default() }, ..End::default() })
        });
        match then {
            Then::Over(end) if leads_on => Then::Onward(end.open.address().unwrap_or_else(|| "/".to_owned())),
            then => then,
        }
    }

    /// Whether the browser is led on from the page that says goodbye: from one service to the next, and there is nothing to choose.
    fn leads_on(&self, over: &Over) -> bool {
        let on_a_round =
            |visit: &Visit| self.protocol(&visit.protocol).is_some_and(|one| one.hears_on_a_round(self, visit));
        over.elsewhere.is_none() && over.visits.iter().any(on_a_round)
    }

    /// Listens for those who are told in the background, and says how it goes on.
    async fn after(&self, over: Over) -> Result<Then, Fault> {
        let Over { visits, told, deaf, elsewhere } = over;
        let YetToHear { waiting: silent, refused } = self.yet_to_hear(&told).await;
        let open = StillOpen { silent, refused, deaf };
        // Who is told one after the other is told first; what there is to read is read at the end of the way.
        let round = self.round(&visits, open.address().as_deref()).await?;
        Ok(match round {
            Some(round) if elsewhere.is_none() => Then::Onward(round),
            round => Then::Over(End { told: services(&told).len(), open, elsewhere, round, unsure: false }),
        })
    }

    /// Services of these visits that hear of no end in any way: the session there goes on.
    fn deaf(&self, visits: &[Visit]) -> Vec<ServiceId> {
        let hears = |visit: &Visit| self.protocol(&visit.protocol).is_some_and(|one| one.hears(self, visit));
        let mut deaf = services(visits);
        deaf.retain(|service| !visits.iter().any(|visit| visit.service == *service && hears(visit)));
        deaf
    }

    /// Who has not closed these visits in time, if anybody: of those who are told in the background.
    async fn yet_to_hear(&self, told: &[Visit]) -> YetToHear {
        let mut yet = YetToHear { waiting: services(told), refused: Vec::new() };
        for wait in LISTEN {
            if yet.waiting.is_empty() {
                break;
            }
            tokio::time::sleep(wait).await;
            match self.store.yet_to_hear(told).await {
                Ok(now) => yet = now,
                // The session is over all the same; who has heard is not known.
                Err(error) => tracing::warn!(%error, "who heard of the end of a session is not known"),
            }
        }
        yet
    }

    /// Ends the session of this browser and leads it to an address that is already trusted, or to the page that says so.
    pub async fn sign_out_to(self: &Arc<Self>, visitor: &Visitor, to: Option<String>) -> Result<Response, Fault> {
        let Some(to) = to else { return self.sign_out(visitor).await };
        let visits = self.visits_of(visitor).await?;
        let (frames, round) = (self.frames(&visits), self.round(&visits, Some(&to)).await?);
        self.end_visitor_session(visitor).await?;
        let to = round.unwrap_or(to);
        let onward = if frames.is_empty() { self.see_other(&to) } else { pages::leaving(self, visitor, &frames, &to) };
        Ok(self.parted(visitor, onward))
    }

    /// Takes the cookies of the session that was ended. A request that showed none takes none: a browser leaves them out of
    /// a form that another site posts, and that site must not sign anybody out.
    fn parted(&self, visitor: &Visitor, response: Response) -> Response {
        if visitor.session.is_some() { self.without_session(response) } else { response }
    }

    /// Asks the person of a session whether they want to sign out.
    pub fn ask_sign_out(&self, visitor: &Visitor, live: &Live) -> Response {
        let token = self.form_token(&live.session.id, "sign-out");
        match live.known() {
            Ok(known) => pages::ask_sign_out(self, visitor, known.person.display_name(), &token),
            Err(fault) => fault.into_response(),
        }
    }

    /// The page that posts fields to a service, at an address of its own.
    pub fn posting(&self, visitor: &Visitor, to: &TrustedUrl, fields: &[(&'static str, String)]) -> Response {
        pages::posting(self, visitor, to, fields)
    }

    /// Leads a browser on at the end of its round; where a service did not confirm the end, the person reads so first.
    pub fn round_over(&self, visitor: &Visitor, onward: Option<&str>, confirmed: bool) -> Response {
        match onward {
            Some(to) if confirmed => self.see_other(to),
            None if confirmed => pages::signed_out(self, visitor, End::default()),
            _ => pages::unconfirmed(self, visitor, onward),
        }
    }

    /// The visits of the session of this browser.
    async fn visits_of(&self, visitor: &Visitor) -> Result<Vec<Visit>, Fault> {
        let Some(id) = &visitor.session else { return Ok(Vec::new()) };
        if self.live(id).await?.is_none() {
            return Ok(Vec::new());
        }
        Ok(self.store.visits(id).await?)
    }

    /// The frames by which a browser tells services that these visits are over, each once, at most 20.
    fn frames(&self, visits: &[Visit]) -> Vec<String> {
        let mut frames = Vec::new();
        for visit in visits {
            let frame = self.protocol(&visit.protocol).and_then(|protocol| protocol.logout_frame(self, visit));
            frames.extend(frame.filter(|frame| !frames.contains(frame) && frames.len() < FRAMES));
        }
        frames
    }

    /// Where the browser begins its round of the services that hear one after the other, if there are some.
    async fn round(&self, visits: &[Visit], onward: Option<&str>) -> Result<Option<String>, Fault> {
        let mut begin: Option<String> = None;
        for protocol in self.protocols() {
            let own: Vec<Visit> = visits.iter().filter(|one| one.protocol == protocol.name()).cloned().collect();
            if !own.is_empty() {
                let next = begin.as_deref().or(onward);
                begin = protocol.logout_round(self, &own, next).await?.or(begin);
            }
        }
        Ok(begin)
    }

    /// Ends the session of this browser, if it has one. Returns the visits whose services are being told.
    pub async fn end_visitor_session(&self, visitor: &Visitor) -> Result<Vec<Visit>, Fault> {
        match &visitor.session {
            Some(id) => self.end_session(id, "person", visitor.correlation()).await,
            None => Ok(Vec::new()),
        }
    }

    /// Takes the session's cookie away and tells the browser to forget the pages it keeps, as a shared machine needs.
    pub fn without_session(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.append(header::SET_COOKIE, Cookie::Session.clear(self.secure()));
        headers.append(header::SET_COOKIE, Cookie::Browser.clear(self.secure()));
        headers.insert("clear-site-data", HeaderValue::from_static("\"cache\", \"storage\""));
        response
    }

    /// The token of a form shown within a session.
    pub fn form_token(&self, session: &SessionId, form: &str) -> String {
        self.keyring.mac("session-form", &[session.as_str(), form])
    }

    /// Whether a token is the one of that form in that session.
    pub fn form_token_ok(&self, session: &SessionId, form: &str, token: &str) -> bool {
        self.keyring.mac_ok("session-form", &[session.as_str(), form], token)
    }
}

/// The services of some visits, each once.
fn services(visits: &[Visit]) -> Vec<ServiceId> {
    let mut services: Vec<ServiceId> = visits.iter().map(|visit| visit.service.clone()).collect();
    services.sort_unstable();
    services.dedup();
    services
}
