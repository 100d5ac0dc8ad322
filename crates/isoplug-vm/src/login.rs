//! Waits for a machine to come up and turns its login prompt into a root shell.

mod patience;
mod way;

use std::time::Duration;

use crate::qemu::Guest;
use crate::trouble::{Halt, Trouble, TroubleKind, explain, fatal};
use crate::{Accelerator, Event, Events, Limit};
use patience::{Patience, Time};
pub(crate) use way::Way;

/// Becomes root, drops the login's environment, and leaves readline behind.
const BECOME_ROOT: &str = "e='env -i HOME=/root USER=root LOGNAME=root TERM=dumb LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin sh'; \
    if [ \"$(id -u)\" = 0 ]; then exec $e; else exec sudo -n $e; fi\n";

/// The shell must compute the answer, so the echo of the question cannot be taken for it. A login may swallow its
/// beginning, so it has no quote that could stay open.
const QUESTION: &str = "echo isoplug-$((40 + 2))\n";
const ANSWER: &str = "isoplug-42";

/// An emulated machine that is still starting services may take this long from the prompt's first
/// letters to its last, in usual seconds.
const AUTOLOGIN: Duration = Duration::from_secs(45);

/// Texts that tell how far a boot is, in their order.
const MILESTONES: &[(&str, &[&str])] = &[
    ("boot loader", &["GRUB", "Booting `", "BdsDxe: starting", "ISOLINUX", "SYSLINUX"]),
    ("kernel", &["Linux version "]),
    ("systemd", &["systemd[1]: ", "Reached target", "Started "]),
    ("login", &[" login: "]),
];

/// Waits until a root shell answers.
pub(crate) fn reach_shell(
    guest: &mut Guest,
    way: &Way,
    limit: Limit,
    accelerator: Accelerator,
    events: &dyn Events,
) -> Result<(), Halt> {
    let (patience, told) = (Patience::new(limit, accelerator), Duration::ZERO);
    let mut watch = Watch { guest, patience, events, passed: 0, scanned: 0, told };
    watch.until_login()?;
    watch.log_in(way)?;
    watch.until_answer()?;
    watch.serial_send(BECOME_ROOT)?;
    watch.pause(Duration::from_millis(300))?;
    watch.until_answer()?;
    watch.tell("shell");
    Ok(())
}

struct Watch<'a> {
    guest: &'a mut Guest,
    patience: Patience,
    events: &'a dyn Events,
    passed: usize,
    scanned: usize,
    /// When its progress was last told, on the wall.
    told: Duration,
}

impl Watch<'_> {
    fn until_login(&mut self) -> Result<(), Halt> {
        loop {
            let fresh = self.step()?;
            if fresh.contains(" login: ") || fresh.contains("(automatic login)") {
                return Ok(());
            }
        }
    }

    /// From the prompt to where a shell should be.
    fn log_in(&mut self, way: &Way) -> Result<(), Halt> {
        match way {
            // The line may be half here: a cut would tear the text apart.
            Way::Autologin => self.expect(0, "(automatic login)", AUTOLOGIN),
            Way::OpenPam => self.serial_send("root\n"),
            Way::Password(user, password) => {
                let mark = self.guest.serial.cut();
                self.serial_send(&format!("{user}\n"))?;
                self.expect(mark, "assword:", Duration::from_secs(30))?;
                self.serial_send(&format!("{password}\n"))
            }
        }
    }

    fn expect(&mut self, mark: usize, text: &str, wait: Duration) -> Result<(), Halt> {
        let deadline = self.guest.pace.usual() + wait;
        while !self.guest.serial.since(mark).contains(text) {
            if self.guest.pace.usual() > deadline {
                let line = format!("no \"{text}\" after the prompt");
                return Err(Halt::Trouble(Trouble::with(TroubleKind::LoginRefused, line)));
            }
            self.step()?;
        }
        Ok(())
    }

    /// Asks every few seconds, since what is typed while the line is being set up is lost.
    fn until_answer(&mut self) -> Result<(), Halt> {
        let mark = self.guest.serial.cut();
        let mut asked: Option<Duration> = None;
        loop {
            let now = self.guest.pace.usual();
            if asked.is_none_or(|asked| now > asked + Duration::from_secs(5)) {
                self.serial_send(QUESTION)?;
                asked = Some(now);
            }
            self.step()?;
            let said = self.guest.serial.since(mark);
            if said.contains(ANSWER) {
                return Ok(());
            }
            refused(&said)?;
        }
    }

    /// Reads for a moment, and gives the text since the last look.
    fn step(&mut self) -> Result<String, Halt> {
        if self.events.cancelled() {
            return Err(Halt::Cancelled);
        }
        let read = self.guest.serial.read(Duration::from_millis(200));
        let fresh = self.guest.serial.since(self.scanned);
        self.scanned = self.guest.serial.mark();
        self.milestones(&fresh);
        self.tell_progress();
        if let Some(trouble) = fatal(&fresh).or_else(|| self.firmware_trouble()) {
            // The lines that follow say why.
            self.linger();
            return Err(Halt::Trouble(trouble));
        }
        if read.is_err() || self.guest.ended() {
            return Err(self.stopped());
        }
        self.check_time(&fresh)?;
        Ok(fresh)
    }

    /// SeaBIOS complains on its debug port; once a kernel runs, it has nothing more to say.
    fn firmware_trouble(&self) -> Option<Trouble> {
        if self.passed > 1 { None } else { fatal(&self.guest.firmware_log()) }
    }

    fn stopped(&mut self) -> Halt {
        if self.events.cancelled() {
            return Halt::Cancelled;
        }
        if let Some(said) = self.guest.breakdown() {
            return Halt::Trouble(Trouble::with(TroubleKind::QemuBroke, said));
        }
        let last = self.guest.serial.tail(1).pop().unwrap_or_default();
        Halt::Trouble(Trouble::with(TroubleKind::Stopped, last))
    }

    fn linger(&mut self) {
        let end = self.guest.pace.wall() + Duration::from_secs(2);
        while self.guest.pace.wall() < end
            && self.guest.serial.read(Duration::from_millis(200)).is_ok()
        {}
    }

    fn check_time(&mut self, fresh: &str) -> Result<(), Halt> {
        let serial = &self.guest.serial;
        // A machine that cannot go on is silent; asking more often would only slow it.
        if serial.quiet() > Duration::from_secs(5)
            && self.guest.qmp.status().is_ok_and(|status| status == "internal-error")
        {
            return Err(Halt::new(TroubleKind::InternalError));
        }
        match self.patience.look(self.guest, fresh) {
            Time::Left => Ok(()),
            Time::Hangs => Err(Halt::Trouble(explain(&self.guest.serial.since(0)))),
            Time::TooSlow => Err(Halt::Trouble(Trouble::too_slow(&self.guest.pace))),
            Time::NeverRan => Err(Halt::new(TroubleKind::NeverRan)),
        }
    }

    fn milestones(&mut self, fresh: &str) {
        for (place, (milestone, texts)) in MILESTONES.iter().enumerate().skip(self.passed) {
            if texts.iter().any(|text| fresh.contains(text)) {
                self.passed = place + 1;
                self.tell(milestone);
            }
        }
    }

    fn tell(&self, milestone: &'static str) {
        let after = self.guest.pace.wall();
        self.events.event(&Event::Reached { milestone, after });
    }

    /// Says about once a second how far it is.
    fn tell_progress(&mut self) {
        let after = self.guest.pace.wall();
        if after < self.told + Duration::from_secs(1) {
            return;
        }
        self.told = after;
        let milestone = self.passed.checked_sub(1).map_or("", |last| MILESTONES[last].0);
        let line = self.guest.serial.tail(1).pop().unwrap_or_default();
        self.events.event(&Event::Goes { milestone, line: &line, after });
    }

    fn pause(&mut self, time: Duration) -> Result<(), Halt> {
        let end = self.guest.pace.wall() + time;
        while self.guest.pace.wall() < end {
            self.step()?;
        }
        Ok(())
    }

    fn serial_send(&mut self, text: &str) -> Result<(), Halt> {
        self.guest.serial.send(text).map_err(|_| Halt::new(TroubleKind::Stopped))
    }
}

fn refused(said: &str) -> Result<(), Halt> {
    let texts = ["assword:", "Login incorrect", "sudo: a password is required", "sudo: not found"];
    let line = said.lines().find(|line| texts.iter().any(|text| line.contains(text)));
    match line {
        Some(line) => Err(Halt::Trouble(Trouble::with(TroubleKind::LoginRefused, line.trim()))),
        None => Ok(()),
    }
}
