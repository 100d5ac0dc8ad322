//! Tests of parts that set what other parts read.

use super::super::{Input, evaluate_parts};
use super::*;
use crate::by::By;
use crate::option::option;
use crate::plugin::NoPlugins;
use crate::system::System;
use crate::{Diagnostics, explain};

/// A part of a test: its name, and what it says.
struct Says<'o>(&'static str, &'o Options, fn(&Options, &mut Contribution));

impl Part for Says<'_> {
    fn by(&self) -> By {
        By::Part(self.0)
    }

    fn owns(&self) -> &[&str] {
        &[]
    }

    fn contribute(&self, out: &mut Contribution) {
        (self.2)(self.1, out);
    }
}

fn run(list: List, lines: &str) -> Result<System, Diagnostics> {
    let text = format!("image.name = \"t\"\n[profiles.p]\n{lines}\n");
    let mut load = |_: &str| Err("no such file".to_owned());
    let (name, plugins) = ("isoplug.toml", &mut NoPlugins);
    let input = Input {
        name,
        text: &text,
        profile: "p",
        arch: "amd64",
        vars: &Default::default(),
        load: &mut load,
        plugins,
    };
    evaluate_parts(input, list, &[])
}

/// Each reads what the one below sets.
fn upwards<'o>(options: &'o Options, _: About<'o>) -> Vec<Box<dyn Part + 'o>> {
    let third = |options: &Options, out: &mut Contribution| {
        if options.boot.menu.text_mode {
            out.because(option!(boot.menu.text_mode)).package("third");
        }
    };
    let second = |options: &Options, out: &mut Contribution| {
        if options.boot.menu.copy_to_ram {
            out.because(option!(boot.menu.copy_to_ram)).set(&option!(boot.menu.text_mode), true);
        }
    };
    let first = |options: &Options, out: &mut Contribution| {
        if options.microcode {
            out.because(option!(microcode)).set(&option!(boot.menu.copy_to_ram), true);
        }
    };
    let [third, second, first] =
        [("third", third as fn(&_, &mut _)), ("second", second), ("first", first)]
            .map(|(name, says)| Box::new(Says(name, options, says)));
    vec![third, second, first]
}

#[test]
fn a_part_sees_what_parts_below_it_set() {
    let system = run(upwards, "microcode = true").unwrap();
    assert_eq!(system.packages()[0].what.name, "third");
    insta::assert_snapshot!(explain(&system, "boot.menu").unwrap(), @r#"
    boot.menu.background = (nothing)  # default
    boot.menu.copy-to-ram = true  # part first (because of microcode):2:15
    boot.menu.default = "live"  # default
    boot.menu.entries = []  # default
    boot.menu.hashed-password = (nothing)  # default
    boot.menu.local-disk = false  # default
    boot.menu.memtest = false  # default
    boot.menu.safe-graphics = true  # default
    boot.menu.text-mode = true  # part second (because of boot.menu.copy-to-ram):2:13
    boot.menu.theme = (nothing)  # default
    "#);
    assert!(run(upwards, "").unwrap().packages().is_empty());
    let off = run(upwards, "microcode = true\nboot.menu.copy-to-ram = false").unwrap();
    assert!(off.packages().is_empty() && !off.options.boot.menu.text_mode);
}

/// The second takes away what the first one sets, by what follows from it.
fn pendulum<'o>(options: &'o Options, _: About<'o>) -> Vec<Box<dyn Part + 'o>> {
    let first = |options: &Options, out: &mut Contribution| {
        if options.microcode && !options.boot.menu.text_mode {
            out.because(option!(microcode)).set(&option!(boot.menu.copy_to_ram), true);
        }
    };
    let second = |options: &Options, out: &mut Contribution| {
        if options.boot.menu.copy_to_ram {
            out.because(option!(boot.menu.copy_to_ram)).set(&option!(boot.menu.text_mode), true);
        }
    };
    vec![Box::new(Says("first", options, first)), Box::new(Says("second", options, second))]
}

#[test]
fn what_does_not_settle_is_an_error_that_names_who_sets_it() {
    insta::assert_snapshot!(run(pendulum, "microcode = true").unwrap_err(), @r"
    isoplug.toml:3:13: error[unsettled]: parts set options without an end: part first sets `boot.menu.copy-to-ram` because of `microcode`, and part second sets `boot.menu.text-mode` because of `boot.menu.copy-to-ram`
      isoplug.toml:3:13: because of this, part first sets `boot.menu.copy-to-ram`
      help: set `boot.menu.copy-to-ram` or `boot.menu.text-mode` yourself: a plain value wins over what parts say
    ");
    let settled = run(pendulum, "microcode = true\nboot.menu.text-mode = false").unwrap();
    assert!(settled.options.boot.menu.copy_to_ram);
    assert!(run(pendulum, "").is_ok());
}

/// They do not agree.
fn rivals<'o>(options: &'o Options, _: About<'o>) -> Vec<Box<dyn Part + 'o>> {
    let short = |_: &Options, out: &mut Contribution| {
        out.because(option!(microcode)).set(&option!(boot.timeout), 1);
    };
    let long = |_: &Options, out: &mut Contribution| {
        out.because(option!(boot.bios)).set(&option!(boot.timeout), 9);
    };
    vec![Box::new(Says("short", options, short)), Box::new(Says("long", options, long))]
}

#[test]
fn two_parts_that_differ_are_a_conflict() {
    insta::assert_snapshot!(run(rivals, "microcode = true").unwrap_err(), @r"
    part long (because of boot.bios):2:11: error[conflict]: `boot.timeout` has two different values
      part long (because of boot.bios):2:11: 9 here
      part short (because of microcode):2:11: 1 here
      isoplug.toml:3:13: because of this, part short sets it
      help: set it yourself: a plain value wins over what parts say
    ");
    assert_eq!(run(rivals, "boot.timeout = 3").unwrap().options.boot.timeout, 3);
}
