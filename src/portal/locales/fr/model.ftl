model-update = Modifier { $name }
model-new-text = Décrivez-la, examinez le plan, puis déployez. Rien ne se passe avant.
model-update-text = Modifiez la description et examinez le plan. Les nouvelles instances fonctionnent avant que les anciennes partent.
model-text = Description (YAML ou JSON)
model-text-hint = Les composants, leurs besoins, qui appelle qui, et vos exigences de lieu, de droit et de prix.
model-file = Ou déposer un fichier
model-file-hint = Le fichier remplace le texte.
model-plan = Afficher le plan
model-nothing-yet = Rien ne se passe encore.
model-examples = Partir d’un exemple
model-example-three-tier = Proxy, application et base de données
model-example-minimal = Le plus petit possible : un processus
model-example-sovereign = Liée à des lieux, des lois et des certificats
model-example-batch = Des tâches selon un nombre et un rapport
model-example-federation = Répartie entre plusieurs fournisseurs
model-faults = { $count ->
    [one] La description contient une erreur
   *[other] La description contient { $count } erreurs
}
model-faults-label = Erreurs de la description
model-fault-at = Ligne { $line }, colonne { $column } :
model-refused = Le broker refuse
model-other-name = Le nom ne peut pas changer. Gardez-le ou créez une nouvelle application.
model-no-project = Une application a besoin d’un projet
model-no-project-text = Elle appartient pour toujours à l’un d’eux, avec son quota et ses membres. Il n’y en a encore aucun où vous puissiez en créer.
model-make-project = Créez un projet
model-make-project-text = Vous pouvez créer des projets dans ces organisations ; donnez-y ensuite un rôle, à vous ou à qui doit s’en servir.
model-make-organisation = Créez d’abord une organisation
model-make-organisation-text = Les projets appartiennent à des organisations. Vous pouvez créer les deux, et donner à vous ou à d’autres le rôle que demandent les applications.
model-ask = Demandez-en un
model-ask-text = Qui administre un projet, ou exploite ce courtier, peut vous y ajouter. Donnez-leur votre compte :
model-ask-whom = Qui administre
