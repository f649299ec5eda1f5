//! What a space may be, and who may manage one.

use preau_domain::{Convention, Instant, Person, Profile, Public, Role, SPACE_GROUP, Space};

/// Everything that keeps a space from being one. With a convention, its people from elsewhere are of the establishments that one names.
pub fn problems_of_space(space: &Space, convention: Option<&Convention>) -> Vec<String> {
    let mut problems = Vec::new();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if space.id.is_empty() || space.id.len() > 48 || !space.id.bytes().all(plain) {
        problems.push("it is named by 1 to 48 of a-z, 0-9 and -".to_owned());
    }
    if space.title.trim().is_empty() || space.title.chars().count() > 100 {
        problems.push("its title has 1 to 100 characters".to_owned());
    }
    if space.from >= space.until {
        problems.push("it ends before it begins".to_owned());
    }
    if space.groups.is_empty() || space.groups.len() > 200 {
        problems.push("it names 1 to 200 groups".to_owned());
    }
    if space.services.len() > 50 {
        problems.push("it mounts at most 50 services".to_owned());
    }
    let invited = convention.map_or(&[][..], |convention| &convention.establishments);
    for group in &space.groups {
        let named = format!("{} {}", group.establishment, group.code);
        if group.code.is_empty() || group.code.chars().count() > 64 || group.code.starts_with(SPACE_GROUP) {
            problems.push(format!("{named}: a class or group has a code of 1 to 64 characters"));
        }
        if !matches!(group.public, Public::Pupil | Public::Staff) {
            problems.push(format!("{named}: a space is for pupils and staff"));
        }
        let elsewhere = invited.contains(&group.establishment);
        if group.establishment != space.host && convention.is_some() && !elsewhere {
            problems.push(format!("{named}: the convention does not name this establishment"));
        }
        // Who comes from elsewhere manages nothing here, and so invites nobody.
        if elsewhere && group.establishment != space.host && group.role >= Role::Gestionnaire {
            problems.push(format!("{named}: a guest manages no space"));
        }
        if elsewhere
            && group.establishment != space.host
            && group.public == Public::Staff
            && convention.is_some_and(|convention| !convention.staff_comes())
        {
            problems.push(format!("{named}: a list that is written here names pupils alone"));
        }
    }
    if convention.is_some_and(|convention| !convention.is_for(&space.host)) {
        problems.push(format!("the convention is not for {}", space.host));
    }
    if let Some(convention) = convention.filter(|convention| space.until > convention.until) {
        problems.push(format!("it ends after its convention, which ends {}", convention.until.rfc3339()));
    }
    problems
}

/// What keeps a space from being opened now, or changed: somebody closed it, its end is past, or another establishment would answer for it, whose head stopped
/// whom they stopped.
pub fn problem_of_opening(space: &Space, before: Option<&Space>, now: Instant) -> Option<&'static str> {
    if before.is_some_and(|before| before.closed) {
        return Some("this space was closed, and stays so: open another one");
    }
    if before.is_some_and(|before| before.host != space.host) {
        return Some("a space stays with the establishment that answers for it: open another one");
    }
    (space.until <= now).then_some("its end is past")
}

/// By what somebody may manage a space: change it, invite, end guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manager {
    /// Head of the establishment that answers for it.
    Head,
    /// Its manager, of the staff of that establishment.
    Manager,
}

/// Whether somebody, as their record says with their spaces ([`Person::in_spaces`]), may manage a space. A guest never may, whatever a
/// record or a space says of them.
pub fn may_manage(person: &Person, space: &Space) -> Option<Manager> {
    if person.is_hosted() || !person.state.may_sign_in() {
        return None;
    }
    let here = || person.affiliations.iter().filter(|own| own.establishment == space.host);
    if here().any(|own| own.profile == Profile::Head) {
        return Some(Manager::Head);
    }
    let manages = format!("{SPACE_GROUP}{}:{}", space.id, Role::Gestionnaire.as_str());
    let staff = here().any(|own| own.profile.public() == Public::Staff && own.groups.contains(&manages));
    staff.then_some(Manager::Manager)
}

/// Of these people those a space names as its managers; where it names nobody who is there, the heads of the establishment that answers for it.
pub fn managers<'a>(people: &'a [Person], space: &Space) -> Vec<&'a Person> {
    let named: Vec<&str> = space
        .groups
        .iter()
        .filter(|group| group.role == Role::Gestionnaire && group.public == Public::Staff)
        .filter(|group| group.establishment == space.host)
        .map(|group| group.code.as_str())
        .collect();
    let is_there = |person: &&Person| person.state.may_sign_in() && !person.is_hosted();
    let own = |person: &'a Person| person.affiliations.iter().filter(|one| one.establishment == space.host);
    let manages = |person: &&'a Person| {
        own(person).any(|one| {
            let codes = one.classes.iter().chain(&one.groups);
            one.profile.public() == Public::Staff && codes.into_iter().any(|code| named.contains(&code.as_str()))
        })
    };
    let there = || people.iter().filter(is_there);
    let found: Vec<&Person> = there().filter(manages).collect();
    if found.is_empty() {
        there().filter(|person| own(person).any(|one| one.profile == Profile::Head)).collect()
    } else {
        found
    }
}

/// The end of the next 31 July: no guest stays longer.
pub fn next_summer(now: Instant) -> Instant {
    let about = u16::try_from(1970 + now.seconds() / 31_556_952).unwrap_or(1970);
    let ends = (about.saturating_sub(1)..=about.saturating_add(2)).filter_map(|year| Instant::french_day(year, 7, 31));
    ends.map(|(_, end)| end).find(|end| *end > now).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convention::tests::draft;
    use preau_domain::{AccountState, Affiliation, Credentials, PersonId, SpaceGroup, guest_key};

    fn space() -> Space {
        Space {
            id: "fables".into(),
            title: "Fables".into(),
            host: "0990010Y".parse().unwrap(),
            convention: Some("cycle3".into()),
            groups: vec![SpaceGroup {
                establishment: "0990001N".parse().unwrap(),
                code: "CM2".into(),
                public: Public::Pupil,
                role: Role::Redacteur,
            }],
            services: vec![],
            from: Instant(0),
            until: Instant(1_000_000),
            closed: false,
        }
    }

    #[test]
    fn a_space_keeps_to_its_convention() {
        assert_eq!(problems_of_space(&space(), Some(&draft())), Vec::<String>::new(), "control");
        let with = |change: fn(&mut Space)| {
            let mut one = space();
            change(&mut one);
            problems_of_space(&one, Some(&draft())).len()
        };
        assert_eq!(with(|one| one.until = Instant(1_000_001)), 1);
        assert_eq!(with(|one| one.groups[0].role = Role::Gestionnaire), 1, "a guest manages nothing");
        assert_eq!(with(|one| one.groups[0].establishment = "0990101X".parse().unwrap()), 1);
        assert_eq!(with(|one| one.groups[0].public = Public::Guardian), 1);
        assert_eq!(with(|one| one.id = "Fables".into()), 1);
    }

    #[test]
    fn nobody_of_the_staff_comes_by_a_written_list() {
        let group = SpaceGroup { public: Public::Staff, ..space().groups[0].clone() };
        let with_staff = Space { groups: vec![group, space().groups[0].clone()], ..space() };
        let signed = draft();
        let mut written = draft();
        (written.peer.provider, written.peer.cards, written.peer.typed) = (None, true, true);
        let count = |space: &Space, by: &Convention| problems_of_space(space, Some(by)).len();
        assert_eq!((count(&with_staff, &written), count(&space(), &written)), (1, 0));
        assert_eq!(count(&with_staff, &signed), 0, "control: a signed list may name them");
        let ours = Space { host: signed.establishments[0].clone(), ..with_staff };
        assert_eq!(count(&ours, &written), 0, "control: their own colleagues");
    }

    #[test]
    fn what_was_closed_is_not_opened_again_by_changing_it() {
        let (open, closed) = (space(), Space { closed: true, ..space() });
        let before = Instant(space().until.0 - 1);
        assert_eq!(problem_of_opening(&open, None, before), None, "control: new");
        assert_eq!(problem_of_opening(&open, Some(&open), before), None, "control: changed");
        assert!(problem_of_opening(&open, Some(&closed), before).is_some());
        let elsewhere = Space { host: "0990101X".parse().unwrap(), ..space() };
        assert!(problem_of_opening(&elsewhere, Some(&open), before).is_some());
        assert!(problem_of_opening(&open, None, open.until).is_some(), "to the millisecond");
    }

    #[test]
    fn a_guest_never_manages_a_space() {
        let mut own = Affiliation::new(space().host, Profile::Teacher);
        own.groups = vec!["espace:fables:gestionnaire".into()];
        let person = |profile: Profile, join| Person {
            id: PersonId::new("p"),
            join,
            state: AccountState::Active,
            given_name: "Lou".into(),
            family_name: "V.".into(),
            title: None,
            login: None,
            mail: None,
            credentials: Credentials::Directory,
            affiliations: vec![Affiliation { profile, ..own.clone() }],
            children: vec![],
        };
        assert_eq!(may_manage(&person(Profile::Teacher, None), &space()), Some(Manager::Manager), "control");
        assert_eq!(may_manage(&person(Profile::Head, None), &space()), Some(Manager::Head));
        assert_eq!(may_manage(&person(Profile::Pupil, None), &space()), None);
        assert_eq!(may_manage(&person(Profile::Guest, None), &space()), None);
        for profile in Profile::ALL {
            assert_eq!(may_manage(&person(profile, Some(guest_key("k".into()))), &space()), None, "{profile}");
        }
    }

    #[test]
    fn summer_ends_with_july() {
        let day = |year, month, day| Instant::french_day(year, month, day).unwrap();
        assert_eq!(next_summer(day(2026, 11, 29).0), day(2027, 7, 31).1);
        assert_eq!(next_summer(Instant(day(2027, 8, 1).0.0 - 1)), day(2027, 7, 31).1);
        assert_eq!(next_summer(day(2027, 8, 1).0), day(2028, 7, 31).1);
    }
}
