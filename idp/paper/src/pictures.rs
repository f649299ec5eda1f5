//! Twelve pictures a child tells apart before they read: drawn once, for pages and for paper.
//!
//! Each is a few shapes in a square of a hundred by a hundred, from the back to the front: a colour, and an outline in the words of SVG,
//! of which `M`, `L`, `C` and `Z` are used and nothing else. The colours are a pleasure and no more: the pictures differ by their forms.

use pdf_writer::Content;

/// A picture.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its word in forms.
    pub name: &'static str,
    /// Colours and outlines, from the back to the front.
    pub shapes: &'static [(&'static str, &'static str)],
}

/// All of them, in the order in which they are shown.
pub static PICTURES: [Picture; 12] = [
    Picture {
        name: "sun",
        shapes: &[
            (
                "#f0a030",
                "M75.5 45.1 L94 50 L75.5 54.9 Z M71.5 64.6 L81.1 81.1 L64.6 71.5 Z M54.9 75.5 L50 94 L45.1 75.5 Z M35.4 71.5 L18.9 81.1 L28.5 64.6 Z M24.5 54.9 L6 50 L24.5 45.1 Z M28.5 35.4 L18.9 18.9 L35.4 28.5 Z M45.1 24.5 L50 6 L54.9 24.5 Z M64.6 28.5 L81.1 18.9 L71.5 35.4 Z",
            ),
            ("#f0a030", "M70 50 C70 61 61 70 50 70 C39 70 30 61 30 50 C30 39 39 30 50 30 C61 30 70 39 70 50 Z"),
        ],
    },
    Picture {
        name: "house",
        shapes: &[
            ("#e6c9a0", "M22 46 L78 46 L78 88 L22 88 Z"),
            ("#b5402d", "M10 50 L50 14 L90 50 Z"),
            ("#5b4636", "M42 62 L58 62 L58 88 L42 88 Z"),
        ],
    },
    Picture {
        name: "flower",
        shapes: &[
            ("#3f8f56", "M47 50 L53 50 L53 94 L47 94 Z"),
            ("#3f8f56", "M53 84 C62 66 74 66 82 70 C76 84 64 88 53 84 Z"),
            (
                "#c65aa8",
                "M62 17 C62 23.6 56.6 29 50 29 C43.4 29 38 23.6 38 17 C38 10.4 43.4 5 50 5 C56.6 5 62 10.4 62 17 Z",
            ),
            (
                "#c65aa8",
                "M78.5 26.5 C78.5 33.1 73.1 38.5 66.5 38.5 C59.8 38.5 54.5 33.1 54.5 26.5 C54.5 19.9 59.8 14.5 66.5 14.5 C73.1 14.5 78.5 19.9 78.5 26.5 Z",
            ),
            (
                "#c65aa8",
                "M78.5 45.5 C78.5 52.1 73.1 57.5 66.5 57.5 C59.8 57.5 54.5 52.1 54.5 45.5 C54.5 38.9 59.8 33.5 66.5 33.5 C73.1 33.5 78.5 38.9 78.5 45.5 Z",
            ),
            (
                "#c65aa8",
                "M62 55 C62 61.6 56.6 67 50 67 C43.4 67 38 61.6 38 55 C38 48.4 43.4 43 50 43 C56.6 43 62 48.4 62 55 Z",
            ),
            (
                "#c65aa8",
                "M45.5 45.5 C45.5 52.1 40.2 57.5 33.5 57.5 C26.9 57.5 21.5 52.1 21.5 45.5 C21.5 38.9 26.9 33.5 33.5 33.5 C40.2 33.5 45.5 38.9 45.5 45.5 Z",
            ),
            (
                "#c65aa8",
                "M45.5 26.5 C45.5 33.1 40.2 38.5 33.5 38.5 C26.9 38.5 21.5 33.1 21.5 26.5 C21.5 19.9 26.9 14.5 33.5 14.5 C40.2 14.5 45.5 19.9 45.5 26.5 Z",
            ),
            (
                "#f0c040",
                "M61 36 C61 42.1 56.1 47 50 47 C43.9 47 39 42.1 39 36 C39 29.9 43.9 25 50 25 C56.1 25 61 29.9 61 36 Z",
            ),
        ],
    },
    Picture {
        name: "fish",
        shapes: &[
            ("#2c7fc0", "M68 50 L92 30 L92 70 Z"),
            (
                "#2c7fc0",
                "M78 50 C78 62.2 62.8 72 44 72 C25.2 72 10 62.2 10 50 C10 37.8 25.2 28 44 28 C62.8 28 78 37.8 78 50 Z",
            ),
            (
                "#ffffff",
                "M31 44 C31 46.8 28.8 49 26 49 C23.2 49 21 46.8 21 44 C21 41.2 23.2 39 26 39 C28.8 39 31 41.2 31 44 Z",
            ),
            (
                "#1c2829",
                "M26.5 44 C26.5 44.8 25.8 45.5 25 45.5 C24.2 45.5 23.5 44.8 23.5 44 C23.5 43.2 24.2 42.5 25 42.5 C25.8 42.5 26.5 43.2 26.5 44 Z",
            ),
        ],
    },
    Picture {
        name: "tree",
        shapes: &[
            ("#8a5a2b", "M44 58 L56 58 L56 92 L44 92 Z"),
            (
                "#3f8f56",
                "M50 8 C68 8 74 20 74 28 C88 30 90 48 80 56 C76 66 60 68 50 64 C40 68 24 66 20 56 C10 48 12 30 26 28 C26 20 32 8 50 8 Z",
            ),
        ],
    },
    Picture {
        name: "star",
        shapes: &[(
            "#f0c040",
            "M50 11 L60.6 38.4 L89.9 40 L67.1 58.6 L74.7 87 L50 71 L25.3 87 L32.9 58.6 L10.1 40 L39.4 38.4 Z",
        )],
    },
    Picture {
        name: "heart",
        shapes: &[("#d03a4a", "M50 88 C20 66 8 48 12 32 C16 14 40 10 50 30 C60 10 84 14 88 32 C92 48 80 66 50 88 Z")],
    },
    Picture {
        name: "boat",
        shapes: &[
            ("#8a5a2b", "M47 12 L52 12 L52 66 L47 66 Z"),
            ("#ffffff", "M55 16 L55 58 L86 58 Z"),
            ("#2c7fc0", "M44 24 L44 58 L20 58 Z"),
            ("#8a5a2b", "M10 66 L90 66 L74 88 L26 88 Z"),
        ],
    },
    Picture {
        name: "apple",
        shapes: &[
            ("#8a5a2b", "M48 30 L46 10 L51 9 L53 30 Z"),
            ("#3f8f56", "M54 20 C60 8 74 8 80 12 C76 22 66 26 54 20 Z"),
            (
                "#7ab648",
                "M50 32 C60 24 86 24 86 54 C86 76 68 94 58 90 C54 88 46 88 42 90 C32 94 14 76 14 54 C14 24 40 24 50 32 Z",
            ),
        ],
    },
    Picture {
        name: "moon",
        shapes: &[(
            "#8f9fd6",
            "M62 8 C32 8 14 30 14 52 C14 76 34 94 58 92 C70 91 80 85 86 76 C60 78 42 62 42 42 C42 28 50 16 62 8 Z",
        )],
    },
    Picture {
        name: "car",
        shapes: &[
            ("#e07a30", "M6 68 L8 52 L24 48 L36 28 L66 28 L80 48 L92 52 L94 68 Z"),
            ("#dff0f8", "M31 48 L40 34 L49 34 L49 48 Z"),
            ("#dff0f8", "M54 48 L54 34 L63 34 L72 48 Z"),
            (
                "#3a4444",
                "M39 70 C39 76.1 34.1 81 28 81 C21.9 81 17 76.1 17 70 C17 63.9 21.9 59 28 59 C34.1 59 39 63.9 39 70 Z",
            ),
            (
                "#3a4444",
                "M84 70 C84 76.1 79.1 81 73 81 C66.9 81 62 76.1 62 70 C62 63.9 66.9 59 73 59 C79.1 59 84 63.9 84 70 Z",
            ),
            (
                "#ffffff",
                "M32 70 C32 72.2 30.2 74 28 74 C25.8 74 24 72.2 24 70 C24 67.8 25.8 66 28 66 C30.2 66 32 67.8 32 70 Z",
            ),
            (
                "#ffffff",
                "M77 70 C77 72.2 75.2 74 73 74 C70.8 74 69 72.2 69 70 C69 67.8 70.8 66 73 66 C75.2 66 77 67.8 77 70 Z",
            ),
        ],
    },
    Picture {
        name: "umbrella",
        shapes: &[
            ("#5b4636", "M48 48 L53 48 L53 82 C53 96 30 96 30 82 L35 82 C35 89 48 89 48 82 Z"),
            (
                "#8a5bb8",
                "M8 52 C8 26 28 10 50 10 C72 10 92 26 92 52 C86 44 70 44 64 52 C60 44 42 44 36 52 C30 44 14 44 8 52 Z",
            ),
        ],
    },
];

/// A command of an outline with its numbers.
enum Stroke {
    Move([f32; 2]),
    Line([f32; 2]),
    Curve([f32; 6]),
    Close,
}

/// Reads an outline; `None` if it is written in other words than ours.
fn strokes(outline: &str) -> Option<Vec<Stroke>> {
    let spaced: String = outline
        .chars()
        .flat_map(|c| if c.is_ascii_alphabetic() { [Some(' '), Some(c), Some(' ')] } else { [Some(c), None, None] })
        .flatten()
        .collect();
    let mut words = spaced.split_ascii_whitespace();
    let mut found = Vec::new();
    while let Some(command) = words.next() {
        let mut number = || words.next()?.parse::<f32>().ok();
        found.push(match command {
            "M" => Stroke::Move([number()?, number()?]),
            "L" => Stroke::Line([number()?, number()?]),
            "C" => Stroke::Curve([number()?, number()?, number()?, number()?, number()?, number()?]),
            "Z" => Stroke::Close,
            _ => return None,
        });
    }
    Some(found)
}

/// Red, green and blue of `#2c7fc0`, each from 0 to 1.
fn colour(written: &str) -> Option<[f32; 3]> {
    let part = |at: usize| u8::from_str_radix(written.get(at..at + 2)?, 16).ok();
    Some([part(1)?, part(3)?, part(5)?].map(|byte| f32::from(byte) / 255.0))
}

/// Draws a picture of that width, its lower left corner there.
pub(crate) fn draw(content: &mut Content, picture: &Picture, x: f32, y: f32, wide: f32) {
    let scale = wide / 100.0;
    let place = |[across, down]: [f32; 2]| (x + across * scale, y + wide - down * scale);
    content.save_state();
    content.set_line_width(2.5 * scale).set_stroke_gray(0.12);
    for (written, outline) in picture.shapes {
        let (Some([red, green, blue]), Some(strokes)) = (colour(written), strokes(outline)) else { continue };
        content.set_fill_rgb(red, green, blue);
        for stroke in strokes {
            match stroke {
                Stroke::Move(to) => content.move_to(place(to).0, place(to).1),
                Stroke::Line(to) => content.line_to(place(to).0, place(to).1),
                Stroke::Curve([a, b, c, d, e, f]) => {
                    let ((a, b), (c, d), (e, f)) = (place([a, b]), place([c, d]), place([e, f]));
                    content.cubic_to(a, b, c, d, e, f)
                }
                Stroke::Close => content.close_path(),
            };
        }
        content.fill_nonzero_and_stroke();
    }
    content.restore_state();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_is_drawn_whole_and_none_is_another() {
        for (index, picture) in PICTURES.iter().enumerate() {
            assert!(PICTURES[..index].iter().all(|other| other.name != picture.name), "{}", picture.name);
            for (written, outline) in picture.shapes {
                assert!(colour(written).is_some(), "{}: {written}", picture.name);
                let strokes = strokes(outline).unwrap_or_else(|| panic!("{}: {outline}", picture.name));
                assert!(matches!(strokes.first(), Some(Stroke::Move(_))), "{}: {outline}", picture.name);
                assert!(matches!(strokes.last(), Some(Stroke::Close)), "{}: {outline}", picture.name);
            }
        }
        assert!(strokes("M1 2 Q3 4 5 6 Z").is_none() && strokes("M1 Z").is_none());
    }
}
