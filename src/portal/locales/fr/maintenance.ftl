maintenance-title = Maintenance
maintenance-intro = Nœuds et sites que l’on vide ou qui sont vides : ils ne donnent rien de nouveau, et ce qui y tourne part d’abord.
maintenance-none = Rien n’est en maintenance
maintenance-none-text = Tous les nœuds peuvent servir.
maintenance-what = Nœud ou site
maintenance-node = Nœud { $name }
maintenance-site = Site { $name }, tous ses nœuds
maintenance-node-at = Nœud { $name } · { $site }
maintenance-progress = Avancement
maintenance-left = { $left } machines sur { $whole } restent
maintenance-empty = vide
maintenance-reason = Raison
maintenance-reason-hint = Pour les gens : elle figure dans la liste et les événements.
maintenance-deadline = Vide au plus tard
maintenance-deadline-field = Vide au plus tard (UTC)
maintenance-deadline-hint = Facultatif. Passé ce moment, rien n’est arrêté ; un événement le signale.
maintenance-volumes = Ce qui garde des données dans un volume
maintenance-volumes-stay = reste, et est nommé
maintenance-volumes-leave = part, et commence avec un volume vide
maintenance-new = Vider un nœud ou un site
maintenance-new-text = Voyez d’abord ce qui partirait. Rien ne se passe avant que vous commenciez.
maintenance-preview = Montrer ce qui partirait
maintenance-refused = Rien n’a été commencé
maintenance-would = Ce qui partirait : { $name }
maintenance-would-count = { $count ->
    [one] { $count } machine s’y trouve. Rien ne s’est encore passé.
   *[other] { $count } machines s’y trouvent. Rien ne s’est encore passé.
}
maintenance-would-stay = { $count ->
    [one] { $count } machine ne peut pas partir maintenant. Elle reste, tourne, et l’on réessaie ; le nœud n’est vide qu’après son départ.
   *[other] { $count } machines ne peuvent pas partir maintenant. Elles restent, tournent, et l’on réessaie ; le nœud n’est vide qu’après leur départ.
}
maintenance-begin = Commencer la maintenance
maintenance-nothing = Rien n’y tourne
maintenance-nothing-text = C’est vide ; on peut y travailler.
maintenance-application = Application
maintenance-instances = Instances
maintenance-end-of-it = Vers où, ou pourquoi pas
maintenance-moves = Ce qui s’y trouve, et ce qu’il devient
maintenance-there = Ce qui s’y trouve encore
maintenance-by = Commencée par
maintenance-drained = Vide depuis
maintenance-again = Regarder encore
maintenance-end = Terminer la maintenance
maintenance-end-text = On peut alors s’en servir à nouveau. Ce qui est parti reste où il est.
