//! Toy stages, a diary of what ran, and a reporter that remembers.

use std::fs;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use isoplug_engine::{
    Artifact, Blob, Context, Digest, Error, Event, Key, Reporter, Slots, Stage, Store, Tree,
};

/// What ran, in order.
#[derive(Clone, Default)]
pub(crate) struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    pub(crate) fn note(&self, title: &str) {
        self.0.lock().unwrap().push(title.to_owned());
    }

    /// Returns what ran since the last call.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Joins its inputs and a text.
#[derive(Clone, Default)]
pub(crate) struct Join {
    pub title: String,
    pub inputs: Vec<Artifact<Blob>>,
    pub text: String,
    /// Makes only the number of inputs, so that a change of them changes nothing.
    pub coarse: bool,
    pub pause: Duration,
    pub diary: Diary,
}

#[derive(Clone, Copy)]
pub(crate) struct Made {
    pub blob: Artifact<Blob>,
}

impl Stage for Join {
    const NAME: &'static str = "join";
    const VERSION: u32 = 1;
    type Outputs = Made;
    type Error = Error;

    fn title(&self) -> String {
        self.title.clone()
    }

    fn outputs(slots: &Slots) -> Made {
        Made { blob: slots.slot("blob") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { title, inputs, text, coarse, pause: _, diary: _ } = self;
        key.value("title", title);
        inputs.iter().for_each(|input| key.artifact("input", *input));
        key.value("text", text);
        key.value("coarse", coarse);
    }

    fn run(&self, out: &Made, cx: &Context) -> Result<(), Error> {
        self.diary.note(&self.title);
        std::thread::sleep(self.pause);
        let mut bytes = format!("{} {}", self.title, self.text).into_bytes();
        for input in &self.inputs {
            bytes.extend(fs::read(cx.path(*input)?).expect("the store gave the path"));
        }
        if self.coarse {
            bytes = format!("{} {}", self.title, self.inputs.len()).into_bytes();
        }
        let digest = put(cx, &bytes)?;
        cx.finish(out.blob, digest, &[])
    }
}

pub(crate) fn join(title: &str, inputs: &[Artifact<Blob>], text: &str, diary: &Diary) -> Join {
    let (title, text) = (title.to_owned(), text.to_owned());
    Join { title, inputs: inputs.to_vec(), text, diary: diary.clone(), ..Join::default() }
}

/// Makes a list blob that refers to one blob per text.
pub(crate) struct Folder {
    pub texts: Vec<String>,
}

#[derive(Clone, Copy)]
pub(crate) struct FolderMade {
    pub tree: Artifact<Tree>,
}

impl Stage for Folder {
    const NAME: &'static str = "folder";
    const VERSION: u32 = 1;
    type Outputs = FolderMade;
    type Error = Error;

    fn outputs(slots: &Slots) -> FolderMade {
        FolderMade { tree: slots.slot("tree") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { texts } = self;
        key.value("texts", texts);
    }

    fn run(&self, out: &FolderMade, cx: &Context) -> Result<(), Error> {
        let refers: Result<Vec<Digest>, Error> =
            self.texts.iter().map(|text| put(cx, text.as_bytes())).collect();
        let refers = refers?;
        let list = refers.iter().map(|digest| format!("{digest}\n")).collect::<String>();
        cx.finish(out.tree, put(cx, list.as_bytes())?, &refers)
    }
}

/// Does what a closure says.
pub(crate) struct Act<F> {
    pub title: &'static str,
    pub inputs: Vec<Artifact<Blob>>,
    pub act: F,
}

impl<F> Stage for Act<F>
where
    F: Fn(Artifact<Blob>, &Context) -> Result<(), ActError> + Send + Sync + 'static,
{
    const NAME: &'static str = "act";
    const VERSION: u32 = 1;
    type Outputs = Made;
    type Error = ActError;

    fn title(&self) -> String {
        self.title.to_owned()
    }

    fn outputs(slots: &Slots) -> Made {
        Made { blob: slots.slot("blob") }
    }

    fn key(&self, key: &mut dyn Key) {
        key.value("title", self.title);
        self.inputs.iter().for_each(|input| key.artifact("input", *input));
    }

    fn run(&self, out: &Made, cx: &Context) -> Result<(), ActError> {
        (self.act)(out.blob, cx)
    }
}

/// A stage's own error.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ActError {
    #[error(transparent)]
    Engine(#[from] Error),
    #[error("the moon is full")]
    Moon,
}

pub(crate) fn put(cx: &Context, bytes: &[u8]) -> Result<Digest, Error> {
    let blob = cx.create()?;
    let path = blob.path().to_owned();
    blob.file().write_all(bytes).map_err(|source| Error::Io { doing: "write", path, source })?;
    cx.put(blob, None)
}

/// A store in a folder of its own.
pub(crate) struct Space {
    pub folder: tempfile::TempDir,
    pub store: Store,
}

impl Space {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        Self { folder, store }
    }
}

/// Remembers every event.
#[derive(Default)]
pub(crate) struct Memory(Mutex<Vec<Event>>);

impl Reporter for Memory {
    fn report(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

impl Memory {
    /// The events as short lines, without times.
    pub(crate) fn lines(&self) -> Vec<String> {
        let events = std::mem::take(&mut *self.0.lock().unwrap());
        events.iter().map(line).collect()
    }
}

fn line(event: &Event) -> String {
    match event {
        Event::Planned { stages } => {
            let stage = |stage: &isoplug_engine::PlannedStage| match stage.cached {
                Some(true) => format!("{} cached", stage.title),
                Some(false) => stage.title.clone(),
                None => format!("{}?", stage.title),
            };
            format!("planned {}", stages.iter().map(stage).collect::<Vec<_>>().join(", "))
        }
        Event::Started { title, .. } => format!("started {title}"),
        Event::Progress { title, done, total, .. } => format!("{title} {done}/{total}"),
        Event::Log { title, line } => format!("{title}: {line}"),
        Event::Doing { title, what } => format!("{title} ... {what}"),
        Event::Warning { title, message } => format!("{title}: warning: {message}"),
        Event::Told { title, line } => format!("{title} tells: {line}"),
        Event::Cached { title, .. } => format!("cached {title}"),
        Event::Finished { title, bytes, .. } => format!("finished {title}, {bytes} bytes"),
        Event::Failed { title, message } => format!("failed {title}: {message}"),
    }
}
