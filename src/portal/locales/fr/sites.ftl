sites-title = Sites
sites-intro = Où les fournisseurs exploitent des machines, et à quelle vitesse un site en joint un autre.
sites-shown = { $count ->
    [one] { $number } site
   *[other] { $number } sites
}
sites-map-text = Une carte équivalente. Chaque repère mène à un site ; un nombre en représente plusieurs et rapproche la vue. Le tableau dit la même chose.
sites-to-table = Vers le tableau
sites-table = Tous les sites affichés
sites-caption = Sites avec fournisseur, lieu, droit et intensité carbone
sites-country = Pays
sites-place = Lieu
sites-intensity = gCO₂e/kWh
sites-offers = Offres
sites-latencies = Latences
sites-latencies-text = Temps d’aller-retour indiqués par les sites, les plus rapides d’abord.
sites-no-latencies = Aucune latence indiquée
sites-no-latencies-text = Ni ce site ni un autre n’indique la durée d’un message entre eux.
sites-from = De
sites-to = À
sites-round-trip = Aller-retour
sites-speed-1 = moins de 10 ms
sites-speed-2 = 10 à 50 ms
sites-speed-3 = 50 ms et plus
sites-other-providers = autres fournisseurs
sites-cluster = { $count } sites : { $names }
sites-unplaced = { $count ->
    [one] { $count } site sans coordonnées figure seulement dans le tableau.
   *[other] { $count } sites sans coordonnées figurent seulement dans le tableau.
}
sites-empty = Aucun site ici
sites-empty-text = Affichez tous les sites ou choisissez un autre fournisseur.
