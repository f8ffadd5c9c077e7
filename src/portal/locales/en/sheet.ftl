sheet-crumbs = You are here
sheet-any = any
sheet-filter = Show
sheet-reset = Show all
sheet-partner = Partner
sheet-state = State
sheet-since = Since
sheet-offer = Offer
sheet-reason = Reason
sheet-role = We are
sheet-customer = customer
sheet-seller = provider
sheet-until = Until
sheet-created = Created
sheet-name = Name
sheet-count = { $count ->
    [one] { $number } entry
   *[other] { $number } entries
}
sheet-save = Save
sheet-no-federation = This broker federates with nobody
sheet-no-federation-text = Set federation.enabled and a fixed port in the configuration to take part in a federation.
