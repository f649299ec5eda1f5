<?php
// The page of the site guarded by phpCAS. It speaks to the CAS server itself: sign-in, attributes, the end of the
// session when the server says so, and, where the site was set up for it, another site in the person's name.

require 'CAS.php';
require __DIR__ . '/look.php';

$cas = $_SERVER['SITE_CAS'];
$proxies_to = $_SERVER['SITE_PROXIES_TO'] ?? null;
$server = parse_url($cas);
$arguments = [
    CAS_VERSION_3_0,
    $server['host'],
    $server['port'] ?? ($server['scheme'] === 'https' ? 443 : 80),
    $server['path'],
    $_SERVER['SITE_ADDRESS'],
];
if ($proxies_to === null) {
    phpCAS::client(...$arguments);
} else {
    phpCAS::proxy(...$arguments);
    phpCAS::setPGTStorageFile(session_save_path());
}
// The library takes for granted that the server speaks https; here it may be a plain address on this machine.
phpCAS::getCasClient()->setBaseURL($cas . '/');
if (isset($_SERVER['SITE_CAS_AUTHORITY'])) {
    phpCAS::setCasServerCACert($_SERVER['SITE_CAS_AUTHORITY']);
} else {
    phpCAS::setNoCasServerValidation();
}
if (isset($_SERVER['SITE_ACCEPTS_PROXIES'])) {
    phpCAS::allowProxyChain(new CAS_ProxyChain_Any());
}

phpCAS::handleLogoutRequests(true, ['localhost', '127.0.0.1']);
phpCAS::forceAuthentication();

if ($proxies_to !== null && isset($_GET['proxy'])) {
    // Inside the library this asks the server for a proxy ticket and hands it to the other site.
    $call = phpCAS::getProxiedService(PHPCAS_PROXIED_SERVICE_HTTP_GET);
    $call->setUrl($proxies_to);
    try {
        $call->send();
        http_response_code($call->getResponseStatusCode());
        echo $call->getResponseBody();
    } catch (Exception $error) {
        http_response_code(502);
        header('Content-Type: text/plain; charset=utf-8');
        echo get_class($error), ': ', $error->getMessage();
    }
    exit;
}

$attributes = array_map(fn($value) => (array) $value, phpCAS::getAttributes());
show(phpCAS::getUser(), $attributes, 'PHP', 'phpCAS', phpCAS::getProxies());
