//! Collects the files that the user wants on the medium itself, beside the root filesystem.
//!
//! Knows neither menus nor the ISO.

use isoplug_engine::{Artifact, Blob, Context, Key, Slots, Stage, Tree};

use crate::parts::files::source::{self, Item, Source, What};
use crate::parts::files::{FileContent, NewFile, with_kernel};
use crate::stored;
use crate::stored::files::NewFiles;

/// Inputs.
#[derive(Debug, Clone)]
pub struct Medium {
    /// The files and folders; owner and mode mean nothing on a medium.
    pub files: Vec<NewFile>,
    /// The version of the kernel, if one of the files names it.
    pub kernel: Option<Artifact<Blob>>,
}

/// Outputs.
#[derive(Clone, Copy)]
pub struct Outputs {
    /// The files by their path on the medium.
    pub files: Artifact<Tree>,
}

/// Why the files could not be collected.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// They could not be stored.
    #[error(transparent)]
    Files(#[from] stored::Error),
    /// A file of the user's could not be read.
    #[error(transparent)]
    Source(#[from] source::Error),
    /// A link, which a medium for every system cannot have.
    #[error("{path} is a symbolic link; put the file that it leads to onto the medium instead")]
    Link {
        /// Its path on the medium.
        path: String,
    },
}

impl Stage for Medium {
    const NAME: &'static str = "medium";
    const VERSION: u32 = 1;

    type Outputs = Outputs;
    type Error = Error;

    fn outputs(slots: &Slots) -> Outputs {
        Outputs { files: slots.slot("medium files") }
    }

    fn key(&self, key: &mut dyn Key) {
        let Self { files, kernel } = self;
        key.value("files", files);
        if let Some(kernel) = kernel {
            key.artifact("kernel", *kernel);
        }
    }

    fn run(&self, out: &Outputs, cx: &Context) -> Result<(), Error> {
        let mut files = NewFiles::new(cx)?;
        let kernel = self.kernel.map(|kernel| stored::text(kernel, cx)).transpose()?;
        for file in &self.files {
            let target = file.target.trim_matches('/');
            match &file.from {
                FileContent::Bytes(bytes) => files.add(target, &bytes[..])?,
                FileContent::Template(template) => {
                    let text = with_kernel(template, kernel.as_deref()).unwrap_or_default();
                    files.add(target, text.as_bytes())?;
                }
                // A medium has folders as far as files are in them, and nothing that could be removed.
                FileContent::Folder | FileContent::Removed => {}
                FileContent::Link(_) => return Err(Error::Link { path: target.to_owned() }),
                FileContent::Source(source) => {
                    for item in &source.items {
                        add(&mut files, target, source, item)?;
                    }
                }
            }
        }
        Ok(files.finish(out.files)?)
    }
}

fn add(files: &mut NewFiles, target: &str, source: &Source, item: &Item) -> Result<(), Error> {
    let path = match &item.path[..] {
        "" => target.to_owned(),
        below => format!("{target}/{below}"),
    };
    match &item.what {
        What::Folder => Ok(()),
        What::Link { .. } => Err(Error::Link { path }),
        What::File { .. } => Ok(files.add(&path, source.open(item)?)?),
    }
}
