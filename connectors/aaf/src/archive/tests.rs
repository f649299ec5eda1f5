//! Archives made by hand, one fault each, beside one that is right.

use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{Seek, Write};

/// One entry of an archive.
fn entry(name: &str, kind: u8, body: &[u8]) -> Vec<u8> {
    let mut header = [0u8; BLOCK];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[124..136].copy_from_slice(format!("{:011o}\0", body.len()).as_bytes());
    header[156] = kind;
    header[257..263].copy_from_slice(b"ustar\0");
    header[148..156].copy_from_slice(b"        ");
    let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut all = [&header[..], body].concat();
    all.resize(all.len().next_multiple_of(BLOCK), 0);
    all
}

fn sound() -> Vec<u8> {
    [entry("d/", b'5', b""), entry("d/a.xml", b'0', b"first"), entry("b.xml", 0, b"second")].concat()
}

fn end(mut tar: Vec<u8>) -> Vec<u8> {
    tar.resize(tar.len() + 2 * BLOCK, 0);
    tar
}

fn read(tar: &[u8]) -> Result<Vec<(String, String)>, String> {
    let mut files = Vec::new();
    each_of(tar, |name, body| {
        let mut text = String::new();
        body.read_to_string(&mut text).map_err(|error| error.to_string())?;
        files.push((name.to_owned(), text));
        Ok(true)
    })
    .map(|()| files)
}

#[test]
fn files_come_out_and_anything_else_is_refused() {
    let files = read(&end(sound())).expect("control");
    assert_eq!(files, [("a.xml".into(), "first".into()), ("b.xml".into(), "second".into())]);
    let attributes = entry("h", b'x', b"20 mtime=1750000000\n");
    assert!(read(&end([attributes, sound()].concat())).is_ok(), "control: a header that says when");
    for (what, bad) in [
        ("a link", entry("a.xml", b'2', b"")),
        ("a hard link", entry("a.xml", b'1', b"")),
        ("a device", entry("a.xml", b'3', b"")),
        ("a pipe", entry("a.xml", b'6', b"")),
        ("a long name", entry("././@LongLink", b'L', b"x")),
        ("a way up", entry("../a.xml", b'0', b"x")),
        ("a way up in the middle", entry("a/../../b.xml", b'0', b"x")),
        ("a way from the root", entry("/etc/a.xml", b'0', b"x")),
        ("a name of nothing", entry("./", b'0', b"x")),
        ("another name", entry("h", b'x', b"20 path=../../etc/x\n")),
        ("another size", entry("h", b'x', b"20 size=99999999999\n")),
    ] {
        assert!(read(&end([sound(), bad].concat())).is_err(), "{what}");
    }
}

#[test]
fn an_archive_that_is_damaged_or_cut_short_is_refused() {
    let whole = end(sound());
    assert!(read(&whole[..sound().len()]).is_err(), "no end");
    assert!(read(&whole[..700]).is_err(), "in the middle of a file");
    let mut damaged = whole.clone();
    damaged[BLOCK] ^= 1;
    assert!(read(&damaged).is_err(), "a header that changed");
    let crowd: Vec<u8> = (0..=MAX_ENTRIES).flat_map(|_| entry("a", b'5', b"")).collect();
    assert!(read(&end(crowd)).is_err(), "too many");
}

fn packed(tar: &[u8], folder: &str) -> File {
    let path = preau_rig::scratch(folder).join("a.tgz");
    let mut file = File::options().read(true).write(true).create(true).truncate(true).open(path).expect("ours");
    let mut packer = GzEncoder::new(&file, Compression::default());
    packer.write_all(tar).and_then(|()| packer.finish().map(drop)).expect("the disk has room");
    file.rewind().expect("a file");
    file
}

#[test]
fn a_bomb_is_not_waited_for() {
    let count = |file| {
        let mut bytes = 0;
        each(file, |_, body| {
            bytes += io::copy(body, &mut io::sink()).map_err(broken)?;
            Ok(true)
        })
        .map(|()| bytes)
    };
    assert_eq!(count(packed(&end(sound()), "aaf-archive")), Ok(11), "control");
    // A hundred megabytes of nothing.
    let bomb = entry("a.xml", b'0', &vec![0; 100 << 20]);
    assert!(count(packed(&end(bomb), "aaf-bomb")).is_err_and(|what| what.contains("out of all proportion")));
}

#[test]
fn a_checksum_is_looked_at() {
    let file = packed(&end(sound()), "aaf-checksum");
    let mut bytes = Vec::new();
    (&file).read_to_end(&mut bytes).expect("a file");
    let sum = bytes.len() - 8;
    bytes[sum] ^= 1;
    let path = preau_rig::scratch("aaf-checksum-wrong").join("a.tgz");
    std::fs::write(&path, bytes).expect("ours");
    let wrong = File::open(path).expect("ours");
    assert!(each(wrong, |_, _| Ok(true)).is_err());
}
