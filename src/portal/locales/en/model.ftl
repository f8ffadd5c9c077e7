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
