//! What came of the end of a session, on a page that can be asked for again.
//!
//! Whoever signs out is led here. What there is to know of the session that ended is kept for ten minutes, sealed, under a name that
//! says nothing of the person. The page waits a second and a half at most, so that its sentence is true: it says that everything
//! is closed, or who has not answered, who refused, and who cannot be told. Services that hear by a frame of the page do not wait for
//! it: the page begins with the frames and goes on with the sentence when that is known. A service of SAML answers in its frame and
//! is waited for two seconds more; any other, and one that does not answer, is said to be told by the browser alone. Asked for again, the
//! page says what is known by then, and for a minute tells those once more who have not confirmed: what it tells them names the person.

use crate::logout::{Frame, services};
use crate::pages::{self, End};
use crate::{Fault, FaultKind, Fields, Hub, Visitor};
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use preau_domain::{CorrelationId, Instant, KeptKind, KeptThing, Seconds, ServiceId, Visit};
use preau_keys::{Sealer, one_time_key};
use preau_store::{StoreError, TOLD_TO_ONE, YetToHear};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

/// Where it is.
pub const GOODBYE: &str = "/signed-out";
/// In its address: which end; that the round of the browser is behind it; services that did not confirm on that round.
const WHICH: &str = "end";
const GONE: &str = "gone";
pub const UNSURE: &str = "unsure";
/// The page that says no more than that it is over here.
pub const OVER_HERE: &str = "/signed-out?end=";
/// Services in one address, at most.
const MOST_NAMED: usize = 50;
/// How long what is known of an end is kept.
const KEPT: Seconds = Seconds(600);
/// How long after the end the browser is made to tell services: whoever goes back to the page later may be somebody else.
const TELLS: Seconds = Seconds(60);
/// What it is sealed for.
const PURPOSE: &str = "end of a session";
/// Bytes of visits that are kept with it: sealed and written in base64 they must fit a kept document.
const ROOM: usize = 40 * 1024;
/// Bytes of a visit beside its notice, at most.
const BESIDE: usize = 320;

/// When it is asked who has heard: until all have, or there is none left. A second and a half in all.
const LISTEN: [Duration; 7] = [
    Duration::ZERO,
    Duration::from_millis(40),
    Duration::from_millis(80),
    Duration::from_millis(180),
    Duration::from_millis(300),
    Duration::from_millis(400),
    Duration::from_millis(500),
];
/// Then, while somebody who was told in a frame may still answer.
const LISTEN_TO_FRAMES: [Duration; 4] = [Duration::from_millis(500); 4];

/// The routes of this concern.
pub fn routes() -> Router<Arc<Hub>> {
    Router::new().route(GOODBYE, get(goodbye))
}

async fn goodbye(State(hub): State<Arc<Hub>>, visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Fault> {
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    // Anybody may ask for this address: whoever is signed in is not told that it is over, and nothing they opened is closed.
    if visitor.live_by_anything(&hub).await?.is_some() {
        return Ok(hub.see_other("/"));
    }
    let Some(name) = fields.one(WHICH)? else { return Ok(pages::signed_out(&hub, &visitor, GOODBYE, End::default())) };
    let Some(over) = hub.over(name).await? else {
        return Ok(pages::signed_out(&hub, &visitor, GOODBYE, End { unsure: true, ..End::default() }));
    };
    visitor.goes_on_with(&CorrelationId::new(&*over.way));
    let gone = fields.one(GONE)?.is_some();
    let here = format!("{GOODBYE}?{WHICH}={name}");
    let tells = !gone && hub.now() <= over.at + TELLS;
    let round = if tells { hub.round(&over.visits, &format!("{here}&{GONE}=1")).await? } else { None };
    let (frames, mut said) = (hub.frames(&over.visits, Some(&over.mark)), Vec::new());
    for frame in &frames {
        said.push(hub.said_in_frame(frame).await);
    }
    let open = frames.iter().zip(&said).filter(|(_, said)| tells && **said != Some(true));
    let loads: Vec<String> = open.map(|(frame, _)| frame.load.address.clone()).collect();
    if let (Some(round), None) = (&round, &over.elsewhere) {
        // There is nothing to choose: what there is to read is read at the end of the way.
        return Ok(if loads.is_empty() { hub.see_other(round) } else { pages::leaving(&hub, &visitor, &loads, round) });
    }
    let unsure = fields.one(UNSURE)?.unwrap_or_default().split(',').take(MOST_NAMED).map(ServiceId::new);
    let mut unsure: Vec<ServiceId> = unsure.filter(|id| over.visits.iter().any(|visit| visit.service == *id)).collect();
    if !tells && !gone {
        unsure.extend(over.visits.iter().filter(|visit| hub.on_a_round(visit)).map(|visit| visit.service.clone()));
    }
    let telling = Telling { frames, said, waits: !loads.is_empty(), round, gone, unsure };
    let listener = Arc::clone(&hub);
    let end = async move { listener.end_of(over, telling).await };
    if loads.is_empty() {
        return Ok(pages::signed_out(&hub, &visitor, &here, end.await));
    }
    Ok(pages::framed(&hub, &visitor, &here, loads, end))
}

/// Names of services as an address holds them.
pub fn listed(services: &[ServiceId]) -> String {
    let ids: Vec<&str> = services.iter().take(MOST_NAMED).map(ServiceId::as_str).collect();
    ids.join(",")
}

/// Services where somebody may still be signed in after the end of a session here.
#[derive(Clone, Default)]
pub struct StillOpen {
    /// Those that have not answered, and are told again.
    pub silent: Vec<ServiceId>,
    /// Those that said no.
    pub refused: Vec<ServiceId>,
    /// Those that cannot be told in any way.
    pub deaf: Vec<ServiceId>,
    /// Those that the browser alone tells, and that did not say what they did.
    pub unsure: Vec<ServiceId>,
}

/// What is known of a session that has ended.
#[derive(Serialize, Deserialize)]
struct Over {
    /// The number of the sign-out.
    #[serde(rename = "c")]
    way: String,
    /// When it ended.
    #[serde(rename = "t")]
    at: Instant,
    /// Where it had been, the latest first.
    #[serde(rename = "v")]
    visits: Vec<Visit>,
    /// Services of visits for which there was no room.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    rest: Vec<ServiceId>,
    /// Name and way out of the provider where the person may still be signed in.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    elsewhere: Option<(String, String)>,
    /// What answers in frames are known by. Services see it: it leads to nothing.
    #[serde(rename = "m")]
    mark: String,
}

/// How services are told by the browser that asks.
struct Telling {
    frames: Vec<Frame>,
    /// What was said in each of them so far: whether the service closed its session.
    said: Vec<Option<bool>>,
    /// The browser loads some now.
    waits: bool,
    /// Where the round begins of services that hear one after the other, and whether it is behind.
    round: Option<String>,
    gone: bool,
    /// Those that did not confirm on it, or hear of nothing as it was not gone.
    unsure: Vec<ServiceId>,
}

impl Hub {
    /// Keeps what is known of a session that is about to end. Returns the address of the page that says goodbye.
    pub(crate) async fn keep_over(
        &self,
        visitor: &Visitor,
        visits: Vec<Visit>,
        elsewhere: Option<(String, String)>,
    ) -> Result<String, Fault> {
        let (visits, rest) = fitting(visits);
        let (name, way, mark) = (self.ids.text(32), visitor.correlation().as_str().to_owned(), self.ids.text(26));
        let over = Over { way, at: self.now(), visits, rest, elsewhere, mark };
        let wrong = |why: &str| Fault::new(FaultKind::Internal, format!("an end cannot be kept: {why}"));
        let text = serde_json::to_vec(&over).map_err(|error| wrong(&error.to_string()))?;
        let doc = Sealer::new(&self.keyring).seal(&*self.ids, PURPOSE, &[&name], &text);
        let doc = doc.ok_or_else(|| wrong("it is too long"))?;
        let kept = KeptThing { key: one_time_key(&name), kind: KeptKind::SignedOut, doc, expires: self.now() + KEPT };
        self.store.keep(&kept, self.now()).await?;
        Ok(format!("{GOODBYE}?{WHICH}={name}"))
    }

    /// What is known of the end of that name, while it is kept.
    async fn over(&self, name: &str) -> Result<Option<Over>, Fault> {
        let kept = self.store.kept(&one_time_key(name), KeptKind::SignedOut, self.now()).await?;
        let opened = kept.and_then(|kept| Sealer::new(&self.keyring).open(PURPOSE, &[name], &kept.doc));
        Ok(opened.and_then(|text| serde_json::from_slice(&text).ok()))
    }

    /// Notes what a service said in the frame of that mark.
    pub async fn heard_in_frame(&self, mark: &str, closed: bool) {
        let (key, doc) = (one_time_key(mark), if closed { "closed" } else { "open" }.to_owned());
        let kept = KeptThing { key, kind: KeptKind::FrameAnswer, doc, expires: self.now() + KEPT };
        match self.store.keep(&kept, self.now()).await {
            // It answers again, as when the page was asked for again: the first answer counts.
            Ok(()) | Err(StoreError::Conflict) => {}
            Err(error) => tracing::warn!(%error, "what a service said of the end of a session is not known"),
        }
    }

    /// What a service said in a frame, if it did: whether it closed its session.
    async fn said_in_frame(&self, frame: &Frame) -> Option<bool> {
        let mark = frame.mark.as_deref().filter(|_| frame.load.answers)?;
        match self.store.kept(&one_time_key(mark), KeptKind::FrameAnswer, self.now()).await {
            Ok(kept) => kept.map(|kept| kept.doc == "closed"),
            Err(error) => {
                tracing::warn!(%error, "what a service said of the end of a session is not known");
                None
            }
        }
    }

    /// Listens to those who were told, and says what came of it.
    async fn end_of(&self, over: Over, telling: Telling) -> End {
        let (Over { visits, rest, elsewhere, .. }, Telling { frames, mut said, waits, round, gone, unsure }) =
            (over, telling);
        let told = self.listening(visits.clone());
        let mut yet = YetToHear { waiting: services(&told), ..YetToHear::default() };
        for (turn, wait) in LISTEN.iter().chain(&LISTEN_TO_FRAMES).enumerate() {
            let answered =
                !waits || frames.iter().zip(&said).all(|(frame, said)| !frame.load.answers || said.is_some());
            if answered && (yet.waiting.is_empty() || turn >= LISTEN.len()) {
                break;
            }
            tokio::time::sleep(*wait).await;
            if !told.is_empty() {
                match self.store.yet_to_hear(&told).await {
                    Ok(now) => yet = now,
                    // The session is over all the same; who has heard is not known.
                    Err(error) => tracing::warn!(%error, "who heard of the end of a session is not known"),
                }
            }
            for (frame, said) in frames.iter().zip(&mut said).filter(|(_, said)| said.is_none()) {
                *said = self.said_in_frame(frame).await;
            }
        }
        let mut open = StillOpen { silent: yet.waiting, refused: yet.refused, deaf: self.deaf(&visits), unsure };
        open.silent.extend(rest);
        let mut told = services(&told);
        for (Frame { service, .. }, said) in frames.iter().zip(said) {
            match said {
                Some(true) => told.push(service.clone()),
                Some(false) => open.refused.push(service.clone()),
                // One that is told in the background as well has its answer there.
                None if !told.contains(service) => open.unsure.push(service.clone()),
                None => {}
            }
        }
        if gone {
            told.extend(visits.iter().filter(|visit| self.on_a_round(visit)).map(|visit| visit.service.clone()));
        }
        for services in [&mut told, &mut open.silent, &mut open.refused, &mut open.deaf, &mut open.unsure] {
            services.sort_unstable();
            services.dedup();
        }
        open.unsure.retain(|service| !open.refused.contains(service));
        End { told: told.len(), open, elsewhere, round, unsure: false }
    }

    fn on_a_round(&self, visit: &Visit) -> bool {
        self.protocol(&visit.protocol).is_some_and(|one| one.hears_on_a_round(self, visit))
    }

    /// Services of these visits that hear of no end in any way: the session there goes on.
    fn deaf(&self, visits: &[Visit]) -> Vec<ServiceId> {
        let hears = |visit: &Visit| self.protocol(&visit.protocol).is_some_and(|one| one.hears(self, visit));
        let mut deaf = services(visits);
        deaf.retain(|service| !visits.iter().any(|visit| visit.service == *service && hears(visit)));
        deaf
    }
}

/// The visits that are kept with an end, of each service as many as it is told of, and the services of those that do not fit.
fn fitting(mut visits: Vec<Visit>) -> (Vec<Visit>, Vec<ServiceId>) {
    visits.sort_by_key(|visit| Reverse(visit.at));
    let (mut kept, mut rest, mut room): (Vec<Visit>, Vec<Visit>, usize) = (Vec::new(), Vec::new(), ROOM);
    for visit in visits {
        let size = BESIDE + visit.notice.len();
        let told = kept.iter().filter(|one| one.service == visit.service && one.protocol == visit.protocol).count();
        if told >= TOLD_TO_ONE as usize || kept.contains(&visit) {
            continue;
        }
        match room.checked_sub(size) {
            Some(left) => {
                room = left;
                kept.push(visit);
            }
            None => rest.push(visit),
        }
    }
    let mut rest = services(&rest);
    rest.retain(|service| kept.iter().all(|visit| visit.service != *service));
    (kept, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use preau_domain::SessionId;

    fn visit(service: &str, at: i64, notice: &str) -> Visit {
        let (session, protocol) = (SessionId::new("s"), "cas".to_owned());
        Visit { session, protocol, service: ServiceId::new(service), notice: notice.to_owned(), at: Instant(at) }
    }

    #[test]
    fn the_latest_visits_are_kept_and_what_does_not_fit_is_named() {
        let often: Vec<Visit> = (0..300).map(|at| visit("often", at, &format!("{at}"))).collect();
        let (kept, rest) = fitting(often);
        assert_eq!((kept.len(), kept[0].at, rest.len()), (TOLD_TO_ONE as usize, Instant(299), 0));
        let long = "n".repeat(2_000);
        let many = (0..100).map(|at| visit(&format!("s{at}"), at, &long)).collect();
        let (kept, rest) = fitting(many);
        assert!(kept.len() > 10 && kept.len() + rest.len() == 100 && kept[0].service.as_str() == "s99");
        let written = serde_json::to_string(&kept).unwrap().len();
        assert!(written.div_ceil(3) * 4 + 4_000 < KeptThing::MOST, "{written}");
    }
}
