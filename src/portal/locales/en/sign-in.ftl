sign-in-title = Sign in
sign-in-text = { $broker } lets you choose who vouches for you.
sign-in-with = Sign in with { $name }
sign-in-none = No login is needed here
sign-in-none-text = This broker serves this machine only, and asks nobody who they are.
