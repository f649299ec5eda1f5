<?php
// The page of the site guarded by mod_auth_cas. Apache has let the person in before this runs: who came is in
// REMOTE_USER, what the server said of them in request headers that begin with CAS-, which the module removes from what
// a browser sends.

require __DIR__ . '/look.php';

$attributes = [];
foreach (getallheaders() as $name => $value) {
    if (stripos($name, 'CAS-') === 0 && strcasecmp($name, 'CAS-User') !== 0) {
        $attributes[substr($name, 4)] = explode('|', $value);
    }
}

show($_SERVER['REMOTE_USER'], $attributes, 'Apache', 'mod_auth_cas');
