//! Language and time zone on a recorded machine: what the target does not know, and where they go.

use isoplug_install::machine::Recorded;

use super::plan;
use super::whole::{TARGET, ready, unattended};

/// What unsquashfs says of both images of the target: one has the time zone, the other what locales can be made.
fn knows(mut machine: Recorded) -> Recorded {
    let common = "/run/live/medium/live/10-common.squashfs";
    let own = "/run/live/medium/install/server.squashfs";
    let zone = "usr/share/zoneinfo/Europe/Berlin";
    for (image, path, said) in [
        (common, zone, "squashfs-root\nsquashfs-root/usr/share/zoneinfo/Europe/Berlin"),
        (own, zone, "squashfs-root/usr/share"),
        (
            common,
            "usr/lib/locale",
            "squashfs-root/usr/lib/locale\nsquashfs-root/usr/lib/locale/C.utf8",
        ),
        (own, "usr/lib/locale", ""),
    ] {
        machine = machine.with(&format!("run /usr/bin/unsquashfs -l {image} {path}"), said);
    }
    let cat = format!("run /usr/bin/unsquashfs -cat {own} usr/share/i18n/SUPPORTED");
    machine.with(&cat, "de_DE ISO-8859-1\nde_DE.UTF-8 UTF-8")
}

#[test]
fn what_the_target_does_not_know_is_told_before_the_disk_is_touched() {
    let zone = "/usr/bin/unsquashfs -l /run/live/medium/live/10-common.squashfs usr/share/zoneinfo/Europe/Berlin";
    for (answers, why) in [
        ("locale = \"xx_XX.UTF-8\"\n", "xx_XX.UTF-8: the target neither has this locale"),
        ("timezone = \"Europe/Berlin\"\n", "the target does not know the time zone Europe/Berlin"),
    ] {
        let machine = knows(ready("nvme-usb", false))
            .with("file /run/live/medium/answers.toml", answers)
            .with(&format!("run {zone}"), "squashfs-root/usr/share/zoneinfo/Europe");
        let error = unattended(&machine, &plan(), false).0.unwrap_err();
        assert!(error.to_string().starts_with(why), "{error}");
        let done = machine.done.borrow().join("\n");
        assert!(!done.contains("lock /dev") && !done.contains("repart"), "{done}");
    }
    let made = knows(ready("nvme-usb", false))
        .with("file /run/live/medium/answers.toml", "locale = \"C.UTF-8\"\n")
        .with(&format!("run /usr/sbin/chroot {TARGET} /usr/bin/locale -a"), "C\nC.utf8");
    unattended(&made, &plan(), false).0.unwrap();
}

#[test]
#[expect(clippy::too_many_lines, reason = "calls in order")]
fn a_language_goes_where_it_is_read_and_is_made_if_it_is_missing() {
    let call = |tool: &str| format!("/usr/sbin/chroot {TARGET} {tool}");
    let answers = "locale = \"de_DE.UTF-8\"\ntimezone = \"Europe/Berlin\"\n";
    let machine = knows(ready("nvme-usb", false))
        .with("file /run/live/medium/answers.toml", answers)
        .with(&format!("run {}", call("/usr/bin/locale -a")), "C\nC.utf8")
        .with(&format!("file {TARGET}/usr/share/zoneinfo/Europe/Berlin"), "x")
        .with(&format!("file {TARGET}/usr/share/i18n/SUPPORTED"), "de_DE.UTF-8 UTF-8");
    unattended(&machine, &plan(), false).0.unwrap();
    let done = machine.done.borrow().join("\n");
    for right in [
        format!("write {TARGET}/etc/locale.conf 644\nLANG=de_DE.UTF-8\n"),
        format!("link {TARGET}/etc/default/locale ../locale.conf\n"),
        format!("link {TARGET}/etc/localtime /usr/share/zoneinfo/Europe/Berlin\n"),
        format!("{}\n", call("/usr/sbin/locale-gen")),
    ] {
        assert!(done.contains(&right), "{right} in {done}");
    }
    let there = machine.with(&format!("run {}", call("/usr/bin/locale -a")), "C\nde_DE.utf8");
    there.done.borrow_mut().clear();
    unattended(&there, &plan(), false).0.unwrap();
    assert!(!there.done.borrow().iter().any(|each| each.contains("locale-gen")));
}
