//! Extended attributes that programs of a tree set, as the attempts of docs/security-attempts.md do.

use isoplug_formats::tree::Tree;

use super::machine::{Machine, number};

/// Returns a script that sets extended attributes of every kind, and a list of who may reach a file.
fn that_sets_attributes() -> String {
    let set = number("lsetxattr");
    // vfs_cap_data of revision 2: CAP_NET_RAW, effective. The list: u::rw- u:33:rw- g::--- m::rw- o::---
    let script = format!(
        "sub set {{ my ($name, $value, $path) = @_; $path //= \"/etc/$name\"; open(F, '>', $path); chmod(0600, $path);
             try($name, syscall({set}, $path, $name, $value, length $value, 0) == 0) }}
         my $capability = pack('V5', 0x02000001, 1 << 13, 0, 0, 0);
         my $list = pack('V (vvV)5', 2, 1, 6, ~0, 2, 6, 33, 4, 0, ~0, 16, 6, ~0, 32, 0, ~0);
         set('user.note', \"a\\0b\"); set('security.capability', $capability);
         set('user.overlay.opaque', 'y');
         set('trusted.overlay.opaque', 'y'); set('security.selinux', 'x'); set('security.ima', 'x');
         set('security.evm', 'x'); set('security.apparmor', 'x'); set('security.own', 'x');
         set('system.posix_acl_access', $list); set('system.own', 'x'); set('other', 'x');"
    );
    let try_ = "sub try { my ($name, $done) = @_; \
                print \"$name: \", ($done ? 'ok' : $!), \"\\n\" } $| = 1;";
    format!("{try_}{script}")
}

/// Where the kernel has SELinux without a policy, anybody may set a label.
fn said_of_attributes(machine: &Machine) -> String {
    let lines = machine.lines().into_iter().filter(|line| !line.contains("selinux"));
    lines.collect::<Vec<_>>().join("\n")
}

/// What may be set of them, and what of it an image has.
pub(crate) fn attributes_that_an_image_cannot_have(machine: &Machine) {
    for machine in [machine, &Machine::on_disk()] {
        let script = that_sets_attributes();
        let (tree, _) = machine.run_all(&[&["perl", "-e", &script]]).unwrap();
        of_them_the_image_has_three(&tree);
        insta::allow_duplicates! {
            insta::assert_snapshot!(said_of_attributes(machine), @r"
            user.note: ok
            security.capability: ok
            user.overlay.opaque: ok
            trusted.overlay.opaque: Operation not permitted
            security.ima: Operation not permitted
            security.evm: Operation not permitted
            security.apparmor: Operation not permitted
            security.own: Operation not permitted
            system.posix_acl_access: ok
            system.own: Operation not supported
            other: Operation not supported
            ");
        }
    }
}

fn of_them_the_image_has_three(tree: &Tree) {
    let of = |name: &str| tree.get(format!("etc/{name}")).unwrap();
    let kept: Vec<&[u8]> =
        tree.entries.values().flat_map(|entry| entry.xattrs.keys().map(Vec::as_slice)).collect();
    assert_eq!(kept, [&b"security.capability"[..], b"user.note", b"user.overlay.opaque"]);
    assert_eq!(of("user.note").xattrs[&b"user.note"[..]], b"a\0b");
    let capability = &of("security.capability").xattrs[&b"security.capability"[..]];
    assert_eq!(capability[..8], [1, 0, 0, 2, 0, 32, 0, 0]);
    // The list is lost, and who was not in it stays out.
    assert_eq!(of("system.posix_acl_access").mode, 0o600);
}
