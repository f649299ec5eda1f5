//! The metadata of SAML partners: where each service's are found ([`origin`]), the last good copy of what is fetched ([`kept`])
//! and the job that asks for it again and puts what is good in force ([`refresh`]).
//!
//! What is refused changes nothing: the copy in force stays until its own time is over, and everybody is told, in the log, in
//! the figures and by `preau doctor`. That holds for one entity of a document too ([`judged`]). What a document means and whether it is believed is `preau_saml::metadata`'s matter.

pub(crate) mod fetch;
pub(crate) mod judged;
pub(crate) mod kept;
pub(crate) mod origin;
pub(crate) mod refresh;
