//! What programs of a tree try against the machine that builds it: the attempts of
//! docs/security-attempts.md that need no package.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::sync::Mutex;

use isoplug_sandbox::{Error, Limits, Over, Watch};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::machine::{Machine, number};

/// Attempts 20 and 22.
pub(crate) fn process_1_and_others_cannot_be_looked_into(machine: &Machine) {
    let script = "for my $link ('root', 'cwd', 'exe', 'fd/0', 'fd/1', 'ns/user', 'ns/mnt') {
             print \"$link\\n\" if defined readlink(\"/proc/1/$link\");
         }
         for my $file ('environ', 'mem', 'maps', 'auxv', 'stack', 'io', '../kmsg') {
             print \"$file\\n\" if open(F, '<', \"/proc/1/$file\") && sysread(F, my $text, 1);
         }
         opendir(D, '/proc/1/root') and print \"root folder\\n\";
         kill 9, 1;
         opendir(D, '/proc'); print scalar(grep { /^\\d/ } readdir D), \" processes\\n\";
         open(F, '<', '/proc/1/mountinfo'); print <F>;";
    let said = machine.tries(script);
    let (others, mounts) = said.split_once('\n').unwrap();
    assert_eq!(others, "2 processes");
    let points = mounts.lines().map(|mount| mount.split(' ').nth(4).unwrap());
    let own = ["/dev", "/proc", "/processors", "/shown", "/work"];
    let others: Vec<&str> = points
        .filter(|point| *point != "/" && !own.iter().any(|own| point.starts_with(own)))
        .collect();
    assert_eq!(others, Vec::<&str>::new());
}

/// Attempt 21: neither the machine's own network nor its sockets without a file.
pub(crate) fn no_socket_of_the_machine_is_reached(machine: &Machine) {
    use std::os::linux::net::SocketAddrExt;
    let name = format!("isoplug-{}", std::process::id());
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
    let _abstract = UnixListener::bind_addr(&address).unwrap();
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = tcp.local_addr().unwrap().port();
    let script = format!(
        "socket(S, 2, 1, 0); try('tcp', connect(S, pack('S n C4 x8', 2, {port}, 127, 0, 0, 1)));
         socket(S, 1, 1, 0); try('abstract', connect(S, pack('S', 1) . \"\\0{name}\"));
         socket(S, 2, 1, 0); try('far', connect(S, pack('S n C4 x8', 2, 53, 192, 0, 2, 1)));"
    );
    insta::assert_snapshot!(machine.tries(&script), @r"
    tcp: Network is unreachable
    abstract: Connection refused
    far: Network is unreachable
    ");
}

/// Attempts 23, 27, 28 and 29: nothing of the machine's kernel and devices is changed.
pub(crate) fn kernel_and_devices_stay_as_they_are(machine: &Machine) {
    let mknod = number("mknodat");
    let script = format!(
        "my $disk = '/disk'; try('disk', syscall({mknod}, -100, $disk, 060600, 0x800) == 0);
         for my $file ('sys/kernel/core_pattern', 'sys/vm/swappiness', 'sysrq-trigger',
                       'sys/kernel/modprobe', 'irq/default_smp_affinity') {{
             print \"$file: \", (open(F, '+<', \"/proc/$file\") ? 'open' : 'closed'), \"\\n\";
         }}
         for my $device ('null', 'zero', 'full', 'random', 'urandom', 'tty') {{
             try($device, chmod(0666, \"/dev/$device\"));
         }}
         try('write to null', open(F, '>', '/dev/null') && print F 'x');
         try('remove null', unlink('/dev/null'));"
    );
    insta::assert_snapshot!(machine.tries(&script), @r"
    disk: Operation not permitted
    sys/kernel/core_pattern: closed
    sys/vm/swappiness: closed
    sysrq-trigger: closed
    sys/kernel/modprobe: closed
    irq/default_smp_affinity: closed
    null: Read-only file system
    zero: Read-only file system
    full: Read-only file system
    random: Read-only file system
    urandom: Read-only file system
    tty: Read-only file system
    write to null: ok
    remove null: Device or resource busy
    ");
}

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

/// Attempt 33, CVE-2019-5736: what `/proc/self/exe` names is no file of the machine's.
pub(crate) fn the_program_file_is_out_of_reach(machine: &Machine) {
    let program = std::env::current_exe().unwrap();
    let before = (fs::metadata(&program).unwrap().mode(), fs::read(&program).unwrap());
    let loader = "#!/proc/self/exe own-program\n";
    let script = format!("cat > /bin/next <<'END'\n{loader}END\nchmod 755 /bin/next");
    machine.run_all(&[&["sh", "-c", &script], &["/bin/next"]]).unwrap();
    insta::assert_snapshot!(machine.lines().join("\n"), @r"
    runs /memfd:isoplug (deleted)
    write: Text file busy
    ");
    assert_eq!((fs::metadata(&program).unwrap().mode(), fs::read(&program).unwrap()), before);
}

/// Played inside, by the copy of this program.
pub(crate) fn change_own_program() {
    let own = "/proc/self/exe";
    eprintln!("runs {}", fs::read_link(own).unwrap().display());
    if let Err(error) = fs::OpenOptions::new().write(true).open(own) {
        let text = error.to_string();
        eprintln!("write: {}", text.split(" (os").next().unwrap_or_default());
    }
    // Whether it can or not: the file is nobody's.
    _ = fs::set_permissions(own, fs::Permissions::from_mode(0o4777));
}

/// Attempt 34: as root, what programs own is nobody's outside; others cannot enter anyway.
pub(crate) fn owners_inside_are_nobody_outside(_: &Machine) {
    struct Looks<'a>(&'a Machine, Mutex<Vec<(u32, u32)>>);
    impl Watch for Looks<'_> {
        fn line(&self, _: &str) {
            let file = fs::metadata(self.0.work().join("root/bin/sh")).unwrap();
            self.1.lock().unwrap().push((file.uid(), file.mode() & 0o7777));
        }
        fn is_cancelled(&self) -> bool {
            false
        }
    }
    let machine = Machine::on_disk();
    let looks = Looks(&machine, Mutex::default());
    machine.run_watched("chmod 4755 /bin/sh; echo now; sleep 1", &looks).unwrap();
    let (owner, mode) = looks.1.lock().unwrap()[0];
    assert_eq!(mode, 0o4755);
    let own = rustix::process::getuid().as_raw();
    let found = isoplug_sandbox::diagnose();
    let has_nobody = !found.iter().any(|finding| !finding.ok && finding.what.contains("nobody"));
    if own == 0 && has_nobody {
        assert!(owner >= 65536, "{owner}");
    } else {
        assert_eq!(owner, own);
    }
}

/// Attempt 38: a line without an end, and output without one.
pub(crate) fn output_has_bounds(machine: &Machine) {
    let limits = Limits { output: 100_000, ..Limits::default() };
    let script = "$| = 1; print 'x' x 1000000 for 1 .. 200; print \"\\n\"; print \"y\" x 999, \"\\n\" for 1 .. 500";
    machine.run_limited(&["perl", "-e", script], &limits).unwrap();
    let lines = machine.lines();
    assert_eq!(lines[0].len(), (64 << 10) + " [cut]".len());
    assert!(lines[0].ends_with("x [cut]"));
    assert_eq!(lines.last().unwrap(), "[further output is left out]");
    assert!(lines.iter().map(String::len).sum::<usize>() < 101_000);
}

/// Attempt 39: files that are large without taking space.
pub(crate) fn large_files_have_bounds(machine: &Machine) {
    let script = "open(F, '>', '/big'); try('200 GB', truncate(F, 200 << 30))";
    insta::assert_snapshot!(machine.tries(&format!("$SIG{{XFSZ}} = 'IGNORE'; {script}")), @"200 GB: File too large");
    let limits = Limits { file: u64::MAX, ..Limits::default() };
    let holes = "open(F, '>', '/big'); truncate(F, 1 << 50)";
    let error = machine.run_limited(&["perl", "-e", holes], &limits).unwrap_err().to_string();
    assert!(error.contains("holes of 1073741824 MiB"), "{error}");
    assert!(machine.is_clean());
}

/// Processes without end, also of other users, and time.
pub(crate) fn processes_and_time_have_bounds(machine: &Machine) {
    let limits = Limits { processes: 400, ..Limits::default() };
    let script = "for (1 .. 1000) { my $pid = fork(); last unless defined $pid; \
                  if (!$pid) { $) = $> = 7 + $_ % 3; sleep 60; exit } } sleep 60";
    let error = machine.run_limited(&["perl", "-e", script], &limits).unwrap_err();
    assert!(matches!(error, Error::Limit { over: Over::Processes(400), .. }), "{error}");
    // One that gives up when it is refused another one says why it failed, too.
    let gives_up = "for (1 .. 1000) { my $pid = fork() // exit 3; $pid or sleep(60), exit }";
    let error = machine.run_limited(&["perl", "-e", gives_up], &limits).unwrap_err();
    assert!(matches!(error, Error::Limit { over: Over::Processes(400), .. }), "{error}");
    let limits = Limits { time: std::time::Duration::from_secs(1), ..Limits::default() };
    let error = machine.run_limited(&["sh", "-c", "echo begun; sleep 60"], &limits).unwrap_err();
    assert!(matches!(&error, Error::Time { tail, .. } if tail == &["begun"]), "{error}");
    assert!(machine.is_clean());
}

/// Memory of many processes, of files in memory, and of one process.
pub(crate) fn memory_has_bounds(machine: &Machine) {
    let limits = Limits { memory: Some(200 << 20), ..Limits::default() };
    let many = "$| = 1; print \"begun\\n\"; \
                for (1 .. 20) { next if fork(); my $x = 'x' x 30_000_000; sleep 60; exit } sleep 60";
    let file = "$| = 1; print \"begun\\n\"; open(F, '>', '/tmp/x'); \
                print F 'x' x 1_000_000 for 1 .. 300; close F; sleep 60";
    for script in [many, file] {
        let error = machine.run_limited(&["perl", "-e", script], &limits).unwrap_err();
        let said =
            "it was ended: its programs took more than 200 MiB of memory, which is the limit";
        assert_eq!(error.to_string(), format!("{said}\n  begun"));
    }
    let error =
        machine.run_limited(&["perl", "-e", "my $x = 'x' x 300_000_000; sleep 60"], &limits);
    let error = error.unwrap_err().to_string();
    // Where the kernel counts it all it ends the program, else it refuses the memory.
    assert!(error.contains("Out of memory") || error.contains("200 MiB"), "{error}");
    assert!(machine.is_clean());
}

/// Attempt 41: a file changed in memory, after a reading, leaves no time in tmpfs.
pub(crate) fn changes_by_mapping_are_seen(machine: &Machine) {
    let [mmap, read, write] = ["mmap", "read", "write"].map(number);
    let script = format!(
        "open(F, '+<', '/etc/word'); open(N, '>', '/dev/null'); open(S, '<', '/etc/source');
         my $at = syscall({mmap}, 0, 4096, 3, 1, fileno(F), 0);
         syscall({write}, fileno(N), $at, 1) == 1 or die $!; sleep 1;
         syscall({read}, fileno(S), $at, 4) == 4 or die $!;"
    );
    let write = "printf good > /etc/source";
    let on_disk = Machine::on_disk();
    for machine in [machine, &on_disk] {
        let (tree, kept) =
            machine.run_all(&[&["sh", "-c", write], &["perl", "-e", &script]]).unwrap();
        assert_eq!(Some(machine.pack_of(&tree, "etc/word")), kept.pack);
        assert_eq!(machine.new_contents(), "goodgood\n");
    }
    let [open, fcntl] = ["openat", "fcntl"].map(number);
    let untraced = format!(
        "my $word = '/etc/word'; try('open', syscall({open}, -100, $word, 01000000) >= 0);
         open(F, '<', '/etc/word'); try('fcntl', syscall({fcntl}, fileno(F), 4, 01000000) == 0);"
    );
    insta::assert_snapshot!(machine.tries(&untraced), @r"
    open: Operation not permitted
    fcntl: Operation not permitted
    ");
}

/// A layer whose folders are links to the machine, made before.
pub(crate) fn links_in_place_of_mount_points_stay_inside(machine: &Machine) {
    let outside = machine.outside().join("victim");
    fs::create_dir(&outside).unwrap();
    symlink("x", outside.join("mark")).unwrap();
    let parent = machine.with_link("run", &outside.display().to_string());
    let error = parent.run("ls /run/ /tmp").unwrap_err();
    assert!(matches!(&error, Error::Setup { .. }), "{error}");
    let parent = machine.with_link("run", "/tmp");
    parent.run("ls /run/").unwrap();
    assert_eq!(isoplug_formats::tree::sorted_names(&outside).unwrap(), ["mark"]);
}

/// Trees that are hard to take away: folders in folders beyond any path, and folders that nobody may enter.
pub(crate) fn what_is_hard_to_remove_is_removed(machine: &Machine) {
    let deep =
        "for (1 .. 3000) { mkdir('d' x 200) && chdir('d' x 200) or die $! } open(F, '>', 'x')";
    let closed = "mkdir '/c'; mkdir '/c/d'; open(F, '>', '/c/d/x'); chown(7, 7, '/c/d'); \
                  chmod(0, '/c/d', '/c', '/etc', '/bin', '/'); exit 3";
    let on_disk = Machine::on_disk();
    let _few = FewDescriptors::begin();
    for machine in [machine, &on_disk] {
        for script in [deep, closed] {
            // Whether it becomes an image or an error: nothing is left, and the next one works.
            _ = machine.run_all(&[&["perl", "-e", script]]);
            assert!(machine.is_clean(), "{script}");
            machine.run("true").unwrap();
        }
    }
}

/// As few files can be open at a time as a shell of a user's allows.
struct FewDescriptors(Rlimit);

impl FewDescriptors {
    fn begin() -> Self {
        let before = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: Some(1024), ..before }).unwrap();
        Self(before)
    }
}

impl Drop for FewDescriptors {
    fn drop(&mut self) {
        setrlimit(Resource::Nofile, self.0).unwrap();
    }
}

/// What a program does to process 1 and to its own limits.
pub(crate) fn process_1_and_limits_stay(machine: &Machine) {
    let prlimit = number("prlimit64");
    let script = format!(
        "my $new = pack('QQ', 1 << 40, 1 << 40);
         for my $limit (1, 2, 6, 7) {{ try(\"raise $limit\", syscall({prlimit}, 0, $limit, $new, 0) == 0) }}
         try('memory goes last', open(F, '>', '/proc/self/oom_score_adj') && syswrite(F, '-1000'));
         kill 'STOP', 1; kill 'TERM', 1; kill 'SEGV', 1;
         try('its descriptors', readlink('/proc/1/fd/0'));
         try('hard link to packages', link('/run/isoplug', '/x'));
         my $flags = pack('L', 0x10);
         try('immutable', open(F, '>', '/etc/fixed') && ioctl(F, 0x40086602, $flags));"
    );
    insta::assert_snapshot!(machine.tries(&script), @r"
    raise 1: Operation not permitted
    raise 2: Operation not permitted
    raise 6: Operation not permitted
    raise 7: Operation not permitted
    memory goes last: Permission denied
    its descriptors: Permission denied
    hard link to packages: Invalid cross-device link
    immutable: Operation not permitted
    ");
}

/// Extended attributes of every kind, and a list of who may reach a file: what may be set, and what of it an image has.
pub(crate) fn attributes_that_an_image_cannot_have(machine: &Machine) {
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
    let on_disk = Machine::on_disk();
    for machine in [machine, &on_disk] {
        let (tree, _) = machine.run_all(&[&["perl", "-e", &format!("{try_}{script}")]]).unwrap();
        // Where the kernel has SELinux without a policy, anybody may set a label.
        let said = machine.lines();
        let said: Vec<&str> =
            said.iter().map(String::as_str).filter(|line| !line.contains("selinux")).collect();
        insta::allow_duplicates! {
            insta::assert_snapshot!(said.join("\n"), @r"
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
        let of = |name: &str| tree.get(format!("etc/{name}")).unwrap();
        let kept: Vec<&[u8]> = tree
            .entries
            .values()
            .flat_map(|entry| entry.xattrs.keys().map(Vec::as_slice))
            .collect();
        assert_eq!(kept, [&b"security.capability"[..], b"user.note", b"user.overlay.opaque"]);
        assert_eq!(of("user.note").xattrs[&b"user.note"[..]], b"a\0b");
        let capability = &of("security.capability").xattrs[&b"security.capability"[..]];
        assert_eq!(capability[..8], [1, 0, 0, 2, 0, 32, 0, 0]);
        // The list is lost, and who was not in it stays out.
        assert_eq!(of("system.posix_acl_access").mode, 0o600);
    }
}
