maintenance-title = Maintenance
maintenance-intro = Nodes and sites that are being emptied or are empty: they give nothing new, and what runs there moves first.
maintenance-none = Nothing is under maintenance
maintenance-none-text = Every node may be used.
maintenance-what = Node or site
maintenance-node = Node { $name }
maintenance-site = Site { $name }, all its nodes
maintenance-node-at = Node { $name } · { $site }
maintenance-progress = Progress
maintenance-left = { $left } of { $whole } machines left
maintenance-empty = empty
maintenance-reason = Reason
maintenance-reason-hint = For people: it stands in the list and in the events.
maintenance-deadline = To be empty by
maintenance-deadline-field = To be empty by (UTC)
maintenance-deadline-hint = May be left out. When it passes, nothing is stopped; an event tells.
maintenance-volumes = What keeps data in a volume
maintenance-volumes-stay = stays, and is named
maintenance-volumes-leave = moves, and begins with an empty volume
maintenance-new = Drain a node or a site
maintenance-new-text = First look at what would move. Nothing happens before you begin.
maintenance-preview = Show what would move
maintenance-refused = It was not begun
maintenance-would = What would move: { $name }
maintenance-would-count = { $count ->
    [one] { $count } machine is there now. Nothing has happened yet.
   *[other] { $count } machines are there now. Nothing has happened yet.
}
maintenance-would-stay = { $count ->
    [one] { $count } machine can’t move now. It stays, runs on, and is tried again; the node is empty only when it has gone.
   *[other] { $count } machines can’t move now. They stay, run on, and are tried again; the node is empty only when they have gone.
}
maintenance-begin = Begin maintenance
maintenance-nothing = Nothing runs there
maintenance-nothing-text = It is empty and can be worked on.
maintenance-application = Application
maintenance-instances = Instances
maintenance-end-of-it = Where to, or why not
maintenance-moves = What is there, and what becomes of it
maintenance-there = What is still there
maintenance-by = Begun by
maintenance-drained = Empty since
maintenance-again = Look again
maintenance-end = End maintenance
maintenance-end-text = It may be used again then. What has moved stays where it is.
