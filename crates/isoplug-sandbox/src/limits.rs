//! How much the programs of a tree may take of the build machine: generous for every package, and
//! an end for one that does not end.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

/// The limits of one job's programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Processes at the same time.
    pub processes: u32,
    /// Bytes of memory for all together, with files that lie in memory; none: what the machine has free at the start,
    /// but for an eighth of it.
    pub memory: Option<u64>,
    /// Bytes in one file, holes counted.
    pub file: u64,
    /// Bytes in a line of output; what is longer is cut.
    pub line: usize,
    /// Bytes of output that are passed on; the rest is left out.
    pub output: u64,
    /// How long all programs together may take.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            processes: 8192,
            memory: None,
            file: 64 << 30,
            line: 64 << 10,
            output: 256 << 20,
            time: Duration::from_secs(12 * 60 * 60),
        }
    }
}

/// The bytes of a stack, as the kernel has it where nobody asks for another: without a limit, it lays out the memory of
/// programs in another way.
const STACK: u64 = 8 << 20;

/// The most files that a process may have open, and how many it has at first: programs that close
/// every possible file one by one must not take the machine's limit as theirs.
const FILES: (u64, u64) = (4096, 1024);

impl Limits {
    /// Sets them for this process and all that it starts.
    pub(super) fn set(&self) -> rustix::io::Result<()> {
        let possible = rustix::process::getrlimit(Resource::Nofile).maximum.unwrap_or(FILES.0);
        let files = possible.min(FILES.0);
        limit(Resource::Nofile, files.min(FILES.1), files)?;
        limit(Resource::Core, 0, 0)?;
        limit(Resource::Stack, STACK, u64::MAX)?;
        let processes = self.hard_processes().into();
        limit(Resource::Nproc, processes, processes)?;
        if let Some(memory) = self.memory {
            limit(Resource::Data, memory, memory)?;
        }
        limit(Resource::Fsize, self.file, self.file)
    }

    /// Returns how many processes the kernel lets there be: some more than may be, so that it is noticed.
    pub(super) fn hard_processes(&self) -> u32 {
        self.processes.saturating_add(self.processes / 8 + 1)
    }

    /// Sets what the kernel keeps for the namespaces of this process. Returns what it does not have.
    pub(super) fn set_of_namespaces(&self) -> Vec<&'static str> {
        // Users with other numbers have processes of their own in the limit above, not in this one.
        let processes = ("pid_max", "/proc/sys/kernel/pid_max", self.hard_processes().to_string());
        let none = "0".to_owned();
        let nested = ("max_user_namespaces", "/proc/sys/user/max_user_namespaces", none);
        // When the machine has no memory left, what runs here ends first.
        let first = ("oom_score_adj", "/proc/self/oom_score_adj", "1000".to_owned());
        let settings = [processes, nested, first].into_iter();
        let refused = settings.filter(|(_, file, value)| std::fs::write(file, value).is_err());
        refused.map(|(name, ..)| name).collect()
    }
}

fn limit(resource: Resource, current: u64, maximum: u64) -> rustix::io::Result<()> {
    let allowed = rustix::process::getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let [current, maximum] = [current, maximum].map(|number| Some(number.min(allowed)));
    setrlimit(resource, Rlimit { current, maximum })
}
