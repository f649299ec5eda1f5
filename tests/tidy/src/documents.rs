//! Documents that would rot: paths they name, their length, the two languages of the front page and what it counts.

use crate::Repository;

/// The map of the house and its length.
const MAP: &str = "docs/ARCHITECTURE.md";
const MAP_LINES: usize = 200;

/// Documents a newcomer counts on.
const EXPECTED: &[&str] = &["README.md", "docs/LISEZMOI.md", "CHANGELOG.md", "LICENSE", "docs/ARCHITECTURE.md"];

/// Documents that are missing.
pub fn present(repository: &Repository) -> Vec<String> {
    EXPECTED.iter().filter(|path| !repository.has(path)).map(|path| format!("{path}: is missing")).collect()
}

/// The map is short, and every path it names between backticks exists.
pub fn map(repository: &Repository) -> Vec<String> {
    let text = repository.text(MAP);
    let mut problems = Vec::new();
    if text.lines().count() > MAP_LINES {
        problems.push(format!("{MAP}: {} lines, at most {MAP_LINES}", text.lines().count()));
    }
    let missing = named_paths(repository, &text);
    problems.extend(missing.into_iter().map(|path| format!("{MAP}: `{path}` does not exist")));
    problems
}

/// Paths between backticks that begin with a folder of the root and do not exist. `<…>`, `*` and `{…}` stand for any.
fn named_paths(repository: &Repository, text: &str) -> Vec<String> {
    let roots = ["idp/", "connectors/", "policy/", "schemas/", "certs/", "tests/", "docs/", ".ci/"];
    let outside_blocks = text.split("```").step_by(2).collect::<Vec<_>>().join("\n");
    let quoted = outside_blocks.split('`').skip(1).step_by(2);
    let paths = quoted.map(|word| word.split("::").next().unwrap_or_default().trim_end_matches('/'));
    paths
        .filter(|path| roots.iter().any(|root| path.starts_with(root)) && !path.contains(['<', '*', '{', ' ']))
        .filter(|path| !repository.has(path))
        .map(str::to_owned)
        .collect()
}

/// Links of every document to files of the repository that do not exist.
pub fn links(repository: &Repository) -> Vec<String> {
    let mut problems = Vec::new();
    for path in repository.ending(".md").filter(|path| !path.starts_with("tests/fixtures/")) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for target in targets(&repository.text(path)) {
            match resolve(folder, &target) {
                Some(file) if file.is_empty() || repository.has(&file) => {}
                _ => problems.push(format!("{path}: links to `{target}`, which does not exist")),
            }
        }
    }
    problems
}

/// Pages that the `README.md` of their folder does not link to: nobody would find them.
pub fn indexes(repository: &Repository) -> Vec<String> {
    let mut problems = Vec::new();
    for index in repository.below("docs/").filter(|path| path.ends_with("/README.md")) {
        let folder = index.trim_end_matches("README.md");
        let linked = targets(&repository.text(index));
        let pages = repository.below(folder).filter(|path| path.ends_with(".md") && *path != index);
        for page in pages.map(|path| path.trim_start_matches(folder)) {
            if !linked.iter().any(|target| target.trim_start_matches("./") == page) {
                problems.push(format!("{folder}{page}: {index} does not link to it"));
            }
        }
    }
    problems
}

/// Targets of Markdown links that are files, without their anchors.
fn targets(text: &str) -> Vec<String> {
    let outside_blocks = text.split("```").step_by(2);
    let links = outside_blocks.flat_map(|part| part.split("](").skip(1)).filter_map(|rest| rest.split(')').next());
    let files = links.map(|target| target.split('#').next().unwrap_or_default().trim());
    files
        .filter(|file| !file.is_empty() && !file.contains("://") && !file.starts_with("mailto:") && !file.contains('{'))
        .map(str::to_owned)
        .collect()
}

/// The path from the root of a link in a folder; `None` if it leaves the repository.
fn resolve(folder: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The front page says the same in both languages: as many headings of each level, the same commands.
pub fn front_pages(repository: &Repository) -> Vec<String> {
    let (english, french) = (repository.text("README.md"), repository.text("docs/LISEZMOI.md"));
    let mut problems = Vec::new();
    if headings(&english) != headings(&french) {
        problems.push(format!(
            "docs/LISEZMOI.md: headings of levels {:?}, README.md has {:?}",
            headings(&french),
            headings(&english)
        ));
    }
    if commands(&english) != commands(&french) {
        problems.push(format!(
            "docs/LISEZMOI.md: commands {:?}, README.md has {:?}",
            commands(&french),
            commands(&english)
        ));
    }
    problems
}

/// The front page says, in both languages, how many products there are.
pub fn products(repository: &Repository) -> Vec<String> {
    let products = repository.below("connectors/services/").filter(|path| path.ends_with("/service.toml")).count();
    let told =
        [("README.md", format!("[{products} products](")), ("docs/LISEZMOI.md", format!("[{products} produits]("))];
    let untold = told.into_iter().filter(|(page, said)| !repository.text(page).contains(said));
    untold.map(|(page, said)| format!("{page}: does not say `{said}…)`")).collect()
}

fn headings(text: &str) -> Vec<usize> {
    let outside_blocks = text.split("```").step_by(2).flat_map(str::lines);
    let levels = outside_blocks.map(|line| line.bytes().take_while(|b| *b == b'#').count());
    levels.filter(|level| *level > 0).collect()
}

fn commands(text: &str) -> Vec<&str> {
    let blocks = text.split("```").skip(1).step_by(2).filter(|block| block.starts_with("sh"));
    let lines = blocks.flat_map(|block| block.lines().skip(1));
    lines.map(|line| line.split('#').next().unwrap_or_default().trim()).filter(|line| !line.is_empty()).collect()
}
