infrastructure-intro = The sites and nodes of this provider, and what is free on them.
infrastructure-offers-count = { $count ->
    [one] { $number } offer of this provider is published.
   *[other] { $number } offers of this provider are published.
}
infrastructure-nodes = Nodes
infrastructure-nodes-text = Shares of machines that are given away, and how much of each.
infrastructure-nodes-caption = Nodes with what is given away of them
infrastructure-no-nodes = There are no nodes
infrastructure-no-nodes-text = This broker sells what partners and connected clouds deliver.
infrastructure-node = Node
infrastructure-processors = Processors
infrastructure-memory = Memory
infrastructure-machines = Machines
infrastructure-used = { $used } of { $whole }
infrastructure-whole = given as a whole
infrastructure-overcommitted = more given than there is
infrastructure-withdrawn = withdrawn
infrastructure-draining = under maintenance
infrastructure-down = does not work
infrastructure-falling-asleep = being turned off
infrastructure-asleep = asleep
infrastructure-waking = being turned on
infrastructure-no-sites = There are no sites
infrastructure-no-sites-text = Add one to the configuration, or import its description.
infrastructure-sites-caption = Sites of this provider
infrastructure-import = Import descriptions
infrastructure-import-text = Providers, sites and offers as RDF (Turtle). Each is checked against its shape; all of it is taken in, or nothing.
infrastructure-document = Document (Turtle)
infrastructure-refused = The document was not taken in
infrastructure-drain = Drain
