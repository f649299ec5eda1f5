//! Structured values as JSON in a text column. What cannot be read is said by kind and place, never by content.

use preau_store::{Result, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The text to store.
pub(crate) fn write<T: Serialize>(what: &str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|_| StoreError::Backend(format!("a {what} cannot be written")))
}

/// The value a stored text stands for.
pub(crate) fn read<T: DeserializeOwned>(what: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        StoreError::Backend(format!("a stored {what} cannot be read (line {line}, column {column})"))
    })
}

/// The value a stored word stands for, for enumerations that serialise as one word.
pub(crate) fn word<T: DeserializeOwned>(what: &str, word: &str) -> Result<T> {
    T::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(word))
        .map_err(|_| StoreError::Backend(format!("a stored {what} cannot be read")))
}
