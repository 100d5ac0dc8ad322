//! Images with a few bytes changed or cut off are read as far as can be, or refused: nothing else happens.
#![cfg(test)]
#![allow(clippy::too_many_lines, reason = "a test is a story")]

mod made;

use std::fs;
use std::time::{Duration, Instant};

use isoplug_inspect::diff;
use isoplug_inspect::image::Image;
use isoplug_inspect::report::{check, overview};

use made::Made;

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

#[test]
fn whatever_is_in_an_image_it_is_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let sound = Made::new().write(folder.path(), "a");
    let (bytes, whole) = (fs::read(&sound).unwrap(), Image::open(&sound).unwrap());
    let layer = &whole.root.layers[0].1;
    let squashfs = whole.medium.find("live/filesystem.squashfs").unwrap().at as usize;
    // Descriptors and folders of the medium; superblock and tables of the squashfs.
    let tables = squashfs + layer.used as usize - 2000..squashfs + layer.used as usize;
    let places = [0..bytes.len(), 32768..60_000, squashfs..squashfs + 96, tables];
    let (mut numbers, mut read) = (Numbers(1), 0);
    let path = folder.path().join("b.iso");
    for turn in 0..400 {
        let mut damaged = bytes.clone();
        let place = &places[turn % places.len()];
        for _ in 0..=turn % 8 {
            let at = place.start + numbers.below(place.len());
            damaged[at] = numbers.below(256) as u8;
        }
        if turn % 10 == 0 {
            damaged.truncate(numbers.below(bytes.len()));
        }
        fs::write(&path, damaged).unwrap();
        let begun = Instant::now();
        if let Ok(image) = Image::open(&path) {
            read += 1;
            assert!(!check::run(&image).is_empty());
            assert!(overview::json(&image, None).is_object());
            drop(diff::compare(&whole, &image));
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "turn {turn} took long");
    }
    assert!(read > 100, "only {read} images were read");
}
