model-update = Update { $name }
model-new-text = Describe it, look at the plan, then deploy. Until you deploy, nothing happens.
model-update-text = Change the description and look at the plan. New instances work before old ones go.
model-text = Description (YAML or JSON)
model-text-hint = Components, what each needs, who calls whom, and what you demand of place, law and price.
model-file = Or upload a file
model-file-hint = A file takes the place of the text.
model-plan = Show the plan
model-nothing-yet = Nothing happens yet.
model-examples = Start from an example
model-example-three-tier = Proxy, application and database
model-example-minimal = The smallest there is: one process
model-example-sovereign = Bound to places, laws and certificates
model-example-batch = Workers by number and ratio
model-example-federation = Runs at several providers at once
model-faults = { $count ->
    [one] The description has a fault
   *[other] The description has { $count } faults
}
model-faults-label = Faults in the description
model-fault-at = Line { $line }, column { $column }:
model-refused = The broker refuses this
model-other-name = The name can’t be changed. Keep it, or make a new application.
model-no-project = An application needs a project
model-no-project-text = It belongs to one for ever, with its quota and its members. There is none yet in which you may make an application.
model-make-project = Make a project
model-make-project-text = You may make projects in these organisations; then give yourself, or whoever is to use it, a role in it.
model-make-organisation = Make an organisation first
model-make-organisation-text = Projects belong to organisations. You may make both, and give yourself or others the role that applications need.
model-ask = Ask for one
model-ask-text = Whoever administers a project, or runs this broker, can make you a member. Tell them your account:
model-ask-whom = Who administers
