sheet-crumbs = Vous êtes ici
sheet-any = indifférent
sheet-filter = Afficher
sheet-reset = Tout afficher
sheet-partner = Partenaire
sheet-state = État
sheet-since = Depuis
sheet-offer = Offre
sheet-reason = Motif
sheet-role = Nous sommes
sheet-customer = client
sheet-seller = fournisseur
sheet-until = Jusqu’au
sheet-created = Créé
sheet-name = Nom
sheet-count = { $count ->
    [one] { $number } entrée
   *[other] { $number } entrées
}
sheet-save = Enregistrer
sheet-no-federation = Ce courtier n’est fédéré avec personne
sheet-no-federation-text = Définissez federation.enabled et un port fixe dans la configuration pour participer à une fédération.
