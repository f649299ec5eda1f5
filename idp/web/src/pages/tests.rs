//! Every page, in both languages, over invented people: complete, well-formed where it matters, small.
