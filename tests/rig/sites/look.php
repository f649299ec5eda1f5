<?php
// What the pages of the rig look like: who came, and what the service was told, in one table. Every value comes from
// outside and is escaped.

function text($value)
{
    return htmlspecialchars((string) $value, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8');
}

function show($user, array $attributes, $server, $client, array $proxies = [], $logout = null)
{
    header('Content-Type: text/html; charset=utf-8');
    header("Content-Security-Policy: default-src 'none'; style-src 'self'; frame-ancestors 'none'");
    header('Cache-Control: no-store');
    $title = $_SERVER['SITE_TITLE'];
    $portal = $_SERVER['SITE_PORTAL'];
    $logout = $logout ?? $_SERVER['SITE_CAS'] . '/logout';
    ksort($attributes, SORT_NATURAL | SORT_FLAG_CASE);
    $name = null;
    foreach (['displayName', 'cn', 'name'] as $candidate) {
        foreach ($attributes as $key => $values) {
            if ($name === null && strcasecmp($key, $candidate) === 0) {
                $name = $values[0];
            }
        }
    }
    ?>
<!DOCTYPE html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title><?= text($title) ?></title>
<link rel="stylesheet" href="look.css">
</head>
<body>
<header>
<p class="brand"><?= text($title) ?></p>
<p class="kind"><?= text($server) ?> · <?= text($client) ?></p>
</header>
<main>
<h1>Bonjour <?= text($name ?? $user) ?></h1>
<p class="lead">Ce service ne vous a demandé aucun mot de passe : Préau lui a dit qui vous êtes.</p>
<section aria-labelledby="who">
<h2 id="who">Votre identifiant ici</h2>
<p class="user" data-user="<?= text($user) ?>"><?= text($user) ?></p>
</section>
<section aria-labelledby="told">
<h2 id="told">Ce que ce service a appris de vous</h2>
<?php if ($attributes === []) { ?>
<p>Rien d’autre que votre identifiant.</p>
<?php } else { ?>
<table>
<thead><tr><th scope="col">Attribut</th><th scope="col">Valeur</th></tr></thead>
<tbody>
<?php foreach ($attributes as $key => $values) { ?>
<tr><th scope="row"><?= text($key) ?></th><td><ul><?php
    foreach ($values as $value) {
        ?><li data-attribute="<?= text($key) ?>"><?= text($value) ?></li><?php
    }
?></ul></td></tr>
<?php } ?>
</tbody>
</table>
<?php } ?>
</section>
<?php if ($proxies !== []) { ?>
<section aria-labelledby="through">
<h2 id="through">Ouvert en votre nom par</h2>
<ul><?php foreach ($proxies as $proxy) { ?><li data-proxy="<?= text($proxy) ?>"><?= text($proxy) ?></li><?php } ?></ul>
</section>
<?php } ?>
<p class="actions">
<a href="<?= text($portal) ?>">Retour à l’accueil</a>
<a href="<?= text($logout) ?>">Se déconnecter de tout</a>
</p>
</main>
<footer><p>Page de démonstration. Les personnes et les établissements sont inventés.</p></footer>
</body>
</html>
<?php
}
