//! Puts the source packages of an image beside it: their list, their files, or an ISO of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use clap::ValueEnum;
use isoplug_engine::{Artifact, Blob, Digest, Graph, Outputs, Store};
use isoplug_image::image::Image;
use isoplug_image::papers::sources::{Origin, SourceList};
use isoplug_image::source_packages::{self, Products};
use isoplug_image::stages::source_packages::{files, origins};
use isoplug_manifest::{Lock, System};

use crate::exit::Exit;
use crate::export::{self, Output};
use crate::failure::Failure;
use crate::locking;
use crate::outcome;
use crate::prepare::{Planned, Prepared};
use crate::session::Session;

/// In which form they are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// A list with checksums: NAME.iso.sources.json
    List,
    /// That, and the files in the folder NAME.iso.sources
    Folder,
    /// That, and the files as an ISO of their own: NAME.sources.iso
    Iso,
}

/// An image, and where what it needs lies.
#[derive(Clone, Copy)]
pub(crate) struct Of<'a> {
    system: &'a System,
    image: &'a Image,
    store: &'a Store,
}

impl<'a> From<&'a Prepared> for Of<'a> {
    fn from(Prepared { system, image, store, .. }: &'a Prepared) -> Self {
        Self { system, image, store }
    }
}

impl<'a> From<&'a Planned> for Of<'a> {
    fn from(Planned { system, image, store }: &'a Planned) -> Self {
        Self { system, image, store }
    }
}

/// How many source packages that are missing a message names.
const SHOWN: usize = 8;

/// Asks the archives for the source packages of an image. Those that none has are told of; where their files are wanted,
/// that is an error.
pub(crate) fn find(of: Of, form: Form, session: &Session) -> Result<SourceList, Failure> {
    let Of { system, image, .. } = of;
    let origins = origins(of, session)?;
    let wanted = origins.iter().map(Origin::wanted).collect();
    let lock = Lock::parse(&image.lock_text)
        .map_err(|error| Failure::new(Exit::Internal, "the lock is damaged").because(&error))?;
    session.note(&format!("looking for the source packages of {}", image.name));
    let found = locking::source_packages(&wanted, &lock, system, session)?;
    let list = SourceList::new(format!("{}.iso", image.name), origins, &found);
    match (&list.missing[..], form) {
        ([], _) => {}
        (missing, Form::List) => session.note(&format!("warning: {}", absent(missing))),
        (missing, Form::Folder | Form::Iso) => {
            return Err(Failure::new(Exit::Failed, absent(missing))
                .hint("the archive of each with its index of sources, among `sources` of the manifest")
                .hint("--sources=list, which names them and goes on; whoever publishes the image has to offer them"));
        }
    }
    Ok(list)
}

/// Names source packages that no archive has.
fn absent(missing: &[Origin]) -> String {
    let (shown, rest) = missing.split_at(missing.len().min(SHOWN));
    let shown: Vec<String> = shown
        .iter()
        .map(|one| format!("\n    {} (of {})", one.title(), one.of.join(", ")))
        .collect();
    let rest =
        if rest.is_empty() { String::new() } else { format!("\n    and {} more", rest.len()) };
    let (count, are) = match missing.len() {
        1 => ("1 source package".to_owned(), "is"),
        many => (format!("{many} source packages"), "are"),
    };
    format!("{count} of the image {are} in no index of its archives:{}{rest}", shown.concat())
}

/// Returns which source packages the image was built of.
fn origins(of: Of, session: &Session) -> Result<Vec<Origin>, Failure> {
    let mut graph = Graph::new();
    let wanted = source_packages::origins(of.image, &mut graph);
    let outputs = run(&graph, &[wanted], of, session)?;
    let read = outputs.path(wanted).and_then(|path| origins::read(&path).ok());
    read.ok_or_else(|| Failure::new(Exit::Internal, "the list of source packages is lost"))
}

/// Makes what is wanted of the source packages, and puts it beside the ISO.
pub(crate) fn add(
    prepared: &Prepared,
    list: SourceList,
    form: Form,
    output: &Output,
    session: &Session,
) -> Result<(), Failure> {
    let mut graph = Graph::new();
    let (products, of) = (products(list, prepared.into(), &mut graph)?, Of::from(prepared));
    let (made, shown) = wanted(prepared, &products, form, output);
    let artifacts: Vec<Artifact<Blob>> =
        made.iter().map(|(artifact, _)| *artifact).chain(of_files(&products, form)).collect();
    let outputs = run(&graph, &artifacts, of, session)?;
    let mut all = Vec::new();
    for (artifact, target) in made {
        all.push((export::made(&outputs, artifact, &target)?, target));
    }
    if form == Form::Folder {
        all.extend(files_of(prepared, &products, &outputs, output)?);
    }
    export::put_into(&all, output, session)?;
    session.note(&format!("source packages: {}", shown.display()));
    Ok(())
}

/// The digest of each file of source packages, and each text that tells of them, by their paths.
type Fetched = (BTreeMap<String, Digest>, BTreeMap<String, String>);

/// Fetches the files of source packages into the store; returns each with its digest, and what tells of them with its
/// text, by their paths.
pub(crate) fn fetch(list: SourceList, of: Of, session: &Session) -> Result<Fetched, Failure> {
    let mut graph = Graph::new();
    let products = products(list, of, &mut graph)?;
    let papers = products.papers.all();
    let wanted: Vec<_> = papers.iter().map(|(paper, _)| *paper).chain([products.files]).collect();
    let outputs = run(&graph, &wanted, of, session)?;
    let lost = || Failure::new(Exit::Internal, "what tells of source packages is lost");
    let mut texts = BTreeMap::new();
    for (paper, name) in papers {
        let text = outputs.path(paper).and_then(|path| fs::read_to_string(path).ok());
        texts.insert(name.to_owned(), text.ok_or_else(lost)?);
    }
    let listed = outputs.path(products.files).and_then(|path| fs::read(path).ok());
    let listed = listed.and_then(|bytes| files::read(&bytes).ok());
    Ok((listed.ok_or_else(lost)?, texts))
}

/// Wires what is made of the list.
fn products(list: SourceList, of: Of, graph: &mut Graph) -> Result<Products, Failure> {
    source_packages::products(list, of.image, graph).map_err(|error| {
        Failure::new(Exit::Failed, "a source package is malformed").because(&error)
    })
}

fn of_files(products: &Products, form: Form) -> Option<Artifact<Blob>> {
    (form == Form::Folder).then_some(products.files)
}

/// Returns what is to be made and where each goes, and what of it to tell.
fn wanted(
    prepared: &Prepared,
    products: &Products,
    form: Form,
    output: &Output,
) -> (Vec<(Artifact<Blob>, PathBuf)>, PathBuf) {
    let list = output.folder.join(format!("{}.iso.sources.json", prepared.image.name));
    let mut all = vec![(products.papers.list, list.clone())];
    match form {
        Form::List => (all, list),
        Form::Folder => {
            let folder = folder(prepared, output);
            all.extend(products.papers.all().map(|(paper, name)| (paper, folder.join(name))));
            (all, folder)
        }
        Form::Iso => {
            let iso = output.folder.join(source_packages::file_name(&prepared.image));
            let sum = format!("{}.sha256", source_packages::file_name(&prepared.image));
            all.push((products.medium.checksum, output.folder.join(sum)));
            all.push((products.medium.iso, iso.clone()));
            (all, iso)
        }
    }
}

fn folder(prepared: &Prepared, output: &Output) -> PathBuf {
    output.folder.join(format!("{}.iso.sources", prepared.image.name))
}

/// Returns the files of the source packages, and where each goes.
fn files_of(
    prepared: &Prepared,
    products: &Products,
    outputs: &Outputs,
    output: &Output,
) -> Result<Vec<(PathBuf, PathBuf)>, Failure> {
    let folder = folder(prepared, output);
    let listed = fs::read(export::made(outputs, products.files, &folder)?).ok();
    let listed = listed.and_then(|bytes| files::read(&bytes).ok());
    let listed = listed.ok_or_else(|| Failure::new(Exit::Internal, "the list of files is lost"))?;
    let blob = |digest| prepared.store.blob_path(&digest);
    Ok(listed.into_iter().map(|(path, digest)| (blob(digest), folder.join(path))).collect())
}

fn run(
    graph: &Graph,
    wanted: &[Artifact<Blob>],
    of: Of,
    session: &Session,
) -> Result<Outputs, Failure> {
    let wanted: Vec<_> = wanted.iter().map(|artifact| artifact.id()).collect();
    isoplug_engine::run(graph, &wanted, of.store, &session.run_options())
        .map_err(|error| outcome::failure(&error, of.system))
}
