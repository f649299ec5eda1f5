//! A tool of LTI 1.3 that no one here wrote (PyLTI1p3), mounted by `preau mount` and opened by its tile: it believes our messages and no
//! altered one, reads the roster of the class, has a teacher choose a lesson, and marks the pupil who opens it.

use anyhow::{Context, Result, ensure};
use preau_clients::{Page, Visitor, Workshop};
use preau_rig::{Process, free_port};
use serde_json::Value;
use std::path::Path;

/// What the tool shows.
fn shown(page: &Page) -> Result<Value> {
    let words = page.words();
    let start = words.find('{').with_context(|| format!("{} shows {words}", page.url))?;
    serde_json::from_str(&words[start..]).with_context(|| format!("{} shows {words}", page.url))
}

#[tokio::test]
async fn pylti1p3_is_opened_chooses_a_lesson_and_keeps_a_mark() -> Result<()> {
    let workshop = Workshop::plain("lti-pylti1p3")?;
    let port = free_port()?;
    let url = format!("http://localhost:{port}");
    let printed = workshop.preau(&["mount", "lti-tool", "--private", "--lti", "roster,grades,links", "--url", &url])?;
    let platform = workshop.base().trim_end_matches('/').to_owned();
    for said in [format!("`{platform}/oidc/token`"), "`lti-tool`".into(), format!("`{url}/launch/`")] {
        ensure!(printed.contains(&said), "{said} is not printed: {printed}");
    }
    workshop.visitor()?.until_known(workshop.base(), "lti-tool").await?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("pylti1p3_tool.py").display().to_string();
    let args = [script, port.to_string(), platform.clone(), "lti-tool".to_owned()];
    let python = preau_rig::target_folder().join("python/bin/python");
    let log = workshop.folder().join("tool.log");
    let mut tool = Process::start("pylti1p3", &python, &args, &[] as &[(&str, String)], &log)?;
    tool.wait_until(|| preau_rig::process::answers(port))?;

    let mut visitor = workshop.visitor()?;
    visitor.sign_in(workshop.base(), workshop.account("teacher")).await?;
    let classes = visitor.open(&format!("{platform}/open/lti-tool")).await?;
    let first = classes.link_to("/oidc/lti/lti-tool?for=").context("a teacher has several classes")?;
    let posting = visitor.open(&first).await?;
    let form = posting.form_with("id_token")?;
    let token = form.value("id_token").unwrap_or_default().to_owned();
    let (head, signature) = token.rsplit_once('.').context("a token has a signature")?;
    let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
    let refused = shown(&visitor.send(&posting.form_with("id_token")?.with("id_token", &forged)).await?)?;
    ensure!(refused["refused"].is_string(), "an altered message is believed: {refused}");

    let told = shown(&visitor.send(&form).await?)?;
    let launch = &told["launch"];
    assert_eq!(launch["name"], workshop.account("teacher").name.as_str(), "{told}");
    let context = &launch["https://purl.imsglobal.org/spec/lti/claim/context"];
    ensure!(context["title"].is_string() && told["teacher"] == true, "{told}");
    let members = told["members"].as_array().context("a roster")?;
    let learner = |one: &Value| one["roles"][0].as_str().is_some_and(|role| role.ends_with("#Learner"));
    ensure!(members.iter().any(|one| one["user_id"] == launch["sub"]), "the teacher is of the class: {told}");
    ensure!(members.iter().any(learner) && members.iter().all(|one| one.get("email").is_none()), "{told}");

    choose_lessons(&mut visitor, &platform).await?;
    let mut pupil = workshop.visitor()?;
    pupil.sign_in(workshop.base(), workshop.account("pupil-6e")).await?;
    let lesson = pupil.open(&format!("{platform}/open/lti-tool")).await?.link_to("/lti-tool/link/");
    let posting = pupil.open(&lesson.context("the pupil has a lesson")?).await?;
    let told = shown(&pupil.send(&posting.form_with("id_token")?).await?)?;
    let claim = |name: &str| &told["launch"][format!("https://purl.imsglobal.org/spec/lti/claim/{name}")];
    assert_eq!(
        (claim("target_link_uri"), claim("custom")["lesson"].as_str()),
        (&format!("{url}/launch/?lesson=1").into(), Some("1")),
        "{told}"
    );
    assert_eq!((&told["marks"][0]["resultScore"], &told["members"]), (&12.5.into(), &Value::Null), "{told}");
    ensure!(marks(&mut visitor, &platform).await?.contains("12,5"), "the teacher reads no mark");
    Ok(())
}

/// A teacher chooses the first lesson for each of their classes.
async fn choose_lessons(teacher: &mut Visitor, platform: &str) -> Result<()> {
    let page = teacher.open(&format!("{platform}/oidc/lti/lti-tool")).await?;
    let all: Vec<String> = page.values("href").into_iter().filter(|to| to.contains("/choose?for=")).collect();
    ensure!(!all.is_empty(), "nothing to choose for: {}", page.words());
    for to in all {
        let asked = teacher.open(page.url.join(&to)?.as_str()).await?;
        let answer = teacher.send(&asked.form_with("id_token")?).await?;
        let chosen = teacher.send(&answer.form_with("JWT")?).await?;
        let kept = teacher.send(&chosen.form_with("keep")?.with("keep", "yes")).await?;
        ensure!(kept.words().contains("Leçon 1, pour"), "{}", kept.words());
    }
    Ok(())
}

/// What a teacher reads of the marks of all their classes.
async fn marks(teacher: &mut Visitor, platform: &str) -> Result<String> {
    let page = teacher.open(&format!("{platform}/oidc/lti/lti-tool")).await?;
    let mut read = String::new();
    for to in page.values("href").into_iter().filter(|to| to.contains("/marks?for=")) {
        read += &teacher.open(page.url.join(&to)?.as_str()).await?.words();
    }
    Ok(read)
}
