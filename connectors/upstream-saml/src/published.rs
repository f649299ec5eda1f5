//! What is known of the provider: as its file says at first and, where the configuration names an address, as its metadata there
//! say from then on. They are asked again as they say themselves, and count when who the configuration names has signed them.
//! What is refused, or does not come, changes nothing.

use crate::config::{Settings, Theirs};
use crate::ours;
use http::Request;
use preau_connector_api::Network;
use preau_domain::{Instant, Seconds};
use preau_egress::Egress;
use preau_keys::jose::PublicKey;
use preau_saml::metadata::{self, Rules};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// Longest document: one entity, or a small federation.
const MAX_DOCUMENT: usize = 4 * 1024 * 1024;
/// Longest a person waits for it, which one does at most each [`SOON`].
const PATIENCE: Duration = Duration::from_secs(2);
/// Soonest the address is asked again, and how long after a refusal.
const SOON: Seconds = Seconds(300);
/// Latest.
const LATE: Seconds = Seconds(24 * 3600);
/// And when the document says nothing.
const USUAL: Seconds = Seconds(3600);

/// Where its metadata are, and who signs them.
pub(crate) struct Address {
    pub(crate) url: String,
    pub(crate) signers: Vec<PublicKey>,
    pub(crate) network: Network,
    pub(crate) egress: Egress,
}

/// See the module.
pub(crate) struct Known {
    /// What the configuration and its files say.
    pub(crate) first: Arc<Settings>,
    address: Option<Address>,
    now: Mutex<Now>,
    /// What the provider must know of us, signed for the first who asks: anybody may, and a signature is dear.
    own: OnceLock<(String, Option<String>)>,
}

struct Now {
    settings: Arc<Settings>,
    next: Instant,
}

impl Known {
    pub(crate) fn new(settings: Settings, address: Option<Address>) -> Known {
        let first = Arc::new(settings);
        let now = Mutex::new(Now { settings: Arc::clone(&first), next: Instant(i64::MIN) });
        Known { first, address, now, own: OnceLock::new() }
    }

    /// What the provider must know of us, who have that address.
    pub(crate) fn own(&self, callback: &str) -> Option<String> {
        let (of, signed) = self.own.get_or_init(|| (callback.to_owned(), ours::metadata(&self.first, callback)));
        if of == callback { signed.clone() } else { ours::metadata(&self.first, callback) }
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        // A panic elsewhere leaves both whole.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a provider that publishes nothing: its file is all there is.
    pub(crate) fn of_file(&self) -> Option<&Settings> {
        self.address.is_none().then_some(&*self.first)
    }

    /// What is known now; asks the address when that is due. While one asks, the others go on with what was known.
    pub(crate) async fn at(&self, now: Instant) -> Arc<Settings> {
        let Some(address) = &self.address else { return Arc::clone(&self.first) };
        {
            let mut known = self.lock();
            if now < known.next {
                return Arc::clone(&known.settings);
            }
            known.next = now + SOON;
        }
        let entity_id = &self.first.entity_id;
        match tokio::time::timeout(PATIENCE, address.ask(entity_id, now)).await {
            Ok(Ok((theirs, next))) => {
                let mut known = self.lock();
                known.settings = Arc::new(self.first.with(theirs));
                known.next = next;
            }
            Ok(Err(why)) => tracing::warn!(url = address.url, why, "the metadata of a provider are not taken"),
            Err(_) => {
                tracing::warn!(url = address.url, why = "no answer in time", "the metadata of a provider are not taken")
            }
        }
        Arc::clone(&self.lock().settings)
    }
}

impl Address {
    /// The provider as its metadata describe it, and when to ask again.
    async fn ask(&self, entity_id: &str, now: Instant) -> Result<(Theirs, Instant), String> {
        let request =
            Request::get(&self.url).header("accept", "application/samlmetadata+xml, application/xml, text/xml");
        let request = request.body(Vec::new()).map_err(|error| error.to_string())?;
        let answer = self.egress.send(request, self.network, MAX_DOCUMENT).await.map_err(|error| error.to_string())?;
        if answer.status() != 200 {
            return Err(format!("the address answers {}", answer.status().as_u16()));
        }
        let rules = Rules { now, signers: Some(self.signers.clone()), ..Rules::default() };
        let read = metadata::read(&answer.body()[..], &rules, |name| name == entity_id);
        let read = read.map_err(|error| error.to_string())?;
        let said = read.cache_duration;
        let entity = read.only(Some(entity_id)).map_err(|error| error.to_string())?;
        let said = said.or(entity.cache_duration).unwrap_or(USUAL).0;
        let theirs = Theirs::of(entity)?;
        Ok((theirs, now + Seconds(said.clamp(SOON.0, LATE.0))))
    }
}
