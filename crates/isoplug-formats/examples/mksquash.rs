//! Writes a folder as a squashfs image: `mksquash [OPTIONS] FROM OUT`.
//!
//! FROM is a folder, or a file that `mksquash --scan FOLDER FILE` made: a tree, with the contents
//! in `FILE.pack` beside it. Prints what was written, for those who measure.
#![expect(clippy::print_stdout, reason = "a program for people who measure")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use isoplug_formats::squashfs::{
    BlockCache, Codec, DirCache, NoCache, NoWatch, Options, Preset, write,
};
use isoplug_formats::tree::Tree;
use isoplug_formats::tree::pack::{PackWriter, Packs};
use isoplug_formats::tree::scan::scan;

type Failure = Box<dyn std::error::Error>;

const USAGE: &str = "usage: mksquash [OPTIONS] FROM OUT, or mksquash --scan FOLDER FILE
  --preset fast|balanced|small    codec, level and block size at once
  --codec zstd|xz|xz-x86|gzip|lz4|none
  --level N  --block BYTES  --threads N
  --exclude PATH                  leave out PATH and all below it
  --cache FOLDER                  keep compressed blocks there, at most 4 GiB";

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, folder, file] = arguments.as_slice()
        && flag == "--scan"
    {
        return save(folder, file);
    }
    let Asked { options, excluded, cache, from, out } = Asked::read(&arguments)?;
    let (mut tree, packs) = if Path::new(&from).is_dir() { scanned(&from)? } else { saved(&from)? };
    for path in &excluded {
        tree.remove(path.trim_matches('/').as_bytes());
    }
    let cache: Box<dyn BlockCache> = match cache {
        Some(folder) => Box::new(DirCache::open(&folder, 4 << 30)?),
        None => Box::new(NoCache),
    };
    let summary = write(File::create(out)?, &tree, &packs, &options, &*cache, &NoWatch)?;
    println!("bytes {}\ncontents {}", summary.bytes, summary.contents);
    println!("inodes {}", summary.inodes);
    println!("blocks {} cached {}", summary.blocks, summary.cached);
    Ok(())
}

fn scanned(folder: &str) -> Result<(Tree, Packs), Failure> {
    let mut pack = PackWriter::new(tempfile::tempfile()?);
    let scanned = scan(Path::new(folder), &mut pack)?;
    let (file, id, finished) = pack.finish()?;
    let mut packs = Packs::default();
    packs.add(id, file);
    Ok((scanned.tree(&finished), packs))
}

fn save(folder: &str, file: &str) -> Result<(), Failure> {
    let mut pack = PackWriter::new(File::create(format!("{file}.pack"))?);
    let scanned = scan(Path::new(folder), &mut pack)?;
    let (_, _, finished) = pack.finish()?;
    Ok(fs::write(file, scanned.tree(&finished).to_bytes())?)
}

fn saved(file: &str) -> Result<(Tree, Packs), Failure> {
    let tree = Tree::from_bytes(&fs::read(file)?)?;
    let packs = Packs::open(&tree, |_| File::open(format!("{file}.pack")))?;
    Ok((tree, packs))
}

struct Asked {
    options: Options,
    excluded: Vec<String>,
    cache: Option<PathBuf>,
    from: String,
    out: String,
}

impl Asked {
    fn new(from: &str, out: &str, threads: usize) -> Self {
        let options = Options::preset(Preset::default(), 0, threads);
        let (from, out) = (from.to_owned(), out.to_owned());
        Self { options, excluded: Vec::new(), cache: None, from, out }
    }

    fn read(arguments: &[String]) -> Result<Self, Failure> {
        let [options @ .., from, out] = arguments else { return Err(USAGE.into()) };
        let threads = std::thread::available_parallelism()?.get();
        let mut asked = Self::new(from, out, threads);
        let (mut codec, mut level) = (None, None);
        for option in options.chunks(2) {
            let [name, value] = option else { return Err(USAGE.into()) };
            match name.as_str() {
                "--preset" => asked.options = preset(value, threads)?,
                "--codec" => codec = Some(value.as_str()),
                "--level" => level = Some(value.parse()?),
                "--block" => asked.options.block_size = value.parse()?,
                "--threads" => asked.options.threads = value.parse()?,
                "--exclude" => asked.excluded.push(value.clone()),
                "--cache" => asked.cache = Some(value.into()),
                _ => return Err(USAGE.into()),
            }
        }
        let codec = codec.map(|name| self::codec(name, level)).transpose()?;
        codec.into_iter().for_each(|codec| asked.options.codec = codec);
        Ok(asked)
    }
}

fn preset(name: &str, threads: usize) -> Result<Options, Failure> {
    let preset = match name {
        "fast" => Preset::Fast,
        "balanced" => Preset::Balanced,
        "small" => Preset::Small,
        _ => return Err(USAGE.into()),
    };
    Ok(Options::preset(preset, 0, threads))
}

fn codec(name: &str, level: Option<u32>) -> Result<Codec, Failure> {
    Ok(match name {
        "zstd" => Codec::Zstd { level: level.unwrap_or(15).try_into()? },
        "xz" => Codec::Xz { level: level.unwrap_or(6), x86: false },
        "xz-x86" => Codec::Xz { level: level.unwrap_or(6), x86: true },
        "gzip" => Codec::Gzip { level: level.unwrap_or(9) },
        "lz4" => Codec::Lz4,
        "none" => Codec::None,
        _ => return Err(USAGE.into()),
    })
}
