//! A password that comes with a call, without a browser and without a page: it is proven as on the page, counted on the same
//! counters, and every failure has one answer.

use super::proof::{self, Outcome};
use crate::{Fault, FaultKind, Hub, Visitor};
use preau_domain::{AuditEvent, AuditKind, Authentication, Person, Public};

/// What became of it.
pub enum Called {
    /// It is this person.
    Proven(Box<Person>, Authentication),
    /// It is not, or it is somebody who may not sign in in this way: nobody is told which.
    Refused,
    /// Too soon after a failure: seconds to wait.
    Wait(i64),
}

impl Hub {
    /// Proves a login and a password for one of these publics, where the first of them proves itself; a person of another
    /// public is refused like a wrong password, and so is everybody who signs in elsewhere.
    pub async fn prove_call(
        &self,
        visitor: &Visitor,
        publics: &[Public],
        login: &str,
        password: &str,
    ) -> Result<Called, Fault> {
        let event = |kind, detail| AuditEvent::new(self.now(), kind, visitor.correlation().clone(), detail);
        let refused = |why| {
            self.audit(event(AuditKind::SignInRefused, why));
            Ok(Called::Refused)
        };
        let Some(first) = publics.first().filter(|public| self.asks_password(**public)) else {
            return refused("no-password-here");
        };
        // An empty password never reaches a directory: some answer success to a bind without one.
        if login.trim().is_empty() || password.trim_matches(['\0', ' ', '\t']).is_empty() {
            return refused("empty");
        }
        match proof::prove(self, visitor, *first, login, password).await {
            Ok(Outcome::Proven(person, authentication, attempt)) => {
                let is = |public: Public| person.is_of(public);
                let may = publics.iter().any(|public| is(*public))
                    && (publics.contains(&Public::Pupil) || !is(Public::Pupil));
                // Whoever is refused by what they are stays counted: else the delay would tell that the password was right.
                if !may {
                    attempt.fail().await?;
                    return refused("not-by-call");
                }
                // Nobody can be asked anything here.
                if self.charte_due(&person.id).await? {
                    attempt.forgive().await?;
                    return refused("charte");
                }
                attempt.forgive().await?;
                let mut success = event(AuditKind::SignInSucceeded, authentication.method.as_str());
                success.person = Some(person.id.clone());
                self.audit(success);
                Ok(Called::Proven(person, authentication))
            }
            Ok(Outcome::Refused(why)) => refused(why),
            Ok(Outcome::Wait(seconds)) => {
                self.audit(event(AuditKind::SignInRefused, "too-soon"));
                Ok(Called::Wait(seconds))
            }
            Err(fault) if fault.kind == FaultKind::NoAccount => refused("no-account"),
            Err(fault) => Err(fault),
        }
    }
}
