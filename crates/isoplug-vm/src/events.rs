//! What a test tells while it runs.

use std::time::Duration;

use crate::{Accelerator, Boot, Firmware, Medium, NoKvm, TestResult};

/// One step of a test.
#[derive(Debug)]
pub enum Event<'a> {
    /// A machine was started.
    Started {
        /// Its firmware.
        firmware: Firmware,
        /// Its medium.
        medium: Medium,
        /// What runs it.
        accelerator: Accelerator,
        /// Why it is not KVM, if KVM was wanted.
        no_kvm: Option<NoKvm>,
    },
    /// The boot goes on; comes about once a second.
    Goes {
        /// The last milestone; empty before the first.
        milestone: &'static str,
        /// The last line of the serial port.
        line: &'a str,
        /// Since power-on.
        after: Duration,
    },
    /// The serial port showed that the boot came this far: `boot loader`, `kernel`, `systemd`,
    /// `login`, `shell`.
    Reached {
        /// How far.
        milestone: &'static str,
        /// Since power-on.
        after: Duration,
    },
    /// The machine is started again in another way, and why.
    Again {
        /// Why.
        reason: String,
    },
    /// A promise was checked.
    Checked(&'a TestResult),
    /// The machine was stopped.
    Finished {
        /// Its firmware.
        firmware: Firmware,
        /// Its medium.
        medium: Medium,
        /// How the boot ended.
        boot: &'a Boot,
    },
}

/// Who is told.
pub trait Events {
    /// Takes one event.
    fn event(&self, event: &Event<'_>);

    /// Whether to stop; asked several times a second.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Takes events and shows nothing.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Events for Silent {
    fn event(&self, _event: &Event<'_>) {}
}
