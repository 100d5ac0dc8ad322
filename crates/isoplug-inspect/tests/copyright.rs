//! The texts of licences that go with an image: those of its packages, of boot loaders, and the common ones.
#![cfg(test)]

mod made;

use std::fs;

use isoplug_inspect::copyright::{Beside, texts};
use isoplug_inspect::image::Image;
use made::{Made, deb, tar};

const STATUS: &str = "Package: tool\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: amd64\n\n\
    Package: tool-data\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: all\n\n\
    Package: bare\nStatus: install ok installed\nVersion: 1:2\nArchitecture: all\n";

/// Returns an archive with one symbolic link.
fn link(path: &str, target: &str) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_link(&mut header, path, target).unwrap();
    tar.into_inner().unwrap()
}

fn made() -> Made {
    let mut made = Made::new();
    made.file("var/lib/dpkg/status", STATUS);
    made.file("usr/share/doc/tool/copyright", "see /usr/share/common-licenses/GPL-2.\n");
    made.links.insert("usr/share/doc/tool-data", "tool");
    made.file("usr/share/common-licenses/GPL-2", "GPL 2\n");
    made.file("usr/share/common-licenses/GPL-3", "GPL 3\n");
    made.file("usr/share/common-licenses/Artistic", "Artistic\n");
    made.links.insert("usr/share/common-licenses/GPL", "GPL-3");
    made
}

#[test]
#[expect(clippy::too_many_lines, reason = "a test is a story")]
fn each_package_has_its_text_and_the_licences_that_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let iso = made().write(folder.path(), "a");
    let write = |name: &str, data: &[u8]| {
        let path = folder.path().join(format!("{name}.deb"));
        fs::write(&path, deb(name, data)).unwrap();
        Beside {
            name: name.to_owned(),
            version: "1".to_owned(),
            source: "grub2".to_owned(),
            deb: Some(path),
        }
    };
    let more = [
        write("grub", &tar("./usr/share/doc/grub/copyright", b"common-licenses/GPL")),
        write("grub-bin", &link("./usr/share/doc/grub-bin", "grub")),
        write("grub-pc", &link("./usr/share/doc/grub-pc", "grub-common")),
        write("tool-efi", &link("./usr/share/doc/tool-efi/copyright", "../tool/copyright")),
        Beside {
            name: "shim".to_owned(),
            version: "15".to_owned(),
            source: "shim".to_owned(),
            deb: None,
        },
    ];
    let found = texts(&Image::open(&iso).unwrap(), &more).unwrap();
    let text = |name: &str| {
        let (_, text) = found.packages.iter().find(|((package, _), _)| package == name).unwrap();
        text.as_ref().map(|text| String::from_utf8_lossy(text).into_owned())
    };
    let of_tool = Some("see /usr/share/common-licenses/GPL-2.\n".to_owned());
    assert_eq!(
        [text("tool"), text("tool-data"), text("tool-efi")],
        [(); 3].map(|()| of_tool.clone())
    );
    assert_eq!(text("bare"), None);
    let of_grub = Some("common-licenses/GPL".to_owned());
    let all = [text("grub"), text("grub-bin"), text("grub-pc")];
    assert_eq!(all, [(); 3].map(|()| of_grub.clone()), "the last by one of its source");
    assert_eq!(found.missing, ["shim 15"]);
    let common: Vec<(&str, &[u8])> =
        found.common.iter().map(|(name, text)| (&**name, &**text)).collect();
    assert_eq!(common, [("GPL", &b"GPL 3\n"[..]), ("GPL-2", b"GPL 2\n")]);
}
