//! Decides when a boot has had its time, and whether the machine or the image is at fault.
//!
//! A boot that got what a usual machine would have given it, and shows no sign of life, hangs: the image
//! fails. One that did not get it, or still goes on under emulation, was too slow: the image is not judged.

use std::time::Duration;

use crate::qemu::Guest;
use crate::{Accelerator, Limit};

/// Without a sign of life for so many usual seconds, a boot hangs.
const SILENCE: Duration = Duration::from_secs(60);

/// With KVM, firmware speaks or reads within a second.
const FIRST_SIGN: Duration = Duration::from_secs(20);

/// A boot that still goes on gets so many times its limit.
const LONGER: u32 = 3;

/// systemd draws this anew each second while nothing goes on.
const WAITING: &str = "start job is running for";

/// What there is to say of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    /// There is some left.
    Left,
    /// The boot hangs.
    Hangs,
    /// The machine was too slow for it.
    TooSlow,
    /// The guest does not run at all.
    NeverRan,
}

/// What was seen of a boot, in usual seconds.
#[derive(Debug)]
pub(super) struct Patience {
    limit: Limit,
    accelerator: Accelerator,
    /// The last sign of life.
    life: Duration,
    /// Whether there was any.
    lives: bool,
    received: u64,
    read: u64,
    /// When QEMU was last asked what the guest has read, on the wall.
    asked: Duration,
}

impl Patience {
    pub(super) fn new(limit: Limit, accelerator: Accelerator) -> Self {
        let (life, asked) = (Duration::ZERO, Duration::ZERO);
        Self { limit, accelerator, life, lives: false, received: 0, read: 0, asked }
    }

    /// Looks at the guest, of which this is the newest text.
    pub(super) fn look(&mut self, guest: &mut Guest, fresh: &str) -> Time {
        let (usual, wall) = (guest.pace.usual(), guest.pace.wall());
        let received = guest.serial.received();
        if received > self.received {
            self.received = received;
            self.lives = true;
            if !fresh.lines().filter(|line| !line.trim().is_empty()).all(|l| l.contains(WAITING)) {
                self.life = usual;
            }
        }
        if wall >= self.asked + Duration::from_secs(5) {
            self.asked = wall;
            self.ask(guest, usual);
        }
        self.judge(usual, wall)
    }

    /// A quiet boot may still read its medium.
    fn ask(&mut self, guest: &mut Guest, usual: Duration) {
        let read = guest.qmp.bytes_read().unwrap_or(self.read);
        if read > self.read {
            (self.read, self.life, self.lives) = (read, usual, true);
        }
        self.lives |= !guest.firmware_log().is_empty();
    }

    fn judge(&self, usual: Duration, wall: Duration) -> Time {
        let moves = usual.saturating_sub(self.life) < SILENCE;
        let kvm = self.accelerator == Accelerator::Kvm;
        let enough = self.limit.usual();
        match () {
            () if kvm && !self.lives && usual > FIRST_SIGN => Time::NeverRan,
            // The time that a user gives is for the machine that is there.
            () if wall >= self.limit.wall() && (moves || usual < enough) => Time::TooSlow,
            () if wall >= self.limit.wall() => Time::Hangs,
            () if matches!(self.limit, Limit::Wall(_)) || usual < enough => Time::Left,
            () if !moves => Time::Hangs,
            () if usual < enough * LONGER => Time::Left,
            () if kvm => Time::Hangs,
            () => Time::TooSlow,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: u64 = 300;

    /// At so many usual seconds, and so many on the wall, after a last sign of life.
    fn judged(limit: Limit, accelerator: Accelerator, life: u64, usual: u64, wall: u64) -> Time {
        let second = Duration::from_secs;
        let mut patience = Patience::new(limit, accelerator);
        (patience.life, patience.lives) = (second(life), life > 0);
        patience.judge(second(usual), second(wall))
    }

    #[test]
    fn a_slow_machine_is_told_from_a_boot_that_hangs() {
        use Accelerator::{Kvm, Tcg};
        let usual =
            |accelerator, life, usual, wall| judged(Limit::DEFAULT, accelerator, life, usual, wall);
        // At load 8, a boot of 100 usual seconds takes 470 on the wall.
        assert_eq!(usual(Tcg, 90, 100, 470), Time::Left);
        assert_eq!(usual(Tcg, 10, 200, 1527), Time::Left, "silent, and it may yet come");
        assert_eq!(usual(Tcg, 200, DEFAULT, 301), Time::Hangs);
        assert_eq!(usual(Tcg, 290, 301, 400), Time::Left, "it still goes on");
        assert_eq!(usual(Tcg, 890, 901, 3000), Time::TooSlow);
        assert_eq!(usual(Kvm, 890, 901, 3000), Time::Hangs, "KVM is not slow");
        assert_eq!(usual(Tcg, 40, 50, 3600), Time::TooSlow, "the machine stood still");
        assert_eq!(usual(Tcg, 0, 290, 3600), Time::TooSlow);
    }

    #[test]
    fn the_time_that_a_user_gives_is_kept() {
        use Accelerator::{Kvm, Tcg};
        let wall = |seconds, accelerator, life, usual| {
            judged(Limit::Wall(Duration::from_secs(seconds)), accelerator, life, usual, seconds)
        };
        assert_eq!(wall(30, Tcg, 29, 30), Time::TooSlow);
        assert_eq!(wall(900, Tcg, 890, 900), Time::TooSlow);
        assert_eq!(wall(900, Tcg, 300, 900), Time::Hangs);
        assert_eq!(wall(10, Kvm, 9, 10), Time::TooSlow);
        let long = judged(Limit::Wall(Duration::from_secs(2000)), Tcg, 10, 1000, 1000);
        assert_eq!(long, Time::Left, "the user wants to wait");
    }

    #[test]
    fn with_kvm_a_guest_that_gives_no_sign_does_not_run() {
        assert_eq!(judged(Limit::DEFAULT, Accelerator::Kvm, 0, 21, 21), Time::NeverRan);
        assert_eq!(judged(Limit::DEFAULT, Accelerator::Kvm, 0, 19, 60), Time::Left);
        assert_eq!(judged(Limit::DEFAULT, Accelerator::Kvm, 2, 21, 21), Time::Left);
        assert_eq!(judged(Limit::DEFAULT, Accelerator::Tcg, 0, 21, 21), Time::Left);
    }
}
