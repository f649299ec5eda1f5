//! The binary preau: assembly, command line, jobs.
