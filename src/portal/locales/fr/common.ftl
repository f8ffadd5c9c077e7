# Ce dont toutes les pages ont besoin.
brand = Hansa
skip = Aller au contenu

nav-label = Navigation principale
nav-menu = Menu
nav-group-work = Applications
nav-group-people = Organisation
nav-group-provider = Fournisseur
nav-overview = Vue d’ensemble
nav-applications = Applications
nav-offers = Offres
nav-sites = Sites
nav-costs = Coûts
nav-carbon = Carbone
nav-promises = Engagements
nav-faults = Incidents
nav-alerts = Alertes
nav-projects = Projets
nav-audit = Journal d’audit
nav-infrastructure = Infrastructure
nav-partners = Partenaires
nav-agreements = Contrats
nav-orders = Commandes
nav-settlements = Règlements
nav-sign-out = Se déconnecter
nav-local = Sans connexion, sur cette machine uniquement

switch-language = Langue
switch-theme = Apparence
theme-system = Comme le système
theme-light = Clair
theme-dark = Sombre
foot-api = Référence de l’API

also-title = La même chose en ligne de commande et avec curl
also-cli = Ligne de commande
also-curl = API REST

pager-label = Pages
pager-first = Première page
pager-previous = Page précédente
pager-next = Page suivante

live-on = En direct
live-off = Connexion perdue ; nouvel essai
live-end = Terminé

ago-now = à l’instant
ago-seconds = { $count ->
    [one] il y a { $count } seconde
   *[other] il y a { $count } secondes
}
ago-minutes = { $count ->
    [one] il y a { $count } minute
   *[other] il y a { $count } minutes
}
ago-hours = { $count ->
    [one] il y a { $count } heure
   *[other] il y a { $count } heures
}
ago-days = { $count ->
    [one] il y a { $count } jour
   *[other] il y a { $count } jours
}
span-days = { $count } j
span-hours = { $count } h
span-minutes = { $count } min
span-seconds = { $count } s

per-hour = { $amount } par heure
per-month = { $amount } par mois
cancel = Annuler
none = aucun
unknown = inconnu

state-planning = planification
state-deploying = déploiement
state-running = en service
state-waiting = en attente
state-degraded = dégradé
state-blocked = bloqué
state-removing = suppression
state-removed = supprimé
state-prepared = préparé
state-starting = démarrage
state-unhealthy = défaillant
state-backing-off = relance après une panne
state-failed = en échec
state-stopping = arrêt en cours
state-held = réservé
state-ordered = commandé
state-ready = prêt
state-lost = perdu
state-releasing = en cours de restitution
state-succeeded = réussi
state-active = actif
state-suspended = suspendu
state-stale = périmé
state-unreachable = injoignable
state-missing = pas encore là

error-title = { $status ->
    [401] Veuillez vous connecter
    [403] Vous n’avez pas ce droit
    [404] Il n’y a rien ici
    [405] Ce n’est pas possible ici
    [409] Cela contredit ce qui existe déjà
    [412] Cela a changé entre-temps
    [413] C’est trop volumineux
    [429] Trop de requêtes
    [500] Une erreur s’est produite de notre côté
    [503] Pas pour le moment
    [504] Cela a pris trop de temps
   *[other] Cela n’a pas fonctionné
}
error-text = { $status ->
    [401] Votre session a expiré, ou vous ne vous êtes pas encore connecté.
    [403] Il manque à votre compte un droit nécessaire. L’administrateur de votre projet peut vous l’accorder.
    [404] Cela n’a peut-être jamais existé, n’existe plus, ou appartient à un projet que vous ne voyez pas.
    [500] L’incident figure dans le journal du broker sous le numéro ci-dessous. Revenez en arrière et réessayez.
   *[other] Le broker en donne la raison ci-dessous.
}
error-said = Ce que dit le broker
error-number = Requête
error-back = Vers la vue d’ensemble
error-csrf = Ce formulaire est périmé ou ne provient pas de ce portail. Revenez en arrière, rechargez la page et renvoyez-le ; rien n’a été modifié.

# What was just done; $name is what it was done to.
done-offer-withdrawn = « { $name } » est retirée.
done-invitation-withdrawn = L’invitation est annulée.
done-partner-accepted = L’invitation de { $name } est acceptée.
done-partner-suspended = { $name } est suspendu.
done-partner-resumed = { $name } a repris.
done-partner-terminated = { $name } est en train d’être quitté.
done-partner-policy = Les règles pour { $name } sont en vigueur.
done-settlement-asked = Un relevé est demandé ; les deux courtiers l’établissent et le signent.
done-claim-accepted = La réclamation est acceptée ; le partenaire l’apprend à sa prochaine demande.
done-claim-withdrawn = La réclamation est retirée.
state-invited = invité
state-handshake = prise de contact
state-draining = en cours de vidage
state-terminated = quitté
state-unsigned = non signé
state-retired = retiré
state-breached = violé
state-expired = expiré
state-pending = en attente
state-acknowledged = confirmé
state-in-progress = en cours
state-completed = terminé
state-ending = en cours de clôture
state-ended = terminé
state-placing = en cours de pose
state-committed = commandé
state-released = rendu
done-offers-imported = Admis ; modifiés ou nouveaux : { $name }.
done-submitted = { $name } a été soumise ; elle démarre ci-dessous.
done-updated = { $name } reçoit sa nouvelle révision.
done-scaled = { $name } est redimensionnée.
done-rolled-back = { $name } revient à une révision antérieure.
done-removing = { $name } est en cours de suppression.
done-token-revoked = Le jeton est révoqué.
done-session-ended = Terminé.
done-made = { $name } est créé.
done-member = Le rôle est donné à { $name }.
done-member-removed = Le membre est retiré.
done-quota = Le quota est fixé.
done-service-removed = Le compte de service est retiré.
done-renamed = Cela s’appelle désormais { $name }.
done-closed = { $name } est clos.
state-draft = brouillon
state-published = publiée
state-withdrawn = retirée
state-drained = vide
state-overdue = en retard
state-moves = part
state-moving = en route
state-stays = reste
state-kept = tenu
state-at-risk = menacé
state-missed = manqué
state-disputed = contesté
state-raised = formulée
state-proposed = proposé
state-accepted = acceptée
state-agreed = convenu
state-unmeasured = non mesuré
done-signed-out = Vous êtes déconnecté.
done-maintenance-begun = La maintenance de { $name } a commencé.
done-maintenance-ended = { $name } peut servir à nouveau.
done-fault-acknowledged = Vous vous occupez de l’incident { $name }.
done-fault-resolved = L’incident { $name } est résolu.
done-alert-set = La règle { $name } est gardée.
done-alert-removed = La règle { $name } est supprimée.
done-notification-added = { $name } est désormais averti.
done-notification-arrived = L’essai pour { $name } est arrivé.
done-notification-removed = { $name } n’est plus averti.
done-moving = { $name } se déplace.
done-consolidating = { $name } est regroupée.
done-promoted = Les appels de { $name } sont menés à la nouvelle révision.
done-credential-added = { $name } est conservé. Son secret ne peut plus être lu.
done-credential-rotated = { $name } a un nouveau secret.
done-credential-removed = { $name } est supprimé.
done-flavour-added = Le gabarit { $name } est là.
done-flavour-changed = Le gabarit { $name } est modifié.
done-flavour-removed = Le gabarit { $name } est supprimé.
done-system-connected = Le système { $name } est connecté.
done-system-changed = Le système { $name } est modifié.
done-system-answers = Le système { $name } a répondu.
done-system-asked = Le système { $name } a été interrogé ; il est inutilisable.
done-system-offers = Les offres du système { $name } sont créées.
done-system-disconnected = Le système { $name } est déconnecté.
done-offer-drafted = « { $name } » est préparée. Personne d’autre ne la voit encore.
done-offer-changed = « { $name } » est modifiée.
done-offer-published = « { $name } » est publiée.
done-offer-priced = « { $name } » a un autre prix.
done-offer-units = Les unités de « { $name } » sont fixées.
done-offer-discarded = Le brouillon « { $name } » est jeté.
