<?php
// The page of the site guarded by mod_auth_mellon. Apache has let the person in before this runs: who came is in
// REMOTE_USER, what the server said of them in variables that begin with MELLON_, which no browser can set.

require __DIR__ . '/look.php';

$of_the_module = ['MELLON_NAME_ID', 'MELLON_ASSERTION_ID', 'MELLON_DISABLE_SAMESITE'];
$attributes = [];
foreach ($_SERVER as $name => $value) {
    if (strpos($name, 'MELLON_') === 0 && !in_array($name, $of_the_module, true)) {
        $attributes[substr($name, strlen('MELLON_'))] = explode('|', $value);
    }
}

// The module asks the server to end the session, and sends the browser on when it has heard that it is over.
$logout = 'mellon/logout?ReturnTo=' . urlencode($_SERVER['SITE_ADDRESS']);
show($_SERVER['REMOTE_USER'], $attributes, 'Apache', 'mod_auth_mellon', [], $logout);
