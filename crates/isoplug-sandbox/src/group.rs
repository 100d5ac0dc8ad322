//! A control group of its own around a sandbox (cgroups(7), version 2), where this user may make one: then the
//! kernel counts all that its programs take together. Without one, [`super::guard`] counts from time to time.
//!
//! A group is made beside or in the one that this process is in. Nothing of a group that is not this user's
//! own is changed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::Limits;
use super::job::Over;

/// What must be counted, as `cgroup.controllers` names it.
const COUNTED: [&str; 2] = ["memory", "pids"];

/// A group; removed when dropped, with what may still be in it.
pub(super) struct Group {
    folder: PathBuf,
}

impl Group {
    /// Makes an empty group with these limits, if this user may.
    pub(super) fn new(limits: &Limits) -> Option<Self> {
        static PARENT: OnceLock<Option<PathBuf>> = OnceLock::new();
        let parent = PARENT.get_or_init(|| Place::own()?.parent()).as_ref()?;
        Self::below(parent, limits).ok()
    }

    fn below(parent: &Path, limits: &Limits) -> io::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = parent.join(format!("isoplug-{}-{number}", std::process::id()));
        fs::create_dir(&folder)?;
        let group = Self { folder };
        group.set("pids.max", &limits.hard_processes().to_string())?;
        if let Some(memory) = limits.memory {
            group.set("memory.max", &memory.to_string())?;
        }
        Ok(group)
    }

    /// Puts a process into it, and so all that it will start.
    pub(super) fn take(&self, process: u32) -> io::Result<()> {
        self.set("cgroup.procs", &process.to_string())
    }

    /// Says which limit its programs ran into.
    pub(super) fn over(&self, limits: &Limits) -> Option<Over> {
        let count = |file: &str, event: &str| {
            let text = fs::read_to_string(self.folder.join(file)).unwrap_or_default();
            counted(&text, event)
        };
        if count("memory.events", "oom_kill") > 0 {
            return Some(Over::Memory(limits.memory.unwrap_or_default()));
        }
        (count("pids.events", "max") > 0).then_some(Over::Processes(limits.processes))
    }

    /// Never makes a file: where there is no such one, this is no control group.
    fn set(&self, file: &str, value: &str) -> io::Result<()> {
        write(&self.folder.join(file), value)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Linux 5.14 has it; before, all has ended with process 1 in a moment.
        _ = self.set("cgroup.kill", "1");
        for _ in 0..100 {
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn write(file: &Path, value: &str) -> io::Result<()> {
    io::Write::write_all(&mut fs::OpenOptions::new().write(true).open(file)?, value.as_bytes())
}

/// Reads a number of a file of names and numbers.
fn counted(text: &str, event: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(event)?.strip_prefix(' '));
    line.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

/// Where this process is.
struct Place {
    /// Where the groups are mounted.
    top: PathBuf,
    /// The group of this process.
    own: PathBuf,
}

impl Place {
    fn own() -> Option<Self> {
        let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
        Self::read(&read("/proc/self/mountinfo"), &read("/proc/self/cgroup"))
    }

    fn read(mounts: &str, groups: &str) -> Option<Self> {
        let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
        mounts.lines().filter(|line| line.contains(" - cgroup2 ")).find_map(|line| {
            let mut fields = line.split(' ').skip(3);
            let (root, top) = (fields.next()?, PathBuf::from(fields.next()?));
            let own = Path::new(path).strip_prefix(root).ok()?;
            Some(Self { own: top.join(own), top })
        })
    }

    /// Returns the nearest group below which groups can be made whose memory and processes are counted.
    fn parent(&self) -> Option<PathBuf> {
        let around = self.own.ancestors().take_while(|group| group.starts_with(&self.top));
        let mut groups = around.filter(|group| counts(group) || is_delegated(group, &self.own));
        groups.find(|group| can_hold(group)).map(Path::to_owned)
    }
}

/// Whether groups below it are counted.
fn counts(group: &Path) -> bool {
    has(&fs::read_to_string(group.join("cgroup.subtree_control")).unwrap_or_default())
}

fn has(controllers: &str) -> bool {
    COUNTED.iter().all(|wanted| controllers.split_whitespace().any(|one| one == *wanted))
}

/// Whether it is this process's own alone, and groups below it are counted from now on: for that the process
/// has to move down itself, as a group that others lie in has no processes.
fn is_delegated(group: &Path, own: &Path) -> bool {
    let read = |file: &str| fs::read_to_string(group.join(file)).unwrap_or_default();
    let process = std::process::id().to_string();
    let is_alone = group == own && read("cgroup.procs").trim() == process;
    if !is_alone || !has(&read("cgroup.controllers")) {
        return false;
    }
    let inner = group.join("isoplug");
    let moved = fs::create_dir(&inner).and_then(|()| write(&inner.join("cgroup.procs"), &process));
    moved.and_then(|()| write(&group.join("cgroup.subtree_control"), "+memory +pids")).is_ok()
}

/// Tries it with a group that holds nothing.
fn can_hold(group: &Path) -> bool {
    Group::below(group, &Limits { memory: Some(1 << 30), ..Limits::default() }).is_ok_and(|made| {
        // Who may not write here cannot move a process down either.
        let procs = fs::OpenOptions::new().write(true).open(group.join("cgroup.procs"));
        procs.is_ok() && made.folder.join("memory.events").exists()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_process_is_read() {
        let read = |mounts: &str, groups: &str| {
            Place::read(mounts, groups).map(|place| place.own.display().to_string())
        };
        let plain = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n";
        let own = "0::/user.slice/user-1000.slice/session-3.scope\n";
        let found = "/sys/fs/cgroup/user.slice/user-1000.slice/session-3.scope";
        assert_eq!(read(plain, own).as_deref(), Some(found));
        // Both versions at once, and a part of the groups alone, as a container may have it.
        let both = "35 34 0:29 /box /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        let groups = "8:pids:/\n0::/box/x\n";
        assert_eq!(read(both, groups).as_deref(), Some("/sys/fs/cgroup/unified/x"));
        assert_eq!(read(both, "0::/elsewhere\n"), None);
        assert_eq!(read("30 23 0:26 / /x rw - tmpfs cgroup2 rw\n", own), None);
        assert_eq!(read(plain, "8:pids:/\n"), None);
    }

    #[test]
    fn events_are_counted() {
        let events = "low 0\nmax 17\noom 1\noom_kill 2\noom_group_kill 9\n";
        assert_eq!(counted(events, "oom_kill"), 2);
        assert_eq!(counted(events, "max"), 17);
        assert_eq!(counted("", "max"), 0);
    }

    /// A folder that is none: what the kernel would have made is missing in the new one.
    #[test]
    fn only_where_the_kernel_counts() {
        let folder = tempfile::tempdir().unwrap();
        let (top, own) = (folder.path().to_owned(), folder.path().join("own"));
        fs::create_dir(&own).unwrap();
        fs::write(top.join("cgroup.subtree_control"), "cpu memory pids\n").unwrap();
        fs::write(own.join("cgroup.subtree_control"), "memory_x pids\n").unwrap();
        assert!(counts(&top) && !counts(&own));
        assert_eq!(Place { top: top.clone(), own }.parent(), None);
        assert_eq!(isoplug_formats::tree::sorted_names(&top).unwrap().len(), 2, "nothing is left");
    }
}
