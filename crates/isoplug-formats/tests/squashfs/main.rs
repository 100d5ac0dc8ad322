//! Writes trees as squashfs images and lets strangers read them: Linux, unsquashfs and backhand.
//!
//! Also lays trees down and scans them again, on the same trees.
#![cfg(test)]

mod bytes;
mod cache;
mod edits;
mod lay;
mod limits;
mod odd;
mod oracles;
mod random;
mod readers;
mod sameness;
