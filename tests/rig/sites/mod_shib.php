<?php
// The page of the site guarded by mod_shib. Apache has let the person in before this runs: who came is in REMOTE_USER, what the
// server said of them in variables under the names that attribute-map.xml gives, which no browser can set.

require __DIR__ . '/look.php';

$known = ['pairwise-id', 'persistent-id', 'displayName', 'givenName', 'sn', 'ENTPersonProfils', 'ENTClasses'];
$attributes = [];
foreach ($known as $name) {
    if (isset($_SERVER[$name])) {
        $attributes[$name] = explode(';', $_SERVER[$name]);
    }
}

// The daemon asks the server to end the session, and sends the browser on when it has heard that it is over.
$logout = 'Shibboleth.sso/Logout?return=' . urlencode($_SERVER['SITE_ADDRESS']);
show($_SERVER['REMOTE_USER'], $attributes, 'Apache', 'mod_shib', [], $logout);
