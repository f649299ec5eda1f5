//! The CAS server: protocol 1, 2 and 3, proxy, SAML 1.1 validation, single logout.
