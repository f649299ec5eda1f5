//! The secrets of CAS and what the store keeps beside each: never the secret itself, only its digest.

use crate::wire::Dialect;
use preau_domain::{
    CorrelationId, Ids, Instant, OneTimeKey, Seconds, ServiceId, SessionId, Strength, Ticket, TicketKind, Visit,
};
use preau_web::Live;
use serde::{Deserialize, Serialize};

/// Seconds a service or proxy ticket waits for its one validation (section 3.1.1 allows five minutes).
pub const TICKET_SECONDS: Seconds = Seconds(30);
/// Longest ticket read, in bytes.
pub const MAX_TICKET: usize = 256;
/// Largest payload kept beside a ticket, in bytes: the bound of the storage port.
const MAX_PAYLOAD: usize = 8 * 1024;

/// What kind of secret a text claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// `ST-`.
    Service,
    /// `PT-`.
    Proxy,
    /// `PGT-`.
    ProxyGranting,
}

impl Prefix {
    fn text(self) -> &'static str {
        match self {
            Prefix::Service => "ST-",
            Prefix::Proxy => "PT-",
            Prefix::ProxyGranting => "PGT-",
        }
    }

    /// How the store calls it.
    pub fn kind(self) -> TicketKind {
        match self {
            Prefix::Service => TicketKind::CasService,
            Prefix::Proxy => TicketKind::CasProxy,
            Prefix::ProxyGranting => TicketKind::CasProxyGranting,
        }
    }

    /// What a text claims to be; absent unless it is short, made of letters, digits and hyphens, and begins like a
    /// ticket. Nothing else is ever looked up.
    pub fn of(text: &str) -> Option<Prefix> {
        if text.len() > MAX_TICKET || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return None;
        }
        [Prefix::Service, Prefix::Proxy, Prefix::ProxyGranting].into_iter().find(|p| text.starts_with(p.text()))
    }

    /// A new secret. Service and proxy tickets have 32 characters in all, which every client must take (sections 3.1.1
    /// and 3.2.1), 145 bits of them random; the others have 160 random bits.
    pub fn generate(self, ids: &dyn Ids) -> String {
        let random = match self {
            Prefix::Service | Prefix::Proxy => 32 - self.text().len(),
            Prefix::ProxyGranting => 32,
        };
        let mut text = String::with_capacity(40);
        text.push_str(self.text());
        text.push_str(&ids.text(random));
        text
    }
}

/// A new name by which a service finds the proxy-granting ticket it was sent (section 3.4).
pub fn generate_iou(ids: &dyn Ids) -> String {
    format!("PGTIOU-{}", ids.text(32))
}

/// What is kept beside a service ticket, a proxy ticket or a proxy-granting ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// The address the ticket was made for, parsed and written again; empty for a proxy-granting ticket.
    #[serde(rename = "u", default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Made from a presentation of credentials, not from a session that was there already.
    #[serde(rename = "f", default, skip_serializing_if = "is_false")]
    pub fresh: bool,
    /// What the proof had to be.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Strength>,
    /// Callbacks of the proxies it passed through, the latest first.
    #[serde(rename = "v", default, skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<String>,
    /// The request it comes from, so that the audit holds together from the browser to the service.
    #[serde(rename = "c")]
    pub correlation: CorrelationId,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Payload {
    /// The text the store keeps; absent when it is larger than the store takes, as a long chain of proxies may be.
    pub fn write(&self) -> Option<String> {
        let text = serde_json::to_string(self).ok()?;
        (text.len() <= MAX_PAYLOAD).then_some(text)
    }

    /// Reads it again; absent if it is not ours.
    pub fn read(text: &str) -> Option<Payload> {
        serde_json::from_str(text).ok()
    }
}

/// A ticket about to be handed out, with its secret.
pub struct NewTicket<'a> {
    /// Its secret.
    pub secret: &'a str,
    /// What it is.
    pub prefix: Prefix,
    /// For which service.
    pub service: &'a ServiceId,
    /// In which session, for whom.
    pub live: &'a Live,
    /// What is kept beside it.
    pub payload: String,
    /// When.
    pub at: Instant,
}

impl NewTicket<'_> {
    /// What the store keeps.
    pub fn stored(self) -> Ticket {
        let end = self.live.session.expires;
        let expires = match self.prefix {
            Prefix::Service | Prefix::Proxy => end.min(self.at + TICKET_SECONDS),
            Prefix::ProxyGranting => end,
        };
        Ticket {
            key: preau_keys::one_time_key(self.secret),
            kind: self.prefix.kind(),
            session: self.live.session.id.clone(),
            person: self.live.session.person.clone(),
            service: self.service.clone(),
            payload: self.payload,
            issued: self.at,
            expires,
        }
    }
}

/// The name under which a secret is stored.
pub fn key(secret: &str) -> OneTimeKey {
    preau_keys::one_time_key(secret)
}

/// The visit a ticket stands for: what the service is told at the end of the session is the ticket itself (section
/// 2.3.3), so the visit keeps it, beside the address. It is worth nothing any more once validated, or 30 s old.
pub fn visit(session: &SessionId, service: &ServiceId, secret: &str, address: &str, at: Instant) -> Visit {
    Visit {
        session: session.clone(),
        protocol: crate::NAME.to_owned(),
        service: service.clone(),
        notice: format!("{secret} {address}"),
        at,
    }
}

/// The ticket and the address of a visit.
pub fn read_notice(notice: &str) -> Option<(&str, &str)> {
    let (secret, address) = notice.split_once(' ')?;
    Prefix::of(secret).map(|_| (secret, address))
}

/// What a sign-in begun by this protocol must find again at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The address the ticket is wanted at.
    pub service: String,
    /// How the answer is worded.
    #[serde(default)]
    pub dialect: Dialect,
    /// Answer by a form that the browser posts.
    #[serde(default, skip_serializing_if = "is_false")]
    pub post: bool,
    /// What the proof must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Strength>,
    /// Where a second factor is asked for after a sign-in: when that one began. What was proved since then was presented for this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Instant>,
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;
    impl Ids for Counting {
        fn fill(&self, out: &mut [u8]) {
            for (n, byte) in out.iter_mut().enumerate() {
                *byte = n as u8;
            }
        }
    }

    #[test]
    fn a_ticket_fits_the_smallest_client() {
        assert_eq!(Prefix::Service.generate(&Counting), "ST-0123456789abcdefghjkmnpqrstvw");
        assert_eq!(Prefix::Service.generate(&Counting).len(), 32);
        assert_eq!(Prefix::Proxy.generate(&Counting).len(), 32);
        assert_eq!(Prefix::ProxyGranting.generate(&Counting).len(), 36);
        assert_eq!(generate_iou(&Counting).len(), 39);
        assert_eq!(Prefix::of(&Prefix::ProxyGranting.generate(&Counting)), Some(Prefix::ProxyGranting));
    }

    #[test]
    fn only_the_text_of_a_ticket_is_looked_up() {
        assert_eq!(Prefix::of("ST-a1"), Some(Prefix::Service));
        assert_eq!(Prefix::of("PT-a1"), Some(Prefix::Proxy));
        for bad in
            ["", "ST", "st-a", "ST-é", "ST-1&service=x", "ST-1#", "ST-1?", "ST-1 ", "ST-1\0", "PGTIOU-1", "TGT-1"]
        {
            assert_eq!(Prefix::of(bad), None, "{bad}");
        }
        assert_eq!(Prefix::of(&format!("ST-{}", "a".repeat(253))), Some(Prefix::Service));
        assert_eq!(Prefix::of(&format!("ST-{}", "a".repeat(254))), None);
    }

    #[test]
    fn a_payload_is_read_as_it_was_written() {
        let payload = Payload {
            address: "https://app.example/cas/".into(),
            fresh: true,
            context: Some(Strength::TwoFactors),
            via: vec!["https://b.example/pgt".into(), "https://a.example/pgt".into()],
            correlation: CorrelationId::new("abc"),
        };
        assert_eq!(Payload::read(&payload.write().unwrap()), Some(payload.clone()));
        let long = Payload { via: vec!["https://b.example/".to_owned() + &"x".repeat(9000)], ..payload };
        assert_eq!(long.write(), None);
    }

    #[test]
    fn a_visit_gives_its_ticket_and_address_back() {
        let visit =
            visit(&SessionId::new("s"), &ServiceId::new("app"), "ST-abc", "https://app.example/?a=1", Instant(0));
        assert_eq!(read_notice(&visit.notice), Some(("ST-abc", "https://app.example/?a=1")));
        assert_eq!(read_notice("nonsense"), None);
    }
}
