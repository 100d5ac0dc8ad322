//! Archives as strangers pack them, unpacked or refused.

use std::io::Write;

use super::*;

/// Packs files, and links from one path to another.
fn packed(files: &[(&str, &str)], links: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let header = |kind, size| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_mode(0o644);
        header
    };
    for (link, to) in links {
        tar.append_link(&mut header(tar::EntryType::Symlink, 0), link, to).unwrap();
    }
    for (path, text) in files {
        let mut header = header(tar::EntryType::Regular, text.len() as u64);
        // As a hostile archive has it: the library refuses such paths.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        tar.append(&header, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap()
}

fn unpacked(tar: &[u8]) -> Result<tempfile::TempDir, String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("archive"), tar).unwrap();
    let result = unpack(&folder.path().join("archive"), &folder.path().join("d"));
    let names = sorted_names(folder.path()).unwrap();
    assert_eq!(names.len(), if result.is_ok() { 2 } else { 1 }, "{names:?}");
    result.map(|()| folder).map_err(|error| error.to_string())
}

#[test]
fn files_and_links_to_them_become_files() {
    let files = [("./theme/a.txt", "a"), ("theme/icons/debian.png", "icon")];
    let links = [("theme/icons/z.png", "y.png"), ("theme/icons/y.png", "../icons/debian.png")];
    let tar = packed(&files, &links);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar).unwrap();
    for bytes in [&tar, &gzip.finish().unwrap(), &zstd::encode_all(&tar[..], 1).unwrap()] {
        let folder = unpacked(bytes).unwrap();
        let read =
            |path: &str| fs::read_to_string(folder.path().join("d/theme").join(path)).unwrap();
        assert_eq!(read("a.txt"), "a");
        assert_eq!(read("icons/z.png"), "icon");
        assert!(!folder.path().join("d/theme/icons/z.png").is_symlink());
    }
}

#[test]
fn nothing_leads_out() {
    let refused = |files: &[(&str, &str)], links: &[(&str, &str)]| {
        unpacked(&packed(files, links)).unwrap_err()
    };
    assert_eq!(refused(&[("../x", "")], &[]), "../x leads out of it");
    assert_eq!(refused(&[("/etc/x", "")], &[]), "/etc/x leads out of it");
    assert_eq!(refused(&[], &[("x", "/etc/passwd")]), "x leads out of it");
    assert_eq!(refused(&[], &[("a/x", "../../etc/passwd")]), "a/x leads out of it");
    assert_eq!(
        refused(&[("a/b", "")], &[("a/x", "nothing")]),
        "the link a/x leads to no file in it"
    );
    assert_eq!(refused(&[], &[("a", "b"), ("b", "a")]), "the link a leads to no file in it");
    // A folder that is a link would take the next file elsewhere: it is no folder here.
    assert_eq!(refused(&[("a/x", "1")], &[("a", "/tmp")]), "a leads out of it");
}

#[test]
fn what_is_no_archive_is_refused() {
    assert!(
        unpacked(b"no tar at all, and longer than a block of one is, so that it has to be read ")
            .is_err()
    );
}
