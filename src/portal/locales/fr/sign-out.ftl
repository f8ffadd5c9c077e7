sign-out-title = Déconnecté
sign-out-text = Votre session chez { $broker } est terminée. Vous êtes conduit là où vous vous êtes connecté, pour l’y terminer aussi.
sign-out-continue = L’y terminer aussi
sign-out-again = Se reconnecter
