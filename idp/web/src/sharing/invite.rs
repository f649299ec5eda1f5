//! The invitation that the manager of a space hands to a colleague of the other ENT: signed by us, made out to that ENT, for one class. It opens
//! nothing; it tells whoever accepts it at home which list to send, and until when.

use crate::spaces::fingerprint;
use crate::{Fault, FaultKind, Hub};
use preau_domain::{Convention, Instant, Public, Role, Seconds, Space, Uai};
use preau_keys::jose::{self, Alg, Expect, Jwks, Typ};
use serde::{Deserialize, Serialize};

/// The type of its token.
const TYP: &str = "preau-invitation+jwt";
/// How long it may be accepted.
const HOLDS: Seconds = Seconds(30 * 86_400);

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Invitation {
    /// Who made it: the public address of the host.
    pub iss: String,
    /// For whom: the same of the home.
    pub aud: String,
    /// When it was signed, in seconds.
    pub iat: i64,
    /// Until when it may be accepted, in seconds.
    pub exp: i64,
    /// By which convention.
    pub convention: String,
    /// The fingerprint of what the host signed under that name.
    #[serde(default)]
    pub terms: String,
    /// Into which space.
    pub space: String,
    /// What that is called.
    pub title: String,
    /// The establishment that answers for it.
    pub host: Uai,
    /// Whose class: an establishment of the home.
    pub establishment: Uai,
    /// Which, as the host calls it.
    pub class: String,
    /// What its pupils are in the space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What its teachers are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<Role>,
    /// Until when the space is open, in seconds.
    pub until: i64,
}

/// One for each class of the other ENT that a space is for, and the address at which it is accepted.
pub(super) fn invitations(
    hub: &Hub,
    space: &Space,
    convention: &Convention,
) -> Result<Vec<(Invitation, String)>, Fault> {
    let mut made: Vec<Invitation> = Vec::new();
    let now = hub.now();
    let exp = (now + HOLDS).min(space.until).min(convention.until);
    for group in space.groups.iter().filter(|one| one.establishment != space.host) {
        let same = |one: &&mut Invitation| one.establishment == group.establishment && one.class == group.code;
        let invitation = match made.iter_mut().find(same) {
            Some(found) => found,
            None => {
                made.push(Invitation {
                    iss: hub.base().to_owned(),
                    aud: convention.peer.url.clone(),
                    iat: now.seconds(),
                    exp: exp.seconds(),
                    convention: convention.id.clone(),
                    terms: fingerprint(convention, hub.base()),
                    space: space.id.clone(),
                    title: space.title.clone(),
                    host: space.host.clone(),
                    establishment: group.establishment.clone(),
                    class: group.code.clone(),
                    role: None,
                    staff: None,
                    until: space.until.seconds(),
                });
                let last = made.len() - 1;
                &mut made[last]
            }
        };
        match group.public {
            Public::Staff => invitation.staff = invitation.staff.max(Some(group.role)),
            _ => invitation.role = invitation.role.max(Some(group.role)),
        }
    }
    let sign = |one: Invitation| {
        let token = hub.signers.sign(Alg::ES256, TYP, &one, now);
        let token = token.map_err(|error| Fault::new(FaultKind::Internal, format!("an invitation: {error}")))?;
        let to = format!("{}/spaces/join?i={token}", convention.peer.url);
        Ok((one, to))
    };
    made.into_iter().map(sign).collect()
}

/// Why an invitation cannot be accepted: the key of a sentence.
pub(super) type NotInvited = &'static str;

/// An invitation believed: signed by the other party of a convention that is in force, and made out to us.
pub(super) async fn read(
    hub: &Hub,
    token: &str,
    now: Instant,
) -> Result<Result<(Invitation, Convention), NotInvited>, Fault> {
    let Ok(claimed) = jose::claimed(token, "convention") else { return Ok(Err("join-problem-broken")) };
    let Some(convention) = hub.store.convention(&claimed).await? else { return Ok(Err("join-problem-convention")) };
    let Ok(keys) = Jwks::parse(convention.peer.keys.as_bytes()) else { return Ok(Err("join-problem-convention")) };
    let expect = Expect { algs: &[Alg::ES256, Alg::PS256, Alg::RS256, Alg::EdDSA], typ: Typ::Is(&[TYP]) };
    let Ok(verified) = jose::verify(token, &keys, expect) else { return Ok(Err("join-problem-broken")) };
    let Ok(invitation) = serde_json::from_value::<Invitation>(verified.into_claims().into()) else {
        return Ok(Err("join-problem-broken"));
    };
    let ours = invitation.iss == convention.peer.url && invitation.aud == hub.base();
    let named = (1..=64).contains(&invitation.class.chars().count()) && invitation.title.chars().count() <= 100;
    if !ours || !named || invitation.convention != convention.id {
        return Ok(Err("join-problem-broken"));
    }
    if !convention.in_force(now) || !convention.is_for(&invitation.establishment) {
        return Ok(Err("join-problem-convention"));
    }
    if invitation.exp <= now.seconds() || invitation.iat > now.seconds() + 300 {
        return Ok(Err("join-problem-expired"));
    }
    if invitation.terms != fingerprint(&convention, hub.base()) {
        return Ok(Err("join-problem-terms"));
    }
    Ok(Ok((invitation, convention)))
}
