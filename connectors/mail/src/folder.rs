//! A folder in place of a server: each letter is a file, readable by whoever runs the demonstration.

use async_trait::async_trait;
use lettre::message::Mailbox;
use preau_connector_api::{Letter, NotSent, Post, Unavailable};
use std::path::PathBuf;

pub(crate) struct Folder {
    pub from: Mailbox,
    pub folder: PathBuf,
}

#[async_trait]
impl Post for Folder {
    async fn send(&self, letter: &Letter) -> Result<(), NotSent> {
        crate::message(&self.from, letter)?;
        // For people: the lines as they are read, without the encodings of the way.
        let (from, to) = (self.from.email.to_string(), &letter.to);
        let text = format!("From: {from}\nTo: {to}\nSubject: {}\n\n{}", crate::one_line(&letter.subject), letter.text);
        let file = self.folder.join(format!("{}.txt", letter.id));
        let later = |error: std::io::Error| NotSent::Later(format!("{}: {error}", self.folder.display()));
        tokio::fs::create_dir_all(&self.folder).await.map_err(later)?;
        tokio::fs::write(file, text).await.map_err(later)
    }

    async fn probe(&self) -> Result<String, Unavailable> {
        let made = tokio::fs::create_dir_all(&self.folder).await;
        made.map_err(|error| Unavailable(format!("{}: {error}", self.folder.display())))?;
        Ok(format!("letters are written to {} and sent to nobody", self.folder.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_letter_becomes_a_file_that_people_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let post = Folder { from: "ent@example.fr".parse().expect("an address"), folder: folder.path().join("mail") };
        let letter = Letter {
            id: "m1".into(),
            to: "ines@parents.example".into(),
            subject: "Votre été".into(),
            text: "Bonjour".into(),
        };
        post.send(&letter).await.expect("it is written");
        let text = std::fs::read_to_string(folder.path().join("mail/m1.txt")).expect("it is there");
        assert!(text.contains("Subject: Votre été") && text.ends_with("\n\nBonjour"), "{text}");
    }
}
