sign-out-title = Signed out
sign-out-text = Your session at { $broker } has ended. You are led on to end it where you signed in, too.
sign-out-continue = End it there, too
sign-out-again = Sign in again
