sign-in-title = Se connecter
sign-in-text = Chez { $broker }, vous choisissez qui répond de vous.
sign-in-with = Se connecter avec { $name }
sign-in-none = Aucune connexion n’est nécessaire ici
sign-in-none-text = Ce broker ne sert que cette machine et ne demande à personne qui il est.
