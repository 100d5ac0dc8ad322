//! How much time QEMU had: wall time less what it waited for a processor, at the pace of a usual machine.
//!
//! A boot that gets a quarter of a processor takes four times as long and is as healthy as any. So limits
//! count *usual seconds*: those of a machine of ours that has nothing else to do. Knows no limits.

use std::time::{Duration, Instant};

/// The time of one QEMU.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    process: u32,
    begun: Instant,
    slowness: f64,
}

impl Pace {
    /// Begins to measure a process; `slowness` says how many times slower than usual its processor is.
    pub(crate) fn begin(process: u32, slowness: f64) -> Self {
        Self { process, begun: Instant::now(), slowness: slowness.max(1.0) }
    }

    /// Seconds that went by for everybody.
    pub(crate) fn wall(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Usual seconds.
    pub(crate) fn usual(&self) -> Duration {
        let had = self.wall().saturating_sub(waited(self.process));
        had.div_f64(self.slowness)
    }

    /// How many seconds went by for a usual one so far; at least 1.
    pub(crate) fn stretch(&self) -> f64 {
        let usual = self.usual().as_secs_f64();
        if usual < 0.1 { 1.0 } else { (self.wall().as_secs_f64() / usual).max(1.0) }
    }

    /// How many seconds of the wall so many usual ones will be, if all goes on as it did.
    pub(crate) fn on_the_wall(&self, usual: Duration) -> Duration {
        usual.mul_f64(self.stretch())
    }

    /// Says for people what made the machine slow; empty if nothing did.
    pub(crate) fn excuse(&self) -> String {
        let share = waited(self.process).as_secs_f64() / self.wall().as_secs_f64().max(0.001);
        let mut reasons = Vec::new();
        if share > 0.1 {
            reasons.push(format!("other work had the processor for {:.0} % of it", share * 100.0));
        }
        if self.slowness > 1.2 {
            reasons.push(format!("emulation is {:.1} times slower here than usual", self.slowness));
        }
        reasons.join(", and ")
    }
}

/// How long the thread that had to wait most waited for a processor: the second number of
/// `/proc/<pid>/task/*/schedstat` (the kernel's scheduler/sched-stats.rst). Nothing where that is not told.
fn waited(process: u32) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "the order does not matter to a maximum")]
    let tasks = std::fs::read_dir(format!("/proc/{process}/task"));
    let nanoseconds = tasks.into_iter().flatten().flatten().filter_map(|task| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().nth(1)?.parse().ok()
    });
    Duration::from_nanos(nanoseconds.max().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_slow_processor_makes_seconds_longer() {
        let pace = Pace::begin(0, 4.0);
        std::thread::sleep(Duration::from_millis(450));
        assert!(pace.usual() < pace.wall() / 3, "{:?} of {:?}", pace.usual(), pace.wall());
        assert!((3.9..4.2).contains(&pace.stretch()), "{}", pace.stretch());
        assert!(pace.on_the_wall(Duration::from_secs(10)) >= Duration::from_secs(39));
        assert_eq!(pace.excuse(), "emulation is 4.0 times slower here than usual");
        assert!(Pace::begin(0, 0.2).stretch() >= 1.0, "a fast one gets no less");
    }

    /// Three busy loops on one processor: each waits for two thirds of the time.
    #[test]
    fn what_others_compute_does_not_count() {
        let spin = || {
            let mut command = Command::new("taskset");
            command.args(["-c", "0", "sh", "-c", "while :; do :; done"]);
            command.stdout(Stdio::null()).spawn().unwrap()
        };
        let mut loops = [spin(), spin(), spin()];
        let pace = Pace::begin(loops[0].id(), 1.0);
        std::thread::sleep(Duration::from_secs(3));
        let (usual, wall, excuse) = (pace.usual(), pace.wall(), pace.excuse());
        for child in &mut loops {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert!(usual < wall.mul_f64(0.6), "{usual:?} of {wall:?}");
        assert!(excuse.starts_with("other work had the processor for "), "{excuse}");
    }

    #[test]
    fn an_idle_process_had_all_its_time() {
        let mut idle = Command::new("sleep").arg("60").spawn().unwrap();
        let pace = Pace::begin(idle.id(), 1.0);
        std::thread::sleep(Duration::from_millis(500));
        let (usual, wall) = (pace.usual(), pace.wall());
        idle.kill().unwrap();
        idle.wait().unwrap();
        // Starting it may have waited.
        assert!(usual > wall / 4, "{usual:?} of {wall:?}");
    }
}
