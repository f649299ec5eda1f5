# Les textes de Préau, en français. C’est la langue de référence : chaque clé existe aussi en anglais.
# Les espaces avant les signes doubles et à l’intérieur des guillemets sont insécables (U+00A0).

## Toutes les pages

skip = Aller au contenu
language-switch = Français
help = Aide
charte-link = Charte d’usage
charte-version = Version { $version }
accessibility-link = Accessibilité : partiellement conforme
error-prefix = Erreur :

## Qui êtes-vous ?

choose-title = Qui êtes-vous ?
choose-purpose = Choisissez votre profil pour entrer dans { $workspace }.
choose-purpose-service = Choisissez votre profil pour ouvrir { $service }.
public-staff = Enseignant ou personnel
public-staff-hint = Professeurs, direction, vie scolaire, administration, académie, collectivité
public-pupil = Élève
public-pupil-hint = De l’école au lycée
public-guardian = Responsable d’élève
public-guardian-hint = Parents et personnes responsables d’un élève
public-guest = Invité
public-guest-hint = Élèves et enseignants d’un autre ENT, partenaires et intervenants

## Identifiant et mot de passe

password-title = Connexion
password-purpose = Entrez dans { $workspace } avec vos identifiants.
password-purpose-service = Identifiez-vous pour ouvrir { $service }.
password-as = Profil :
password-back = Changer de profil
password-required = Les deux champs sont obligatoires.
password-login = Identifiant
password-login-hint-staff = Le même que pour votre messagerie académique.
password-login-hint-pupil = Celui que votre établissement vous a remis.
password-login-hint-guardian = Celui que l’établissement de votre enfant vous a remis.
password-login-hint-guest = Celui de votre invitation.
password-password = Mot de passe
password-show = Afficher le mot de passe
password-submit = Se connecter
password-help = Obtenir de l’aide
password-forgotten = Mot de passe oublié ?
problem-heading = Connexion impossible.
problem-credentials = L’identifiant ou le mot de passe ne convient pas. Vérifiez les majuscules et le profil choisi, puis réessayez. S’ils convenaient jusqu’ici, votre compte est peut-être suspendu : demandez à votre établissement si l’annuaire vous nomme encore.
problem-wait = { $count ->
    [one] Trop d’essais rapprochés : attendez une seconde, puis réessayez.
   *[other] Trop d’essais rapprochés : attendez { $count } secondes, puis réessayez.
}
problem-wait-minutes = Trop d’essais : attendez { $count } minutes, puis réessayez. Votre compte n’est pas bloqué.
problem-directory = L’annuaire qui vérifie votre mot de passe ne répond pas. Réessayez dans quelques minutes : cet essai ne compte pas.
problem-empty = Saisissez votre identifiant et votre mot de passe.

## S’identifier ailleurs

elsewhere-title = Connexion
elsewhere-purpose = Pour entrer dans { $workspace }, vous vous identifiez sur un autre site, puis vous revenez ici.
elsewhere-purpose-service = Pour ouvrir { $service }, vous vous identifiez sur un autre site, puis vous revenez ici.
elsewhere-go = Continuer avec { $provider }
elsewhere-or = Autres façons de se connecter
account-title = Quel compte voulez-vous ouvrir ?
account-purpose = { $workspace } : plusieurs comptes sont à vous. Vous pourrez en changer en vous reconnectant.
account-nowhere = Rattaché à aucun établissement
signed-out-elsewhere = Vous êtes peut-être encore connecté à { $provider }.
signed-out-elsewhere-go = Se déconnecter aussi : { $provider }

## Accueil

home-title = Accueil
home-greeting = Bonjour { $name }
home-establishment = Établissement
home-switch = Changer
child-acting-for = Vous agissez pour
child-all = Tous vos enfants
child-only = Vous agissez pour { $name }.
child-switch = d’enfant
sign-out = Se déconnecter
search-label = Chercher un service
search-submit = Chercher
search-found-one = 1 service trouvé
search-found-many = { $count } services trouvés
search-none = Aucun service ne correspond à cette recherche.
search-none-typed = Aucun de vos services ne correspond. Validez la recherche : la page dit pourquoi un service n’est pas ici.
search-all = Voir tous mes services
favourites-title = Favoris
favourites-full = Vous avez 24 favoris, le maximum : retirez-en un pour en ajouter un autre.
favourite-add = Ajouter { $service } aux favoris
favourite-remove = Retirer { $service } des favoris
recent-title = Ouverts récemment
missing-title = Pourquoi ne vois-je pas ce service ?
missing-advice = Si vous pensez que c’est une erreur, parlez-en à votre établissement.
missing-hint = Un service vous manque ? Cherchez son nom : la page dit pourquoi il ne vous est pas ouvert.
category-communication = Communication et collaboration
category-production = Production pédagogique
category-school-life = Vie scolaire
category-information = Information et documentation
category-utilities = Utilitaires
home-nowhere-title = Votre compte n’est rattaché à aucun établissement
home-nowhere-text = C’est fréquent à la rentrée ou après une mutation. Dès que votre établissement vous aura inscrit, vos services apparaîtront ici : vous n’avez rien à faire de plus.
home-empty-title = Pas encore de service dans cet établissement
home-empty-text = Aucun service ne vous est ouvert ici pour le moment. Si vous en attendez un, parlez-en à votre établissement.
profile-teacher = { $title ->
    [Mme] Enseignante
   *[other] Enseignant
}
profile-head = Direction
profile-school-life = Vie scolaire
profile-school-staff = Personnel administratif ou technique
profile-librarian = Documentaliste
profile-academy = Personnel académique
profile-local-authority = Collectivité territoriale
profile-pupil = Élève
profile-guardian = Responsable d’élève
profile-guest = { $title ->
    [Mme] Invitée
   *[other] Invité
}

## Les instants

day = { $nth ->
    [first] 1er
   *[other] { $day }
} { $month ->
    [m01] janvier
    [m02] février
    [m03] mars
    [m04] avril
    [m05] mai
    [m06] juin
    [m07] juillet
    [m08] août
    [m09] septembre
    [m10] octobre
    [m11] novembre
   *[m12] décembre
} { $year }
moment = { day } à { $hour } h { $minute }

## Le banc d’essai

bench-title = Banc d’essai
bench-purpose = Ce que recevrait une application, pour des personnes qui n’existent pas. Rien ne s’ouvre ici : ni session, ni ticket, ni jeton.
bench-services = Choisissez un service
bench-none = Aucun service n’est monté.
bench-all = Tous les services
bench-person = Personne fictive
bench-look = Regarder
bench-door = À sa porte
bench-open = Le service s’ouvre.
bench-shut = Le service ne s’ouvre pas.
bench-opens = Voici, mot pour mot, ce qui lui serait écrit.
bench-unsound = Ses règles de transmission ne donnent rien d’utilisable : { $what }.
bench-refused = Dernière demande refusée
bench-refused-at = Le { $when }, en temps universel :
bench-refused-none = Aucune depuis une heure.
bench-copy = Configurations à copier
bench-copy-text = Les secrets n’y sont pas : ils sont dans un fichier que l’exploitant vous remet.
bench-asked = Ses paramètres
bench-asked-text = Ce qui pourrait être secret est remplacé par autant de lettres.
bench-replay = Rejouer cette demande
bench-replay-good = Aujourd’hui, elle passerait.
bench-replay-good-text = Ses paramètres sont bons ; rien n’a été ouvert ni envoyé.
bench-replay-partly = Rien d’autre n’y est faux.
bench-replay-partly-text = Secrets, codes et jetons ne sont pas gardés : ils seront jugés quand l’application redemandera.
bench-replay-bad = Elle serait encore refusée.
bench-wrong-parameter = Paramètre en cause
bench-wrong-received = Valeur reçue
bench-wrong-nothing = (rien)
bench-wrong-expected = Attendu
bench-person-teacher = Enseignante, dans deux établissements
bench-person-head = Chef d’établissement
bench-person-school-life = Vie scolaire
bench-person-librarian = Documentaliste
bench-person-pupil = Élève de sixième
bench-person-guardian = Responsable d’une élève
bench-person-teacher-guardian = Enseignant ici, responsable ailleurs
bench-person-local-authority = Agente d’une collectivité
bench-person-guest = Invitée

## Les bacs à sable

sandbox-new = Essayer votre application
sandbox-new-text = Un bac à sable fait le tour complet, de la demande de connexion aux attributs, avec une personne fictive choisie à l’écran. Il n’ouvre rien d’autre, aucune personne réelle n’y entre, et il disparaît de lui-même au bout de sept jours.
sandbox-name = Nom de l’application
sandbox-protocol = Protocole
sandbox-addresses = Adresses de retour
sandbox-addresses-hint = Une par ligne, cinq au plus. OpenID Connect : l’adresse exacte ; CAS : celle du service. En https, ou en http sur localhost.
sandbox-public = Sans secret : une page ou une application mobile
sandbox-rsa = Jetons signés par RS256 (PHP)
sandbox-register = Créer le bac à sable
sandbox-problem-name = Donnez un nom d’une ligne, de 60 caractères au plus.
sandbox-problem-address = Cette adresse ne convient pas : { $what }.
sandbox-problem-full = Tous les bacs à sable sont pris. Le plus ancien expire dans la semaine ; l’exploitant peut en libérer.
sandbox-title = Bac à sable « { $name } »
sandbox-purpose = Branchez votre application sur ces valeurs, commencez-y une connexion, choisissez une personne fictive.
sandbox-until = Il disparaît le { $when }, en temps universel.
sandbox-secret = Secret
sandbox-secret-once = Notez-le : il ne sera plus montré.
sandbox-settings = Ce qu’il faut configurer
sandbox-issuer = Émetteur (issuer)
sandbox-client = client_id
sandbox-authentication = Authentification au point token
sandbox-redirect = redirect_uri
sandbox-scopes = scope
sandbox-signing = Signature des ID tokens
sandbox-cas = Serveur CAS
sandbox-service = Adresses acceptées, à partir de
sandbox-keep = Gardez l’adresse de cette page, aucune liste ne la donne :
sandbox-copy-text = Les valeurs de ce bac à sable y sont ; le secret est à mettre où le texte le dit.
sandbox-who = Qui se connecte ?
sandbox-who-lead = Bac à sable « { $name } » : choisissez une personne fictive. Vous partirez ensuite vers { $to }.
sandbox-told = Cette demande est refusée
sandbox-told-lead = Voici ce que le bac à sable « { $name } » répondrait à l’application, et pourquoi.
sandbox-told-answer = L’application l’apprendrait à son adresse de retour :
sandbox-told-go = Y aller
sandbox-told-nowhere = L’application n’en saurait rien : sans adresse de retour sûre, rien n’est envoyé.
sandbox-back = Retour au bac à sable

## Au revoir

signed-out-title = À bientôt
signed-out = { $count ->
    [0] Votre session est terminée : tout est fermé.
    [one] Votre session est terminée : tout est fermé, et le service que vous aviez ouvert en est averti.
   *[other] Votre session est terminée : tout est fermé, et les { $count } services que vous aviez ouverts en sont avertis.
}
signed-out-here = { $count ->
    [0] Votre session est terminée ici.
    [one] Votre session est terminée ici, et le service que vous aviez ouvert en est averti.
   *[other] Votre session est terminée ici, et les { $count } services que vous aviez ouverts en sont avertis.
}
signed-out-silent = Votre session est terminée, mais { $service } n’a pas encore répondu : fermez votre navigateur, nous continuons de le prévenir.
signed-out-silent-some = Votre session est terminée, mais ces services n’ont pas encore répondu : { $services }. Fermez votre navigateur, nous continuons de les prévenir.
signed-out-silent-many = Votre session est terminée, mais { $count } services n’ont pas encore répondu : fermez votre navigateur, nous continuons de les prévenir.
signed-out-refused = Votre session est terminée ici, mais { $service } n’a pas fermé la sienne : quittez-le aussi, ou fermez votre navigateur.
signed-out-refused-some = Votre session est terminée ici, mais ces services n’ont pas fermé la leur : { $services }. Quittez-les aussi, ou fermez votre navigateur.
signed-out-refused-many = Votre session est terminée ici, mais { $count } services n’ont pas fermé la leur : quittez-les aussi, ou fermez votre navigateur.
signed-out-open-some = Votre session est terminée ici, mais ces services sont peut-être encore ouverts : { $services }. Quittez-les aussi, ou fermez votre navigateur.
signed-out-open-many = Votre session est terminée ici, mais { $count } services sont peut-être encore ouverts : quittez-les aussi, ou fermez votre navigateur.
signed-out-deaf = Votre session est terminée ici, mais { $service } ne se ferme pas d’ici : quittez-le aussi, ou fermez votre navigateur.
signed-out-deaf-some = Votre session est terminée ici, mais ces services ne se ferment pas d’ici : { $services }. Quittez-les aussi, ou fermez votre navigateur.
signed-out-deaf-many = Votre session est terminée ici, mais { $count } services ne se ferment pas d’ici : quittez-les aussi, ou fermez votre navigateur.
signed-out-unsure = Votre session est terminée ici, mais { $service }, que seul votre navigateur prévient, ne dit pas s’il a fermé la sienne : quittez-le aussi, ou fermez votre navigateur.
signed-out-unsure-some = Votre session est terminée ici, mais ces services, que seul votre navigateur prévient, ne disent pas s’ils ont fermé la leur : { $services }. Quittez-les aussi, ou fermez votre navigateur.
signed-out-unsure-many = Votre session est terminée ici, mais { $count } services, que seul votre navigateur prévient, ne disent pas s’ils ont fermé la leur : quittez-les aussi, ou fermez votre navigateur.
signed-out-unconfirmed = Votre session est terminée ici, mais un service n’a pas confirmé l’avoir fermée : quittez-le aussi.
signed-out-round = Un service attend encore d’être prévenu.
signed-out-shared = Sur un ordinateur partagé, fermez aussi le navigateur.
signed-out-again = Se connecter de nouveau

## Ce qui n’a pas marché

fault-incident = Numéro d’incident, à donner si vous demandez de l’aide :
fault-home = Retour à l’accueil
fault-help = Demander de l’aide
fault-bad-request-title = Cette demande n’a pas de sens pour nous
fault-bad-request-text = Le lien que vous avez suivi est incomplet ou abîmé. Revenez à l’accueil et ouvrez le service depuis sa tuile.
fault-unknown-service-title = Ce service n’est pas enregistré ici
fault-unknown-service-text = L’adresse qui vous envoie ne fait pas partie des services de cet espace : par prudence, rien ne lui a été transmis. Ouvrez le service depuis l’accueil.
fault-refused-title = { $service } ne s’ouvre pas pour vous
fault-refused-title-plain = Ce service ne s’ouvre pas pour vous
fault-refused-text = Les règles d’accès de ce service ne permettent pas de vous l’ouvrir.
fault-refused-advice = Si vous pensez que c’est une erreur, donnez le numéro ci-dessous à votre établissement : il lui suffit pour comprendre.
fault-not-found-title = Cette page n’existe pas
fault-not-found-text = L’adresse est peut-être mal recopiée, ou la page a été retirée. Revenez à l’accueil.
fault-stale-form-title = Ce formulaire n’est plus valable
fault-stale-form-text = Il a déjà servi, ou il a été ouvert dans une autre session. Revenez à l’accueil et recommencez : rien n’a été enregistré.
fault-sign-in-expired-title = Cette connexion a expiré
fault-sign-in-expired-text = Elle a pris trop de temps, s’est terminée dans un autre onglet, ou votre navigateur refuse les cookies. Revenez à l’accueil et recommencez.
fault-directory-down-title = L’annuaire ne répond pas
fault-directory-down-text = Nous ne pouvons pas vérifier votre mot de passe pour le moment. Réessayez dans quelques minutes : cet essai n’est pas compté, et les sessions déjà ouvertes continuent.
fault-busy-title = Beaucoup de monde en même temps
fault-busy-text = Trop de personnes se connectent à cet instant. Attendez quelques secondes, puis réessayez.
fault-storage-down-title = Le service est momentanément indisponible
fault-storage-down-text = Une partie de nos installations ne répond pas. Réessayez dans quelques minutes : rien n’est perdu.
fault-no-account-title = Votre compte n’est pas encore prêt
fault-no-account-text = Votre mot de passe est bon, mais votre compte n’a pas encore été créé ici. Il le sera à la prochaine mise à jour de l’annuaire : réessayez demain, ou prévenez votre établissement.
fault-account-not-found-title = Aucun compte ne vous correspond ici
fault-account-not-found-text = Vous êtes bien identifié là-bas, mais aucun compte actif de cet espace n’est le vôtre : aucun n’a été créé. Donnez le numéro ci-dessous à votre établissement, qui vérifiera votre inscription.
fault-account-suspended-title = Votre compte est suspendu
fault-account-suspended-text = Vous êtes bien identifié, mais votre compte est arrêté ici : l’annuaire ne vous rattache plus à aucun établissement, ou l’un d’eux a demandé l’arrêt. Si vous y êtes inscrit ou en poste, donnez le numéro ci-dessous à votre établissement : dès que l’annuaire vous nomme de nouveau, vous retrouvez votre compte et vos services. Sinon, ce que nous savons de vous est effacé dans les trois mois.
fault-guest-over-title = Votre invitation n’est pas ouverte
fault-guest-over-text = Elle est terminée, suspendue, ou n’a pas encore commencé. Ce n’est pas grave : demandez à votre enseignant. Votre compte dans votre propre école n’a pas changé.
fault-class-card-title = Pas avec une carte de classe
fault-class-card-text = Cette page ne s’ouvre pas avec une carte de classe, ou la séance est terminée. Pour l’ouvrir, quittez la session de la carte et connectez-vous autrement.
fault-service-down-title = Ce service est momentanément indisponible
fault-service-down-text = Nous ne pouvons pas vous l’ouvrir en ce moment. Réessayez plus tard ; les autres services restent ouverts.
fault-provider-down-title = Le site où vous vous identifiez ne répond pas
fault-provider-down-text = Nous ne pouvons pas vous y envoyer, ou il ne nous répond pas. Réessayez dans quelques minutes ; les sessions déjà ouvertes continuent.
fault-provider-refused-title = Votre identification n’a pas abouti
fault-provider-refused-text = Le site où vous vous identifiez a répondu non, ou vous avez renoncé. Revenez à l’accueil pour recommencer.
fault-provider-not-believed-title = Nous n’avons pas pu vous reconnaître
fault-provider-not-believed-text = La réponse du site où vous vous identifiez n’est pas celle que nous attendions : par prudence, rien n’a été ouvert. Revenez à l’accueil et recommencez ; si cela se répète, donnez le numéro ci-dessous.
fault-provider-session-stays-title = Votre session reste peut-être ouverte ailleurs
fault-provider-session-stays-text = Vous êtes bien déconnecté d’ici. Le site où vous vous êtes identifié dit que votre session n’y est pas tout à fait fermée : fermez le navigateur si vous le partagez.
fault-wrong-host-title = Ce n’est pas notre adresse
fault-wrong-host-text = Vous êtes arrivé ici par une adresse qui n’est pas la nôtre. Utilisez le lien ci-dessous.
fault-method-not-allowed-title = Cette page ne s’ouvre pas ainsi
fault-method-not-allowed-text = Elle attend un formulaire que votre navigateur n’a pas envoyé. Revenez à l’accueil et recommencez.
fault-too-large-title = Cette demande est trop longue
fault-too-large-text = L’adresse ou le formulaire dépasse la taille acceptée. Revenez à l’accueil et recommencez avec moins de texte.
fault-internal-title = Une erreur de notre côté
fault-internal-text = Quelque chose s’est mal passé et ce n’est pas votre faute. L’incident est noté : réessayez, et donnez son numéro si cela se reproduit.

## Pourquoi un service refuse

refusal-service-unknown = Ce service n’est plus proposé ici, ou ne l’est pas encore.
refusal-suspended = Votre compte est suspendu. Votre établissement peut le rétablir.
refusal-no-affiliation = Votre compte n’est rattaché à aucun établissement pour le moment, et ce service est réservé aux personnes d’un établissement.
refusal-excepted = Ce service a été fermé pour un groupe de personnes dont vous faites partie.
refusal-guest = Ce service n’est pas ouvert aux invités.
refusal-space = Aucun des espaces qui vous sont ouverts n’utilise ce service.
refusal-legal-weight = Ce service est réservé aux représentants légaux d’un élève, et votre lien avec l’élève n’est pas enregistré ainsi.
refusal-profile = Ce service est prévu pour d’autres profils que le vôtre.
refusal-establishment = Ce service n’est pas ouvert dans votre établissement.
refusal-level = Ce service est prévu pour un autre niveau que le vôtre.
refusal-class-or-group = Ce service est prévu pour d’autres classes ou groupes que les vôtres.
refusal-subject-or-function = Ce service est prévu pour d’autres matières ou fonctions que les vôtres.
refusal-account = Ce service n’est ouvert qu’à quelques personnes nommées une à une, et vous n’êtes pas dans la liste.
refusal-time = Ce service n’est pas ouvert pour vous à cette heure.
refusal-time-when = Pour vous, ce service est ouvert { $when }, à l’heure de votre établissement. Ce n’est pas encore le moment, ou il est passé.
refusal-narrowed = Une règle de votre établissement, de l’académie ou du pays réserve ce service à d’autres.
refusal-second-key = La direction de votre établissement n’a pas ouvert ce service, ou l’a ouvert pour d’autres.
refusal-sheet-changed = Ce que ce service reçoit a changé : il reste fermé jusqu’à ce que la direction de votre établissement l’accepte de nouveau.
refusal-class-card = Ce service ne s’ouvre pas avec une carte de classe.
refusal-visitor = Vous le consulteriez en visiteur, et ce service ne demande pas ce qui lui permettrait de vous distinguer des autres : il reste fermé pendant votre inspection.
refusal-two-factors = Ce service demande un second facteur, et votre compte n’en a pas qui convienne : ajoutez une clé d’accès dans « Mon compte », puis rouvrez le service.
refusal-no-audience = Ce service n’est encore ouvert à personne.
refusal-policy-error = Les règles d’accès de ce service n’ont pas pu être lues : par prudence, il reste fermé.

## Aide

help-password-title = Je n’arrive pas à me connecter
help-password-text = Choisissez d’abord le profil qui est le vôtre, puis saisissez l’identifiant remis par votre établissement. Après plusieurs essais, il faut attendre un peu entre deux : votre compte n’est pas bloqué. Si le mot de passe est perdu, suivez « Mot de passe oublié ? » : la page dit comment le remplacer.
help-missing-title = Un service n’est pas sur mon accueil
help-missing-text = L’accueil montre ce qui vous est ouvert dans l’établissement choisi. Cherchez le service par son nom : la page dit pourquoi il ne vous est pas ouvert.
help-favourites-title = Retrouver un service plus vite
help-favourites-text = L’étoile d’une tuile la range parmi vos favoris, en haut de la page. Les derniers services ouverts y sont aussi. Favoris et derniers services sont propres à chaque établissement, et personne d’autre ne les voit.
help-child-title = J’ai plusieurs enfants
help-child-text = Choisissez pour quel enfant vous agissez : les services de son établissement et de sa classe apparaissent, et c’est pour cet enfant que vous y entrez.
help-shared-title = Sur un ordinateur partagé
help-shared-text = Déconnectez-vous d’ici : les services ouverts sont prévenus. Puis fermez le navigateur.
help-incident-title = Une page affiche un numéro d’incident
help-incident-text = Donnez ce numéro à votre établissement ou à l’assistance : il suffit pour retrouver ce qui s’est passé, sans que vous ayez à le raconter.

## Accessibilité

accessibility-title = Déclaration d’accessibilité
accessibility-commitment = { $workspace } doit pouvoir servir à tout le monde, conformément à l’article 47 de la loi n° 2005-102 du 11 février 2005. Cette page concerne la connexion, l’accueil et les pages de ce portail ; chaque service ouvert depuis une tuile a sa propre déclaration.
accessibility-state-title = État de conformité
accessibility-state = { $workspace } est partiellement conforme au référentiel général d’amélioration de l’accessibilité (RGAA 4.1), en raison de ce qui est dit plus bas.
accessibility-results-title = Résultats des tests
accessibility-results = Une évaluation interne, faite par l’équipe qui écrit Préau et non par un tiers, respecte 54 des 55 critères applicables du RGAA 4.1, soit 98 % ; 51 critères sont sans objet. Elle porte sur le logiciel tel qu’il est livré.
accessibility-not-title = Ce qui n’est pas conforme
accessibility-not = La connexion, l’accueil et la déconnexion ont été essayés avec un lecteur d’écran, Orca dans Chromium, et non avec ceux de la base de référence du RGAA (NVDA, JAWS, VoiceOver) : le critère 7.1, qui demande que chaque script soit compatible avec les technologies d’assistance, est donc compté comme non respecté. Les scripts concernés montrent le mot de passe et filtrent les tuiles ; sans eux, le mot de passe reste masqué et le serveur fait la recherche.
accessibility-method-title = Établissement de cette déclaration
accessibility-method = Cette déclaration a été établie le 28 novembre 2026. Pages examinées : choix du profil, mot de passe et ses erreurs, connexion sur un autre site, choix du compte, accueil, refus et autres erreurs, déconnexion, connexion d’un appareil, et cette page ; dans les deux langues, en clair et en sombre. Technologies : HTML, CSS, SVG, JavaScript. Outils : Chromium, axe-core, le clavier seul, le texte agrandi à 200 %, une fenêtre de 320 pixels, sans styles et sans JavaScript.
accessibility-done-title = Ce qui est fait
accessibility-done-keyboard = Toutes les pages se parcourent au clavier, avec un repère de focus visible et un lien pour aller droit au contenu.
accessibility-done-script = Aucune page n’a besoin de JavaScript.
accessibility-done-contrast = Les textes sont contrastés, en clair comme en sombre, et les animations s’arrêtent si vous l’avez demandé à votre appareil.
accessibility-done-small = Les pages tiennent sur un écran de 320 pixels de large et se lisent agrandies à 400 %.
accessibility-done-forms = Chaque champ a son étiquette, et chaque erreur dit quoi corriger.
accessibility-limits-title = Ce que nous ne maîtrisons pas
accessibility-limits = Les noms et les descriptions des services viennent de leurs éditeurs ou de votre établissement, et leurs dessins sont décoratifs.
accessibility-contact-title = Signaler une difficulté
accessibility-contact = Si une page vous arrête, dites-le à votre établissement ou à l’assistance de votre espace, qui vous doit une réponse et une autre manière d’accéder à ce que vous cherchez.
accessibility-recourse-title = Voie de recours
accessibility-recourse = Sans réponse satisfaisante, vous pouvez saisir le Défenseur des droits : sur defenseurdesdroits.fr, auprès de son délégué dans votre département, ou par courrier gratuit, sans timbre, à Défenseur des droits, Libre réponse 71120, 75342 Paris CEDEX 07.

posting-title = Ouverture du service
posting-text = Votre service s’ouvre. S’il ne s’ouvre pas de lui-même :
posting-back-title = Vous revenez
posting-back-text = Vous revenez du site où vous vous identifiez. Si rien ne se passe :
posting-elsewhere-title = On vous envoie vous identifier
posting-elsewhere-text = Vous partez vers le site où vous vous identifiez. Si rien ne se passe :
continue = Continuer
ask-sign-out-title = Se déconnecter ?
ask-sign-out-text = Un service demande à fermer votre session, { $name }.
ask-sign-out-stay = Rester connecté
leaving-title = Déconnexion
leaving-text = Vos services sont prévenus de votre déconnexion.

## Un appareil se connecte par un code

device-title = Connecter un appareil
device-lead = Saisissez le code que l’appareil affiche.
device-label = Code
device-hint = Huit lettres et chiffres, en deux moitiés
device-unknown = Aucun appareil n’attend avec ce code. Vérifiez-le sur l’appareil, ou demandez-lui un nouveau code.
device-wait = Trop de codes faux. Réessayez dans dix minutes.
device-question-title = Ouvrir { $service } sur un appareil ?
device-question-lead = La personne qui tient l’appareil utilisera ce service sous votre nom.
device-question-place = La demande vient de l’adresse réseau { $place }.
device-question-near = C’est celle que vous utilisez en ce moment.
device-question-far = Ce n’est pas celle que vous utilisez en ce moment.
device-question-since = { $count ->
    [0] Elle date de moins d’une minute.
    [one] Elle date de { $count } minute.
   *[other] Elle date de { $count } minutes.
}
device-question-warning = Si quelqu’un vous a envoyé ce code, répondez non : le service s’ouvrirait chez cette personne.
device-question-yes = Oui, c’est mon appareil
device-question-no = Non
device-yes-title = L’appareil est connecté
device-yes-text = Vous pouvez revenir à l’appareil : { $service } s’y ouvre.
device-no-title = L’appareil est refusé
device-no-text = { $service } ne s’ouvre pas sur cet appareil.
device-home = Page d’accueil

## Les sources, pour qui les administre

sources-title = Sources
sources-none = Aucune source n’est synchronisée.
sources-all = Toutes les sources
source-title = Source { $source }
source-never = Jamais synchronisée
source-csv = Les synchronisations, pour un tableur (CSV)
run-title = Synchronisation du { $when }
run-unfinished = Inachevée
run-applied = Appliquée
run-held = Retenue : rien n’est écrit
run-incomplete = Incomplète : personne n’est suspendu
run-failed = Échouée
run-undone = Retour en arrière
run-same = Rien n’avait changé.
run-did = { $read } lus, { $created } créés, { $updated } modifiés, { $suspended } suspendus
run-would = { $read } lus ; { $created } seraient créés, { $updated } modifiés, { $suspended } suspendus
run-decide = Décider
run-release-text = { $count ->
    [one] Regardez d’abord la source. Si elle dit vrai, une nouvelle lecture peut enlever quelque chose à { $count } personne.
   *[other] Regardez d’abord la source. Si elle dit vrai, une nouvelle lecture peut enlever quelque chose à { $count } personnes.
}
run-release = Laisser passer
run-refuse-text = Si elle se trompe, refusez : personne ne pourra plus laisser passer cette synchronisation.
run-refuse = Refuser
run-refused = Refusée le { $when }.
run-losses = Ce que les établissements perdraient
run-loss-school = { $who } : { $gone } personnes sur { $active } ({ $percent } %)
run-loss-profile = { $who } : { $gone } sur { $active } ({ $percent } %)
run-loss-moved = { $who } : { $gone } sur { $active }, et { $moved } vers un autre établissement ({ $percent } %)
run-more-schools = { $count ->
    [one] Et { $count } autre établissement.
   *[other] Et { $count } autres établissements.
}
run-gains = Ce qui doublerait
run-gain = { $establishment }, { $who } : { $came } arrivent, { $active } y étaient
run-people = Personnes
run-people-read = lues
run-people-created = comptes créés
run-people-updated = comptes modifiés
run-people-reactivated = comptes revenus
run-people-unchanged = comptes inchangés
run-people-kept = comptes laissés tels quels
run-people-suspended = comptes suspendus, ou qui le seraient
run-people-waiting = absentes pour la première fois
run-people-narrowed = perdent un établissement
run-people-stripped = n’en ont plus aucun
run-people-ceased = perdent un profil
run-people-moved = changent d’établissement
run-people-spared = attendent le fichier complet de leur établissement
run-facts = Déroulement
run-fact-duration = durée
run-fact-memory = mémoire, au plus
run-fact-changes = changements lus
run-fact-undo = peut être défaite jusqu’au
run-seconds = { $figure } s
run-megabytes = { $figure } Mo
run-why-too-many-people = Sur les { $active } personnes actives de la source, { $absent } seraient suspendues et { $stripped } n’auraient plus aucun établissement ({ $share } %) ; { $allowed } au plus le peuvent.
run-why-too-many-of-one-school = { $establishment } : sur { $active } personnes, { $absent } seraient suspendues et { $lost } perdraient tout droit dans l’établissement ({ $share } %) ; { $percent } % au plus le peuvent.
run-why-too-many-of-one-profile = { $establishment }, { $who } : { $all } personnes sur { $active } ne le seraient plus ({ $share } %) ; { $percent } % au plus le peuvent.
run-why-too-many-moved = { $establishment }, { $who } : sur { $active } personnes, { $moved } iraient dans un autre établissement et { $gone } ne le seraient plus ({ $share } %) ; { $percent } % au plus peuvent partir.
run-why-more-than-accepted = { $losing } personnes seraient suspendues, perdraient un établissement ou un profil, ou changeraient d’établissement ; { $accepted } ont été acceptées.
run-why-older = La source dit être à la date { $now } ; elle en était déjà à { $before } : un état ancien a-t-il pris la place d’un plus récent ?
run-why-undone = La synchronisation { $run } a été défaite : la source dit-elle autre chose à présent ?
run-waiting = Établissements qui attendent leur fichier
run-waits = { $establishment }, { $who } : sur { $active } personnes, { $leaving } partiraient et { $came } arriveraient.
run-rejected = Entrées rejetées
run-entries = Les premières, par leur nom
run-csv = Les entrées rejetées, pour un tableur (CSV)
run-remarks = Remarques : ces personnes sont lues tout de même
run-shared = Identifiants partagés
reject-fields = une valeur de { $a } a { $b } champs au lieu de { $c }
reject-long-field = un champ de { $a } a { $b } caractères ; { $c } au plus sont pris
reject-long = { $a } a { $b } caractères ; { $c } au plus sont pris
reject-longer = { $a } a plus de { $b } caractères
reject-values = { $a } a plus de { $b } valeurs
reject-no-code = une valeur de { $a } n’a pas de code
reject-no-person = une valeur de { $a } ne nomme personne, ou ne dit pas le lien
reject-twice = une autre entrée a le même { $a }
reject-twice-key = une entrée avant celle-ci a la même clé de jointure
reject-twice-number = une entrée avant celle-ci a le même numéro d’établissement
remark-birth-date = la date de naissance n’est pas une date : elle ne sera pas demandée avec un code d’activation
reject-not-typed = { $a } ne peut pas être saisi au clavier
reject-no-text = { $a } n’est pas un texte
reject-nowhere = { $a } manque : rien ne dit où est la personne
reject-missing = { $a } manque
reject-two-weights = { $a } donne à une personne deux poids légaux
reject-two-classes = { $a } donne deux classes dans une structure
reject-many-people = { $a } nomme plus de { $b } personnes
reject-no-function = { $a } ne nomme aucune fonction qui ouvre quelque chose, et aucun profil n’en dit plus
reject-no-pupil = { $a } ne nomme aucun élève de ces fichiers
reject-no-structure = { $a } ne nomme aucune structure que cet annuaire décrit
reject-degree-above = le degré au-dessus a aussi cet élève, et c’est lui qui compte
reject-other-source = la source { $a } apporte déjà cet établissement, qui reste comme elle le dit
reject-unknown-record = elle modifie un enregistrement qu’aucune livraison n’ajoute
reject-uai = { $a } : la lettre de contrôle de cet UAI ne va pas avec son numéro

## Les services que l’académie propose aux établissements, pour leur direction

offers-title = Services proposés à votre établissement
offers-text = L’académie propose ces services à votre établissement, { $place }. Aucun ne s’y ouvre sans vous : lisez ce qu’il reçoit, puis choisissez pour qui et jusqu’à quand.
offers-none = Aucun service n’est proposé à cet établissement.
offers-link = Services proposés à votre établissement
offers-waiting = { $count ->
    [one] Un service que vous aviez ouvert est fermé : ce qu’il reçoit a changé. Il attend que vous le relisiez.
   *[other] { $count } services que vous aviez ouverts sont fermés : ce qu’ils reçoivent a changé. Ils attendent que vous les relisiez.
}
offer-shut = Fermé dans cet établissement.
offer-open = Ouvert jusqu’au { $until } inclus, pour : { $whom }.
offer-over = Fermé : son dernier jour était le { $until }.
offer-changed = Fermé : ce que ce service reçoit a changé depuis que la direction l’a ouvert jusqu’au { $until }. Relisez la fiche et ouvrez-le de nouveau, ou laissez-le fermé.
offer-sheet = La fiche
offer-purpose = Finalité
offer-controller = Responsable du traitement
offer-hosting = Hébergement
offer-retention = Durée de conservation
offer-addresses = Adresses
offer-for = Proposé à
offer-sent = Ce que le service reçoit
offer-sends-nothing = Rien : c’est un simple lien.
offer-identifier = Identifiant de la personne
offer-home = Page d’accueil
offer-grades = Notes
offer-roster = La liste de la classe ou du groupe
offer-prolong = Un autre jour, pour les mêmes personnes
offer-prolong-see = Voir ce que cela change
offer-anew = Recommencer : pour qui, jusqu’à quand
offer-fine = Ce qui est dit ci-dessus est plus précis que ce formulaire : en l’envoyant, vous le remplacez.
offer-choose = Pour qui, jusqu’à quand
offer-whom = Qui peut l’ouvrir
offer-levels = Seulement ces niveaux
offer-levels-hint = Pour les élèves et leurs responsables. Par exemple : 6EME, 5EME. Tous les niveaux si rien n’est écrit.
offer-classes = Seulement ces classes
offer-classes-hint = Pour les élèves et leurs responsables. Par exemple : 6A, 6B. Toutes les classes si rien n’est écrit.
offer-day = Dernier jour
offer-see = Voir qui gagne et qui perd
offer-preview = Avant d’ouvrir
offer-until = Jusqu’au { $until } inclus.
offer-moved = Qui gagne, qui perd
offer-gain = { $who } : { $count } de plus
offer-lose = { $who } : { $count } de moins
offer-nobody = Personne ne gagne ni ne perd ce service.
offer-cut = L’établissement compte plus de personnes que cette page n’en regarde : les nombres sont des minimums.
offer-signs = Votre accord vaut pour la fiche ci-dessous, et pour elle seule : si elle change, le service se ferme jusqu’à ce que vous l’ayez relue.
offer-yes = Ouvrir le service
offer-close = Fermer le service
offer-no = Fermer { $title }
offer-problem-day = Dites le dernier jour.
offer-problem-over = Le dernier jour est déjà passé.
offer-problem-far = Le dernier jour est trop loin : au plus tard, le 31 juillet qui finit la prochaine année scolaire.
offer-problem-nobody = Cochez au moins une catégorie de personnes à qui le service est proposé.
offer-problem-families = Les niveaux et les classes sont ceux des élèves et de leurs responsables : cochez-les, ou effacez ces champs.
offer-problem-many = Au plus 50 niveaux et classes, de 64 caractères au plus.
offer-problem-kept = Ce qui est ouvert a changé pendant que vous le lisiez. Relisez-le.
offer-problem-sheet = La fiche a changé pendant que vous la lisiez. Relisez-la.

## Mon compte, clés d’accès, second facteur

account-mine = Mon compte
account-home = Retour à l’accueil
account-back = Retour à mon compte
account-factors = Mes moyens de connexion
account-factors-text = Une clé d’accès remplace le mot de passe : votre téléphone ou votre ordinateur vous reconnaît par votre empreinte, votre visage ou le code de l’appareil. Une clé d’accès ne se devine pas et ne se recopie pas.
account-added = Depuis le { $when }
account-used = A servi pour la dernière fois le { $when }
account-unused = N’a pas encore servi
account-change = Renommer ou retirer
account-rename = Renommer
account-remove = Retirer
account-remove-text = Elle ne vous connectera plus, et vos autres sessions seront fermées.
account-problem-name = Donnez-lui un nom.
account-problem-passkey = Cette clé d’accès n’a pas été ajoutée. Recommencez ; si elle est déjà à vous, elle figure dans la liste.
account-problem-last = C’est votre dernier moyen de connexion de ce genre, et votre compte en demande un. Ajoutez-en un autre avant de retirer celui-ci.
passkey-use = Se connecter avec une clé d’accès
passkey-given-up = Aucune clé d’accès n’a été utilisée. Vous pouvez réessayer.
passkey-script = Votre navigateur ne peut pas utiliser de clé d’accès ici : il y faut JavaScript et un navigateur récent.
passkey-new-title = Ajouter une clé d’accès
passkey-new-text = Votre appareil va vous demander votre empreinte, votre visage ou son code. Rien de cela ne le quitte.
passkey-name = Nom de la clé d’accès
passkey-name-hint = Pour la retrouver dans la liste : l’appareil où elle se trouve, par exemple.
passkey-name-default = Mon appareil
passkey-make = Créer la clé d’accès
problem-passkey = Cette clé d’accès ne vous a pas identifié. Réessayez, ou utilisez votre identifiant et votre mot de passe.
second-title = Confirmez que c’est bien vous
second-purpose = Cette page demande plus que votre mot de passe.
second-purpose-service = Pour ouvrir { $service }, il faut plus que votre mot de passe.
second-back = Se connecter autrement
factor-wanted-title = Il vous faut un second facteur
factor-wanted-text = L’administration demande toujours un second facteur, et votre compte n’en a pas encore. Ajoutez-en un, puis revenez.
account-kind-passkey = Clé d’accès
account-kind-one-time-code = Application d’authentification
account-method-directory-password = Mot de passe de l’annuaire
account-method-local-password = Mot de passe
account-method-federated = Autre fournisseur d’identité
account-method-class-card = Carte de classe
account-method-passkey = Clé d’accès
account-second-passkey = avec une clé d’accès
account-second-one-time-code = avec un code
second-remember = { $count ->
    [one] Ne plus me le demander sur cet appareil pendant un jour, là où c’est possible
   *[other] Ne plus me le demander sur cet appareil pendant { $count } jours, là où c’est possible
}
account-kind-remembered-device = Appareil où le second facteur n’est pas redemandé
account-remembered-until = Jusqu’au { $when }
account-second-remembered-device = sur un appareil retenu
account-second-recovery-code = avec un code de secours
account-language = Ma langue
account-language-text = Vos pages sont dans cette langue sur tous vos appareils, dès la prochaine connexion ; ce que l’on vous envoie aussi.
account-language-choose = Langue
account-language-browser = Celle de mon navigateur
account-language-keep = Enregistrer
account-kind-mailed-code = Code par mail
account-second-mailed-code = avec un code reçu par mail
account-sessions = Mes sessions ouvertes
account-session-began = Ouverte le { $when }
account-session-seen = Dernière activité le { $when }
account-session-here = C’est celle de ce navigateur.
account-session-end = Fermer cette session
account-sessions-end = Fermer toutes les autres sessions
account-data = Mes données
account-data-text = Un fichier : votre compte, vos rattachements, vos moyens de connexion, vos sessions, les notes que des outils vous ont données dans vos classes d’aujourd’hui, et les 10 000 dernières lignes au plus de votre journal de l’année. Aucun secret n’y figure. Ce qui n’y est pas (chartes acceptées, favoris, applications autorisées), demandez-le à votre établissement.
account-data-birth = Votre date de naissance n’est pas gardée : seulement un code qui permet de la vérifier quand vous utilisez un code d’activation, et qui ne la dit pas.
account-data-take = Télécharger mes données
account-received = Ce que les services ont reçu de moi
account-received-text = Depuis un mois, service par service : combien de fois, la dernière fois, et ce qu’il a reçu de vous. Les valeurs elles-mêmes ne sont pas gardées.
account-received-times = { $count ->
    [one] une fois
   *[other] { $count } fois
}
account-received-last = dernière fois le { $when }
account-refused = Quelqu’un a essayé d’entrer
account-refused-text = Si ce n’était pas vous, prévenez votre établissement, et changez le mot de passe avec lequel vous vous connectez.
account-refused-second-factor-wanted = Le { $when } : la première étape de la connexion a été passée, et le second facteur n’a pas suivi.
account-refused-wrong-code = Le { $when } : la première étape de la connexion a été passée, puis un code erroné a été saisi.
account-refused-codes-stopped = Le { $when } : la première étape de la connexion a été passée, après trop de codes erronés.
account-refused-passkey-counter = Le { $when } : une copie de votre clé d’accès a peut-être servi. Retirez cette clé.
account-refused-wrong-birth-date = Le { $when } : un code d’activation fait pour vous a été saisi, puis une date de naissance qui n’est pas la vôtre.
account-received-none = Aucun service n’a rien reçu de vous depuis un mois.
problem-code-stopped = Trop de codes faux ont été tapés pour votre compte : les codes de l’application n’ouvrent plus sur cet appareil. Utilisez un code de secours, une clé d’accès ou un appareil déjà utilisé.
account-problem-many = Vous avez déjà vingt applications : retirez-en une d’abord.
account-problem-code = Ce code ne convient pas. Vérifiez l’heure de votre téléphone, attendez le code suivant, puis réessayez.
account-paper = { $count ->
    [0] Vous n’avez pas de code de secours : ils servent le jour où vous perdez le reste.
    [one] Il vous reste un code de secours.
   *[other] Il vous reste { $count } codes de secours.
}
codes-new-title = Ajouter une application d’authentification
codes-new-text = Scannez ce code QR avec votre application, puis tapez le code qu’elle affiche.
codes-typed = Ou tapez-y cette clé :
codes-name = Nom de l’application
codes-name-default = Mon téléphone
codes-code = Code affiché par l’application
codes-add = Ajouter
paper-title = Codes de secours
paper-text = Notez-les ou imprimez-les, et gardez-les loin de votre téléphone. Chacun sert une fois. Ils ne seront plus affichés, et les précédents ne valent plus rien.
paper-kept = Je les ai notés
paper-make = Faire de nouveaux codes de secours
problem-code = Ce code ne convient pas, ou il a déjà servi. Attendez le code suivant, puis réessayez.
problem-code-wait = Trop d’essais : attendez un peu avant de réessayer.
second-code = Code
second-code-hint = Les six chiffres de votre application, ou un code de secours.
second-code-send = Continuer
second-code-hint-mail = Les six chiffres du mail, ou un code de secours.
second-mail = Recevoir un code par mail
nudge-title = Plus simple qu’un mot de passe
nudge-text = Avec une clé d’accès, vous n’aurez ni mot de passe ni code à taper la prochaine fois.

## Une activité ouverte pour une classe ou un groupe (LTI)

lti-title = Ouvrir { $service }
lti-text = Pour quelle classe ou quel groupe ?
lti-open = { $title }, pour { $place }
lti-link = { $title }, pour { $place }
lti-to-marks = Notes { DE($place) }
lti-choose = Choisir un contenu pour { $place }
lti-remove = Retirer « { $title } » { DE($place) }
lti-choice-title = Ajouter pour { $place }
lti-choice-text = Vous avez choisi dans { $service } :
lti-choice-yes = Ajouter pour { $place }
lti-marks-title = Notes { DE($place) }
lti-marks-text = Celles que le service « { $service } » a déposées ici, pour les élèves que ce service connaît. Elles sont gardées jusqu’à un mois après la fin de l’année scolaire.
lti-marks-none = Aucune note n’a été déposée.
lti-marks-export = Télécharger ces notes (CSV)

## Les espaces partagés

spaces-title = Mes espaces
spaces-text = { $place } : les espaces partagés avec d’autres établissements, et ceux où vous êtes.
spaces-new = Créer un espace
spaces-none = Aucun espace pour le moment.
spaces-soon = Un espace que vous gérez se termine bientôt. Vous pouvez le renouveler en un clic.
spaces-sent = Listes envoyées à d’autres ENT
sent-title = Liste envoyée : { $class }
sent-lead = Pour l’espace « { $space } » ({ $peer }). Envoyée le { $at }.
sent-by = Par { $name }.
sent-whom = Qui est sur la liste
sent-forgotten = Le journal de cet ENT ne dit plus, ou n’a jamais dit, qui est sur cette liste.
sent-first = La liste est longue : de ce qu’en dit le journal, cette page ne lit que les { $count } premières lignes.
sent-fewer = Les autres ne sont plus connus ici.
spaces-sent-text = Une liste retirée fait sortir tout de suite ceux qu’elle a fait entrer.
space-people = { $count ->
    [one] 1 personne
   *[other] { $count } personnes
}
space-until = Jusqu’au { $until } inclus.
space-open = Ouvert.
space-over = Terminé.
space-closed = Fermé.
space-stopped = Arrêté : sa convention est suspendue, terminée ou n’a pas commencé.
space-soon = Il se termine bientôt : renouvelez-le.
space-peer = Avec { $peer }.
space-new-text = Vous le créez pour { $place }. Rien ne s’ouvre avant que vous ayez relu.
space-title = Titre
space-day = Dernier jour
space-day-hint = Au plus tard la fin de la convention avec l’autre ENT, ou le 31 juillet sans autre ENT.
space-services = Services de l’espace
space-no-services = Votre académie n’a encore ouvert aucun service aux espaces partagés.
space-classes = Vos classes et groupes
space-no-classes = Aucune classe ne vous est attribuée dans l’annuaire.
space-role = Ce qu’y sont vos élèves
space-role-hint = Les enseignants de ces classes gèrent l’espace.
space-with = Avec quelle école
space-with-nobody = Aucune autre : seulement nos classes
space-their-classes = Leurs classes
space-their-classes-hint = Comme votre collègue les appelle, par exemple : CM2A, CM1B. La classe à envoyer se choisit dans l’autre ENT.
space-their-classes-written = Comme cette école les appelle, par exemple : CM2A, CM1B. La liste de chaque classe s’écrit ensuite sur la page de l’espace.
space-their-classes-either = Comme cette école les appelle, par exemple : CM2A, CM1B. La classe à envoyer se choisit dans l’autre ENT ; d’une école dont la liste s’écrit ici, la liste de chaque classe s’écrit ensuite sur la page de l’espace.
space-their-role = Ce qu’y sont leurs élèves
space-their-staff = Ce qu’y sont leurs enseignants
space-no-staff = Ils n’y viennent pas
space-their-staff-hint = D’une école dont la liste s’écrit ici, seuls les élèves viennent.
space-only-written = De l’autre école, seuls viennent les élèves de la liste écrite ici.
space-see = Relire avant d’ouvrir
space-preview = Avant d’ouvrir
space-yes = Ouvrir l’espace
space-change = Changer l’espace
space-change-title = Changer « { $title } »
space-change-text = Une classe que vous retirez sort tout de suite de l’espace ; un rôle que vous changez vaut tout de suite.
space-change-preview = Avant de changer
space-change-see = Relire avant de changer
space-change-yes = Changer l’espace
space-chosen = Votre choix
space-group-pupils = Élèves { DE($class) } ({ $place }) : { $role }
space-group-staff = Enseignants { DE($class) } ({ $place }) : { $role }
space-opens = Il ouvre :
space-estimate = Environ { $about } invités, à trente élèves par classe. Places qui restent : { $left } sur les { $quota } de la convention.
space-estimate-over = Environ { $about } invités, à trente élèves par classe : c’est plus que les { $left } places qui restent sur les { $quota } de la convention. Une liste trop longue sera refusée.
space-problem = À corriger :
space-problem-title = Donnez un titre.
space-problem-partner = Choisissez une école de la liste.
space-problem-classes = Cochez entre une et vingt de vos classes.
space-problem-their-classes = Nommez leurs classes, vingt au plus.
space-problem-services = Cochez au moins un service.
space-problem-day = Dites le dernier jour.
space-problem-far = Le dernier jour est trop loin : après la fin de la convention, ou après le 31 juillet.
space-problem-over = Le dernier jour est déjà passé.
space-who = Qui y est
space-class = { $class } ({ $place })
space-invite = Inviter
space-invite-text = Envoyez ce lien à votre collègue, qui l’ouvre dans son propre ENT, choisit sa classe et envoie la liste : un prénom, une initiale, la classe. Le lien vaut trente jours et n’ouvre rien par lui-même.
space-by-card = Cette école n’a pas d’ENT qui reconnaisse ses élèves : aucun lien n’est à envoyer. Recevez d’abord leur liste signée, au bas de cette page, puis faites leurs cartes.
space-by-card-written = Cette école ne peut ni reconnaître ses élèves en ligne, ni signer leur liste : aucun lien n’est à envoyer. Écrivez d’abord leur liste, au bas de cette page, puis faites leurs cartes.
space-write = Écrire la liste d’une classe
space-write-first = Montrer d’abord que c’est vous, puis écrire
space-write-class = Classe de l’autre école
space-write-names = Élèves
space-write-hint = Un par ligne, { $most } au plus : le prénom, puis l’initiale du nom, comme « Lou V. ». Rien d’autre : ni nom de famille, ni date de naissance. Leur école vous a donné ces noms.
space-write-closed = La direction de votre établissement n’a pas dit oui aux listes écrites ici. Elle le fait sur sa page « Invités d’autres ENT ».
guests-written = Listes écrites ici
guests-written-text = Une école qui ne signe pas de listes nomme ses élèves à l’enseignant qui gère l’espace ; il écrit leurs prénoms et initiales, et fait leurs cartes. Il vous revient de le permettre.
guests-written-yes = { $peer } : les enseignants peuvent écrire des listes.
guests-written-no = { $peer } : personne ne peut écrire de liste.
guests-written-allow = Le permettre
guests-written-forbid = Ne plus le permettre
list-no-typed-not-allowed = La direction de l’établissement n’a pas dit oui aux listes écrites ici.
list-no-typed-too-many = Une liste écrite ici a 40 lignes au plus.
list-no-typed-line = un prénom, une espace et l’initiale du nom, rien d’autre.
list-no-typed-twice = ce nom est déjà sur une autre ligne. S’il y a deux enfants, distinguez-les.
list-no-typed-there = quelqu’un de ce nom et de cette classe est déjà dans l’espace.
list-no-typed-stopped = quelqu’un de ce nom a été arrêté ici.
space-by-card-to = Cartes de classe
space-invite-write = Écrire à mon collègue
space-invite-copy = Ou copiez ce lien
space-invite-subject = Invitation : { $title }
space-invite-mail = Bonjour, je vous propose de travailler avec votre classe { $class } dans l’espace « { $title } ». Ouvrez ce lien dans votre ENT pour envoyer la liste de la classe.
space-guests = Invités
space-no-guests = Personne n’est encore invité.
space-quota = Invités : { $there } sur les { $quota } que permet la convention.
space-stop-guest = Arrêter tout de suite
space-stop = Arrêter tout de suite, pour de bon
space-lists = Listes reçues
space-list-line = { $class } : { $guests }, le { $at }
space-withdrawn = Liste retirée
space-undo = Retirer cette liste
space-guests-after = Invités suivants
stops = Arrêtés
stops-text = Ils n’entrent par aucune liste tant qu’on ne les laisse pas revenir, et 400 jours au plus pour une personne. Ensuite, une nouvelle liste peut les nommer.
stop-everywhere = { $name } : arrêté par la direction pour tout l’établissement, le { $at }
stop-head = { $name } : arrêté par la direction pour un espace, le { $at }
stop-manager = { $name } : arrêté pour un espace, le { $at }
stop-convention = { $name }, tous les invités : arrêtés par la direction, le { $at }
lifts = Arrêts levés
lifts-text = Depuis un mois. Une nouvelle liste peut nommer ces personnes.
lifted = { $name } : arrêt levé par { $by }, le { $at }.
lifted-convention = { $name }, tous les invités : arrêt levé par { $by }, le { $at }.
lifted-why = Motif : « { $why } »
lifter-manager = la personne qui gère l’espace
lifter-head = la direction
lifter-operator = l’exploitant de cet espace numérique
stop-forgotten = Une personne dont plus rien n’est connu
stop-lift = Laisser revenir
turn-before = Page précédente
turn-after = Page suivante
space-list = Une liste reçue autrement
space-list-file = Fichier signé
space-list-text = Ou son contenu, collé
space-list-hint = Si l’autre ENT ne sait pas l’envoyer lui-même : choisissez le fichier signé qu’il a fait, ou collez-en tout le texte. Vous verrez les noms avant d’accepter.
space-list-see = Voir la liste
space-list-preview = Avant d’accepter
space-list-would = Nouveaux invités : { $added }. Déjà connus : { $known }.
space-list-stopped = Reste dehors : arrêté ici
space-list-new = Nouveau
space-list-yes = Accepter la liste
space-list-refused = La liste est refusée en entier :
list-line = Ligne { $line } : { $said }
list-no-no-list = Ce n’est pas une liste d’invités signée par un ENT.
list-no-no-convention = Elle est sous une convention que cet ENT n’a pas.
list-no-no-space = L’espace qu’elle nomme n’existe pas.
list-no-other-lines = Ses lignes ne sont pas celles qui ont été signées : le fichier a été modifié.
list-no-too-many = Elle nomme plus de 20 000 invités.
list-no-by-other = Elle vient d’un autre ENT que celui de la convention.
list-no-for-other = Elle est faite pour un autre ENT.
list-no-other-convention = Elle est sous une autre convention.
list-no-other-space = Elle est pour un autre espace.
list-no-future = Elle est signée à une heure qui n’est pas encore là : une horloge avance.
list-no-expired = Elle a expiré : demandez-en une nouvelle.
list-no-holds-long = Elle vaut plus de 31 jours.
list-no-count = Elle n’a pas le nombre de lignes qu’elle annonce.
list-no-nobody = Elle ne nomme personne.
list-no-not-in-force = La convention n’est pas en vigueur.
list-no-not-open = L’espace n’est pas ouvert, ou n’est pas sous cette convention.
list-no-not-for = La convention n’est pas pour l’établissement de cet espace.
list-no-name = Son nom n’est pas celui d’une liste.
list-no-one-way = La convention ne prévoit pas que les personnes de l’autre ENT viennent ici.
list-no-ended = La convention ou l’espace vient de se terminer.
list-no-stopped = La direction de l’établissement d’accueil a arrêté tout ce qui vient par cette convention.
list-no-too-often = Cet espace a reçu trop de listes en un jour : recommencez demain.
list-no-already = Elle a déjà été reçue : demandez-en une nouvelle.
list-no-line-length = un prénom, une initiale, une classe, un niveau ou un nom de code manque ou est trop long.
list-no-line-school = cette école n’est pas dans la convention.
list-no-line-staff = par cette convention viennent les élèves, et pas les enseignants.
list-no-line-class = l’espace n’est pas pour cette classe.
list-no-line-twice = la même personne est déjà sur une autre ligne.
list-no-line-ours = cette personne est maintenant de l’établissement d’accueil, et n’y est plus invitée.
list-no-no-guest = ce n’est pas un invité, ou la ligne en dit plus que ce qui est permis (colonne { $column }).
list-no-not-signed = Elle n’est pas signée par l’autre ENT de la convention, ou pas avec la clé que l’on connaît.
list-no-other-terms = Les deux ENT n’ont pas signé le même texte de la convention (empreintes { $theirs } et { $ours }). Prévenez qui administre votre ENT.
list-no-no-terms = L’ENT qui l’a faite a une version plus ancienne, dont les listes ne disent pas l’empreinte de la convention ({ $ours }). Prévenez qui l’administre : il est à mettre à jour.
list-no-over-quota = { $more } invités de plus que les { $there } qui sont là dépasseraient les { $quota } de la convention.
space-renew = Renouveler jusqu’au { $until }
space-close = Fermer l’espace
space-close-text = Les invités en sortent tout de suite, et leurs services sont prévenus. Un espace fermé le reste.
space-close-yes = Fermer tout de suite, pour de bon
role-visiteur = lecture
role-redacteur = rédaction
role-redacteur-publication = rédaction et mise en ligne
role-moderateur = modération
role-gestionnaire = gestion
join-title = Invitation d’un autre ENT
join-lead = { $peer } invite votre classe « { $class } » dans l’espace « { $title } ».
join-until = L’espace est ouvert jusqu’au { $until } inclus.
join-class = Votre classe
join-see = Voir les noms
join-whom = Qui serait sur la liste
join-data = L’autre ENT reçoit de chacun le prénom, l’initiale, l’école, la classe et un nom de code qui ne sert qu’à lui. Rien d’autre ne sort.
join-without-text = Cochez « Ne pas envoyer » pour un élève qui ne doit pas être sur la liste, par exemple si sa famille s’y oppose.
join-without = Ne pas envoyer { $name }
join-teacher = { $name } (vous)
join-send = Accepter et envoyer la liste
join-sent = La liste est envoyée
join-done = { $peer } a reçu votre classe dans l’espace « { $title } ». Nouveaux invités : { $added }. Déjà connus : { $known }.
join-back = Vos élèves y entrent par leur connexion habituelle. Vous pouvez retirer cette liste à tout moment dans « Mes espaces ».
join-stopped = { $count ->
    [one] 1 personne reste dehors : l’établissement d’accueil l’a arrêtée.
   *[other] { $count } personnes restent dehors : l’établissement d’accueil les a arrêtées.
}
join-refused = { $peer } refuse la liste en entier. Rien n’y est entré.
join-problem-broken = Ce lien n’est pas une invitation que nous reconnaissons. Demandez-en un autre à votre collègue.
join-problem-convention = Aucune convention en vigueur avec cet ENT ne concerne cette école.
join-problem-terms = Votre ENT et l’autre n’ont pas signé le même texte de la convention : rien ne part. Prévenez qui l’administre, les deux empreintes sont à comparer.
join-problem-expired = Cette invitation a expiré. Demandez-en une autre à votre collègue.
join-problem-classes = Cette invitation est pour une école où vous n’avez pas de classe.
join-problem-nobody = Cette classe n’a personne à inviter.
join-problem-unreached = L’autre ENT n’a pas répondu. Si la liste lui est tout de même parvenue, vous pouvez la retirer dans « Mes espaces » ; sinon, recommencez plus tard.
join-problem-recall = L’autre ENT n’a pas répondu : la liste n’est pas retirée. Recommencez plus tard, ou demandez à votre collègue de la retirer.
guests-title = Invités d’autres ENT
guests-text = { $place } : qui entre dans les espaces, ce que chacun peut y ouvrir et jusqu’à quand.
guests-none = Aucun invité, et aucun espace ouvert à d’autres ENT.
guests-cut = Ces espaces ont plus d’invités que n’en montre cette page : ouvrez la page de chacun.
guests-convention = Convention en vigueur jusqu’au { $until } inclus. Son empreinte, la même des deux côtés : { $terms }
guests-stop = { $peer } : tout arrêter ici, tout de suite et pour de bon
arrivals-title = Invités devenus élèves
arrivals-text = { $place } : des enfants qui venaient comme invités d’un autre ENT sont peut-être élèves chez vous à présent.
arrivals-none = Personne à rapprocher : aucun ancien invité ne ressemble à l’un de vos élèves par autre chose que son nom.
arrivals-how = Un nom ne prouve rien : ne dites oui que pour un enfant que vous connaissez. Après un oui, les deux comptes n’en font qu’un : l’enfant entre par sa connexion d’élève, et plus par son ancien ENT. Après un non, ces deux-là ne sont plus proposés.
arrivals-gone = Cette proposition n’est plus là : quelqu’un a décidé entre-temps, ou l’un des deux comptes a changé. Rien n’a été fait.
arrivals-taken = Autres comptes d’élèves déjà rapprochés
arrivals-taken-text = Pour chacun de ces élèves, quelqu’un a déjà dit oui à un autre ancien invité, et un élève n’en reprend qu’un. Le compte ci-dessous reste à part : rien ne s’y ouvre, ce qui a été fait avec lui reste dans les services sous son ancien nom, et il s’efface de lui-même. Si c’est le premier oui qui était faux, prévenez qui administre votre ENT : une fois le premier défait, vous pourrez dire oui à celui-ci.
arrivals-more = D’autres propositions attendent : elles viennent quand celles-ci sont décidées.
arrival-pupil = { $name } ({ $classes })
arrival-guest = Serait { $guest }, ancien invité : { $class } ({ $place }), { $peer }.
arrival-name = Même prénom et même initiale.
arrival-here = Venait dans l’espace « { $space } » de votre établissement, par la liste du { $since }, jusqu’au { $until }.
arrival-level = Était en { $left }, est en { $now }.
arrival-paired = Son école est jumelée avec votre établissement.
arrival-sector = Son école est de votre secteur, d’après l’annuaire.
arrival-of-several = { $title } : compte d’invité { $number } sur { $count }
arrival-several-guests = Attention : { $count } comptes d’invité distincts ressemblent à cet élève. Il n’en reprend qu’un : dites oui au bon, les autres restent à part.
arrival-same-list = Un autre de ces comptes était sur la même liste, qui nomme chaque enfant une fois : ce sont sans doute deux enfants.
arrival-several-pupils = Attention : cet ancien invité ressemble à { $count } de vos élèves.
arrival-follows = Le compte d’élève n’a jamais servi : les services reconnaîtront l’enfant, et ce qu’il y a fait comme invité le suit.
arrival-stays = Le compte d’élève a déjà servi : il reste tel qu’il est, et ce que l’invité a fait dans les services y reste sous son ancien nom.
arrival-yes = Oui, c’est le même enfant
arrival-no = Non, ce sont deux enfants
## Activer son compte

activate-link = J’ai un code d’activation
activate-title = Activer mon compte
activate-purpose = Un code vous a été remis sur papier : il vous permet de choisir votre mot de passe.
activate-code = Code d’activation
activate-code-hint = Douze lettres et chiffres, par exemple 7K2M-9XQ4-HD3W.
activate-continue = Continuer
activate-back = Je n’ai pas de code
activate-lost = Code perdu ou périmé ? Demandez-en un autre à votre établissement : le précédent ne vaudra plus rien.
activate-problem-code = Ce code ne vaut rien : il a déjà servi, il est périmé, un autre l’a remplacé, ou il y a une faute de frappe. Vérifiez-le, ou demandez-en un autre à votre établissement.
activate-problem-charte = Pour entrer, il faut accepter la charte d’usage.
activate-problem-login = Choisissez un identifiant de 3 à 64 lettres sans accent, chiffres, points ou tirets.
activate-problem-taken = Cet identifiant est déjà pris. Choisissez-en un autre.
birth-title = Votre date de naissance
birth-purpose = Avant de choisir votre mot de passe, écrivez votre date de naissance : ce code n’est bon que pour la personne à qui il a été remis.
birth-not-kept = Elle n’est pas gardée : elle est comparée, puis oubliée.
birth-date = Date de naissance
birth-hint = En chiffres, par exemple 3, 11 et 2014.
birth-day = Jour
birth-month = Mois
birth-year = Année
birth-limit = { $count ->
    [one] Après une date fausse, ce code ne vaut plus rien : il faut en demander un autre.
   *[other] Après { $count } dates fausses, ce code ne vaut plus rien : il faut en demander un autre.
}
birth-other = La date est juste et n’est pas acceptée ? Demandez à votre établissement celle qu’il a notée.
birth-problem-day = Cette date n’existe pas. Écrivez le jour, le mois et l’année en chiffres.
birth-problem-wrong = Ce n’est pas cela. Vérifiez la date, puis recommencez.
birth-problem-ended = Trop de dates fausses : ce code ne vaut plus rien. Demandez-en un autre à votre établissement.
choose-password-title = Choisir mon mot de passe
choose-password-for = Ce code est celui { DE($name) }.
choose-password-not-you = Si ce n’est pas vous, n’allez pas plus loin et rendez le papier à l’établissement.
choose-password-login = Vous le taperez à chaque fois. Vous pouvez garder celui-ci.
choose-password-keeps = C’est le vôtre, il ne change pas.
choose-password-length = { $least } caractères au moins. Une petite phrase se retient mieux qu’un mot compliqué.
choose-password-again = Le même mot de passe, encore une fois
choose-password-submit = Activer et entrer
password-problem-again = Les deux mots de passe ne sont pas les mêmes. Tapez-les de nouveau.
password-problem-short = Ce mot de passe est trop court : il faut { $least } caractères au moins.
password-problem-long = Ce mot de passe est trop long.
password-problem-common = Ce mot de passe est de ceux que tout le monde essaie. Choisissez-en un autre, par exemple quelques mots qui n’ont rien à voir.
password-problem-personal = Ce mot de passe ressemble à votre nom, à votre identifiant ou au nom de ce site. Choisissez-en un autre.
password-problem-breached = Ce mot de passe figure dans une liste de mots de passe volés. Choisissez-en un autre, et changez-le partout où vous l’utilisez.
charte-accept-title = Accepter la charte d’usage
charte-accept-text = Avant d’ouvrir un service, lisez la charte et acceptez-la. Vous la retrouverez au bas de chaque page.
charte-accept-label = J’ai lu la charte d’usage et je l’accepte
charte-accept = J’ai lu et j’accepte
charte-accept-else = Si vous ne l’acceptez pas, aucun service ne s’ouvre. Parlez-en à votre établissement.

## Les codes d’activation, à imprimer

desk-title = Codes d’activation
desk-text = Vous obtenez un document à imprimer et à découper : un carton par personne, à remettre en main propre. Par défaut, seules les personnes qui n’ont ni mot de passe ni code en cours en reçoivent un.
desk-whom = Pour qui ?
desk-classes = Pour quelles classes ?
desk-classes-hint = Sans choix, pour toutes.
desk-again = Aussi pour celles et ceux qui ont déjà un code (il est annulé) ou un mot de passe (il vaut jusqu’à ce que le nouveau code serve)
desk-cancels = Un code imprimé de nouveau annule le précédent.
desk-print = Faire les codes
desk-link = Imprimer des codes d’activation
desk-problem-nobody = Personne n’a besoin d’un code dans ce que vous avez choisi.
sheet-document = Codes d’activation
sheet-title = { $class } – { $public }
sheet-pupil = Élèves
sheet-guardian = Responsables légaux
sheet-staff = Personnels
sheet-guest = Invités
sheet-subtitle = Codes d’activation – { $place }, le { $day }
sheet-note = À découper et à remettre en main propre. Un carton perdu se remplace : imprimez-en un autre, le premier ne vaudra plus rien.
sheet-of-class = Élève { DE($class) }, { $place }
sheet-parent-of = Responsable { DE($child) }
sheet-step-1 = 1. Photographiez le carré, ou allez à l’adresse { $address }
sheet-step-2 = 2. Vérifiez ou tapez le code ci-dessous.
sheet-step-3 = 3. Choisissez votre identifiant et votre mot de passe.
sheet-step-3-pupil = 3. Choisis ton identifiant et ton mot de passe, et garde-les pour toi.
sheet-foot = Ce code ouvre { $workspace } une seule fois, jusqu’au { $until }. Ne le donnez à personne.

## La file d’attente, un matin de rentrée

line-title = Beaucoup de monde se connecte
line-text = Votre place est gardée : vous pourrez taper votre mot de passe dès que ce sera votre tour.
line-place = { $count ->
    [one] C’est bientôt à vous.
   *[other] Vous êtes à la place { $count }.
}
line-minutes = { $count ->
    [one] Moins d’une minute d’attente environ.
   *[other] Environ { $count } minutes d’attente.
}
line-again = Cette page se met à jour toute seule. Ne la fermez pas.
line-look = Vérifier maintenant

## Aider un élève, changer son mot de passe

class-title = Mots de passe de mes élèves
class-text = Un élève a perdu son mot de passe ? Faites-lui un code d’activation : il choisira un autre mot de passe. L’élève est averti, et le journal garde votre nom.
class-choose = Classe
class-of = Classe { $class }
class-nobody = Personne dans cette classe n’a son mot de passe ici.
class-active = A un mot de passe
class-inactive = N’a pas encore de mot de passe
class-make = Faire un code
class-code-title = Code d’activation
class-code-text = Recopiez-le et remettez-le à l’élève, à personne d’autre. Il ne sera plus affiché. L’élève le tape à cette adresse :
class-code-until = Il sert une seule fois, jusqu’au { $until }. Un code fait avant ne vaut plus rien.
class-code-anew = Quand il aura servi, l’ancien mot de passe, les clés d’accès et les codes de l’élève ne vaudront plus rien, et ses sessions seront fermées.
class-waits-title = Un code d’activation vous attend
class-waits = Un code a été fait pour vous le { $when }. Qui l’a en main peut changer votre mot de passe. Si vous n’avez rien demandé, parlez-en à votre établissement, ou changez votre mot de passe : le code ne vaudra plus rien.
class-waits-by = { $by } a fait un code pour vous le { $when }. Qui l’a en main peut changer votre mot de passe. Si vous n’avez rien demandé, parlez-en à votre établissement, ou changez votre mot de passe : le code ne vaudra plus rien.
password-change = Changer mon mot de passe
password-change-text = Vos autres sessions seront fermées.
password-new = Nouveau mot de passe
password-change-submit = Changer
password-changed = Mot de passe changé
password-changed-text = Vos autres sessions sont fermées, et les applications qui agissaient en votre nom devront vous redemander.
password-changed-left = { $count ->
    [0] Vous n’avez pas d’autre moyen de connexion.
    [one] Un autre moyen de connexion vous reste, clé d’accès ou application : s’il n’est pas à vous, retirez-le dans votre compte.
   *[other] { $count } autres moyens de connexion vous restent, clés d’accès ou applications : retirez dans votre compte ceux qui ne sont pas à vous.
}

## Cartes de classe

card-link = J’ai une carte de classe
card-title = Ma carte de classe
card-purpose = Photographie le carré de ta carte, ou recopie ses lettres ici.
card-code = Les lettres de la carte
card-code-hint = Douze lettres et chiffres, par exemple 7K2M-9XQ4-HD3W.
card-back = Je n’ai pas de carte
card-problem-unknown = Cette carte ne marche pas. Vérifie les lettres, ou montre-la à ta maîtresse ou à ton maître.
card-problem-closed = La classe n’est pas ouverte. Demande à ta maîtresse ou à ton maître de l’ouvrir.
card-problem-elsewhere = Ta carte ne marche pas ici. Elle marche à l’école, pendant la classe. Si tu es à l’école, montre ceci à ta maîtresse ou à ton maître.
card-problem-stopped = Ta carte est bloquée. Demande à ta maîtresse ou à ton maître de la débloquer.
card-problem-three = Il faut trois images, ni plus ni moins.
card-problem-pictures = Ce ne sont pas tes trois images. Essaie encore.
pictures-title = Touche tes trois images
pictures-hello = Bonjour { $name } !
pictures-enter = Entrer
picture-sun = soleil
picture-house = maison
picture-flower = fleur
picture-fish = poisson
picture-tree = arbre
picture-star = étoile
picture-heart = cœur
picture-boat = bateau
picture-apple = pomme
picture-moon = lune
picture-car = voiture
picture-umbrella = parapluie
cards-title = Cartes de classe
cards-text = Pour les élèves qui ne lisent pas encore un mot de passe : une carte et trois images. Les cartes n’ouvrent que pendant une séance que vous ouvrez, et seulement les services prévus pour elles.
cards-guests-of = Invités de « { $space } »
cards-open = { $count ->
    [one] Ouvrir pour une minute
   *[other] Ouvrir pour { $count } minutes
}
cards-open-until = La séance est ouverte jusqu’au { $until }.
cards-closed = Pas de séance : les cartes n’ouvrent rien.
cards-elsewhere = D’où vous êtes, les cartes n’ouvrent rien : elles s’ouvrent sur le réseau de l’établissement.
cards-out-of-hours = Pas de séance : ici, les cartes ne s’ouvrent qu’aux heures de classe.
cards-end = Terminer la séance
cards-signed-in-count = { $count ->
    [0] Personne n’est connecté par sa carte.
    [one] Un élève est connecté par sa carte.
   *[other] { $count } élèves sont connectés par leur carte.
}
cards-pupils = Élèves
cards-nobody = Personne ici ne peut avoir de carte.
cards-none = Pas de carte
cards-made = Carte faite le { $when }
cards-stopped = Carte bloquée après trois essais ratés
cards-spent = Carte à usage unique, déjà utilisée
cards-revoked = Carte retirée
cards-signed-in = Connecté depuis le { $since }
cards-leave = Déconnecter
cards-revoke = Retirer la carte
cards-unblock = Débloquer la carte
cards-restore = Rendre la carte
cards-once-more = Permettre une autre connexion
cards-reprint = Refaire la carte
cards-print-one = Faire une carte
cards-print-title = Imprimer
cards-print-text = Le document commence par la liste des images de chacun : gardez-la pour vous, elle ne sera plus affichée. Les cartes suivent, à découper ; elles ne portent pas les images.
cards-again = Refaire aussi les cartes de ceux qui en ont une : l’ancienne ne vaudra plus rien
cards-print = Faire les cartes
cards-problem-nobody = Chacun a déjà sa carte. Pour les imprimer de nouveau, cochez la case : les anciennes ne vaudront plus rien.
cards-problem-hours = Ici, une séance ne s’ouvre qu’aux heures de classe.
cards-sheet-title = Cartes { DE($class) }
cards-sheet-subtitle = { $place }, le { $day }
cards-sheet-note = À découper : une carte par élève. Une carte perdue se remplace : refaites-la, la première ne vaudra plus rien.
cards-sheet-of = { $class }, { $place }
cards-sheet-step-1 = 1. Photographie le carré, ou va à { $address } et recopie les lettres.
cards-sheet-step-2 = 2. Touche tes trois images.
cards-sheet-foot = Cette carte marche seulement en classe, quand la séance est ouverte. Perdue ? Dis-le vite : on t’en fera une autre.
cards-roll-title = Images { DE($class) } – pour l’enseignant
cards-roll-note = À garder hors de la vue des élèves. Dites à chacun ses trois images ; elles ne seront plus affichées.
## Mots de passe perdus et codes par mail

forgotten-title = Mot de passe oublié
forgotten-purpose = Nous vous écrivons à l’adresse que votre établissement a de vous, avec un code pour choisir un autre mot de passe.
forgotten-none = Si votre établissement n’a pas votre adresse, ou si aucun mail n’arrive, adressez-vous à lui : le professeur principal aide ses élèves, la direction aide les familles.
forgotten-who = Identifiant ou adresse mail
forgotten-who-hint = Ce que vous tapez pour vous connecter, ou l’adresse que votre établissement a de vous.
forgotten-send = Recevoir un mail
forgotten-back = Revenir à la connexion
forgotten-help = Obtenir de l’aide
forgotten-problem-empty = Tapez votre identifiant ou votre adresse.
forgotten-asked-title = Regardez vos mails
forgotten-asked = Si ce compte existe, si son mot de passe se change ici et si nous avons son adresse, un mail est parti.
forgotten-asked-then = Il arrive d’ordinaire en une minute, parfois parmi les indésirables. Son code vaut { $minutes } minutes et sert une fois. Demander plusieurs mails ne les fait pas arriver plus vite.
forgotten-people = Un code sur papier le remplace : le professeur principal aide ses élèves, la direction de l’établissement aide les familles.
forgotten-elsewhere = Ce mot de passe ne se trouve pas ici : il se change là où vous l’avez reçu.
forgotten-elsewhere-staff = C’est celui de votre messagerie académique. L’assistance de votre académie peut vous en donner un autre.
forgotten-elsewhere-others = Adressez-vous à qui vous l’a remis, d’ordinaire votre établissement.
forgotten-there = Changer ce mot de passe
reset-title = Choisir un autre mot de passe
reset-code = Code du mail
reset-code-hint = Douze lettres et chiffres, par exemple 7K2M-9XQ4-HD3W.
reset-problem-code = Ce code ne vaut rien : il a déjà servi, il est périmé, un mail plus récent l’a remplacé, ou il y a une faute de frappe.
reset-another = Demander un autre mail
reset-ends = Vos sessions ouvertes seront fermées partout.
reset-done = Toutes vos sessions sont fermées. Connectez-vous avec le nouveau mot de passe.
reset-go-on = Se connecter
reset-second-purpose = Votre compte a un second facteur. Il vous est demandé avant de changer le mot de passe : lire vos mails n’y suffit pas.
reset-second-passkey = Confirmer avec une clé d’accès
reset-second-lost = Vous l’avez perdu, lui aussi ? Adressez-vous à votre établissement : après avoir vérifié qui vous êtes, il vous donne un code qui remplace tout.
reset-second-leave = Revenir à la connexion
reset-problem-passkey = Cette clé d’accès ne vous a pas identifié. Réessayez.
mailed-title = Recevoir un code par mail
mailed-purpose = Avant tout changement à votre compte, un code reçu par mail vous sera demandé en plus du mot de passe.
mailed-worth = Un code par mail protège moins qu’une clé d’accès ou qu’une application : il n’ouvre pas les services qui demandent deux facteurs.
mailed-to = Les codes partent à { $address }, l’adresse que votre établissement a de vous.
mailed-sent = Un code est parti à { $address }. Il vaut dix minutes, sur cette page seulement.
mailed-send = Recevoir un premier code
mailed-again = Recevoir un autre code
mailed-code-hint = Les six chiffres du mail.
mailed-problem-code = Ce code n’est pas celui du dernier mail, ou il est périmé. Vérifiez-le, ou demandez-en un autre.
mailed-problem-many = Un code est déjà parti il y a peu. Prenez le dernier arrivé, ou attendez un peu avant d’en demander un autre.

## Lettres

letter-signed = { $workspace }, { $base }
    Ce message est écrit par une machine : personne ne lit ce qu’on y répond.
letter-password-reset-subject = { $workspace } : choisir un autre mot de passe
letter-password-reset-text = Bonjour,

    Quelqu’un, vous sans doute, a demandé un autre mot de passe pour l’identifiant { $login }.

    Pour le choisir, ouvrez cette adresse dans la demi-heure :
    { $base }/reset#{ $code }

    Si la page demande un code, c’est celui-ci : { $code }

    Il sert une fois. Si vous n’avez rien demandé, ne faites rien : le mot de passe d’avant reste bon. Ne donnez ce code à personne, personne n’a à vous le demander.
letter-password-resets-subject = { $workspace } : choisir un autre mot de passe
letter-password-resets-text = Bonjour,

    Quelqu’un, vous sans doute, a demandé un autre mot de passe. Plusieurs comptes ont cette adresse : voici un lien pour chacun.

    Ouvrez dans la demi-heure celui du compte dont vous avez perdu le mot de passe :

    { $accounts }

    Si la page demande un code, ce sont les caractères qui suivent le signe #.

    Chaque lien sert une fois. Les comptes dont vous n’ouvrez pas le lien ne changent pas. Ne donnez ces codes à personne, personne n’a à vous les demander.
letter-password-changed-subject = { $workspace } : votre mot de passe a changé
letter-password-changed-text = Bonjour,

    Le mot de passe de l’identifiant { $login } vient d’être changé, et les autres sessions sont fermées.

    Si c’est vous, il n’y a rien à faire. Sinon, prévenez votre établissement dès maintenant : il peut arrêter le compte.
letter-code-subject = { $workspace } : un code pour votre compte
letter-code-text = Bonjour,

    Votre code est { $code }. Il vaut dix minutes, sur la page qui l’a demandé.

    Si vous n’avez rien demandé, quelqu’un connaît votre mot de passe : changez-le. Ne donnez ce code à personne.
letter-space-ends-subject = L’espace « { $title } » se termine le { $when }
letter-space-ends-text = Bonjour,

    L’espace « { $title } », que vous gérez, se termine le { $when }. Ce jour passé, plus personne n’y entre.

    { $further ->
        [yes] Pour le garder jusqu’au { $until }, ouvrez cette page et cliquez sur « Renouveler » :
       *[no] Il ne peut pas durer plus longtemps. Récupérez à temps ce que vous voulez garder ; un autre espace pourra être ouvert ensuite :
    }
    { $base }/space/{ $space }
letter-inspection-subject = { $workspace } : un inspecteur peut consulter votre espace
letter-inspection-text = Bonjour,

    { $said }

    Rien d’autre ne lui est ouvert. Votre page d’accueil le dit aussi, jusqu’à un mois après la fin, et « Mes données » pendant treize mois :
    { $base }/
letter-inspection-ended-subject = { $workspace } : la consultation de votre espace a pris fin
letter-inspection-ended-text = Bonjour,

    La consultation de votre espace a pris fin plus tôt que prévu. { $said }
inspections-title = Inspections
inspections-text = { $place } : vous pouvez laisser un inspecteur consulter l’espace d’un professeur dans un service, en visiteur, pour quelques jours. Le professeur en est averti sur sa page d’accueil, et par mail si son adresse est connue ; il lit votre motif.
inspections-none = { $place } : personne ne consulte d’espace, ni ne l’a fait ce dernier mois.
inspection-line = { $inspector } consulte l’espace { DE($teacher) } dans « { $service } » jusqu’au { $until }. Motif : « { $reason } ». Accordé par { $by }.
inspection-line-over = { $inspector } a pu consulter l’espace { DE($teacher) } dans « { $service } » du { $from } au { $until }. Motif : « { $reason } ». Accordé par { $by }.
inspection-of-you = { $inspector } peut consulter votre espace dans « { $service } », en visiteur, jusqu’au { $until }. Motif : « { $reason } ». Accordé par { $by }.
inspection-of-you-over = { $inspector } a pu consulter votre espace dans « { $service } », en visiteur, du { $from } au { $until }. Motif : « { $reason } ». Accordé par { $by }.
inspection-for-you = Vous pouvez consulter l’espace { DE($teacher) } dans « { $service } », en visiteur, jusqu’au { $until }. Motif : « { $reason } ».
inspection-for-you-over = Vous avez pu consulter l’espace { DE($teacher) } dans « { $service } » du { $from } au { $until }. Motif : « { $reason } ».
inspection-by-operator = l’exploitant de cet espace, pour l’académie
inspection-by-former = la direction de l’établissement
inspection-end = Y mettre fin
inspection-new = Accorder une consultation
inspection-search = Nom du professeur
inspection-found-none = Aucun professeur de votre établissement ne porte ce nom.
inspection-found-more = Les vingt premiers sont proposés : donnez aussi le prénom.
inspection-inspector = Identifiant de l’inspecteur
inspection-inspector-hint = Celui avec lequel il se connecte ici.
inspection-teacher = Professeur
inspection-choose = Choisissez
inspection-service = Service
inspection-days = Nombre de jours
inspection-days-hint = De 1 à { $days } jours à partir de maintenant. Une consultation ne se prolonge pas : une autre a son propre motif.
inspection-reason = Motif
inspection-reason-hint = Une phrase, que le professeur lira.
inspection-grant = Accorder
inspection-refused = Rien n’est accordé :
inspection-no-inspector = aucun inspecteur actif ne porte cet identifiant.
inspection-no-teacher = cette personne n’enseigne pas dans votre établissement.
inspection-untold = ce service ne sait pas distinguer un visiteur : aucun espace ne peut y être consulté.
inspection-no-space = ce professeur n’ouvre pas ce service, il n’y a donc pas d’espace.
inspection-bad-reason = le motif doit être une phrase de 10 à 500 caractères.
inspection-bad-days = la durée va de 1 à { $days } jours.
inspection-kept-out = une règle du service, ou d’un niveau au-dessus de lui, le ferme à cet inspecteur.
inspection-already = cet inspecteur consulte déjà cet espace. Attendez la fin, ou mettez-y fin d’abord.
inspection-many = cet inspecteur consulte déjà autant d’espaces qu’il est possible à la fois.
inspection-often = huit consultations ont été accordées en un jour chez cette personne, et un courrier lui a été envoyé pour chacune. Attendez un jour.
inspection-oneself = personne ne s’accorde une consultation. L’académie peut vous l’accorder.
