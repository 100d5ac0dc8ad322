//! Adds what an installation reads on the live system: the definitions of the partitions, and the program that installs.
//!
//! systemd-repart of the image itself lays out a file by them while the image is built, so that a layout that does not
//! fit, or that it does not understand, is told before anybody boots. Knows no disk.

use std::collections::{BTreeMap, BTreeSet};

use isoplug_engine::{Digest, Key};
use isoplug_install_plan::{InstallPlan, Partitioning};
use isoplug_manifest::By;
use serde::Serialize;

use super::{Attrs, ContributeError, Contributor, Rootfs, Trial, words};
use crate::contribute::Word;

/// What an installation reads.
#[derive(Debug, Clone, Serialize)]
pub struct Installing {
    /// The layouts: where the definitions of each lie, and what they are.
    layouts: Vec<Defined>,
}

/// The definitions of a layout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Defined {
    folder: String,
    size: u64,
    /// The types of partitions that are encrypted. That takes minutes, so no trial does it.
    encrypted: Vec<String>,
    files: BTreeMap<String, String>,
}

const FOLDER: &str = "/usr/lib/isoplug/install/repart";

impl Installing {
    /// Takes the layouts of a plan; those of all targets are the same.
    pub fn of(plan: &InstallPlan) -> Option<Self> {
        let target = plan.targets.first()?;
        let layouts = target.layouts.iter().flat_map(|layout| {
            let plain = layout.plain.iter().map(|made| defined(&layout.name, "plain", made));
            let encrypted = layout.encrypted.iter();
            plain.chain(encrypted.map(|made| defined(&layout.name, "encrypted", made)))
        });
        Some(Self { layouts: layouts.collect() })
    }
}

fn defined(layout: &str, kind: &str, made: &Partitioning) -> Defined {
    let is_encrypted = |text: &&String| text.contains("\nEncrypt=");
    let kind_of =
        |text: &String| text.lines().find_map(|line| line.strip_prefix("Type=").map(str::to_owned));
    let encrypted = made.definitions.values().filter(is_encrypted).filter_map(kind_of).collect();
    let (folder, files) = (format!("{FOLDER}/{layout}/{kind}"), made.definitions.clone());
    Defined { folder, size: made.min_size, encrypted, files }
}

impl Contributor for Installing {
    fn by(&self) -> By {
        By::Part("install")
    }

    fn version(&self) -> u32 {
        1
    }

    fn places(&self) -> Vec<String> {
        vec![FOLDER.to_owned()]
    }

    fn trial(&self) -> Option<Trial> {
        Some(Trial {
            programs: self.programs(),
            reads: words(["etc/mke2fs.conf", "usr/lib/isoplug/install/repart"]),
            // Where it makes file systems before it copies them to their place.
            run: [words(["/usr/bin/mkdir", "-p", "/tmp", "/var/tmp"])]
                .into_iter()
                .chain(self.layouts.iter().enumerate().map(rehearsal))
                .collect(),
            ..Trial::default()
        })
    }

    fn key(&self, key: &mut dyn Key) {
        key.value("installing", self);
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        for Defined { folder, files, .. } in &self.layouts {
            for (name, text) in files {
                rootfs.file(&format!("{folder}/{name}"), text.as_bytes(), Attrs::mode(0o644))?;
            }
        }
        Ok(())
    }
}

impl Installing {
    /// Returns systemd-repart and what it makes the file systems with.
    fn programs(&self) -> Vec<Word> {
        let texts = self.layouts.iter().flat_map(|layout| layout.files.values());
        let formats =
            texts.flat_map(|text| text.lines().filter_map(|line| line.strip_prefix("Format=")));
        let formats: BTreeSet<&str> = formats.collect();
        let program = |format: &str| match format {
            "swap" => "usr/sbin/mkswap".to_owned(),
            format => format!("usr/sbin/mkfs.{format}"),
        };
        let makers = formats.into_iter().map(|format| program(format).into());
        let own = [REPART.trim_start_matches('/').into(), "usr/bin/mkdir".into()];
        own.into_iter().chain(makers).collect()
    }
}

const REPART: &str = "/usr/bin/systemd-repart";

/// Returns what lays out a file of the least size by a layout. What it encrypts it only makes room for.
fn rehearsal((index, layout): (usize, &Defined)) -> Vec<Word> {
    let Defined { folder, size, encrypted, files: _ } = layout;
    let mut command = vec![
        REPART.to_owned(),
        "--empty=create".to_owned(),
        "--offline=yes".to_owned(),
        "--dry-run=no".to_owned(),
        format!("--size={size}"),
        format!("--definitions={folder}"),
    ];
    if !encrypted.is_empty() {
        command.push(format!("--defer-partitions={}", encrypted.join(",")));
    }
    command.push(format!("/tmp/disk-{index}"));
    command.into_iter().map(Into::into).collect()
}

/// The program that installs.
#[derive(Debug, Clone)]
pub struct Program(pub &'static [u8]);

const PROGRAM: &str = "/usr/bin/isoplug-install";

impl Contributor for Program {
    fn by(&self) -> By {
        By::Part("install-program")
    }

    fn version(&self) -> u32 {
        1
    }

    fn places(&self) -> Vec<String> {
        vec![PROGRAM.to_owned()]
    }

    fn key(&self, key: &mut dyn Key) {
        key.value("program", &Digest::of(self.0).hex());
    }

    fn contribute(&self, rootfs: &mut dyn Rootfs) -> Result<(), ContributeError> {
        rootfs.file(PROGRAM, self.0, Attrs::mode(0o755))
    }
}

#[cfg(test)]
mod tests {
    use super::super::rootfs_of_tests::TestRootfs;
    use super::*;

    fn installing() -> Installing {
        let text = |line: &str| format!("[Partition]\nType=root-x86-64\nFormat=ext4\n{line}");
        let files = |line: &str| BTreeMap::from([("40-root.conf".to_owned(), text(line))]);
        let made = |line: &str| Partitioning {
            min_size: 7,
            definitions: files(line),
            partitions: Vec::new(),
        };
        let layouts = vec![
            defined("whole-disk", "plain", &made("")),
            defined("whole-disk", "encrypted", &made("Encrypt=key-file\n")),
        ];
        Installing { layouts }
    }

    #[test]
    fn definitions_are_where_their_trial_reads_them() {
        let mut rootfs = TestRootfs::with(&[]);
        rootfs.add(&installing()).unwrap();
        let text = rootfs.text("/usr/lib/isoplug/install/repart/whole-disk/plain/40-root.conf");
        assert!(text.contains("Format=ext4"), "{text}");
        let trial = installing().trial().unwrap();
        assert_eq!(
            trial.programs,
            ["usr/bin/systemd-repart", "usr/bin/mkdir", "usr/sbin/mkfs.ext4"]
        );
        let run: Vec<String> = trial.run.iter().map(|words| words.join(" ")).collect();
        insta::assert_snapshot!(run.join("\n"), @r"
        /usr/bin/mkdir -p /tmp /var/tmp
        /usr/bin/systemd-repart --empty=create --offline=yes --dry-run=no --size=7 --definitions=/usr/lib/isoplug/install/repart/whole-disk/plain /tmp/disk-0
        /usr/bin/systemd-repart --empty=create --offline=yes --dry-run=no --size=7 --definitions=/usr/lib/isoplug/install/repart/whole-disk/encrypted --defer-partitions=root-x86-64 /tmp/disk-1
        ");
    }

    #[test]
    fn the_program_can_be_run() {
        let mut rootfs = TestRootfs::with(&[]);
        rootfs.add(&Program(b"ELF")).unwrap();
        assert_eq!(rootfs.entry(PROGRAM).mode, 0o755);
    }
}
