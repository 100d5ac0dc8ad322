//! What is written is read back; damage is named.

use insta::assert_snapshot;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;

fn package(name: &str, digit: char) -> LockedPackage {
    LockedPackage {
        name: PackageName::new(name).unwrap(),
        version: Version::new("1:2.0-1").unwrap(),
        architecture: Arch::new("amd64").unwrap(),
        source: "debian".to_owned(),
        path: ArchivePath::new(&format!("pool/main/{name}.deb")).unwrap(),
        size: 12,
        sha256: digit.to_string().repeat(64),
    }
}

fn plugin(name: &str) -> LockedPlugin {
    let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
    LockedPlugin {
        name: name.to_owned(),
        source: "oci://registry.example.com/isoplug/hardening".to_owned(),
        requirement: "^1.2".to_owned(),
        version: "1.2.0".to_owned(),
        component: digest("0"),
        manifest: digest("0"),
        size: 22348,
        api: "isoplug:plugin@0.1".to_owned(),
        describe: digest("1"),
        grants: digest("1"),
        publisher: "acme".to_owned(),
    }
}

fn sample() -> Lock {
    let releases = vec![release("trixie", 1_700_000_000), release("trixie-updates", 1_800_000_000)];
    let image = LockedImage {
        request: "1".repeat(64),
        epoch: 1_700_000_000,
        groups: vec![vec![package("dpkg", 'a'), package("bash", 'b')], vec![package("vim", 'c')]],
        boot: vec![package("grub-efi-amd64-signed", 'd')],
        drivers: Vec::new(),
        offline: Vec::new(),
    };
    Lock {
        sources: BTreeMap::from([("debian".to_owned(), LockedSource { releases })]),
        images: BTreeMap::from([("minimal.amd64".to_owned(), image)]),
        plugins: BTreeMap::from([("hardening".to_owned(), plugin("hardening"))]),
        modules: BTreeMap::from([("acme".to_owned(), plugin("acme"))]),
        ..Lock::default()
    }
}

fn release(suite: &str, date: u64) -> LockedRelease {
    LockedRelease {
        suite: suite.to_owned(),
        archive: "debian".to_owned(),
        sha256: "0".repeat(64),
        date,
        release_suite: suite.replace("trixie", "stable"),
        release_codename: suite.to_owned(),
        signers: vec!["ABCD".to_owned()],
    }
}

#[test]
fn has_one_line_for_each_package() {
    let text = sample().to_toml().replace(&"0".repeat(64), "0…").replace(&"1".repeat(64), "1…");
    let text = ["a", "b", "c", "d"]
        .iter()
        .fold(text, |text, digit| text.replace(&digit.repeat(64), &format!("{digit}…")));
    assert_snapshot!(text);
}

#[test]
fn knows_its_newest_release() {
    assert_eq!(sample().newest(), 1_800_000_000);
    assert_eq!(Lock::default().newest(), 0);
}

#[test]
fn keeps_two_packages_that_share_a_version_apart() {
    let other = LockedPackage { source: "acme".to_owned(), ..package("vim", 'e') };
    let mut lock = sample();
    lock.images.insert(
        "acme.amd64".to_owned(),
        LockedImage {
            request: "2".repeat(64),
            groups: vec![vec![other]],
            ..LockedImage::default()
        },
    );
    assert_eq!(Lock::parse(&lock.to_toml()), Ok(lock));
}

#[test]
fn names_damage() {
    let error = |text: &str| Lock::parse(text).unwrap_err().to_string();
    assert_snapshot!(error("version = 9\nfuture = true"), @"the lock has format version 9, but this isoplug reads up to 1: use a newer one");
    assert_snapshot!(error(""), @"the lock is damaged: it has no `version`");
    assert_snapshot!(error("<<<<<<< HEAD\n").lines().next().unwrap(), @"the lock is damaged: TOML parse error at line 1, column 9");
    let text = sample().to_toml();
    assert_snapshot!(error(&text.replace("\"vim 1:2.0-1 amd64\" =", "\"vi 1 amd64\" =")), @r#"the lock is damaged: `minimal.amd64` names the package "vim 1:2.0-1 amd64", which it does not list"#);
    assert_snapshot!(error(&text.replace("\"vim 1:2.0-1 amd64\" =", "\"vim\" =")), @r#"the lock is damaged: "vim" is not `name version architecture`"#);
    let evil = |from: &str, to: &str| error(&text.replace(from, to));
    assert_snapshot!(evil("vim 1:2.0-1 amd64", "../../tmp/pwn 1 amd64"), @r#"the lock is damaged: invalid package name: "../../tmp/pwn""#);
    assert_snapshot!(evil("vim 1:2.0-1 amd64", "vim 1/../2 amd64"), @r#"the lock is damaged: invalid version: "1/../2""#);
    assert_snapshot!(evil("vim 1:2.0-1 amd64", "vim 1 ../x"), @r#"the lock is damaged: invalid architecture: "../x""#);
    assert_snapshot!(evil("pool/main/vim.deb", "../../etc/passwd"), @r#"the lock is damaged: invalid path in an archive: "../../etc/passwd""#);
    assert_snapshot!(error(&text.replace(&"1".repeat(64), "1234")), @r#"the lock is damaged: invalid sha256 digest: "1234""#);
}

fn any_package() -> impl Strategy<Value = LockedPackage> {
    ("[a-c]{1,2}", "[0-9]:[0-9~]{1,2}", "amd64|all", "debian|acme", 0..3_u8).prop_map(
        |(name, version, architecture, source, digit)| {
            let sha256 = digit.to_string().repeat(64);
            // Source and digest decide the rest, as they do in an archive.
            let path = format!("pool/{source}/{name}_{version}_{architecture}/\"{digit}\".deb");
            let path = ArchivePath::new(&path).unwrap();
            let name = PackageName::new(&name).unwrap();
            let version = Version::new(&version).unwrap();
            let architecture = Arch::new(&architecture).unwrap();
            let size = u64::from(digit) << 40;
            LockedPackage { name, version, architecture, source, path, size, sha256 }
        },
    )
}

fn any_lock() -> impl Strategy<Value = Lock> {
    let source = vec(any_release(), 0..3).prop_map(|releases| LockedSource { releases });
    let images = btree_map("[a-z]{1,5}\\.amd64", any_image(), 0..3);
    (btree_map("[a-z.\"]{1,5}", source, 0..3), images, any_plugins(), any_plugins()).prop_map(
        |(sources, images, plugins, modules)| Lock {
            version: VERSION,
            sources,
            images,
            plugins,
            modules,
        },
    )
}

fn any_image() -> impl Strategy<Value = LockedImage> {
    let some = || vec(any_package(), 0..3);
    (vec(vec(any_package(), 0..5), 0..3), some(), some(), some()).prop_map(
        |(groups, boot, drivers, offline)| {
            let request = "f".repeat(64);
            LockedImage { request, epoch: 7, groups, boot, drivers, offline }
        },
    )
}

fn any_plugins() -> impl Strategy<Value = BTreeMap<String, LockedPlugin>> {
    let plugin = "[a-z.\"]{1,5}".prop_map(|name| (name.clone(), plugin(&name)));
    vec(plugin, 0..3).prop_map(|plugins| plugins.into_iter().collect())
}

fn any_release() -> impl Strategy<Value = LockedRelease> {
    let names = ("[a-z\"]{0,5}", "[a-z\"]{0,5}");
    ("[a-z-]{1,9}", "debian|acme", 0..9_u64, names, vec("[A-F0-9]{8}", 0..3)).prop_map(
        |(suite, archive, date, (release_suite, release_codename), signers)| LockedRelease {
            suite,
            archive,
            sha256: "e".repeat(64),
            date,
            release_suite,
            release_codename,
            signers,
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(lock in any_lock()) {
        let text = lock.to_toml();
        prop_assert_eq!(&Lock::parse(&text).unwrap(), &lock);
        prop_assert_eq!(lock.to_toml(), text);
    }

    #[test]
    fn no_text_panics(text in ".{0,200}", cut in 0..3000_usize) {
        let _ = Lock::parse(&text);
        let whole = sample().to_toml();
        if let Some(part) = whole.get(..cut.min(whole.len())) {
            let _ = Lock::parse(part);
        }
    }
}

#[test]
fn the_kernels_of_an_image_are_those_of_its_packages() {
    let names = [
        "linux-image-amd64",
        "linux-image-7.3.4+deb13-amd64-unsigned",
        "linux-image-6.12.117+deb13-amd64",
        "linux-image-unsigned-6.8.0-31-generic",
        "linux-image-6.12.117+deb13-amd64-dbg",
        "linux-image-6.1.2-acme",
    ];
    let group = names.iter().map(|name| package(name, 'a')).collect();
    let image = LockedImage { groups: vec![Vec::new(), group], ..LockedImage::default() };
    let kernels = ["6.1.2-acme", "6.12.117+deb13-amd64", "6.8.0-31-generic", "7.3.4+deb13-amd64"];
    assert_eq!(image.kernels(), kernels);
}

#[test]
fn only_images_with_drivers_or_a_pool_have_lists_of_them() {
    let mut lock = sample();
    let text = lock.to_toml();
    assert!(!text.contains("drivers") && !text.contains("offline"));
    let image = lock.images.get_mut("minimal.amd64").unwrap();
    image.drivers = vec![package("broadcom-sta-dkms", 'e')];
    image.offline = vec![package("hello", 'f')];
    assert!(lock.packages().any(|package| &*package.name == "hello"));
    assert_eq!(Lock::parse(&lock.to_toml()), Ok(lock));
}
