//! The annuaire over LDAP: paged reading, mapping as data, password check by bind.
