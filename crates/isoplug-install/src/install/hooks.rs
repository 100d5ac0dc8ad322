//! Runs the scripts of the image's author.
//!
//! Each has a view of mounts and of processes of its own, so that nothing of it is there when it has ended, and no
//! network unless the plan gives it one.

use isoplug_install_plan::Hook;

use super::{Choice, Run};
use crate::machine::{Call, Failed};
use crate::report::Report;
use crate::{Error, Machine, TARGET};

/// Runs those in the live system. Nothing was written yet, and what one refuses is not installed.
pub(crate) fn before(
    machine: &dyn Machine,
    run: &Run<'_>,
    choice: &Choice<'_>,
    report: &Report,
) -> Result<(), Error> {
    for hook in &run.plan.hooks.before {
        report.say(&format!("hook {} before the installation", hook.name));
        let script = format!("{}/{}", run.folder, hook.source);
        let call = apart(hook).with(told("before", choice)).with([script]);
        machine.run(&call).map_err(failed(hook, "before", "\nThe disk was not touched."))?;
    }
    Ok(())
}

/// Where a script lies in the target while it runs; what is below `/run` cannot be run there.
const SCRIPT: &str = "/var/lib/isoplug/hook";

/// Runs those in the installed system, which [`crate::settle::enter`] made ready for it.
pub(crate) fn after(
    machine: &dyn Machine,
    run: &Run<'_>,
    choice: &Choice<'_>,
    report: &Report,
) -> Result<(), Error> {
    let place = format!("{TARGET}{SCRIPT}");
    for hook in &run.plan.hooks.after {
        report.say(&format!("hook {} after the installation", hook.name));
        let script = format!("{}/{}", run.folder, hook.source);
        let text = machine.read(&script).map_err(Error::file("read", script.as_str()))?;
        machine.write(&place, &text, 0o700).map_err(Error::file("write", place.as_str()))?;
        let call = apart(hook).with(["/usr/sbin/chroot", TARGET]).with(told("after", choice));
        machine.run(&call.with([SCRIPT])).map_err(failed(hook, "after", ""))?;
        machine.remove(&place).map_err(Error::file("remove", place.as_str()))?;
    }
    Ok(())
}

fn apart(hook: &Hook) -> Call {
    let call = Call::new("/usr/bin/unshare").words("--mount --pid --kill-child");
    if hook.network { call } else { call.with(["--net"]) }
}

/// Returns what gives a script its surroundings. No answer is in them that may be a secret.
fn told(when: &str, choice: &Choice<'_>) -> Vec<String> {
    vec![
        "/usr/bin/env".to_owned(),
        format!("ISOPLUG_HOOK={when}"),
        format!("ISOPLUG_TARGET={}", choice.target.name),
        format!("ISOPLUG_DISK={}", choice.disk.path),
        format!("ISOPLUG_HOSTNAME={}", choice.hostname),
    ]
}

fn failed(hook: &Hook, when: &str, then: &str) -> impl FnOnce(Failed) -> Error {
    let what = format!("the hook {} {when} the installation failed", hook.name);
    let then = then.to_owned();
    move |failed| {
        let code = failed.code.map(|code| format!(" with code {code}")).unwrap_or_default();
        let lines: String = failed.last_lines().iter().map(|line| format!("\n  {line}")).collect();
        Error::Hook(format!("{what}{code}{lines}{then}"))
    }
}
