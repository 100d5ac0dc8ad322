//! Packages of another architecture in one image: the choices are those of apt with the same architectures.

use std::collections::BTreeSet;

use isoplug_manifest::manifest;
use isoplug_packages::{Request, Resolvo, Universe, resolve};
use isoplug_tests::skipped;

use super::apt::Apt;
use super::fetched_for;

/// What is wished for, and whether what is recommended, too.
const WISHES: [(&str, bool); 10] = [
    ("libc6:i386 apt", false),
    ("wine wine32:i386 apt", false),
    ("libasound2-plugins:i386 apt", true),
    ("libgl1-mesa-dri:i386 mesa-vulkan-drivers:i386 apt", false),
    ("libsdl2-2.0-0:i386 libpulse0:i386 htop apt", true),
    ("libgtk-3-0t64:i386 git apt", false),
    ("valgrind:i386 apt", false),
    ("libc6-dev:i386 gcc apt", false),
    ("openssh-client:i386 openssh-server apt", false),
    ("libqt5widgets5t64:i386 libqt6gui6:i386 apt", true),
];

#[test]
fn packages_of_another_architecture_are_chosen_as_apt_does() {
    // Not every mirror has the small suites of i386 as their Release file says.
    let source = manifest::Source { pockets: Vec::new(), ..manifest::Source::default() };
    let read = |own, foreign: &[&str]| fetched_for(own, foreign, "debian", &source);
    let Some(own) = read("amd64", &[]) else { return };
    let (others, both) = (read("i386", &[]).unwrap(), read("amd64", &["i386"]).unwrap());
    let Some(apt) = Apt::of(&[("amd64", &own), ("i386", &others)], "") else {
        return skipped("no apt-get");
    };
    let mut failed = Vec::new();
    for (wishes, recommends) in WISHES {
        let request = Request {
            architecture: "amd64".to_owned(),
            foreign: vec!["i386".to_owned()],
            install: wishes.split(' ').map(str::to_owned).collect(),
            recommends,
            ..Request::default()
        };
        let universe = Universe::of(&both, &request);
        let essential = universe.essential().map(|id| universe.package(id).name.to_owned());
        let theirs = apt.tried(&essential.chain(request.install.clone()).collect(), recommends);
        let found = resolve(&request, &universe, &Resolvo, None).map(|image| {
            let title = |one: &isoplug_manifest::lock::LockedPackage| match &*one.architecture {
                "i386" => format!("{}:i386={}", one.name, one.version),
                _ => format!("{}={}", one.name, one.version),
            };
            image.groups.iter().flatten().map(title).collect::<BTreeSet<String>>()
        });
        match (&found, &theirs) {
            (Ok(ours), Ok(theirs)) if ours == theirs => {
                eprintln!("{wishes}, {recommends}: {} packages, the same", ours.len());
            }
            (Ok(ours), Ok(theirs)) => failed.push(format!(
                "{wishes}, {recommends}: {} packages; only ours {:?}, only apt's {:?}",
                ours.len(),
                ours.difference(theirs).collect::<Vec<_>>(),
                theirs.difference(ours).collect::<Vec<_>>()
            )),
            (Err(_), Err(_)) => eprintln!("{wishes}, {recommends}: neither can"),
            (Ok(ours), Err(said)) => {
                failed.push(format!("{wishes}: {} packages; apt: {said}", ours.len()))
            }
            (Err(error), Ok(_)) => failed.push(format!("{wishes}: {error}")),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
