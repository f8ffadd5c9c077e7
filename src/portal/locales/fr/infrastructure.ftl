infrastructure-intro = Les sites et nœuds de ce fournisseur, et ce qui y est libre.
infrastructure-offers-count = { $count ->
    [one] { $number } offre de ce fournisseur est publiée.
   *[other] { $number } offres de ce fournisseur sont publiées.
}
infrastructure-nodes = Nœuds
infrastructure-nodes-text = Parts de machines qui sont données, et combien de chacune.
infrastructure-nodes-caption = Nœuds avec ce qui en est donné
infrastructure-no-nodes = Il n’y a pas de nœuds
infrastructure-no-nodes-text = Ce courtier vend ce que livrent des partenaires et des nuages reliés.
infrastructure-node = Nœud
infrastructure-processors = Processeurs
infrastructure-memory = Mémoire
infrastructure-machines = Machines
infrastructure-used = { $used } sur { $whole }
infrastructure-whole = donné en entier
infrastructure-overcommitted = donné au-delà du disponible
infrastructure-withdrawn = retiré
infrastructure-draining = en maintenance
infrastructure-down = hors service
infrastructure-falling-asleep = en cours d’arrêt
infrastructure-asleep = en veille
infrastructure-waking = en cours de démarrage
infrastructure-no-sites = Il n’y a pas de sites
infrastructure-no-sites-text = Ajoutez-en un à la configuration, ou importez sa description.
infrastructure-sites-caption = Sites de ce fournisseur
infrastructure-import = Importer des descriptions
infrastructure-import-text = Fournisseurs, sites et offres en RDF (Turtle). Chacun est vérifié ; tout est admis, ou rien.
infrastructure-document = Document (Turtle)
infrastructure-refused = Le document n’a pas été admis
infrastructure-drain = Vider
