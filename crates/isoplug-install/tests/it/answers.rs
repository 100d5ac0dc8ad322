//! Where answers come from, who wins, and what is said of wrong ones.

use isoplug_install::answers;
use isoplug_install::inventory::Inventory;
use isoplug_install::machine::Recorded;
use isoplug_install_plan::{Size, Transport};

use super::{inventory, machine, plan};

fn collected(machine: &Recorded) -> Result<isoplug_install_plan::Answers, String> {
    let plan = plan();
    let given = answers::collect(machine, &inventory("nvme-usb"), &plan, None);
    given.map(|given| given.answers).map_err(|error| error.to_string())
}

#[test]
fn an_unknown_key_is_drawn_on_its_line() {
    let error =
        answers::read("answers.toml", "timezone = \"Etc/UTC\"\nhostnam = \"a\"\n").unwrap_err();
    assert_eq!(error.code(), 2);
    let text = error.to_string();
    for part in [
        "answers.toml is wrong",
        "line 2, column 1",
        "2 | hostnam = \"a\"",
        "^^^^^^^",
        "unknown field `hostnam`",
        "`hostname`",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn kernel_parameters_are_answers() {
    let text = "boot=live isoplug.install.hostname=a isoplug.install.disk.transport=nvme,sata isoplug.install.disk.min-size=16GiB isoplug.install.plain";
    let found = answers::parameters(text).unwrap();
    let disk = found.disk.unwrap();
    assert_eq!(disk.transport, [Transport::Nvme, Transport::Sata]);
    assert_eq!((disk.min_size, found.plain), (Some(Size(16 << 30)), Some(true)));
    for (text, part) in [
        ("isoplug.install.hostnam=a", "unknown field `hostnam`"),
        ("isoplug.install.disk.serial.x=a", "a kernel parameter is wrong"),
        ("isoplug.install.disk.path=sda", "names a disk as the kernel found it"),
        ("isoplug.install.passphrase=x", "everybody with the image could read it"),
        ("isoplug.install.user.name=a isoplug.install.user.password=b", "expected a hash"),
    ] {
        let error = answers::parameters(text).unwrap_err();
        assert!(error.code() == 2 && error.to_string().contains(part), "{error}");
    }
    assert!(answers::is_unattended("quiet isoplug.install=unattended"));
    assert!(!answers::is_unattended("quiet isoplug.install=dialogue"));
}

#[test]
fn later_answers_win() {
    let file = "file /run/live/medium/answers.toml";
    let machine = machine("nvme-usb")
        .with("file /proc/cmdline", "isoplug.install.template=kiosk isoplug.install.timezone=Asia/Tokyo isoplug.install.keymap=us")
        .with(file, "keymap = \"de\"\n");
    let found = collected(&machine).unwrap();
    let all = (found.hostname.as_deref(), found.timezone.as_deref(), found.keymap.as_deref());
    assert_eq!(all, (Some("kiosk-{serial}"), Some("Asia/Tokyo"), Some("de")));
    let wrong = machine.with(file, "template = \"other\"");
    assert_eq!(collected(&wrong).unwrap_err(), "there is no template `other`; known: kiosk");
}

/// The inventory of a machine with a volume for answers.
fn with_volume() -> Inventory {
    let mut inventory = inventory("nvme-usb");
    let mut volume = inventory.devices[0].clone();
    volume.path = "/dev/sdb1".into();
    volume.label = Some("ISO-ANSWERS".into());
    volume.fstype = Some("vfat".into());
    inventory.devices.push(volume);
    inventory
}

#[test]
fn a_second_volume_has_answers() {
    let machine = machine("nvme-usb").with("peek /dev/sdb1", "answers.toml = hostname = \"b\"");
    let plan = plan();
    let given = answers::collect(&machine, &with_volume(), &plan, None).unwrap();
    assert_eq!(given.answers.hostname.as_deref(), Some("b"));
    assert_eq!(given.places, ["answers.toml on /dev/sdb1"]);
}

#[test]
fn a_volume_for_answers_that_gives_none_stops_the_installation() {
    let plan = plan();
    let error = |machine: &Recorded| {
        answers::collect(machine, &with_volume(), &plan, None).unwrap_err().to_string()
    };
    let unreadable = error(&machine("nvme-usb"));
    assert!(unreadable.contains("read answers.toml on /dev/sdb1"), "{unreadable}");
    let empty = error(&machine("nvme-usb").with("peek /dev/sdb1", "other"));
    assert_eq!(empty, "/dev/sdb1 is called ISO-ANSWERS, but has no answers.toml");
}
