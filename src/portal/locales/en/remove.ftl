remove-title = Remove { $name }?
remove-text = Everything that belongs to it goes, its data too. This can’t be undone.
remove-workloads = Instances that end
remove-machines = Machines given back
remove-volumes = Volumes deleted
remove-button = Remove it for good
