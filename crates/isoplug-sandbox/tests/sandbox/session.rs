//! What programs of a tree try against the session of who builds: its terminal, its keys, its open files. The
//! attempts are those of docs/security-attempts.md.

use std::fs;

use super::machine::{Machine, number};

/// Attempt 24, CVE-2017-5226; to be called where there is a controlling terminal.
pub(crate) fn type_into_the_terminal(machine: &Machine) -> String {
    let ioctl = number("ioctl");
    let script = format!(
        "try('/dev/tty', open(T, '+<', '/dev/tty'));
         try('console', open(T, '+<', '/dev/console'));
         my $letter = 'X';
         for my $fd (0, 1, 2) {{ try(\"type into $fd\", syscall({ioctl}, $fd, 0x5412, $letter) == 0) }}
         try('type, other number', syscall({ioctl}, 0, 0x100005412, $letter) == 0);
         try('select', syscall({ioctl}, 0, 0x541c, $letter) == 0);"
    );
    machine.tries(&script)
}

pub(crate) fn the_terminal_is_out_of_reach(_: &Machine) {
    let program = std::env::current_exe().unwrap();
    // Gives its program a terminal of its own.
    let command = format!("'{}' terminal", program.display());
    let script =
        std::process::Command::new("script").args(["-qec", &command, "/dev/null"]).output();
    let said = String::from_utf8(script.unwrap().stdout).unwrap().replace('\r', "");
    insta::assert_snapshot!(said, @r"
    /dev/tty: No such device or address
    console: No such file or directory
    type into 0: Operation not permitted
    type into 1: Operation not permitted
    type into 2: Operation not permitted
    type, other number: Operation not permitted
    select: Operation not permitted
    the terminal was there
    ");
}

/// Attempt 25, CVE-2024-21626: a folder that the caller left open is a way out.
pub(crate) fn descriptors_of_the_caller_are_not_there(machine: &Machine) {
    let folder = fs::File::open(machine.outside()).unwrap();
    let inherited = rustix::io::dup(&folder).unwrap();
    rustix::io::fcntl_setfd(&inherited, rustix::io::FdFlags::empty()).unwrap();
    let script = "for my $fd (0 .. 1023) { my $to = readlink(\"/proc/self/fd/$fd\") // next; \
                  $to =~ s/\\d+/N/; print \"$fd: $to\\n\"; } print readlink('/proc/self/cwd'), \"\\n\"";
    insta::assert_snapshot!(machine.tries(script), @r"
    0: /dev/null
    1: pipe:[N]
    2: pipe:[N]
    /
    ");
}

/// Attempt 26; to be called in a session that has a key, [`WITH_KEY`].
pub(crate) fn take_the_key(machine: &Machine) -> String {
    let [keyctl, add, request] = ["keyctl", "add_key", "request_key"].map(number);
    let script = format!(
        "my ($user, $name) = ('user', 'isoplug-test');
         try('search', syscall({keyctl}, 10, -3, $user, $name, 0) >= 0);
         try('join', syscall({keyctl}, 1, 0) >= 0);
         try('add', syscall({add}, $user, $name, $name, 1, -3) >= 0);
         try('request', syscall({request}, $user, $name, 0, 0) >= 0);
         for my $file ('keys', 'key-users') {{
             open(F, '<', \"/proc/$file\"); my @lines = <F>; print \"$file: \", scalar(@lines), \"\\n\";
         }}"
    );
    machine.tries(&script)
}

/// Begins a session with a key, and becomes another program in it.
const WITH_KEY: &str = "my ($keyctl, $add, @program) = @ARGV; my ($user, $name, $text) = ('user', 'isoplug-test', 'sekrit');
    syscall($keyctl + 0, 1, 0) >= 0 && syscall($add + 0, $user, $name, $text, 6, -3) >= 0 or exit 9;
    syscall($keyctl + 0, 10, -3, $user, $name, 0) >= 0 or exit 9;
    exec @program;";

pub(crate) fn keys_of_the_session_are_not_there(_: &Machine) {
    let program = std::env::current_exe().unwrap();
    let numbers = ["keyctl", "add_key"].map(|name| number(name).to_string());
    let mut session = std::process::Command::new("perl");
    session.args(["-e", WITH_KEY]).args(numbers).arg(program).arg("keys");
    let said = session.output().unwrap();
    if said.status.code() == Some(9) {
        return eprintln!("this kernel keeps no keys, so there are none to see");
    }
    insta::assert_snapshot!(String::from_utf8(said.stdout).unwrap(), @r"
    search: Operation not permitted
    join: Operation not permitted
    add: Operation not permitted
    request: Operation not permitted
    keys: 0
    key-users: 0
    ");
}
