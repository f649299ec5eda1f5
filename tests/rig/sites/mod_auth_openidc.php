<?php
// The page of the site guarded by mod_auth_openidc. Apache has let the person in before this runs: who came is in
// REMOTE_USER, what the server said of them in variables that begin with OIDC_CLAIM_, which no browser can set.

require __DIR__ . '/look.php';

$attributes = [];
foreach ($_SERVER as $name => $value) {
    if (strpos($name, 'OIDC_CLAIM_') === 0) {
        $attributes[substr($name, strlen('OIDC_CLAIM_'))] = explode('|', $value);
    }
}

// The module ends its own session at this address and sends the browser to the server, which ends the others.
$logout = 'oidc-callback?logout=' . urlencode($_SERVER['SITE_PORTAL']);
show($_SERVER['REMOTE_USER'], $attributes, 'Apache', 'mod_auth_openidc', [], $logout);
