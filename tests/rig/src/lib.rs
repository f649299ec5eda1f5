//! Real third-party servers started as plain processes for the demo and the tests.
