//! The installer's command: arguments, the terminal, exit codes.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use isoplug_install::arguments::{self, Arguments, Command, HELP};
use isoplug_install::choose::{self, Rules};
use isoplug_install::dialogue::{Ask, Keys, Plain};
use isoplug_install::install::{self, Done, Run};
use isoplug_install::machine::{Call, Real};
use isoplug_install::report::{LOG, Log, Report};
use isoplug_install::{Error, Machine, answers, inventory, rescue};
use isoplug_install_plan::{InstallPlan, MediumRule, OnDone};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};
use sha2::{Digest, Sha256};

fn main() -> ExitCode {
    let result = arguments::read(std::env::args().skip(1)).and_then(|each| command(&each));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(error.code())
        }
    }
}

fn say(text: &str) {
    // A terminal that has gone away is not an error of its own.
    let _ = writeln!(io::stdout(), "{text}");
}

fn command(arguments: &Arguments) -> Result<(), Error> {
    match &arguments.command {
        Command::Help => say(HELP.trim_end()),
        Command::Version => say(concat!("isoplug-install ", env!("CARGO_PKG_VERSION"))),
        Command::Check(path) => {
            let (plan, _) = plan(path)?;
            say(&format!("{path}: {} targets, no mistakes", plan.targets.len()));
        }
        Command::Disks => disks(arguments)?,
        Command::Mount(disk) => {
            let (machine, _) = machine()?;
            rescue::run(&machine, disk.as_deref(), &mut *asker(&machine, arguments))?;
        }
        Command::Run => run(arguments)?,
    }
    Ok(())
}

/// Reads a plan and its digest.
fn plan(path: &str) -> Result<(InstallPlan, String), Error> {
    let bytes = std::fs::read(path).map_err(Error::file("read", path))?;
    let plan: InstallPlan = serde_json::from_slice(&bytes)
        .map_err(|error| Error::Answers(format!("{path} is wrong: {error}")))?;
    let faults: Vec<String> = plan.faults().iter().map(|fault| format!("\n  {fault}")).collect();
    if !faults.is_empty() {
        return Err(Error::Answers(format!("{path} is wrong:{}", faults.concat())));
    }
    let digest = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((plan, digest))
}

/// Returns the machine, and whether something is being written to a disk.
fn machine() -> Result<(Real, Arc<AtomicBool>), Error> {
    let stop = Arc::new(AtomicBool::new(false));
    let writing = Arc::new(AtomicBool::new(false));
    let (stops, writes) = (Arc::clone(&stop), Arc::clone(&writing));
    let handled = ctrlc::set_handler(move || {
        if writes.load(Ordering::Relaxed) {
            stops.store(true, Ordering::Relaxed);
            return;
        }
        show_again();
        std::process::exit(130);
    });
    handled.map_err(|error| Error::Unexpected(format!("cannot listen for Ctrl-C: {error}")))?;
    let log = Log::new(LOG).map_err(Error::file("write", LOG))?;
    Ok((Real::new(Rc::new(log), stop), writing))
}

/// A question for a password may have hidden what is typed.
fn show_again() {
    if let Ok(mut state) = tcgetattr(io::stdin()) {
        state.local_modes.insert(LocalModes::ECHO | LocalModes::ICANON);
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &state);
    }
}

/// Arrow keys where the terminal has a cursor, else plain lines.
fn asker(machine: &dyn Machine, arguments: &Arguments) -> Box<dyn Ask> {
    let command_line = machine.text("/proc/cmdline").unwrap_or_default();
    let wants_plain = answers::parameters(&command_line).is_ok_and(|each| each.plain == Some(true));
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let name = std::fs::read_link("/proc/self/fd/0").unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    let serial = name.starts_with("/dev/ttyS") || name.starts_with("/dev/ttyAMA");
    let console = name == "/dev/console" || name.starts_with("/dev/hvc");
    // A serial line has a cursor as well, but nobody knows of which kind.
    #[allow(clippy::disallowed_methods)]
    let simple = std::env::var("TERM").is_ok_and(|term| matches!(term.as_str(), "dumb" | "vt102"));
    if arguments.plain || wants_plain || !terminal || serial || console || simple {
        Box::new(Plain::new(io::stdin().lock(), io::stdout()))
    } else {
        Box::new(Keys::new())
    }
}

fn disks(arguments: &Arguments) -> Result<(), Error> {
    let (machine, _) = machine()?;
    let plan = plan(&arguments.plan).ok().map(|(plan, _)| plan);
    let id = plan.as_ref().map(|plan| plan.image.id.as_str()).unwrap_or_default();
    let inventory = inventory::take(&machine, id)?;
    let rules = Rules { filters: None, min_size: 0, target: None, medium: MediumRule::Never };
    say(choose::table(&inventory, &choose::judge(&inventory, &rules)).trim_end());
    Ok(())
}

fn run(arguments: &Arguments) -> Result<(), Error> {
    let (plan, digest) = plan(&arguments.plan)?;
    let (machine, writing) = machine()?;
    let folder = arguments.plan.rsplit_once('/').map_or(".", |(folder, _)| folder);
    let command_line = machine.text("/proc/cmdline").unwrap_or_default();
    let unattended = arguments.unattended || answers::is_unattended(&command_line);
    let mut ask = asker(&machine, arguments);
    let options = Run {
        plan: &plan,
        digest: &digest,
        folder,
        unattended,
        answers: arguments.answers.as_deref(),
        keep_on_error: arguments.keep_on_error,
        pause: &pause,
        report: &|target| Report::new(target, arguments.json, Box::new(io::stdout())),
        begin: &|| writing.store(true, Ordering::Relaxed),
    };
    let done = install::run(&machine, &options, &mut *ask);
    writing.store(false, Ordering::Relaxed);
    match done.inspect_err(|_| say(&format!("The log is {LOG}.")))? {
        Done::Already(text) => say(&text),
        Done::Installed(on_done) => end(&machine, on_done, unattended, &mut *ask)?,
    }
    Ok(())
}

/// Waits for a second; tells whether a key was pressed.
fn pause() -> bool {
    let Ok(before) = tcgetattr(io::stdin()) else {
        std::thread::sleep(Duration::from_secs(1));
        return false;
    };
    let mut now = before.clone();
    now.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
    now.special_codes[SpecialCodeIndex::VMIN] = 0;
    now.special_codes[SpecialCodeIndex::VTIME] = 10;
    let _ = tcsetattr(io::stdin(), OptionalActions::Now, &now);
    let mut byte = [0];
    let pressed = rustix::io::read(io::stdin(), &mut byte[..]).is_ok_and(|count| count > 0);
    let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
    pressed
}

/// What happens afterwards. A machine that would start from the medium again is switched off instead.
fn end(machine: &Real, on_done: OnDone, unattended: bool, ask: &mut dyn Ask) -> Result<(), Error> {
    ask.say("Done. The system is installed.")?;
    let on_done = match on_done {
        OnDone::Ask => {
            let items = ["Restart", "Switch off", "Stay here"].map(str::to_owned);
            let all = [OnDone::Reboot, OnDone::Poweroff, OnDone::Shell];
            all[ask.select("And now", &items, 0)?]
        }
        other => other,
    };
    let action = match on_done {
        OnDone::Shell | OnDone::Ask => return Ok(()),
        OnDone::Poweroff => "poweroff",
        OnDone::Reboot if leaves_medium(machine) => "reboot",
        OnDone::Reboot if unattended => {
            ask.say("The medium cannot be taken out by a program; the machine is switched off.")?;
            "poweroff"
        }
        OnDone::Reboot => {
            ask.text("Take the medium out, then press Enter", "", &|_| Ok(()))?;
            "reboot"
        }
    };
    machine.run(&Call::new("/usr/bin/systemctl").with([action]))?;
    Ok(())
}

/// Tells whether the next start is that of the disk: the firmware was told so, or the disc is out.
fn leaves_medium(machine: &Real) -> bool {
    let said = machine.run(&Call::new("/usr/bin/efibootmgr"));
    said.is_ok_and(|said| said.out.contains("BootNext: "))
        || machine.run(&Call::new("/usr/bin/eject").with(["/dev/sr0"])).is_ok()
}
