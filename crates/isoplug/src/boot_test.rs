//! Boots the image in one way and checks it: a stage, so that a test that passed is not run again.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage};
use isoplug_vm::{
    BootCheck, Event, Events, Host, Installation, Limit, Login, Machine, Plan, Promise, Report,
    TestError, Verdict,
};
use serde::Serialize;

/// Inputs.
#[derive(Clone)]
pub(crate) struct BootTest {
    /// The image.
    pub(crate) iso: Artifact<Blob>,
    /// The image's identity, which the running system must show.
    pub(crate) identity: Artifact<Blob>,
    /// The machine, with the firmware and the medium to boot from.
    pub(crate) machine: Machine,
    /// What must hold.
    pub(crate) checks: Vec<BootCheck>,
    /// How to get a shell.
    pub(crate) login: Login,
    /// How the disk gets its system, where no medium boots.
    pub(crate) installation: Option<Installation>,
    /// The name of the image in reports; names no bytes.
    pub(crate) name: String,
    /// A number that makes a test run again although it passed before.
    pub(crate) again: Option<u64>,
    /// What is not in the key: a test that passed did so whatever it is.
    pub(crate) setup: TestSetup,
}

/// How a test is made, which decides nothing that an image promises.
#[derive(Clone)]
pub(crate) struct TestSetup {
    /// The machine that runs QEMU.
    pub(crate) host: Host,
    /// Longest time to a shell.
    pub(crate) limit: Limit,
    /// Where the serial log and the screen go.
    pub(crate) folder: PathBuf,
    /// Takes the report of a test that did not pass, also of one that was stopped.
    pub(crate) seen: Arc<OnceLock<Report>>,
    /// Whether a test that passes leaves a picture of the screen.
    pub(crate) pictures: bool,
}

/// Outputs.
#[derive(Clone, Copy)]
pub(crate) struct Outputs {
    /// The report of a test that passed, as JSON.
    pub(crate) report: Artifact<Blob>,
}

/// What a test says that did not end, which is no failure of the image.
pub(crate) const UNFINISHED: &str = "not finished";

/// Why there is no report of a test that passed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The image does not keep what the manifest promises.
    #[error("the image failed its test")]
    Failed,
    /// Not all could be seen.
    #[error("{UNFINISHED}")]
    Unfinished,
    /// No test could be made.
    #[error(transparent)]
    Test(#[from] TestError),
    /// The report could not be written, or an input not be read.
    #[error(transparent)]
    Engine(#[from] isoplug_engine::Error),
    /// The report could not be written.
    #[error("cannot write the report")]
    Write(#[from] std::io::Error),
}

/// What decides whether a passed test still counts.
#[derive(Serialize)]
struct Conditions<'a> {
    machine: &'a Machine,
    checks: &'a [BootCheck],
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    installation: Option<&'a Installation>,
}

impl Stage for BootTest {
    const NAME: &'static str = "test";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn title(&self) -> String {
        format!("test {}-{}", self.machine.firmware, self.machine.medium)
    }

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { report: slots.slot("report.json") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { iso, identity, machine, checks, login, installation, name, again, setup: _ } =
            self;
        key.artifact("iso", *iso);
        key.artifact("identity", *identity);
        let user = match login {
            Login::Credentials | Login::OpenPam => None,
            Login::Password { user, password } => {
                key.secret("password", password);
                Some(user.as_str())
            }
        };
        let installation = installation.as_ref();
        key.value("conditions", &Conditions { machine, checks, user, installation });
        key.value("name", name);
        key.value("again", again);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let mut report = isoplug_vm::test(&self.setup.host, &self.plan(cx)?, &Log(cx))?;
        report.image = self.name.clone();
        if !report.passed() {
            let failed = report.verdict() == Verdict::Failed;
            // The engine drops the errors of stages that it was told to stop.
            let _ = self.setup.seen.set(report);
            return Err(if failed { Error::Failed } else { Error::Unfinished });
        }
        let blob = cx.create()?;
        serde_json::to_writer(blob.file(), &report).map_err(std::io::Error::from)?;
        Ok(cx.finish(out.report, cx.put(blob, None)?, &[])?)
    }
}

impl BootTest {
    fn plan(&self, cx: &Context) -> Result<Plan, Error> {
        let id = std::fs::read_to_string(cx.path(self.identity)?)?;
        let medium = Promise::LiveMedium { id: id.trim().to_owned() };
        // A disk does not say which image installed it: nothing else could have.
        let medium = self.installation.is_none().then(|| medium.into());
        Ok(Plan {
            iso: cx.path(self.iso)?,
            machine: self.machine.clone(),
            combos: vec![(self.machine.firmware, self.machine.medium)],
            checks: self.checks.iter().cloned().chain(medium).collect(),
            installation: self.installation.clone(),
            login: self.login.clone(),
            limit: self.setup.limit,
            out_dir: self.setup.folder.clone(),
            pictures: self.setup.pictures,
        })
    }
}

/// `kernel: [   12.3] usb 1-1: new device`
fn going(milestone: &str, line: &str) -> String {
    let reached = if milestone.is_empty() { "firmware" } else { milestone };
    let line: Vec<&str> = line.split_whitespace().collect();
    format!("{reached}: {}", line.join(" "))
}

/// Says in the stage's log how far the boot is.
struct Log<'a, 'b>(&'a Context<'b>);

impl Events for Log<'_, '_> {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Started { accelerator, .. } => {
                self.0.log(&format!("started with {accelerator}"))
            }
            Event::Goes { milestone, line, after: _ } => self.0.doing(&going(milestone, line)),
            Event::Reached { milestone, after } => {
                self.0.log(&format!("{milestone} after {} s", after.as_secs()));
            }
            Event::Again { reason } => self.0.log(&format!("starting again: {reason}")),
            Event::Checked(result) => self.0.log(&format!("{:?}: {}", result.outcome, result.name)),
            Event::Finished { .. } => {}
        }
    }

    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}
