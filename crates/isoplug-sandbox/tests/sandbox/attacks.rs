//! What programs of a tree try against the machine that builds it: the attempts of
//! docs/security-attempts.md that need no package.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::sync::Mutex;

use isoplug_sandbox::{Error, Watch};
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

/// What comes of the tries on the kernel and devices.
const TRIED: &str = "\
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
";

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
    assert_eq!(machine.tries(&script), TRIED.trim_end());
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

/// Looks at a program of the tree at each line: whose it is, with which mode.
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

/// Attempt 34: as root, what programs own is nobody's outside; others cannot enter anyway.
pub(crate) fn owners_inside_are_nobody_outside(_: &Machine) {
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
    ways_that_leave_no_time_are_closed(machine);
}

fn ways_that_leave_no_time_are_closed(machine: &Machine) {
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
         kill $_, 1 for qw(STOP TERM SEGV); try('its descriptors', readlink('/proc/1/fd/0'));
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
