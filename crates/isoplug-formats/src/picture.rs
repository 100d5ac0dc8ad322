//! Reads a picture and writes it as GRUB reads it: PNG of 8 bits and three colours, not interlaced.
//!
//! GRUB's readers know less than the formats have: `grub-core/video/readers/png.c` refuses interlaced pictures,
//! `jpeg.c` progressive ones. Knows no screen: GRUB stretches what it gets.

use std::io::Cursor;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// The most pixels that a side may have: what GRUB must hold in memory, four bytes for each, stays below 64 MiB.
pub const MOST: u32 = 4096;

/// Why a file is no picture that a menu can show.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another format, or none.
    #[error("it is neither a PNG nor a JPEG picture")]
    Unknown,
    /// It is damaged, or has what its reader does not know.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// It has more pixels than fit.
    #[error("it has {0} x {1} pixels, and each side may have {MOST}")]
    Large(u32, u32),
    /// GRUB cannot read it as it is.
    #[error("GRUB reads no interlaced PNG")]
    Interlaced,
}

/// Returns a PNG or JPEG picture as a PNG that GRUB reads. What is transparent becomes black.
///
/// # Errors
///
/// When it is neither, damaged or too large.
pub fn for_grub(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let Picture { width, height, rgb } = match kind(bytes) {
        Some(Kind::Png) => decode_png(bytes)?,
        Some(Kind::Jpeg) => decode_jpeg(bytes)?,
        None => return Err(Error::Unknown),
    };
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    let mut writer = encoder.write_header().map_err(damaged)?;
    writer.write_image_data(&rgb).map_err(damaged)?;
    writer.finish().map_err(damaged)?;
    Ok(out)
}

/// Looks whether GRUB reads a PNG picture as it is.
///
/// # Errors
///
/// When it is no PNG, damaged, too large or interlaced.
pub fn is_for_grub(bytes: &[u8]) -> Result<(), Error> {
    let reader = png::Decoder::new(Cursor::new(bytes)).read_info().map_err(damaged)?;
    fits(reader.info().width, reader.info().height)?;
    if reader.info().interlaced { Err(Error::Interlaced) } else { Ok(()) }
}

/// Three bytes for each pixel, rows from the top.
struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

enum Kind {
    Png,
    Jpeg,
}

fn kind(bytes: &[u8]) -> Option<Kind> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some(Kind::Png),
        [0xff, 0xd8, 0xff, ..] => Some(Kind::Jpeg),
        _ => None,
    }
}

fn fits(width: u32, height: u32) -> Result<(), Error> {
    match width <= MOST && height <= MOST {
        true => Ok(()),
        false => Err(Error::Large(width, height)),
    }
}

fn damaged(error: impl std::fmt::Display) -> Error {
    Error::Damaged(error.to_string())
}

fn decode_png(bytes: &[u8]) -> Result<Picture, Error> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(damaged)?;
    let (width, height) = (reader.info().width, reader.info().height);
    fits(width, height)?;
    let size = reader.output_buffer_size().ok_or_else(|| damaged("no size"))?;
    let mut pixels = vec![0; size];
    let frame = reader.next_frame(&mut pixels).map_err(damaged)?;
    pixels.truncate(frame.buffer_size());
    let rgb = match frame.color_type {
        png::ColorType::Grayscale => pixels.iter().flat_map(|grey| [*grey; 3]).collect(),
        png::ColorType::GrayscaleAlpha => on_black(&pixels, |[grey]| [grey; 3]),
        png::ColorType::Rgba => on_black(&pixels, |rgb| rgb),
        png::ColorType::Rgb | png::ColorType::Indexed => pixels,
    };
    Ok(Picture { width, height, rgb })
}

/// Lays pixels of `N` colours and a degree of opacity on black.
fn on_black<const N: usize>(pixels: &[u8], rgb: impl Fn([u8; N]) -> [u8; 3]) -> Vec<u8> {
    let pixel = |chunk: &[u8]| {
        let colours = std::array::from_fn(|index| chunk[index]);
        let opaque = u16::from(chunk[N]);
        // A product of two bytes, by 255, is a byte.
        rgb(colours).map(|colour| (u16::from(colour) * opaque / 255) as u8)
    };
    pixels.chunks_exact(N + 1).flat_map(pixel).collect()
}

fn decode_jpeg(bytes: &[u8]) -> Result<Picture, Error> {
    let most = MOST as usize;
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .set_max_width(most)
        .set_max_height(most);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let (width, height) = decoder.dimensions().ok_or_else(|| damaged("no size"))?;
    let rgb = decoder.decode().map_err(damaged)?;
    let side = |side: usize| u32::try_from(side).map_err(damaged);
    Ok(Picture { width: side(width)?, height: side(height)?, rgb })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(colour: png::ColorType, depth: png::BitDepth, pixels: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, 2, 1);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        encoder.write_header().unwrap().write_image_data(pixels).unwrap();
        out
    }

    fn pixels(png: &[u8]) -> Vec<u8> {
        let mut reader = png::Decoder::new(Cursor::new(png)).read_info().unwrap();
        assert_eq!(reader.info().color_type, png::ColorType::Rgb);
        assert_eq!(reader.info().bit_depth, png::BitDepth::Eight);
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        pixels
    }

    #[test]
    fn every_kind_of_png_becomes_one() {
        use png::{BitDepth, ColorType};
        let of =
            |colour, depth, bytes: &[u8]| pixels(&for_grub(&png(colour, depth, bytes)).unwrap());
        assert_eq!(of(ColorType::Rgb, BitDepth::Eight, &[1, 2, 3, 4, 5, 6]), [1, 2, 3, 4, 5, 6]);
        assert_eq!(
            of(ColorType::Grayscale, BitDepth::One, &[0b0100_0000]),
            [0, 0, 0, 255, 255, 255]
        );
        let half = [200, 100, 0, 255, 200, 100, 0, 51];
        assert_eq!(of(ColorType::Rgba, BitDepth::Eight, &half), [200, 100, 0, 40, 20, 0]);
        let wide = [1, 9, 2, 9, 3, 9, 4, 9, 5, 9, 6, 9];
        assert_eq!(of(ColorType::Rgb, BitDepth::Sixteen, &wide), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn the_same_picture_gives_the_same_bytes() {
        let picture = png(png::ColorType::Rgb, png::BitDepth::Eight, &[1, 2, 3, 4, 5, 6]);
        assert_eq!(for_grub(&picture).unwrap(), for_grub(&for_grub(&picture).unwrap()).unwrap());
    }

    #[test]
    fn what_is_no_picture_is_told() {
        let told = |bytes: &[u8]| for_grub(bytes).unwrap_err().to_string();
        assert_eq!(told(b"GIF89a"), "it is neither a PNG nor a JPEG picture");
        let whole = png(png::ColorType::Rgb, png::BitDepth::Eight, &[1, 2, 3, 4, 5, 6]);
        assert!(told(&whole[..40]).starts_with("it is damaged"), "{}", told(&whole[..40]));
        assert!(told(&[0xff, 0xd8, 0xff, 0xe0]).starts_with("it is damaged"));
        let mut large = whole.clone();
        large[16..20].copy_from_slice(&5000_u32.to_be_bytes());
        assert!(for_grub(&large).is_err());
        assert!(is_for_grub(&whole).is_ok());
        let mut interlaced = whole;
        interlaced[28] = 1;
        assert!(is_for_grub(&interlaced).is_err());
    }
}
