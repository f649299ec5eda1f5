//! A table as an OpenDocument spreadsheet: a zip of three files, none of them compressed, which is all that the format asks for.

use super::record::escaped;
use flate2::Crc;
use std::io::{Error, ErrorKind, Result};

const KIND: &str = "application/vnd.oasis.opendocument.spreadsheet";

/// The first of January 1980, the first day a zip knows: a record says itself when it was made.
const DAY: u16 = 0x0021;

/// The document of a table; its first row is the head.
pub fn document<const N: usize>(title: &str, rows: &[[String; N]]) -> Result<Vec<u8>> {
    let manifest = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\" \
         manifest:version=\"1.2\"><manifest:file-entry manifest:full-path=\"/\" manifest:version=\"1.2\" manifest:media-type=\"{KIND}\"/>\
         <manifest:file-entry manifest:full-path=\"content.xml\" manifest:media-type=\"text/xml\"/></manifest:manifest>"
    );
    let content = content(title, rows);
    // The kind comes first: that is how the file is known for what it is.
    zip(&[("mimetype", KIND), ("META-INF/manifest.xml", manifest.as_str()), ("content.xml", content.as_str())])
}

fn content<const N: usize>(title: &str, rows: &[[String; N]]) -> String {
    let paragraph = |line: &str| format!("<text:p>{}</text:p>", escaped(line));
    let cell = |text: &String| {
        let lines: String = text.lines().map(paragraph).collect();
        format!("<table:table-cell office:value-type=\"string\">{lines}</table:table-cell>")
    };
    let row = |cells: &[String; N]| {
        format!("<table:table-row>{}</table:table-row>", cells.iter().map(cell).collect::<String>())
    };
    let rows: String = rows.iter().map(row).collect();
    // What a sheet may not be called.
    let name: String = title.chars().map(|c| if "[]*?:/\\'".contains(c) { ' ' } else { c }).take(31).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<office:document-content \
         xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" \
         xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\" office:version=\"1.2\"><office:body><office:spreadsheet>\
         <table:table table:name=\"{}\"><table:table-column table:number-columns-repeated=\"{N}\"/>{rows}</table:table>\
         </office:spreadsheet></office:body></office:document-content>",
        escaped(name.trim())
    )
}

/// A zip of stored files (APPNOTE 4.3), with names in UTF-8.
fn zip(files: &[(&str, &str)]) -> Result<Vec<u8>> {
    let long =
        |length: usize| u32::try_from(length).map_err(|_| Error::new(ErrorKind::InvalidData, "too long for a zip"));
    let short =
        |length: usize| u16::try_from(length).map_err(|_| Error::new(ErrorKind::InvalidData, "too many for a zip"));
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let mut crc = Crc::new();
        crc.update(text.as_bytes());
        let (at, size) = (long(out.len())?, long(text.len())?);
        // Version, flags, method, time, day, sum, both sizes, length of the name, no extra field: the same in both places.
        let mut common = Vec::new();
        for two in [20, 0x0800, 0, 0, DAY] {
            common.extend(u16::to_le_bytes(two));
        }
        for four in [crc.sum(), size, size] {
            common.extend(u32::to_le_bytes(four));
        }
        common.extend(short(name.len())?.to_le_bytes());
        common.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(text.as_bytes());
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        // No comment, disk 0, no attributes.
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (count, begins, length) = (short(files.len())?, long(out.len())?, long(directory.len())?);
    out.extend(&directory);
    out.extend(b"PK\x05\x06\x00\x00\x00\x00");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend(begins.to_le_bytes());
    out.extend([0, 0]);
    Ok(out)
}
