//! Tests of languages, time zones and keyboards.

use super::super::rootfs_of_tests::TestRootfs;
use super::*;

fn rootfs() -> TestRootfs {
    TestRootfs::with(&[
        ("/usr/share/zoneinfo/Europe/Berlin", ""),
        ("/usr/share/zoneinfo/Etc/UTC", ""),
        ("/usr/share/X11/xkb/symbols/de", ""),
        ("/usr/share/X11/xkb/symbols/us", ""),
        (
            "/usr/share/i18n/SUPPORTED",
            "# locale charset\nde_DE.UTF-8 UTF-8\nde_DE@euro ISO-8859-15 \nca_ES@valencia UTF-8\nfr_FR.UTF-8 UTF-8\nfr_FR ISO-8859-1\n",
        ),
        ("/usr/sbin/locale-gen", ""),
        ("/usr/lib/locale/locale-archive", "xx\0fr_FR.utf8\0"),
        ("/etc/console-setup/cached_setup_keyboard.sh", ""),
        (
            "/etc/default/keyboard",
            "# us\nXKBMODEL=\"pc105\"\nXKBLAYOUT=\"us\"\nXKBVARIANT=\"\"\nXKBOPTIONS=\"\"\n\nBACKSPACE=\"guess\"\n",
        ),
        ("/etc/timezone", "Etc/UTC\n"),
    ])
}

fn german() -> Localisation {
    let [locale, timezone, keymap] =
        ["de_DE.UTF-8", "Europe/Berlin", "de:nodeadkeys"].map(str::to_owned);
    Localisation { locale, timezone, keymap }
}

#[test]
fn a_locale_without_its_compiled_form_is_compiled_at_boot() {
    let mut rootfs = rootfs();
    rootfs.add(&Part(german())).unwrap();
    assert_eq!(rootfs.text("/etc/default/locale"), "LANG=de_DE.UTF-8\n");
    assert_eq!(rootfs.text("/etc/locale.gen"), "de_DE.UTF-8 UTF-8\n");
    assert_eq!(rootfs.text("/etc/timezone"), "Europe/Berlin\n");
    let localtime = Kind::Symlink(b"/usr/share/zoneinfo/Europe/Berlin".to_vec());
    assert_eq!(rootfs.entry("/etc/localtime").kind, localtime);
    assert!(rootfs.text("/etc/default/keyboard").contains("XKBVARIANT=\"nodeadkeys\""));
    let tree = rootfs.merged();
    assert!(tree.get("etc/console-setup/cached_setup_keyboard.sh").is_none());
    assert!(tree.get("etc/systemd/system/sysinit.target.wants/isoplug-locale.service").is_some());
}

#[test]
fn the_image_says_which_charset_a_locale_has() {
    for (locale, line) in [
        ("de_DE@euro", "de_DE@euro ISO-8859-15\n"),
        ("ca_ES@valencia", "ca_ES@valencia UTF-8\n"),
        ("fr_FR", "fr_FR ISO-8859-1\n"),
    ] {
        let mut rootfs = rootfs();
        rootfs.add(&Part(Localisation { locale: locale.into(), ..german() })).unwrap();
        assert_eq!(rootfs.text("/etc/locale.gen"), line);
    }
}

#[test]
fn what_the_image_has_already_stays() {
    let [locale, timezone, keymap] = ["fr_FR.UTF-8", "Etc/UTC", "us"].map(str::to_owned);
    let mut rootfs = rootfs();
    rootfs.add(&Part(Localisation { locale, timezone, keymap })).unwrap();
    assert!(rootfs.text("/etc/default/keyboard").starts_with("# us\n"));
    let tree = rootfs.merged();
    assert!(tree.get("etc/console-setup/cached_setup_keyboard.sh").is_some());
    assert!(tree.get("etc/systemd/system/isoplug-locale.service").is_none());
}

#[test]
fn mistakes_are_named() {
    let change: [fn(&mut Localisation); 4] = [
        |it| it.locale = "de_ED.UTF-8".into(),
        |it| it.timezone = "Europe/Berlinn".into(),
        |it| it.keymap = "ed".into(),
        |it| it.keymap = "$(id)".into(),
    ];
    let messages = change.map(|change| {
        let mut options = german();
        change(&mut options);
        rootfs().add(&Part(options)).unwrap_err().to_string()
    });
    insta::assert_snapshot!(messages.join("\n"), @r"
    the image has no locale `de_ED.UTF-8`; did you mean `de_DE.UTF-8`?
    the image has no time zone `Europe/Berlinn`; did you mean `Europe/Berlin`?
    the image has no keyboard layout `ed`
    localisation: `$(id)` is not a locale, time zone or keyboard layout
    ");
}
