//! Who may open what, and which attributes leave: pure, without HTTP.
