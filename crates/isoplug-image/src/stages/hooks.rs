//! Makes a layer by running the scripts of one plugin in the sandbox, over the layer before it.

use isoplug_engine::{Artifact, Context, Key, Slots, Stage, Tree};

use crate::plugins::Hook;
use isoplug_sandbox::stored::{self, Lines, StoredError};
use isoplug_sandbox::{self as sandbox, Command, Text};

/// Inputs.
pub struct Hooks {
    /// The layer before.
    pub parent: Artifact<Tree>,
    /// The plugin.
    pub plugin: String,
    /// Its scripts, in order.
    pub hooks: Vec<Hook>,
    /// The architecture, in Debian's words.
    pub arch: String,
    /// Times after this become this; seconds since 1970.
    pub epoch: u32,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The layer: all that is there after it.
    pub tree: Artifact<Tree>,
}

impl Stage for Hooks {
    const NAME: &'static str = "hooks";
    const VERSION: u32 = 5;

    type Outputs = Outputs;
    type Error = Error;

    fn title(&self) -> String {
        format!("{} {}", Self::NAME, self.plugin)
    }

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { tree: slots.slot("layer") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { parent, plugin, hooks, arch, epoch } = self;
        key.artifact("parent", *parent);
        key.value("plugin", plugin);
        key.value("hooks", hooks);
        key.value("arch", arch);
        key.value("epoch", epoch);
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let mut job = stored::begin(Some(self.parent), &self.arch, self.epoch, cx)?;
        for (index, hook) in self.hooks.iter().enumerate() {
            let path = format!("/var/tmp/isoplug-hook-{index}");
            let text = Text { mode: 0o755, text: hook.script.clone(), append: false };
            job.write.insert(path.trim_start_matches('/').to_owned(), text);
            job.run.push(Command::new([path.as_str()]));
            job.run.push(Command::new(["rm", "-f", path.as_str()]));
        }
        let lines = Lines::new(cx, &[], 0);
        stored::keep(job, out.tree, Some(self.parent), &lines).map_err(|error| self.named(error))
    }
}

/// Why a plugin's scripts made no layer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A script failed.
    #[error("the hook `{hook}` of plugin `{plugin}` failed: {status}{}", lines(tail))]
    Hook {
        /// The plugin.
        plugin: String,
        /// The script.
        hook: String,
        /// How it ended.
        status: String,
        /// Its last lines.
        tail: Vec<String>,
    },
    /// The sandbox, or the store.
    #[error(transparent)]
    Stored(#[from] StoredError),
}

fn lines(tail: &[String]) -> String {
    tail.iter().map(|line| format!("\n  {line}")).collect()
}

impl Hooks {
    /// Says which script failed.
    fn named(&self, error: StoredError) -> Error {
        let StoredError::Sandbox(sandbox::Error::Command { command, status, tail }) = error else {
            return error.into();
        };
        let hook = command
            .rsplit('-')
            .next()
            .and_then(|index| self.hooks.get(index.parse::<usize>().ok()?));
        match hook {
            Some(hook) => {
                Error::Hook { plugin: self.plugin.clone(), hook: hook.name.clone(), status, tail }
            }
            None => StoredError::Sandbox(sandbox::Error::Command { command, status, tail }).into(),
        }
    }
}
