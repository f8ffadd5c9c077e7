# What all pages need.
brand = Hansa
skip = Skip to the content

nav-label = Main
nav-menu = Menu
nav-group-work = Applications
nav-group-people = Organisation
nav-group-provider = Provider
nav-overview = Overview
nav-applications = Applications
nav-offers = Offers
nav-sites = Sites
nav-costs = Costs
nav-carbon = Carbon
nav-promises = Promises
nav-faults = Faults
nav-alerts = Alerts
nav-projects = Projects
nav-audit = Audit
nav-infrastructure = Infrastructure
nav-partners = Partners
nav-agreements = Agreements
nav-orders = Orders
nav-settlements = Settlements
nav-sign-out = Sign out
nav-local = Without login, on this machine only

switch-language = Language
switch-theme = Appearance
theme-system = As the system
theme-light = Light
theme-dark = Dark
foot-api = API reference

also-title = The same by CLI and curl
also-cli = Command line
also-curl = REST API

pager-label = Pages
pager-first = First page
pager-previous = Previous page
pager-next = Next page

live-on = Live
live-off = Not live; trying again
live-end = Ended

ago-now = just now
ago-seconds = { $count ->
    [one] { $count } second ago
   *[other] { $count } seconds ago
}
ago-minutes = { $count ->
    [one] { $count } minute ago
   *[other] { $count } minutes ago
}
ago-hours = { $count ->
    [one] { $count } hour ago
   *[other] { $count } hours ago
}
ago-days = { $count ->
    [one] { $count } day ago
   *[other] { $count } days ago
}
span-days = { $count } d
span-hours = { $count } h
span-minutes = { $count } min
span-seconds = { $count } s

per-hour = { $amount } an hour
per-month = { $amount } a month
cancel = Cancel
none = none
unknown = unknown

state-planning = planning
state-deploying = deploying
state-running = running
state-waiting = waiting
state-degraded = degraded
state-blocked = blocked
state-removing = removing
state-removed = removed
state-prepared = prepared
state-starting = starting
state-unhealthy = unhealthy
state-backing-off = restarting after a failure
state-failed = failed
state-stopping = stopping
state-held = held
state-ordered = ordered
state-ready = ready
state-lost = lost
state-releasing = being returned
state-succeeded = succeeded
state-active = active
state-suspended = suspended
state-stale = stale
state-unreachable = unreachable
state-missing = not there yet

error-title = { $status ->
    [401] Please sign in
    [403] This is not yours to do
    [404] There is nothing here
    [405] That is not possible here
    [409] It clashes with what is there
    [412] It changed in the meantime
    [413] That is too large
    [429] Too many requests
    [500] Something went wrong on our side
    [503] Not just now
    [504] That took too long
   *[other] That did not work
}
error-text = { $status ->
    [401] Your session has ended, or you have not signed in yet.
    [403] Your account lacks a permission that this needs. Whoever administers your project can give it to you.
    [404] It may never have existed, it may be gone, or it may belong to a project that you do not see.
    [500] It has been written to the broker’s log under the number below. Nothing you entered was lost on purpose: go back and try again.
   *[other] The broker says why below.
}
error-said = What the broker says
error-number = Request
error-back = To the overview
error-csrf = This form is out of date or did not come from this portal. Go back, reload the page and send it again; nothing was changed.

# What was just done; $name is what it was done to.
done-offer-withdrawn = “{ $name }” is withdrawn.
done-invitation-withdrawn = The invitation was taken back.
done-partner-accepted = The invitation of { $name } is accepted.
done-partner-suspended = { $name } is suspended.
done-partner-resumed = { $name } is resumed.
done-partner-terminated = { $name } is being left.
done-partner-policy = The policy for { $name } is in force.
done-settlement-asked = A statement was asked for; both brokers make it and sign it.
done-claim-accepted = The claim is accepted; the partner is told when it asks next.
done-claim-withdrawn = The claim was taken back.
state-invited = invited
state-handshake = handshake
state-draining = draining
state-terminated = left
state-unsigned = unsigned
state-retired = retired
state-breached = breached
state-expired = expired
state-pending = pending
state-acknowledged = acknowledged
state-in-progress = in progress
state-completed = completed
state-ending = ending
state-ended = ended
state-placing = being placed
state-committed = ordered
state-released = returned
done-offers-imported = Taken in; changed or new: { $name }.
done-submitted = { $name } was submitted; it comes up below.
done-updated = { $name } gets its new revision.
done-scaled = { $name } is scaled.
done-rolled-back = { $name } goes back to an earlier revision.
done-removing = { $name } is being removed.
done-token-revoked = The token is revoked.
done-session-ended = Ended.
done-made = { $name } is made.
done-member = The role is given to { $name }.
done-member-removed = The member is removed.
done-quota = The quota is set.
done-service-removed = The service account is removed.
done-renamed = It is now called { $name }.
done-closed = { $name } is closed.
state-draft = draft
state-published = published
state-withdrawn = withdrawn
state-drained = empty
state-overdue = overdue
state-moves = moves
state-moving = moving
state-stays = stays
state-kept = kept
state-at-risk = at risk
state-missed = missed
state-disputed = disputed
state-raised = raised
state-proposed = proposed
state-accepted = accepted
state-agreed = agreed
state-unmeasured = not measured
done-signed-out = You are signed out.
done-maintenance-begun = The maintenance of { $name } has begun.
done-maintenance-ended = { $name } may be used again.
done-fault-acknowledged = You see to fault { $name }.
done-fault-resolved = Fault { $name } is resolved.
done-alert-set = The rule { $name } is kept.
done-alert-removed = The rule { $name } is removed.
done-notification-added = { $name } is told from now on.
done-notification-arrived = The test for { $name } has arrived.
done-notification-removed = { $name } is told no more.
done-moving = { $name } moves.
done-consolidating = The machines of { $name } are put together.
done-promoted = Callers of { $name } are being led to the new revision.
done-credential-added = { $name } is kept. Its secret can’t be read again.
done-credential-rotated = { $name } has a new secret.
done-credential-removed = { $name } is removed.
done-flavour-added = The flavour { $name } is there.
done-flavour-changed = The flavour { $name } is changed.
done-flavour-removed = The flavour { $name } is removed.
done-system-connected = The system { $name } is connected.
done-system-changed = The system { $name } is changed.
done-system-answers = The system { $name } has answered.
done-system-asked = The system { $name } was asked, and can’t be used.
done-system-offers = Offers of the system { $name } are made.
done-system-disconnected = The system { $name } is disconnected.
done-offer-drafted = “{ $name }” is drafted. Nobody else sees it yet.
done-offer-changed = “{ $name }” is changed.
done-offer-published = “{ $name }” is published.
done-offer-priced = “{ $name }” has another price.
done-offer-units = The units of “{ $name }” are set.
done-offer-discarded = The draft “{ $name }” is thrown away.
