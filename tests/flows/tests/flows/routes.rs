//! Every address that is mounted, and what protects it: the table below is the reference page, the sources hold nothing
//! else, and each protection is tried.
