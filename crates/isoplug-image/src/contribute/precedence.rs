//! Says who wins where two contributors set one path.
//!
//! The user's own files win over what packages, built-in contributors and plugins make, whoever
//! comes first. Built-in contributors and plugins that want different things are a conflict.

use isoplug_manifest::By;

/// What becomes of what a contributor sets where another one set something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It takes the place of what is there.
    Wins,
    /// What is there stays.
    GivesWay,
    /// Neither may win.
    Conflicts,
}

/// Compares the contributor that set a path with one that wants to set it too.
pub(super) fn between(first: &By, second: &By) -> Verdict {
    match (first, second) {
        (By::User, By::User) => Verdict::Conflicts,
        (_, By::User) => Verdict::Wins,
        (By::User, _) => Verdict::GivesWay,
        _ => Verdict::Conflicts,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Attrs, ContributeError, Contributor, Rootfs};
    use crate::parts::files::{FileContent, Files, NewFile};
    use crate::parts::network;
    use crate::rootfs_of_tests::TestRootfs;
    use isoplug_formats::tree::Kind;
    use isoplug_manifest::By;
    use isoplug_manifest::options::Networking;

    fn rootfs() -> TestRootfs {
        TestRootfs::with(&[
            ("/etc/passwd", "root:x:0:0::/root:/bin/sh\n"),
            ("/etc/group", "root:x:0:\n"),
            ("/etc/hosts", "127.0.0.1\tlocalhost\n"),
        ])
    }

    fn own(target: &str, text: &str) -> Files {
        let file = NewFile {
            target: target.into(),
            from: FileContent::Bytes(text.into()),
            mode: None,
            user: "root".into(),
            group: "root".into(),
        };
        let [_, late, _] = Files::split(vec![file], &Default::default());
        late
    }

    fn network() -> network::Part {
        network::Part(Networking { hostname: "box".into(), ..Networking::default() })
    }

    /// Sets a file, a link or nothing at all in place of a folder.
    struct Plugin(&'static str);

    impl Contributor for Plugin {
        fn by(&self) -> By {
            By::Plugin("acme".to_owned())
        }
        fn version(&self) -> u32 {
            1
        }
        fn key(&self, _: &mut dyn isoplug_engine::Key) {}
        fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
            match self.0 {
                "file" => rootfs.file("/etc/hosts", b"acme\n", Attrs::mode(0o644)),
                "link" => rootfs.symlink("/etc/hosts", "acme"),
                _ => rootfs.remove("/etc"),
            }
        }
    }

    #[test]
    fn the_users_file_wins_whoever_comes_first() {
        let all: [Box<dyn Contributor>; 4] = [
            Box::new(network()),
            Box::new(Plugin("file")),
            Box::new(Plugin("link")),
            Box::new(Plugin("nothing")),
        ];
        for other in all {
            let mut before = rootfs();
            before.add(&own("/etc/hosts", "mine\n")).unwrap();
            before.add(&*other).unwrap();
            assert_eq!(before.text("/etc/hosts"), "mine\n");
            let line = format!("the manifest's own, in place of what `{}` makes there", other.by());
            assert!(before.told.iter().any(|told| told.ends_with(&line)), "{:?}", before.told);
        }
        let mut after = rootfs();
        after.add(&network()).unwrap();
        after.add(&own("/etc/hosts", "mine\n")).unwrap();
        assert_eq!(after.text("/etc/hosts"), "mine\n");
        assert_eq!(after.told.len(), 1);
    }

    #[test]
    fn what_the_user_and_another_agree_on_stays_the_users() {
        let mut rootfs = rootfs();
        let mut plain = self::rootfs();
        plain.add(&network()).unwrap();
        let same = plain.text("/etc/hosts");
        rootfs.add(&own("/etc/hosts", &same)).unwrap();
        rootfs.add(&network()).unwrap();
        rootfs.add(&Plugin("file")).unwrap();
        assert_eq!(rootfs.text("/etc/hosts"), same);
    }

    #[test]
    fn plugins_and_built_in_contributors_still_conflict() {
        let mut rootfs = rootfs();
        rootfs.add(&network()).unwrap();
        let error = rootfs.add(&Plugin("file")).unwrap_err();
        assert!(matches!(error, ContributeError::Conflict { .. }), "{error}");
        assert!(matches!(rootfs.entry("/etc/hosts").kind, Kind::File(_)));
    }
}
